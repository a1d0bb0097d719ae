"""A model is trained on the very tokens that it will read when it is served."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.tuning.lora import card, random_lora, stage
from tests.tuning.places import FACTS, clinic, row, some_facts, write_agent

from kilde.agents.agent import Agent, Prompt
from kilde.agents.phrases import abstention
from kilde.errors import NotFound
from kilde.generation.llama_cpp import LlamaCpp
from kilde.models.cache import installed, path_of
from kilde.protocols import NoProgress
from kilde.tuning.data.rows import Lineage, Row
from kilde.tuning.training.rendering import Rendered, _holds, draft, render_rows
from kilde.tuning.training.settings import TuneSettings
from kilde.types import Message
from kilde.workspace import Workspace

MODELS = ("smollm2-135m-instruct-q4", "gemma3-270m-q4")
EXAMPLES = '[[examples]]\nquestion = "Is it free?"\nanswer = "No."\n'
HISTORY = (Message("user", "Is the lift broken? <|im_end|>"), Message("assistant", " Yes. "))
CONTEXT = TuneSettings(with_context=True, declining=0.0)


def rendered(
    workspace: Workspace, model: str, rows: Sequence[Row], settings: TuneSettings
) -> Rendered:
    generator = workspace.generator(model)
    assert isinstance(generator, LlamaCpp)
    return render_rows(workspace.trial_agent("clinic"), generator, rows, settings, NoProgress())


@pytest.fixture(scope="module", params=MODELS)
def served(
    request: pytest.FixtureRequest, smollm2: str, minilm: str, tmp_path_factory: Any
) -> Iterator[tuple[Workspace, str]]:
    """A workspace with a real model and two adapters: trained without context, and with it."""
    model: str = request.param
    # Gemma's terms must be accepted by a person, so tests run with it where somebody did.
    if model not in {here.name for here in installed()}:
        pytest.skip(f"{model} is not in the cache")
    folder: Path = tmp_path_factory.mktemp("served")
    with clinic(folder / "clinic", path_of(model)) as workspace:
        for number, settings in enumerate((TuneSettings(), CONTEXT)):
            staged = stage(folder / str(number))
            (staged / "adapter.gguf").unlink()
            random_lora(staged / "adapter.gguf", path_of(model), number)
            adapter = draft(settings, ())
            workspace.registry.add(
                "clinic",
                staged,
                card(
                    base_sha256=workspace.base_sha256(model),
                    examples=adapter.examples,
                    document_tokens=adapter.document_tokens,
                ),
            )
        yield workspace, model


@pytest.mark.parametrize(
    ("fact", "history"),
    [("library", ()), ("tider", ()), ("lift", HISTORY)],
)
def test_what_is_trained_on_is_what_is_read(
    fact: str, history: tuple[Message, ...], served: tuple[Workspace, str]
) -> None:
    workspace, model = served
    write_agent(workspace, model, EXAMPLES, words=5)
    one = row(fact, prompt=(*history, *row(fact).prompt))
    (tokens,) = rendered(workspace, model, [one], TuneSettings()).rows
    assert_read(workspace, model, tokens, one, "clinic@1", retrieval=False)


def test_what_is_trained_on_with_documents_is_what_is_read(served: tuple[Workspace, str]) -> None:
    """With the one document that there is for this agent, the passages are the same."""
    workspace, model = served
    write_agent(workspace, model, EXAMPLES.replace("health", "secret"), words=5)
    path = workspace.path / "agents" / "clinic.toml"
    path.write_text(path.read_text("utf-8").replace("health", "secret"), "utf-8")
    one = row("salary", prompt=(*HISTORY, *row("salary").prompt))
    (tokens,) = rendered(workspace, model, [one], CONTEXT).rows
    assert_read(workspace, model, tokens, one, "clinic@2", retrieval=True)


def assert_read(
    workspace: Workspace, model: str, tokens: Any, one: Row, adapter: str, retrieval: bool
) -> None:
    generator = workspace.generator(model)
    assert isinstance(generator, LlamaCpp)
    answer = workspace.agent("clinic").ask(
        one.question, history=one.history, adapter=adapter, retrieval=retrieval
    )
    assert answer.trace.adapter == adapter and bool(answer.trace.hits) == retrieval
    told = [token for token in tokens["labels"] if token != -100]
    prompt = tokens["input_ids"][: -len(told)]
    assert tokens["labels"] == [-100] * len(prompt) + told
    assert prompt == generator.prompt_tokens(answer.trace.messages)
    assert len(prompt) == answer.trace.usage.prompt_tokens
    assert told == tokens["input_ids"][-len(told) :]
    assert told == generator.answer_tokens(answer.trace.messages, one.answer)
    assert told[-1] == generator.end_of_turn


@pytest.mark.parametrize("fact", ["library", "tider"])
def test_prompts_are_made_as_for_a_question(fact: str, served: tuple[Workspace, str]) -> None:
    """Among many documents as well: what training chooses among is what is found when asked."""
    workspace, model = served
    write_agent(workspace, model, EXAMPLES, words=5)
    agent, question = workspace.agent("clinic"), row(fact).question
    read = agent.ask(question, history=HISTORY, adapter="clinic@2", retrieval=True).trace
    prompt = agent.prompt(question, HISTORY, adapter=draft(CONTEXT, ()), retrieval=True)
    assert prompt.messages == read.messages and prompt.language == read.language
    assert len(prompt.passages) >= (2 if fact == "library" else 1)


@pytest.fixture(scope="module")
def place(minilm: str, tiny: tuple[Path, Any], tmp_path_factory: Any) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("rendering")
    with clinic(folder / "clinic", tiny[0], context=2048) as workspace:
        yield workspace


class Watched:
    """Rows as tokens, and the prompts that they were made of."""

    def __init__(
        self,
        place: Workspace,
        rows: Sequence[Row],
        languages: Collection[str] = (),
        **settings: Any,
    ) -> None:
        agent: Agent = place.trial_agent("clinic")
        generator = place.generator("own")
        assert isinstance(generator, LlamaCpp)
        self.generator, made = generator, agent.prompt
        self.by_question: dict[str, list[Prompt]] = {}

        def prompt(question: str, *given: Any, **more: Any) -> Prompt:
            found = made(question, *given, **more)
            self.by_question.setdefault(question, []).append(found)
            return found

        agent.prompt = prompt  # type: ignore[method-assign]
        given = TuneSettings(**{"with_context": True, "declining": 0.0, **settings})
        self.found = render_rows(agent, generator, rows, given, NoProgress(), languages=languages)

    def documents(self, one: Row) -> list[str]:
        return [hit.document.id for hit in self.by_question[one.question][-1].passages]


def numbered(count: int) -> list[Row]:
    """Many rows of the same facts, each asked in words of its own."""
    facts = some_facts()
    return [
        row(
            fact.lineage.documents[0],
            prompt=(Message("user", f"{fact.question} ({turn})"),),
        )
        for turn in range(count)
        for fact in facts
    ]


def test_the_right_passage_is_there_at_different_places(place: Workspace) -> None:
    rows = numbered(3)
    watched = Watched(place, rows)
    assert len(watched.found.rows) == len(rows) and watched.found.left_out == 0
    places = [watched.documents(one).index(one.lineage.documents[0]) for one in rows]
    assert set(places) == {0, 1, 2}, "beside others"
    assert max(map(places.count, places)) < len(rows) * 0.6


def test_some_rows_learn_to_decline(place: Workspace) -> None:
    rows = numbered(8)
    watched = Watched(place, rows, declining=0.25)
    declined = 0
    for one, tokens in zip(rows, watched.found.rows, strict=True):
        language = one.language
        told = [token for token in tokens["labels"] if token != -100]
        gone = one.lineage.documents[0] not in watched.documents(one)
        said = abstention(language, ()) if gone else one.answer
        messages = watched.by_question[one.question][-1].messages
        assert told == watched.generator.answer_tokens(messages, said)
        declined += gone
    assert 0.12 < declined / len(rows) < 0.38


def test_rows_that_decline_already_count_among_those_that_should(place: Workspace) -> None:
    rows = numbered(4)
    rows = [replace(one, declines=at % 2 == 0) for at, one in enumerate(rows)]
    watched = Watched(place, rows, declining=0.5)
    for one in rows:
        assert one.lineage.documents[0] in watched.documents(one), "half of them decline already"


def test_an_adapter_is_trained_on_prompts_in_its_language(place: Workspace) -> None:
    """An agent that names no language and may read nothing tells it from the question alone."""
    one = row("tider", language="da")
    path = place.path / "agents" / "clinic.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('collections = ["health"]', "collections = []"), encoding="utf-8")
    try:
        for languages, language in (((), "en"), (("da",), "da")):
            watched = Watched(place, [one], languages=languages, with_context=False)
            assert watched.by_question[one.question][-1].language == language
    finally:
        path.write_text(text, encoding="utf-8")


def test_it_declines_in_the_language_of_the_question(place: Workspace) -> None:
    question = (Message("user", "Hvornår lukker klinikken i Nordby?"),)
    one = row("tider", prompt=question, answer="Nej.", declines=True)
    watched = Watched(place, [one])
    (tokens,) = watched.found.rows
    told = watched.generator.answer_tokens((), abstention("da", ()))
    assert tokens["labels"][-len(told) :] == told


def test_a_passage_that_stands_alone_is_not_taken_away(place: Workspace) -> None:
    """With nothing to read there is nothing to decline over, and the row is not lost."""
    rows = [row("tider", prompt=(Message("user", f"{FACTS['tider'][4]} ({n})"),)) for n in range(9)]
    watched = Watched(place, rows, declining=0.9)
    assert watched.found.left_out == 0
    for one, tokens in zip(rows, watched.found.rows, strict=True):
        told = watched.generator.answer_tokens((), one.answer)
        assert (tokens["labels"][-len(told) :] == told) == ("tider" in watched.documents(one))
    assert any(watched.documents(one) == ["tider"] for one in rows)


def test_what_has_no_answer_keeps_its_document(place: Workspace) -> None:
    question = (Message("user", "Who opens the library on Sundays?"),)
    one = row("library", prompt=question, answer="Nobody knows.", declines=True)
    for declining in (0.0, 0.9):
        watched = Watched(place, [one], declining=declining)
        assert watched.documents(one)[:3].count("library") == 1
        (tokens,) = watched.found.rows
        told = [token for token in tokens["labels"] if token != -100]
        assert told == watched.generator.answer_tokens((), abstention("en", ()))


def test_what_no_document_holds_is_left_out_and_counted(place: Workspace) -> None:
    wrong = row("library", answer="Zebras dance on Venus at 3:45.")
    unknown = row("lift", answer="A dentist called Gorse does.", lineage=Lineage())
    facts = some_facts()
    watched = Watched(place, [facts[2], wrong, unknown, facts[3]])
    assert watched.found.left_out == 2 and watched.found.at == (0, 3)
    answers = [tokens["labels"][-5:] for tokens in watched.found.rows]
    told = [watched.generator.answer_tokens((), one.answer) for one in facts[2:4]]
    assert answers == [tokens[-5:] for tokens in told]


def test_a_row_without_a_source_finds_the_one_that_answers(place: Workspace) -> None:
    one = row("pharmacy", lineage=Lineage())
    assert "pharmacy" in Watched(place, [one]).documents(one)


def test_documents_take_no_more_room_than_they_may(place: Workspace) -> None:
    rows = [one for one in some_facts() if one.language == "en"]
    wide, narrow = Watched(place, rows), Watched(place, rows, document_tokens=60)
    for one in rows:
        few = narrow.documents(one)
        assert one.lineage.documents[0] in few, "what answers comes before what only stands by"
        assert len(few) < len(wide.documents(one))
        taken = narrow.by_question[one.question][-1].messages[-1].content
        documents = re.sub(r"\[End of documents\].*", "", taken, flags=re.S)
        assert narrow.generator.count_tokens(documents) < 120


def test_other_collections_are_never_read(place: Workspace) -> None:
    about = FACTS["salary"][4]
    rows = [*some_facts(), row("salary"), row("lift", prompt=(Message("user", about),))]
    watched = Watched(place, rows, declining=0.5)
    assert watched.found.left_out == 1, "its document is not this agent's"
    for prompts in watched.by_question.values():
        for prompt in prompts:
            assert "70 000" not in prompt.messages[-1].content


def test_the_seed_decides(place: Workspace) -> None:
    rows = numbered(1)
    one, again, other = (
        Watched(place, rows, declining=0.3, seed=seed).found.rows for seed in (1, 1, 2)
    )
    assert one == again != other


def test_without_documents_in_scope_nothing_is_left(place: Workspace) -> None:
    write_agent(place, "own", words=39)
    path = place.path / "agents" / "clinic.toml"
    old = path.read_text("utf-8")
    path.write_text(old.replace('["health"]', '["absent"]'), "utf-8")
    try:
        assert Watched(place, some_facts()).found == Rendered((), (), 10)
    except NotFound:  # pragma: no cover
        pytest.fail("a collection without documents is no error here")
    finally:
        path.write_text(old, "utf-8")


@pytest.mark.parametrize("method", ["kto", "dpo"])
def test_preferences_have_the_same_prompts(method: str, place: Workspace) -> None:
    one = row("bus", method=method, rejected="No bus.", good=False)
    watched = Watched(place, [one], with_context=False)
    (tokens,) = watched.found.rows
    (prompt,) = watched.by_question[one.question]
    assert tokens["prompt_ids"] == watched.generator.prompt_tokens(prompt.messages)
    answer = watched.generator.answer_tokens((), one.answer)
    if method == "kto":
        assert (tokens["completion_ids"], tokens["label"]) == (answer, False)
    else:
        rejected = watched.generator.answer_tokens((), "No bus.")
        assert (tokens["chosen_ids"], tokens["rejected_ids"]) == (answer, rejected)


@pytest.mark.parametrize("method", ["kto", "dpo"])
def test_what_was_judged_is_learnt_from_whether_or_not_a_document_supports_it(
    method: str, place: Workspace
) -> None:
    """Bad answers are those that no document holds, and those that decline without need."""
    invented = row("library", method=method, answer="Zebras dance on Venus at 3:45.", good=False)
    needless = row(
        "lift",
        method=method,
        answer=abstention("en", ()),
        rejected="No.",
        declines=True,
        good=False,
    )
    rows = [row("bus", method=method, rejected="No bus."), invented, needless]
    watched = Watched(place, rows, declining=0.9)
    assert watched.found.at == (0, 1, 2) and watched.found.left_out == 0
    for one, tokens in zip(rows, watched.found.rows, strict=True):
        (read,) = watched.by_question[one.question]
        served = place.trial_agent("clinic").prompt(
            one.question, adapter=draft(CONTEXT, ()), retrieval=True
        )
        assert read.messages == served.messages, "what is found, and nothing put in or taken out"
        assert one.lineage.documents[0] in [hit.document.id for hit in read.passages]
        answer = tokens["completion_ids" if method == "kto" else "chosen_ids"]
        assert answer == watched.generator.answer_tokens((), one.answer)


@pytest.mark.parametrize(
    ("answer", "passage", "held"),
    [
        ("7", "Bus line 7 stops here.", True),
        ("7", "Built in 1977.", False),
        ("7", "It costs 7.50 or 1,7 each.", False),
        ("7", "It closes at 7. Come early.", True),
        ("9:15", "Open at 9:15, not at noon.", True),
        ("9:1", "Open at 9:15.", False),
        ("cat", "A catalogue of cats.", False),
        ("Cat.", "the cat sleeps", True),
        ("“Bramble”", "The caretaker Bramble repairs it.", True),
        ("(the red barn)", "Park behind\nthe  Red barn!", True),
        ("50 %", "Half of it: 50 % less.", True),
        ("50 %", "It is 150 % more.", False),
        ("-5 °C", "Down to -5 °C at night.", True),
        ("Åvej", "Badet ligger på A\u030avej.", True),
        ("...", "Whatever. Really...", False),
        ("", "Anything", False),
    ],
)
def test_a_passage_holds_whole_words(answer: str, passage: str, held: bool) -> None:
    hit: Any = SimpleNamespace(passage=SimpleNamespace(text=passage))
    assert _holds(hit, answer) == held
