"""A run is gone on with only where it would come out as it began; and settings that make sense."""

from __future__ import annotations

import getpass
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tuning import parts
from tests.tuning.killed_tuning import SETTINGS
from tests.tuning.places import clinic, keep, some_facts

import kilde
from kilde.errors import ConfigError, ModelError, TuningError
from kilde.protocols import NoProgress
from kilde.tuning.training.prepare import prepare
from kilde.tuning.training.runs import Run
from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.workspace import Workspace
from kilde.workspace.tuning import _subject, base_of, resume, user_name


@pytest.fixture
def base(tiny: tuple[Path, Any], tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny[0], tmp_path / "base.gguf"))


@pytest.fixture
def place(minilm: str, base: Path, tmp_path: Path) -> Iterator[Workspace]:
    with clinic(tmp_path / "clinic", base) as workspace:
        keep(workspace, some_facts())
        yield workspace


def started(place: Workspace) -> Run:
    """A run that was killed before a step of it was trained."""
    card = place.datasets.card("clinic")
    return place.runs.create("clinic", "clinic", SETTINGS.to_json(), card.data_hash)


def ready(place: Workspace) -> Path:
    """The plan of a run that was killed when its rows were tokens."""
    folder = place.runs.folder(started(place).id)
    dataset = place.datasets.load("clinic")
    subject = _subject(place, "clinic")
    prepare(subject, dataset, SETTINGS, place.registry, folder, NoProgress())
    return folder / "plan.json"


def change(place: Workspace, old: str, new: str) -> None:
    path = place.path / "agents" / "clinic.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("prepared", [False, True])
def test_rows_that_are_out_of_scope_by_now(prepared: bool, place: Workspace) -> None:
    if prepared:
        ready(place)
    else:
        started(place)
    change(place, '["health"]', '["secret"]')
    with pytest.raises(TuningError, match="cannot be trained on") as told:
        resume(place, "clinic")
    assert "may not read" in told.value.message


def test_an_agent_that_is_another_by_now(place: Workspace) -> None:
    ready(place)
    change(place, "Answer briefly.", "Answer at length.")
    with pytest.raises(TuningError, match="is not what it was") as told:
        resume(place, "clinic")
    assert "instructions" in told.value.message and "model" not in told.value.message
    assert told.value.hint == "Train anew: kilde tune clinic"


def test_a_base_with_other_weights(place: Workspace, base: Path, tmp_path: Path) -> None:
    ready(place)
    place.close()
    content = bytearray(base.read_bytes())
    content[-1] ^= 1
    (tmp_path / "other").write_bytes(content)
    (tmp_path / "other").replace(base)
    with kilde.open(place.path) as again, pytest.raises(TuningError, match="'own' is another file"):
        resume(again, "clinic")


@pytest.mark.parametrize("change", [{"warm": 1}, {"pad": None}, {"settings": {"rank": 4}}])
def test_a_plan_of_another_version(change: dict[str, Any], place: Workspace) -> None:
    path = ready(place)
    plan = json.loads(path.read_text("utf-8")) | change
    plan = {key: value for key, value in plan.items() if value is not None or key == "start"}
    path.write_text(json.dumps(plan), "utf-8")
    with pytest.raises(TuningError, match="another version of Kilde") as told:
        resume(place, "clinic")
    assert "Train anew" in told.value.hint


def test_settings_of_another_version(place: Workspace) -> None:
    run = started(place)
    place.runs.save(run, settings={**run.settings, "warmth": 3})
    with pytest.raises(TuningError, match="another version of Kilde"):
        resume(place, "clinic")


def test_plans_are_read_as_they_were_written() -> None:
    plan = TrainingPlan(Path("a.gguf"), 2, TuneSettings(rank=3), Path("start/1"), 4, "ab", "cd")
    assert TrainingPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"method": "kto", "batch": 1}, ["thumbs"]),
        ({"method": "kto", "batch": 4, "at_once": 1}, ["thumbs"]),
        ({"at_once": 3}, ["divide batch (4)"]),
        ({"epochs": float("nan"), "rank": 0, "declining": 1.0}, ["epochs", "rank", "declining"]),
    ],
)
def test_settings_that_make_no_sense_are_told_together(
    given: dict[str, Any], faults: list[str]
) -> None:
    with pytest.raises(ConfigError) as told:
        TuneSettings(**given)
    assert len(told.value.faults) == len(faults)
    for fault in faults:
        assert fault in told.value.message
    assert TuneSettings(method="kto", batch=2) and TuneSettings(batch=1, at_once=1)


def test_a_base_whose_positions_would_be_lost_is_refused(minilm: str, tmp_path: Path) -> None:
    """Trained with other positions than it is served with, an adapter would be worth nothing."""
    base, _ = parts.tiny_base(tmp_path, "llama", scaling="linear")
    with clinic(tmp_path / "clinic", base) as workspace:
        key, definition = workspace.agent_file("clinic")
        with pytest.raises(ModelError, match="scales its positions") as told:
            base_of(workspace, key, definition)
    assert "Give the agent a model" in told.value.hint


@pytest.mark.parametrize("kind", [KeyError, OSError])
def test_who_has_no_name_is_told_by_number(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user_name() == getpass.getuser()

    def nameless() -> str:
        raise kind("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert user_name() == str(os.getuid())
