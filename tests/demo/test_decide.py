"""The example decides, really trained and asked, but with next to nothing of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

import kilde
from kilde.advice.advice import Advice
from kilde.demo.decide import EXPECTED, REPORT, SIZES, Size, decide
from kilde.demo.example import make_workspace, questions
from kilde.demo.run import Stage
from kilde.evaluation.question_file import read_questions
from kilde.protocols import NoProgress

# So little that nothing can come of it.
TINY = {
    "health": Size(rows=20, questions=1, epochs=1.0, max_steps=1),
    "week-plan": Size(rows=20, questions=1, epochs=1.0, max_steps=1),
}


def test_what_the_sizes_are_for() -> None:
    assert set(SIZES) == set(EXPECTED) == set(TINY)


@pytest.mark.timeout(900)  # 8 answers and 2 trainings, of the real model
def test_one_question_each_ends_in_a_report_and_in_what_was_not_as_expected(
    tmp_path: Path, minilm: str, smollm2: str
) -> None:
    pytest.importorskip("trl")
    told: list[str] = []
    shown: list[Advice] = []
    stage = Stage(
        say=told.append,
        answer=lambda answer: pytest.fail(f"nothing is asked one by one: {answer}"),
        advice=shown.append,
        pull=lambda name: None,
        progress=NoProgress(),
    )
    folder = tmp_path / "centre"
    unmet = decide("en", folder, stage, TINY)

    page = (folder / REPORT).read_text(encoding="utf-8")
    assert "How health and week-plan should answer" in page
    assert any(str(folder / REPORT) in line for line in told)
    assert [one.agent for one in shown] == list(EXPECTED)
    # Of one question nothing follows, and that is told for both and not passed over.
    assert [one.recommendation for one in shown] == ["undecided", "undecided"]
    assert unmet == [
        "health: expected the advice 'retrieve', but it is 'undecided'.",
        "week-plan: expected the advice 'tune', but it is 'undecided'.",
    ]
    with kilde.open(folder) as workspace:
        assert workspace.definition("health").model == smollm2
        for agent, size in TINY.items():
            assert workspace.testsets.card(agent).questions == size.questions
            (adapter,) = workspace.registry.list(agent)
            assert adapter.rows <= size.rows


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_questions_beside_the_documents_are_a_test(
    language: str,
    minilm: str,
    tmp_path: Path,
) -> None:
    workspace, collections = make_workspace(language, tmp_path / "centre")
    with workspace:
        for name in collections:
            workspace.knowledge.add([workspace.path / name], collection=name)
        found = read_questions(workspace.path / "health.test.jsonl")
        documents = {document.id for document in workspace.knowledge.documents()}
    assert found == questions(language) and len(found) >= SIZES["health"].questions
    assert {one.language for one in found} == {language}
    assert {one.answerable for one in found} == {True, False}
    assert all(bool(one.references) == one.answerable for one in found)
    assert {name for one in found for name in one.documents} <= documents
