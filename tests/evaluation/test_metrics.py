"""Metrics: a score for each question with its reason, and none where there is nothing to score."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.answers import failure, hit, said

import kilde
from kilde.agents.definition import AgentDefinition, Example, Output
from kilde.agents.phrases import abstention
from kilde.config import CostsConfig, GeneratorConfig, WorkspaceConfig, load_config
from kilde.errors import ConfigError
from kilde.evaluation.measures.declining import declining
from kilde.evaluation.metric import Setting
from kilde.evaluation.metrics import METRICS, Costs, costs_of, setting_of
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question
from kilde.types import Usage

ROOT = Path(__file__).resolve().parents[2]
HOURS = Question("When does it open?", ("At 8.", "8 o'clock"), ("hours",))
UNKNOWN = Question("Who was here in 1066?", answerable=False)
SCHEMA = {
    "type": "object",
    "properties": {"day": {"enum": ["mon", "tue", ""]}, "minutes": {"type": "integer"}},
    "required": ["day"],
    "additionalProperties": False,
}
FORM = Question(
    "Plan", ('{"day": "mon", "minutes": 5}', '{"day": "tue", "minutes": 7}'), schema=SCHEMA
)
EXAMPLES = (
    "You can call us. We are there for you, and it is free.",
    "Please come to us when you are ill: we are open.",
    "It is best that you ask your own doctor first. Do it soon.",
)
PLAIN = Setting()
HOUSE = Setting(examples=EXAMPLES)
EFFORT = ("seconds", "tokens", "memory", "cost")


def score(name: str, question: Question, one: Said, setting: Setting = PLAIN) -> Score:
    return METRICS[name].function(question, one, setting)


def value(name: str, question: Question, one: Said, setting: Setting = PLAIN) -> float | None:
    return score(name, question, one, setting).value


# What was said, word by word.


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("At 8!", (1, 1, 1, 1)),
        ("It opens at 8.", (0, 2 / 3, 1, 2 / 3)),
        ("8 o'clock", (1, 1, 1, 1)),  # another reference, word for word
        ("8 at", (0, 1, 0, 1 / 2)),
        ("Nine", (0, 0, 0, 0)),
    ],
)
def test_texts_are_held_against_the_nearest_reference(text: str, values: tuple[float, ...]) -> None:
    found = [
        value(n, HOURS, said(HOURS, text)) for n in ("exact", "token_f1", "contained", "rouge_l")
    ]
    assert found == pytest.approx(list(values))


def test_letters_of_the_languages_count() -> None:
    question = Question("Hvor?", ("På Ærøgade 5, Århus",))
    assert value("exact", question, said(question, "på ærøgade 5 århus")) == 1
    assert value("contained", question, said(question, "Pa Aerogade 5 Arhus")) == 0
    for reference in ("Sköldkörtelmottagningen", "Financiële coördinatie"):
        question = Question("?", (reference,))
        assert value("exact", question, said(question, reference.upper())) == 1


def test_rouge_l_is_that_of_the_paper() -> None:
    """The examples of Lin 2004, section 3.1: 3/4 and 2/4 of the words are in order."""
    question = Question("?", ("police killed the gunman",))
    assert value("rouge_l", question, said(question, "police kill the gunman")) == 3 / 4
    assert value("rouge_l", question, said(question, "the gunman kill police")) == 2 / 4


@given(st.lists(st.sampled_from("abcø"), max_size=8), st.lists(st.sampled_from("abcø"), min_size=1))
def test_rouge_l_in_general(one: list[str], other: list[str]) -> None:
    question = Question("?", (" ".join(other),))
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, x in enumerate(one):
        for j, y in enumerate(other):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
            )
    expected = 2 * table[-1][-1] / (len(one) + len(other))
    assert value("rouge_l", question, said(question, " ".join(one))) == pytest.approx(expected)


# Forms and labels.


@pytest.mark.parametrize(
    ("text", "schema", "fields", "whole"),
    [
        ('{"day": "tue", "minutes": 7}', 1, 1, 1),
        ('{"day": "tue", "minutes": 5}', 1, 1 / 2, 0),
        ('{"day": "sun", "minutes": 5}', 0, 1 / 2, 0),
        ("On Monday.", 0, 0, 0),
    ],
)
def test_forms(text: str, schema: float, fields: float, whole: float) -> None:
    one = said(FORM, text)
    assert value("schema", FORM, one) == schema
    assert value("fields", FORM, one) == value("task", FORM, one) == fields
    assert value("form_exact", FORM, one) == whole
    for name in ("exact", "rouge_l", "grounded", "style", "citation_recall", "answered"):
        assert value(name, FORM, one, HOUSE) is None


def test_a_form_declines_by_what_it_leaves_empty() -> None:
    question = Question("Plan", ('{"day": "", "minutes": 0}',), answerable=False, schema=SCHEMA)
    assert value("declined_rightly", question, said(question, '{"day": "", "minutes": 9}')) == 1
    wrong = score("task", question, said(question, '{"day": "mon"}'))
    assert (wrong.value, wrong.why) == (0, "declined_rightly: it filled in day")
    full = Question("Plan", ('{"day": "mon"}',), answerable=False, schema=SCHEMA)
    assert value("declined_rightly", full, said(full, '{"day": "mon"}')) is None


def test_an_agent_that_fills_forms_has_held_them_against_its_schema() -> None:
    question = Question("Plan", ('{"day": "mon"}',))
    setting = Setting(form=True)
    assert value("schema", question, said(question, '{"day": "mon"}'), setting) == 1
    assert value("schema", question, failure(question), setting) == 0
    broken = Question("Plan", ("{}",), schema={"type": "wishful"})
    assert value("schema", broken, said(broken, "{}")) is None


def test_labels() -> None:
    questions = [Question(f"{n}?", ("Card lost" if n % 3 else "top-up",)) for n in range(12)]
    setting = setting_of(_agent(), questions)
    assert setting.labels == {"card lost", "top up"}
    right, wrong, none = (
        said(questions[1], text) for text in ("card LOST.", "top up", "Card lost?!1")
    )
    assert score("task", questions[1], right, setting) == Score(1, "label")
    assert "another label" in score("label", questions[1], wrong, setting).why
    assert "no label" in score("label", questions[1], none, setting).why


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [HOURS],
        [Question(f"{n}?", ("yes" if n % 2 else "no",)) for n in range(8)],  # too few to tell
        [Question(f"{n}?", (f"label {n // 2 * (n < 8) + n * (n >= 8)}",)) for n in range(12)],
        [Question(f"{n}?", ("yes",)) for n in range(12)],  # nothing to choose between
        [Question(f"{n}?", (f"label {n // 2}",)) for n in range(202)],  # 101 labels
        [Question(f"{n}?", ("one two three four five six seven eight nine",)) for n in range(12)],
        [Question(f"{n}?", ("yes",) if n else ()) for n in range(12)],
        # Facts, of which some are the same.
        [Question(f"{n}?", ("yes" if n % 2 else "no",), ("a",)) for n in range(12)],
        [Question(f"{n}?", ("8" if n % 2 else "9", "about 8")) for n in range(12)],
    ],
)
def test_what_is_no_sorting(questions: list[Question]) -> None:
    assert setting_of(_agent(), questions).labels == frozenset()


# Retrieval, grounding, citations.


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("abcdefghijklmn"), max_size=14, unique=True),
    st.sets(st.sampled_from("abcdefghijklmnxyz"), min_size=1, max_size=13),
)
def test_retrieval_is_what_ir_measures_says(found: list[str], wanted: set[str]) -> None:
    question = Question("?", ("x",), tuple(sorted(wanted)))
    one = said(question, "x", arm="rag", hits=[hit(name) for name in found])
    qrels = [ir_measures.Qrel("q", name, 1) for name in wanted]
    # A ranking must hold something: a document that nobody wants comes last.
    ranked = [*found, "nobody's"]
    run = [ir_measures.ScoredDoc("q", name, -float(at)) for at, name in enumerate(ranked)]
    expected = ir_measures.calc_aggregate([ir_measures.nDCG @ 10, ir_measures.R @ 20], qrels, run)
    assert value("ndcg_10", question, one) == pytest.approx(expected[ir_measures.nDCG @ 10])
    assert value("retrieval_recall", question, one) == pytest.approx(expected[ir_measures.R @ 20])


def test_a_document_counts_once_and_where_its_first_passage_stands() -> None:
    hits = [hit("other"), hit("other"), hit("hours"), hit("hours")]
    one = score("ndcg_10", HOURS, said(HOURS, "At 8.", arm="rag", hits=hits))
    assert one.value == pytest.approx(0.6309, abs=1e-4)  # second of two documents
    assert one.why == "'hours' is number 2 of 2"


def test_what_no_document_supports_counts_though_it_was_taken_out() -> None:
    written = "The clinic opens at 8 on weekdays. It is closed by pirates every March."
    one = said(
        HOURS, "The clinic opens at 8 on weekdays.", arm="rag", hits=[hit("hours")], raw=written
    )
    found = score("grounded", HOURS, one)
    assert found.value == 1 / 2 and "pirates" in found.why
    assert value("grounded", HOURS, said(HOURS, written, hits=[hit("hours")])) is None  # plain
    for raw in ("", "I could not find that in the documents I may use."):
        declined = said(HOURS, "…", arm="rag", hits=[hit("hours")], raw=raw, abstained=True)
        assert value("grounded", HOURS, declined) is None


def test_citations() -> None:
    question = Question("?", ("x",), ("a", "b"))
    one = said(question, "x", arm="rag+tuned", cites=["a", "c", "a"])
    assert value("citation_precision", question, one) == pytest.approx(2 / 3)
    assert score("citation_recall", question, one) == Score(1 / 2, "'b' is not cited")
    nothing = said(question, "x", arm="rag")
    assert value("citation_precision", question, nothing) is None
    assert value("citation_recall", question, nothing) == 0
    assert value("citation_recall", question, said(question, "x", arm="tuned")) is None


# Declining.


@pytest.mark.parametrize(
    ("text", "declined"),
    [
        ("I don't know. Ask the Normans.", 1),
        ("Det ved jeg desværre ikke.", 0),  # not in these words
        ("Det ved jeg ikke.", 1),
        ("Tyvärr kan jag inte hitta det.", 1),
        ("Dat weet ik niet zeker.", 1),
        ("The documents do not mention it.", 1),
        ("The tablets do not contain gluten.", 0),  # an answer, and maybe a wrong one
        ("Bilen står ikke i garagen.", 0),
        ("De auto staat niet in de garage.", 0),
        ("Det står ikke i dokumenterne.", 1),
        ("King Harold. I don't know of others.", 0),
        ("King Harold.", 0),
    ],
)
def test_declining_in_its_own_words(text: str, declined: float) -> None:
    assert value("declined_rightly", UNKNOWN, said(UNKNOWN, text)) == declined
    assert value("task", UNKNOWN, said(UNKNOWN, text)) == declined
    assert value("answered", HOURS, said(HOURS, text)) == 1 - declined


def test_what_a_right_answer_says_as_well_declines_nothing() -> None:
    question = Question("And the key?", ("Ring us.", "If I cannot find it, I ring the porter."))
    assert value("answered", question, said(question, "If I cannot find the key, I ring you.")) == 1
    assert value("answered", question, said(question, "I don't know, ring us.")) == 0


@pytest.mark.parametrize("language", ["en", "da", "sv", "no", "nl", "de"])
def test_the_agents_own_sentence_declines_without_its_mark(language: str) -> None:
    """An arm whose text was kept as an answer although the model wrote that sentence, and more."""
    text = f"{abstention(language, ())} 42."
    assert value("declined_rightly", UNKNOWN, said(UNKNOWN, text, language=language)) == 1


def test_declining_is_told_by_side() -> None:
    other, third = Question("b?", ("x",)), Question("c?", answerable=False)
    answers = [
        said(HOURS, "At 8."),
        said(other, "…", abstained=True),
        said(UNKNOWN, "…", abstained=True),
        failure(third),
        said(Question("from another test"), "…", abstained=True),
    ]
    questions = [HOURS, other, UNKNOWN, third]
    found = declining(questions, answers, PLAIN)
    assert (found.right, found.missed, found.needless, found.answered) == (1, 1, 1, 1)
    assert (found.precision, found.recall) == (1 / 2, 1 / 2)
    only = declining([UNKNOWN], answers, PLAIN)
    assert (only.precision, only.recall) == (None, 1)
    assert declining(questions, [answers[0]], PLAIN).recall is None


# Style.


def test_the_examples_themselves_have_their_style() -> None:
    for text in EXAMPLES:
        one = score("style", HOURS, said(HOURS, text), HOUSE)
        assert one.value is not None and one.value > 0.85, one.why
        assert value("style_length", HOURS, said(HOURS, text), HOUSE) == 0
        assert value("style_form", HOURS, said(HOURS, text), HOUSE) == 0


def test_style_tells_manners_apart_and_not_topics() -> None:
    near = said(HOURS, "You can bring a bike to us. It is free, and we are there for you.")
    lists = said(HOURS, "Opening hours:\n- 8–16\n- 8–12 (Fri)\n- closed Sat\n- closed Sun")
    formal = said(HOURS, "Patients must be registered by their municipality before treatment.")
    one, two, three = (score("style", HOURS, it, HOUSE) for it in (near, lists, formal))
    assert one.value is not None and two.value is not None and three.value is not None
    assert one.value > three.value > two.value
    assert value("style_wording", HOURS, near, HOUSE) < value("style_wording", HOURS, formal, HOUSE)  # type: ignore[operator]
    assert value("style_form", HOURS, lists, HOUSE) > 0.5  # type: ignore[operator]
    assert "form" in two.why and score("style_form", HOURS, lists, HOUSE).why


def test_twice_as_long_as_the_longest_is_half_away() -> None:
    setting = Setting(examples=("one two three", "one two three four"))
    assert value("style_length", HOURS, said(HOURS, "one two three four " * 2), setting) == 1 / 2
    assert value("style_length", HOURS, said(HOURS, "one"), setting) == pytest.approx(2 / 3)


def test_style_does_without_what_it_cannot_tell() -> None:
    assert value("style", HOURS, said(HOURS, EXAMPLES[0])) is None
    assert value("style", HOURS, said(HOURS, "…", abstained=True), HOUSE) is None
    finnish = said(HOURS, "Se on ilmaista ja auki.", language="fi")
    assert value("style_wording", HOURS, finnish, HOUSE) is None
    assert value("style", HOURS, finnish, HOUSE) is not None


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=3))
def test_style_stays_in_its_range(text: str, examples: list[str]) -> None:
    setting = Setting(examples=tuple(examples))
    for name in ("style", "style_length", "style_form", "style_wording"):
        found = value(name, HOURS, said(HOURS, text), setting)
        assert found is None or 0 <= found <= 1


# Effort.


def test_effort() -> None:
    one = said(HOURS, "At 8.", usage=Usage(900, 100), seconds=36, memory=5)
    assert [value(name, HOURS, one) for name in EFFORT] == [36, 1000, 5, None]
    assert value("memory", HOURS, said(HOURS, "At 8.")) is None
    quoted = said(HOURS, "At 8.", model="quotes", usage=Usage())
    assert value("tokens", HOURS, quoted) == 0
    assert value("tokens", HOURS, said(HOURS, "At 8.", usage=Usage())) is None


def test_cost() -> None:
    config = WorkspaceConfig(
        costs=CostsConfig(currency="DKK", hour=10),
        models={
            "big": GeneratorConfig(
                backend="openai", model="m", base_url="http://x/v1", input_price=2, output_price=5
            )
        },
    )
    assert costs_of(config, "big") == Costs(2, 5, 10, "DKK")
    assert costs_of(config, "smollm2") == Costs(None, None, 10, "DKK")
    setting = setting_of(_agent(), [], costs_of(config, "big"))
    one = said(HOURS, "At 8.", usage=Usage(1_000_000, 200_000), seconds=360)
    assert value("cost", HOURS, one, setting) == pytest.approx(2 + 1 + 1)
    assert score("cost", HOURS, one, setting).why == "tokens 3 DKK, time 1 DKK"
    uncounted = said(HOURS, "At 8.", usage=Usage())
    assert value("cost", HOURS, uncounted, setting) is None
    assert value("cost", HOURS, uncounted, Setting(hour_price=10)) is not None
    free = said(HOURS, "At 8.", model="quotes", usage=Usage(), seconds=0)
    assert value("cost", HOURS, free, setting) == 0


def test_prices_are_settings_and_no_business_of_a_backend(tmp_path: Path) -> None:
    with kilde.init(tmp_path / "centre") as workspace:
        (workspace.path / "kilde.toml").write_text(
            '[costs]\nhour = 1.5\n[models.big]\nbackend = "llama_cpp"\nmodel = "big.gguf"\n'
            "input_price = 2\n",
            encoding="utf-8",
        )
    with kilde.open(tmp_path / "centre") as workspace:
        assert costs_of(workspace.config, "big") == Costs(2, None, 1.5, "EUR")
        assert workspace._settings("big").model == "big.gguf"
    for wrong in ("hour = -1", "hour = nan", "hours = 1"):
        (tmp_path / "kilde.toml").write_text(f"[costs]\n{wrong}\n", encoding="utf-8")
        with pytest.raises(ConfigError):
            load_config(tmp_path)


# The headline, and what holds for all.


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        (HOURS, "It opens at 8.", Score(1, "contained")),
        (HOURS, "No idea.", Score(0, "contained: 'At 8.' is not in it")),
        (FORM, '{"day": "mon", "minutes": 6}', Score(1 / 2, "fields: minutes: 6 instead of 5")),
        (Question("?"), "x", Score(None, "nobody wrote a right answer")),
        (UNKNOWN, "1066", Score(0, "declined_rightly: it answered")),
    ],
)
def test_the_headline_says_what_it_measured(question: Question, text: str, expected: Score) -> None:
    assert score("task", question, said(question, text)) == expected


def test_a_long_reference_is_compared_by_rouge() -> None:
    question = Question("?", ("one two three four five six seven eight nine",))
    found = score("task", question, said(question, "one two three"))
    assert found.value == pytest.approx(1 / 2) and found.why.startswith("rouge_l: 3 of 9")


def test_to_decline_what_has_an_answer_is_wrong_even_where_its_titles_hold_it() -> None:
    one = said(HOURS, "I could not find that. The nearest are: Open at 8.", abstained=True)
    assert score("task", HOURS, one) == Score(0, "contained: it declined")


UNSCORABLE = [
    Question("?", ("…",)),
    replace(FORM, references=("no form",)),
    replace(FORM, references=('{"day": "mon"}',), answerable=False),
]


@pytest.mark.parametrize("question", [HOURS, UNKNOWN, FORM, Question("?"), *UNSCORABLE])
@pytest.mark.parametrize("arm", ["plain", "rag"])
def test_who_fails_gets_nothing_where_others_are_scored(question: Question, arm: str) -> None:
    other = said(
        question, '{"day": "mon"}', arm=arm, hits=[hit("hours")], cites=["hours"], memory=3
    )
    setting = Setting(examples=EXAMPLES, hour_price=1)
    for name, metric in METRICS.items():
        failed = score(name, question, failure(question, arm), setting)
        if name in EFFORT or metric.higher is False:
            assert failed.value is None
        elif score(name, question, other, setting).value is None:
            assert failed.value is None, name
        else:
            assert failed.value == 0 and "the model stopped" in failed.why, name


TEXTS = st.sampled_from(
    ["", "At 8.", "I don't know.", "{}", '{"day": "mon"}', "[1]", "- å\n- 8", "\x00"]
)


@given(st.sampled_from([HOURS, UNKNOWN, FORM, Question("?")]), TEXTS, st.booleans(), st.booleans())
def test_every_metric_keeps_its_promises(
    question: Question, text: str, abstained: bool, form: bool
) -> None:
    one = said(question, text, arm="rag", hits=[hit("hours")], cites=["x"], abstained=abstained)
    setting = Setting(examples=EXAMPLES, form=form, hour_price=1, labels=frozenset({"at 8", "x"}))
    for name, metric in METRICS.items():
        found = score(name, question, one, setting)
        if found.value is None:
            assert found.why, name
        elif metric.unit == "share":
            assert 0 <= found.value <= 1, name
        if metric.yes_no:
            assert found.value in (None, 0, 1), name


def test_the_setting_is_that_of_the_agent() -> None:
    assert setting_of(_agent(EXAMPLES), [HOURS]).examples == EXAMPLES
    questions = [Question(f"{n}?", ("yes" if n % 2 else "no",)) for n in range(12)]
    setting = setting_of(_agent(output=SCHEMA), questions)
    assert setting.form and not setting.labels


def test_every_metric_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(METRICS)
    assert all(name == metric.name and metric.about for name, metric in METRICS.items())


def _agent(examples: tuple[str, ...] = (), output: dict[str, Any] | None = None) -> AgentDefinition:
    return AgentDefinition(
        name="Health",
        instructions="Answer.",
        examples=tuple(Example(question="?", answer=one) for one in examples),
        output=Output(schema=json.loads(json.dumps(output))) if output else None,
    )
