"""Answers that were said are kept, line by line, and belong to one state."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from tests.tuning.engines import small_disk

from kilde.errors import EvaluationError, StoreError
from kilde.evaluation.answers import ANSWERS, MANIFEST, Answers, id_of
from kilde.evaluation.said import Said
from kilde.types import Answer, Message, Trace, Usage

STATE = {"documents": 7, "definition": {"name": "Sundhed på Åvej"}}


def answer(text: str = "Klokken 6.30.") -> Answer:
    trace = Trace(
        hits=(),
        summaries=(),
        arm="rag",
        model="m",
        adapter=None,
        store_version=7,
        search_text="hvornår",
        language="da",
        messages=(Message("user", "Hvornår?"),),
        prompt_hash="0",
        raw_text=text,
        usage=Usage(3, 4),
        timings={"total": 0.5},
    )
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return Answer("a1", "health", "Hvornår?", text, (), (), False, (), trace, at)


def said(question: str = "q1", text: str = "Klokken 6.30.", **more: object) -> Said:
    return Said("rag", question, 0, answer(text), 0.25, 1_000, **more)  # type: ignore[arg-type]


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(tmp_path / "health" / id_of(STATE))


def write(answers: Answers, *some: Said) -> None:
    with answers.writing("health", STATE) as keep:
        for one in some:
            keep("rag/a/-", one)


def test_what_is_read_is_what_was_kept(answers: Answers) -> None:
    assert list(answers.read()) == [] and answers.manifest() is None
    odd = said("q2", "A line\nand \u2028 and \ud800 and \0.")
    failed = Said("plain", "q3", 2, None, 0.5, 0, "It ran out of memory.")
    write(answers, said(), odd)
    write(answers, failed)
    assert list(answers.read()) == [("rag/a/-", one) for one in (said(), odd, failed)]
    manifest = answers.manifest()
    assert manifest is not None and manifest.fingerprint == STATE
    assert (manifest.id, manifest.agent) == (answers.folder.name, "health")


def test_an_answer_is_in_the_file_when_it_was_kept(answers: Answers) -> None:
    with answers.writing("health", STATE) as keep:
        keep("rag/a/-", said())
        assert len(list(answers.read())) == 1


@pytest.mark.parametrize("cut", [1, 2, 40, 400])
def test_a_line_that_was_cut_off_is_dropped_and_the_next_stands_alone(
    answers: Answers, cut: int
) -> None:
    write(answers, said("q1"), said("q2"))
    path = answers.folder / ANSWERS
    path.write_bytes(path.read_bytes()[:-cut])
    assert [one.question for _, one in answers.read()] == ["q1"]
    write(answers, said("q3"))
    assert [one.question for _, one in answers.read()] == ["q1", "q3"]


def test_a_tail_of_nothing_is_dropped_as_well(answers: Answers) -> None:
    """After a power cut a file may end in zeros."""
    write(answers, said("q1"))
    with (answers.folder / ANSWERS).open("ab") as stream:
        stream.write(b"\0" * 100 + b"\n")
    write(answers, said("q2"))
    assert [one.question for _, one in answers.read()] == ["q1", "q2"]


def test_damage_in_the_middle_is_told(answers: Answers) -> None:
    write(answers, said("q1"), said("q2"))
    path = answers.folder / ANSWERS
    path.write_bytes(path.read_bytes().replace(b'"key"', b'"kex"', 1))
    with pytest.raises(StoreError, match="line 1 ") as told:
        list(answers.read())
    assert str(answers.folder) in told.value.hint
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(StoreError, match="line 1 "):
        list(answers.read())


def test_states_are_never_mixed(answers: Answers) -> None:
    write(answers, said())
    other = {**STATE, "documents": 8}
    assert id_of(other) != id_of(STATE)
    with pytest.raises(EvaluationError, match="another state"), answers.writing("health", other):
        pass
    (answers.folder / MANIFEST).unlink()
    with pytest.raises(EvaluationError, match="another state"), answers.writing("health", STATE):
        pass
    (answers.folder / MANIFEST).write_text("{")
    with pytest.raises(StoreError, match=MANIFEST), answers.writing("health", STATE):
        pass


def test_two_do_not_write_at_once(answers: Answers) -> None:
    answers.folder.mkdir(parents=True)
    with (
        FileLock(answers.folder / "lock"),
        pytest.raises(EvaluationError, match="under way"),
        answers.writing("health", STATE),
    ):
        pass
    write(answers, said())


def test_a_full_disk_is_told_and_what_was_kept_stays(answers: Answers) -> None:
    write(answers, said("q1"))
    size = (answers.folder / ANSWERS).stat().st_size
    with (
        pytest.raises(StoreError, match="cannot be kept"),
        small_disk(size + 50),
        answers.writing("health", STATE) as keep,
    ):
        keep("rag/a/-", said("q2"))
    write(answers, said("q3"))
    assert [one.question for _, one in answers.read()] == ["q1", "q3"]
