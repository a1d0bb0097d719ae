"""``kilde eval`` and ``kilde compare``: what was measured, in a table and in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evaluation.compared import QUESTIONS, Scripted, add_adapter, asked, copied, keep, made

from kilde import generation
from kilde.workspace import Workspace

from .conftest import Kilde, validated


@pytest.fixture(scope="module")
def _prepared(minilm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "clinic"
    made(folder).close()
    return folder


@pytest.fixture
def place(_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setitem(generation.BACKENDS, "llama_cpp", Scripted)  # type: ignore[arg-type]
    with copied(_prepared, tmp_path / "clinic") as workspace:
        yield workspace


def test_arms_stand_beside_each_other(kilde: Kilde, place: Workspace) -> None:
    add_adapter(place)
    ended = kilde("compare", "clinic", cwd=place.path)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == f"clinic on clinic: {len(QUESTIONS)} questions."
    (heading,) = [line for line in lines if line.split() == ["plain", "rag", "tuned", "rag+tuned"]]
    (task,) = [line for line in lines if line.startswith("task ")]
    assert len(heading) > 20 and task.split()[1] == "0.00" and "1.00 (" in task
    assert any(line.startswith("  task: rag is 100 points") for line in lines)
    assert "task: rag and rag+tuned are not told apart" in ended.out
    (p95,) = [line for line in lines if line.startswith("seconds, p95 ")]
    assert len(p95.split()) == 6 and max(map(len, lines[2:12])) < 100
    assert "the adapter clinic@1, which is not promoted" in ended.out
    folder = place.path / ".kilde" / "comparisons" / "clinic"
    (kept,) = (path.name for path in folder.iterdir())
    assert f"Kept in {folder / kept}" in ended.out and "kilde advise clinic" in ended.out
    count = len(asked(place))
    again = kilde("compare", "clinic", cwd=place.path)
    assert again.out.splitlines()[2:8] == lines[2:8] and len(asked(place)) == count


def test_some_arms_and_what_was_skipped(kilde: Kilde, place: Workspace) -> None:
    ended = kilde("compare", "clinic", "--arms", "tuned, plain", cwd=place.path)
    assert ended.code == 0 and "tuned: The agent 'clinic' has no adapter." in ended.out
    assert {one["adapter"] for one in asked(place)} == {None}
    assert len(asked(place)) == len(QUESTIONS) and "kilde advise" not in ended.out
    ended = kilde("compare", "clinic", "--arms", "tuned", cwd=place.path)
    assert ended.code == 1 and "No arm could be asked." in ended.err


def test_json_is_what_its_schema_says(kilde: Kilde, place: Workspace) -> None:
    ended = kilde("compare", "clinic", "--arms", "plain,rag", "--json", cwd=place.path)
    found = validated("compare", ended.out)
    assert [run["arm"] for run in found["arms"]] == ["plain", "rag"]
    ended = kilde("eval", "clinic", "--json", cwd=place.path)
    assert [run["arm"] for run in validated("eval", ended.out)["arms"]] == ["rag"]
    assert json.loads(ended.out)["id"] == found["id"]


def test_one_arm(kilde: Kilde, place: Workspace) -> None:
    ended = kilde("eval", "clinic", "--arm", "plain", cwd=place.path)
    assert ended.code == 0 and "What differs" not in ended.out
    assert len(asked(place)) == len(QUESTIONS)
    ended = kilde("eval", "clinic", "--arm", "tuned", cwd=place.path)
    assert ended.code == 1 and "kilde tune clinic" in ended.out


def test_samples_are_told(kilde: Kilde, place: Workspace) -> None:
    some = ["--samples", "2", "--temperature", "0.5", "--arms", "plain"]
    ended = kilde("compare", "clinic", *some, "--seed", "3", cwd=place.path)
    assert f"{len(QUESTIONS)} questions, each 2 times." in ended.out
    assert {one["seed"] for one in asked(place)} == {3, 4}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--arms", "plain,rog"], "'rog': there is plain, rag, tuned, rag+tuned."),
        (["--arms", ","], "nothing: there is"),
        (["--samples", "2"], "temperature 0"),
        (["--model", "absent"], "No model named 'absent'"),
        (["--adapter", "clinic@9"], "No adapter named 'clinic@9'"),
        (["--testset", "clinc"], "Did you mean 'clinic'?"),
        (["--judge", "quotes"], "quotes cannot judge"),
    ],
)
def test_wrong_use_is_told_before_anything_is_asked(
    kilde: Kilde, place: Workspace, arguments: list[str], told: str
) -> None:
    ended = kilde("compare", "clinic", *arguments, cwd=place.path)
    assert ended.code == 2 and told in ended.err and asked(place) == []


def test_an_empty_test_set_is_told(kilde: Kilde, place: Workspace) -> None:
    keep(place, [])
    ended = kilde("compare", "clinic", cwd=place.path)
    assert ended.code == 1 and "has no questions" in ended.err


def test_the_names_of_arms_are_theirs() -> None:
    from kilde.cli.comparing import NAMES
    from kilde.evaluation.said import ARMS

    assert tuple(arm.name for arm in ARMS) == NAMES
