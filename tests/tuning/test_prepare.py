"""What a training is given: rows as tokens, some of them held out, and a plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.lora import add_random
from tests.tuning.places import clinic, keep, row, some_facts

from kilde.errors import TuningError
from kilde.protocols import NoProgress
from kilde.tuning.data.rows import Row
from kilde.tuning.training.prepare import prepare, read_plan
from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.tuning.training.token_rows import length
from kilde.types import Message
from kilde.workspace import Workspace
from kilde.workspace.tuning import _subject

NOWHERE = "Zebras dance on Venus at 3:45."


@pytest.fixture(scope="module")
def place(
    minilm: str, tiny: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    with clinic(tmp_path_factory.mktemp("prepare") / "clinic", tiny[0]) as workspace:
        yield workspace


def prepared(
    place: Workspace, folder: Path, rows: list[Row], **settings: Any
) -> tuple[list[Any], list[Any], TrainingPlan]:
    keep(place, rows)
    subject, dataset = _subject(place, "clinic"), place.datasets.load("clinic")
    folder.mkdir(exist_ok=True)
    given = TuneSettings(**settings)
    prepare(subject, dataset, given, place.registry, folder, NoProgress())
    train, held_out = (
        [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
        for name in ("train.jsonl", "held_out.jsonl")
    )
    plan = TrainingPlan.from_json(json.loads((folder / "plan.json").read_text("utf-8")))
    assert (plan.base, plan.settings, plan.start) == (subject.path, given, None)
    assert plan.pad == subject.generator.end_of_turn
    return train, held_out, plan


def many(turns: int) -> list[Row]:
    return [
        replace(one, prompt=(Message("user", f"{one.question} ({turn})"),))
        for turn in range(turns)
        for one in some_facts()
    ]


def test_few_rows_are_all_learnt_from(place: Workspace, tmp_path: Path) -> None:
    train, held_out, _ = prepared(place, tmp_path, many(4))
    assert (len(train), held_out) == (40, [])


def test_of_many_rows_a_tenth_is_held_out_document_by_document(
    place: Workspace, tmp_path: Path
) -> None:
    train, held_out, _ = prepared(place, tmp_path, many(6))
    assert (len(train), len(held_out)) == (54, 6), "the six rows of one of ten documents"
    told = {tuple(token for token in one["labels"] if token != -100) for one in held_out}
    assert len(told) == 1
    assert not any(tuple(t for t in one["labels"] if t != -100) in told for one in train)


def test_some_are_held_out_although_others_are_left_out(place: Workspace, tmp_path: Path) -> None:
    rows = [row("library", answer=NOWHERE), *many(6)]
    options = {"with_context": True, "declining": 0.0}
    train, held_out, plan = prepared(place, tmp_path, rows, **options)
    assert (len(train), len(held_out)) == (54, 6)
    assert plan.left_out == 1


def test_rows_that_are_too_long_have_the_dataset_s_numbers(
    place: Workspace, tmp_path: Path
) -> None:
    long = row("bus", declines=False, answer="Bus line 7 stops at the harbour every hour. " * 90)
    rows = [row("library", answer=NOWHERE), row("lift"), long]
    with pytest.raises(TuningError, match=r"1 rows are longer than .* \(1024") as told:
        prepared(place, tmp_path, rows, with_context=True, declining=0.0)
    assert "row 3 (" in told.value.message
    assert not (tmp_path / "plan.json").exists()


def test_a_pair_of_answers_is_not_read_at_once(place: Workspace, tmp_path: Path) -> None:
    half = "Bus line 7 stops at the harbour every hour. " * 30
    one = row("bus", method="dpo", answer=half, rejected=half + "Not.")
    (tokens,), _, _ = prepared(place, tmp_path, [one], method="dpo")
    assert sum(map(len, tokens.values())) > 1024
    with pytest.raises(TuningError, match="row 1"):
        prepared(place, tmp_path, [replace(one, rejected=half * 3)], method="dpo")


def test_nothing_to_learn_from_is_told(place: Workspace, tmp_path: Path) -> None:
    with pytest.raises(TuningError, match="No row has a document") as told:
        prepared(place, tmp_path, [row("library", answer=NOWHERE)], with_context=True)
    assert "Add the documents" in told.value.hint
    assert "--no-context" not in told.value.hint, "it answers with context"


def test_the_plan_tells_what_its_rows_were_made_with(place: Workspace, tmp_path: Path) -> None:
    _, _, plan = prepared(place, tmp_path, many(1))
    assert plan.base_sha256 == hashlib.sha256(plan.base.read_bytes()).hexdigest()
    path = place.path / "agents" / "clinic.toml"
    text = path.read_text("utf-8")
    changes = {
        'instructions = "Answer briefly."': 'instructions = "Answer at length."',
        'collections = ["health"]': 'collections = ["health", "secret"]',
        "max_words = 40": "max_words = 41",
        'name = "Clinic"': 'name = "Surgery"',
    }
    shaped = set()
    for number, (old, new) in enumerate(changes.items()):
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        _, _, other = prepared(place, tmp_path / str(number), many(1))
        shaped.add(other.agent_sha256)
    path.write_text(text, "utf-8")
    assert len(shaped) == 4 and plan.agent_sha256 in shaped, "the name shapes nothing"


def test_the_adapter_to_go_on_from_is_copied(
    minilm: str, tiny: tuple[Path, Any], tmp_path: Path
) -> None:
    with clinic(tmp_path / "clinic", tiny[0]) as workspace:
        subject = _subject(workspace, "clinic")
        for seed in range(2):
            card = add_random(
                workspace.registry, tmp_path, "clinic", seed, base_sha256=subject.sha256
            )
        workspace.registry.promote(card.name, by="test")
        keep(workspace, [row("bus", method="dpo", rejected="No bus.")])
        (tmp_path / "run" / "start" / "1").mkdir(parents=True)  # cut off by a kill
        prepare(
            subject,
            workspace.datasets.load("clinic"),
            TuneSettings(method="dpo"),
            workspace.registry,
            tmp_path / "run",
            NoProgress(),
        )
        workspace.registry.promote("clinic@1", by="test")
        workspace.registry.remove(card.name)
    plan = read_plan(tmp_path / "run")
    assert plan is not None and plan.start == tmp_path / "run" / "start" / "2"
    assert [path.name for path in plan.start.parent.iterdir()] == ["2"]
    assert {path.name for path in plan.start.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "card.json",
    }


def test_the_length_of_a_row_is_what_is_read_in_one_piece() -> None:
    assert length({"input_ids": [1] * 9, "labels": [-100] * 9}) == 9
    assert length({"prompt_ids": [1] * 9, "completion_ids": [1] * 4, "label": True}) == 13
    assert length({"prompt_ids": [1] * 3, "chosen_ids": [1] * 3, "rejected_ids": [1] * 5}) == 8
