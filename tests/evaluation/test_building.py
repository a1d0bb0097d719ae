"""Test sets in a workspace: from documents, feedback and files, apart from what is learnt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.lora import card, stage

import kilde
from kilde.errors import ConfigError, EvaluationError, NotFound, StoreError, TuningError
from kilde.evaluation.testset import Question
from kilde.tuning.data.rows import Row, to_jsonl
from kilde.tuning.training.prepare import ROWS
from kilde.types import Answer, Document, Feedback, Message
from kilde.workspace import Workspace
from kilde.workspace.evaluation import (
    build_testset,
    check_testset,
    refuse_overlap,
    training_overlap,
)
from kilde.workspace.evaluation import testset_of as the_testset  # pytest takes it for a test
from kilde.workspace.tuning import build_dataset, check_dataset

PLACES = "library pharmacy harbour museum theatre bakery clinic school garage stadium".split()
AGENT = (
    'name = "{name}"\ninstructions = "Answer."\nmodel = "quotes"\ncollections = ["town"]\n{more}'
)
FORM = '[output.schema]\ntype = "object"\nrequired = ["goal"]\n'
WHEN = "When does the library open on Mondays?"


def page(place: str, number: int) -> Document:
    name = place.title()
    text = (
        f"# {name}\n\n## Opening hours of the {place}\n\nThe {place} opens at {number + 6}:15 on "
        f"Mondays.\n\n## What to bring to the {place}\n\nBring {number + 2} coins and a card.\n\n"
        f"## How the {place} is reached\n\nTake bus line {number + 11} to the {place}.\n"
    )
    return Document.from_text(text, id=place, title=name, collection="town", language="en")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, minilm: str) -> Path:
    folder = tmp_path_factory.mktemp("indexed") / "town"
    with kilde.init(folder) as made:
        pages = [page(place, number) for number, place in enumerate(PLACES)]
        made.knowledge.add_documents([*pages, replace(page("bank", 40), collection="secret")])
        for key, more in (("guide", ""), ("other", ""), ("planner", FORM)):
            text = AGENT.format(name=key.title(), more=more)
            (made.path / "agents" / f"{key}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(indexed: Path, tmp_path: Path) -> Iterator[Workspace]:
    """Ten pages of a town, one that its agents may not read, and three agents."""
    shutil.copytree(indexed, tmp_path / "town")
    with kilde.open(tmp_path / "town") as opened:
        yield opened


def judge(workspace: Workspace, answer: Answer, rating: Any, correction: str = "") -> None:
    at = answer.at.replace(year=answer.at.year + 1)
    number = len(workspace.records.feedback())
    at = at.replace(microsecond=number)
    workspace.records.add_feedback(
        Feedback(f"f{number}", answer.id, answer.agent, rating, correction, at)
    )


def jsonl(workspace: Workspace, *lines: object, name: str = "given.jsonl") -> Path:
    path = workspace.path / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def imitate(*pairs: tuple[str, str], **more: object) -> list[Row]:
    return [
        Row("sft", (Message("user", question),), answer, language="en", **more)  # type: ignore[arg-type]
        for question, answer in pairs
    ]


def keep(workspace: Workspace, rows: list[Row], name: str = "guide") -> str:
    """Rows as a dataset of the guide; returns their hash."""
    return workspace.datasets.save(
        name, agent="guide", method="sft", source="a test", rows=rows, replace_old=True
    ).data_hash


def adapter(workspace: Workspace, sha256: str, **more: Any) -> str:
    """An adapter of the guide that was trained on the rows with that hash."""
    staged = stage(workspace.path / "staged")
    told = {"agent": "guide", "dataset": "guide", "data_hash": sha256, "documents": ()}
    settings = {"from": card().base}
    return workspace.registry.add(
        "guide", staged, replace(card(), **{**told, "settings": settings, **more})
    ).name


def kinds(workspace: Workspace, name: str = "guide") -> dict[str, str]:
    return {one.kind: one.level for one in check_testset(workspace, name)}


# From documents


def test_whole_documents_are_held_out_and_no_dataset_is_made_of_them(workspace: Workspace) -> None:
    made = build_testset(workspace, "guide", "documents", limit=6)
    found = the_testset(workspace, "guide")
    assert found.card == made and made.source == "documents"
    assert 2 <= len(made.held_out) <= 5 and "bank" not in made.held_out
    assert set(made.documents) <= set(made.held_out)
    assert 0 < len(found.questions) <= 6
    assert 0 < sum(not one.answerable for one in found.questions) < 3
    for one in found.questions:
        assert one.references if one.answerable else not one.references
    dataset = build_dataset(workspace, "guide", "documents")
    rows = workspace.datasets.load("guide")
    assert rows.rows and not {
        document for row in (*rows.rows, *rows.test) for document in row.lineage.all_documents
    } & set(made.held_out)
    assert "no row was made of" in dataset.notes[0] and made.held_out[0] in dataset.notes[0]
    assert kinds(workspace) == {}, "so nothing of it was learnt"
    of_others = build_dataset(workspace, "other", "documents")
    rows = workspace.datasets.load("other")
    learnt = {name for row in (*rows.rows, *rows.test) for name in row.lineage.documents}
    assert set(made.held_out) <= learnt and of_others.notes == ()


def test_more_questions_hold_out_more_documents_but_half_at_most(workspace: Workspace) -> None:
    sizes = []
    for limit in (1, 8, 500):
        made = build_testset(workspace, "guide", "documents", limit=limit, replace_old=True)
        sizes.append(len(made.held_out))
        assert made.questions <= limit
    assert sizes[0] == 2 < sizes[1] < sizes[2] == 5
    assert any("fewer than the 500" in note for note in made.notes)


def test_the_seed_draws_the_documents(workspace: Workspace) -> None:
    drawn = [
        build_testset(workspace, "guide", "documents", limit=4, seed=seed, name=f"t{at}")
        for at, seed in enumerate((0, 0, 1, 2))
    ]
    assert drawn[0].sha256 == drawn[1].sha256
    assert len({one.held_out for one in drawn}) > 1


def test_documents_that_nobody_learnt_from_are_drawn_first(workspace: Workspace) -> None:
    learnt = [replace(row, lineage=replace(row.lineage, documents=tuple(PLACES[:7])))
              for row in imitate(("Is it far?", "No."))]  # fmt: skip
    keep(workspace, learnt)
    for seed in range(4):
        made = build_testset(workspace, "guide", "documents", limit=3, seed=seed, replace_old=True)
        assert set(made.held_out) <= set(PLACES[7:])
    made = build_testset(workspace, "guide", "documents", limit=99, replace_old=True)
    assert any("learnt from 2 documents of these before" in note for note in made.notes)
    assert kinds(workspace)["held-out-learnt"] == "warn"


def test_an_agent_that_fills_in_a_form_needs_a_file(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="fills in a form"):
        build_testset(workspace, "planner", "documents")


def test_nothing_comes_of_nothing(tmp_path: Path, minilm: str) -> None:
    with kilde.init(tmp_path / "empty") as empty:
        (empty.path / "agents" / "guide.toml").write_text(AGENT.format(name="G", more=""))
        for source in ("documents", "feedback"):
            with pytest.raises(EvaluationError, match=f"No questions came of {source}"):
                build_testset(empty, "guide", source)  # type: ignore[arg-type]


# From feedback


def test_what_people_said_becomes_references(workspace: Workspace) -> None:
    agent = workspace.agent("guide")
    asked = [
        WHEN,
        "Which bus line goes to the harbour?",
        "What to bring to the museum?",
        "Who was the emperor Charlemagne's barber?",
    ]
    library, harbour, museum, king = (agent.ask(question) for question in asked)
    assert library.citations and king.abstained
    judge(workspace, library, "up")
    judge(workspace, harbour, "down", "Line 13.")
    judge(workspace, museum, "down")
    judge(workspace, king, "up")
    judge(workspace, museum, "up")
    judge(workspace, museum, "down")  # the last judgement counts
    made = build_testset(workspace, "guide", "feedback")
    found = {one.question: one for one in the_testset(workspace, "guide").questions}
    assert set(found) == set(asked) and made.source == "feedback"
    assert found[asked[0]].references == (library.text.strip(),)
    assert found[asked[0]].documents == ("library",)
    assert found[asked[1]].references == ("Line 13.",)
    assert found[asked[2]].references == () and found[asked[2]].answerable
    assert not found[asked[3]].answerable and found[asked[3]].references == ()
    assert made.answerable == 3 and "1 of 4 questions have no reference" in made.notes[-1]
    assert kinds(workspace)["no-reference"] == "warn"


def test_no_feedback_is_learnt_that_the_test_asks(workspace: Workspace) -> None:
    agent = workspace.agent("guide")
    for place in PLACES[:4]:
        judge(workspace, agent.ask(f"When does the {place} open on Mondays?"), "up")
    build_testset(workspace, "guide", "feedback", limit=1)
    dataset = build_dataset(workspace, "guide", "feedback", method="sft", test_share=0)
    assert 0 < dataset.rows < 4 and "left out that ask" in dataset.notes[0]
    assert not {"test-overlap", "near-test-overlap"} & set(kinds(workspace))
    build_testset(workspace, "guide", "feedback", name="all")
    with pytest.raises(TuningError, match="4 rows left out"):
        build_dataset(workspace, "guide", "feedback", replace_old=True)


# From files


def test_a_file_of_questions_or_of_rows(workspace: Workspace) -> None:
    own = jsonl(workspace, {"question": WHEN, "reference": "At 6:15.", "documents": ["library"]})
    build_testset(workspace, "guide", own)
    (found,) = the_testset(workspace, "guide").questions
    assert found == Question(WHEN, ("At 6:15.",), ("library",), language="en")
    turns = [{"role": "user", "content": WHEN}, {"role": "assistant", "content": "{}"}]
    rows = jsonl(workspace, {"messages": [{"role": "system", "content": "x"}, *turns]})
    made = build_testset(workspace, "planner", rows)
    assert the_testset(workspace, "planner").questions[0].schema == {
        "type": "object", "required": ["goal"],
    }  # fmt: skip
    assert made.notes == (
        "1 system messages were left out: the agent's instructions take their place",
    )
    assert kinds(workspace, "planner")["reference-form"] == "warn"


def test_a_faulty_file_leaves_no_test_set(workspace: Workspace) -> None:
    path = jsonl(workspace, {"question": WHEN}, {"question": WHEN, "answer": "x"}, {"q": 1})
    with pytest.raises(ConfigError) as told:
        build_testset(workspace, "guide", path)
    assert [fault.split(":")[-2] for fault in told.value.faults if ":" in fault]
    assert workspace.testsets.names() == ()


def test_drawn_in_their_order_and_each_once(workspace: Workspace) -> None:
    lines = [{"question": f"What is number {at}?", "reference": str(at)} for at in range(30)]
    path = jsonl(workspace, *lines, lines[3])
    made = build_testset(workspace, "guide", path, limit=10)
    said = [int(one.reference) for one in the_testset(workspace, "guide").questions]
    assert len(said) == 10 and said == sorted(said)
    assert any("stood there twice" in note for note in made.notes)
    assert any("10 of 30 questions were drawn (seed 0)" in note for note in made.notes)
    all_of_them = build_testset(workspace, "guide", path, name="all")
    assert all_of_them.questions == 30


def test_no_test_set_has_less_than_a_question(workspace: Workspace) -> None:
    for source in ("documents", jsonl(workspace, {"question": WHEN})):
        with pytest.raises(ConfigError, match="limit = -1"):
            build_testset(workspace, "guide", source, limit=-1)


# Which one


def test_a_test_set_belongs_to_one_agent(workspace: Workspace) -> None:
    path = jsonl(workspace, {"question": WHEN})
    with pytest.raises(NotFound, match="test set") as none:
        the_testset(workspace, "guide")
    assert "kilde testset build guide" in none.value.hint
    build_testset(workspace, "guide", path, name="one")
    assert the_testset(workspace, "guide").card.name == "one", "it is the only one"
    with pytest.raises(EvaluationError, match="made for the agent 'guide'"):
        the_testset(workspace, "other", "one")
    with pytest.raises(NotFound):
        the_testset(workspace, "other")
    build_testset(workspace, "guide", path, name="two")
    with pytest.raises(NotFound) as several:
        the_testset(workspace, "guide")
    assert "one, two" in several.value.hint
    build_testset(workspace, "guide", path)
    assert the_testset(workspace, "guide").card.name == "guide"
    assert the_testset(workspace, "guide", "two").card.name == "two"
    with pytest.raises(ConfigError, match="already"):
        build_testset(workspace, "guide", path)


def test_an_edited_one_stops_what_relies_on_it(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, {"question": WHEN}))
    path = workspace.path / ".kilde" / "testsets" / "guide" / "questions.jsonl"
    path.write_text(path.read_text().replace("Mondays", "Sundays"))
    for act in (
        lambda: the_testset(workspace, "guide"),
        lambda: check_testset(workspace, "guide"),
        lambda: build_dataset(workspace, "guide", "documents"),
    ):
        with pytest.raises(StoreError, match="was edited"):
            act()


# What was learnt

LEARNT = imitate(
    ("when does the library open on MONDAYS", "At 6:15."),
    ("Which bus line goes to the harbour today?", "Line 13."),
    ("Is it raining?", "No."),
)
ASKED = (
    {"question": WHEN, "reference": "At 6:15."},
    {"question": "Which bus line goes to the harbour?", "reference": "Line 13."},
    {"question": "Who paints the fence?", "answerable": False},
)


def test_questions_that_were_learnt_are_named_and_refused(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    name = adapter(workspace, keep(workspace, LEARNT))
    found = the_testset(workspace, "guide")
    for learnt in ("guide", name):
        exact, near = training_overlap(workspace, found, learnt)
        assert (exact.kind, exact.level, exact.rows) == ("test-overlap", "refuse", (0,))
        assert (near.kind, near.level, near.rows) == ("near-test-overlap", "warn", (1,))
        with pytest.raises(EvaluationError, match="2 questions") as told:
            refuse_overlap(workspace, found, learnt)
        assert WHEN in told.value.message and ASKED[1]["question"] in told.value.message
    levels = kinds(workspace)
    assert levels["test-overlap"] == "refuse" and levels["near-test-overlap"] == "warn"


def test_near_alone_is_refused_as_well(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    name = adapter(workspace, keep(workspace, LEARNT[1:]))
    with pytest.raises(EvaluationError, match="1 question of it"):
        refuse_overlap(workspace, the_testset(workspace, "guide"), name)
    other = adapter(workspace, keep(workspace, LEARNT[2:]))
    assert refuse_overlap(workspace, the_testset(workspace, "guide"), other) == ()


def test_rows_are_found_by_their_hash_or_nobody_can_tell(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    found = the_testset(workspace, "guide")
    name = adapter(workspace, keep(workspace, LEARNT), documents=("library",))
    keep(workspace, LEARNT[2:])
    (unknown,) = training_overlap(workspace, found, name)
    assert (unknown.kind, unknown.level) == ("rows-unknown", "warn")
    assert "'guide' is not what it was" in unknown.message
    assert refuse_overlap(workspace, found, name) == (unknown,)
    keep(workspace, LEARNT, name="kept-elsewhere")
    assert "test-overlap" in {one.kind for one in training_overlap(workspace, found, name)}
    (no_card,) = training_overlap(workspace, found, "foreign.gguf")
    assert no_card.kind == "rows-unknown"
    with pytest.raises(NotFound):
        training_overlap(workspace, found, "guide@9")


def test_a_run_keeps_the_rows_of_its_adapter(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    found = the_testset(workspace, "guide")
    sha256 = keep(workspace, LEARNT)
    name = adapter(workspace, sha256)
    keep(workspace, LEARNT[2:])
    run = workspace.runs.create("guide", "guide", {"method": "sft"}, sha256)
    workspace.runs.save(run, stage="done", adapter=name)
    path = workspace.runs.folder(run.id) / ROWS
    path.write_text(to_jsonl(LEARNT), encoding="utf-8")
    assert "test-overlap" in {one.kind for one in training_overlap(workspace, found, name)}
    path.write_text(to_jsonl(LEARNT[2:]), encoding="utf-8")  # not those of its card
    (unknown,) = training_overlap(workspace, found, name)
    assert unknown.kind == "rows-unknown"


def test_no_dataset_may_ask_what_a_test_set_asks(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    keep(workspace, LEARNT)
    (found,) = (one for one in check_dataset(workspace, "guide") if one.kind == "test-overlap")
    assert found.level == "refuse"
    assert WHEN in found.message and "'guide'" in found.message
    keep(workspace, LEARNT[2:])
    assert "test-overlap" not in {one.kind for one in check_dataset(workspace, "guide")}


def test_an_adapter_has_learnt_what_it_went_on_from(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    found = the_testset(workspace, "guide")
    first = adapter(workspace, keep(workspace, LEARNT, name="first"))
    second = adapter(workspace, keep(workspace, LEARNT[2:]), settings={"from": first})
    assert "test-overlap" in {one.kind for one in training_overlap(workspace, found, second)}
    workspace.registry.remove(first)
    (unknown,) = training_overlap(workspace, found, second)
    assert f"{first}, which {second} went on from, was removed" in unknown.message


def test_documents_on_both_sides_are_told(workspace: Workspace) -> None:
    build_testset(workspace, "guide", "documents", limit=4)
    found = the_testset(workspace, "guide")
    name = adapter(workspace, keep(workspace, LEARNT[2:]), documents=found.card.held_out[:1])
    (held,) = training_overlap(workspace, found, name)
    assert (held.kind, held.level) == ("held-out-learnt", "warn")
    assert found.card.held_out[0] in held.message
    build_testset(
        workspace, "guide", jsonl(workspace, {**ASKED[0], "documents": "library"}), name="file"
    )
    about = adapter(workspace, keep(workspace, LEARNT[2:]), documents=("library",))
    (shared,) = training_overlap(workspace, the_testset(workspace, "guide", "file"), about)
    assert (shared.kind, shared.level) == ("shared-documents", "note")


def test_a_damaged_dataset_is_told_and_the_rest_compared(workspace: Workspace) -> None:
    build_testset(workspace, "guide", jsonl(workspace, *ASKED))
    keep(workspace, LEARNT)
    keep(workspace, LEARNT[2:], name="broken")
    (workspace.path / ".kilde" / "datasets" / "broken" / "card.json").write_text("{")
    levels = kinds(workspace)
    assert levels["unread-rows"] == "warn" and levels["test-overlap"] == "refuse"
