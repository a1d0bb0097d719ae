"""Training changes the adapter, towards the answers, and nothing else.

All numbers are in F32 here, so that they can be compared with those made by hand.
"""

from __future__ import annotations

import hashlib
import json
import math
import socket
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from tests.tuning.training import (
    TokenRow,
    answer_loss,
    likelihood,
    lines,
    prepared,
    sft,
    some_choices,
    some_rows,
    some_thumbs,
    weights,
)

from kilde.errors import TuningError
from kilde.tuning.adapters.registry import FILES
from kilde.tuning.training.checkpoints import last_checkpoint
from kilde.tuning.training.curve import draw
from kilde.tuning.training.prepare import read_plan
from kilde.tuning.training.sampler import StepSampler
from kilde.tuning.training.settings import TuneSettings
from kilde.tuning.training.setup import gpus_used, make_trainer, rows_at_once
from kilde.tuning.training.token_rows import length
from kilde.tuning.training.train import train
from kilde.tuning.training.trainers import answers_to_others

pytestmark = [
    pytest.mark.usefixtures("one_core"),
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::UserWarning:peft"),
]
Tiny = tuple[Path, Any]
RATE = 1e-2


def adapted(model: Any, folder: Path) -> Any:
    return peft.PeftModel.from_pretrained(model, str(folder / "adapter")).eval()


def same(one: Path, other: Path, tolerance: float = 0.0) -> bool:
    a, b = weights(one), weights(other)
    assert a.keys() == b.keys()
    return all(torch.allclose(a[key], b[key], rtol=0, atol=tolerance) for key in a)


@pytest.fixture(scope="module")
def trained(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has come to its end."""
    base = tiny[0]
    before = hashlib.sha256(base.read_bytes()).hexdigest()
    rows = some_rows(12)
    folder = prepared(
        tmp_path_factory.mktemp("train") / "run", base, rows, epochs=5, learning_rate=RATE
    )
    train(folder)
    assert hashlib.sha256(base.read_bytes()).hexdigest() == before, "the base was written to"
    return folder


def test_the_adapter_learns_and_the_base_stays(tiny: Tiny, trained: Path) -> None:
    learnt = weights(trained)
    assert len(learnt) == 2 * 7 * 2
    assert all(values.abs().max() > 0 for values in learnt.values())
    base, rows = tiny[1], some_rows(12)
    before = answer_loss(base, rows)
    tuned = adapted(base, trained)
    assert answer_loss(tuned, rows) < before - 1
    tuned.unload()
    assert answer_loss(base, rows) == before


def test_the_folder_tells_all_of_it(trained: Path) -> None:
    told, result = lines(trained), json.loads((trained / "result.json").read_text("utf-8"))
    assert [line["step"] for line in told] == list(range(1, 11))  # 12 rows, 8 a step, 5 times
    assert {line["of"] for line in told} == {10}
    assert told[-1]["loss"] < told[0]["loss"]
    seconds, tokens = [line["seconds"] for line in told], [line["tokens"] for line in told]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert tokens[-1] == 5 * sum(len(row["input_ids"]) for row in some_rows(12))
    assert result["steps"] == 10 and result["tokens"] == tokens[-1]
    assert result["loss"] == pytest.approx(sum(line["loss"] for line in told[-5:]) / 5)
    assert result["peak_memory_mb"] > 10 and "held_out_loss" not in result
    environment = json.loads((trained / "environment.json").read_text("utf-8"))
    assert environment["libraries"]["torch"] == torch.__version__
    assert environment["cores"] > 0 and environment["bfloat16"] in (True, False)
    # All that the registry wants but for the GGUF file, which is made of it.
    assert {*FILES} - {path.name for path in (trained / "adapter").iterdir()} == {"adapter.gguf"}
    assert not (trained / "adapter.part").exists()


def test_the_curve_is_drawn(trained: Path) -> None:
    draw(trained, "week-plan: sft")
    drawn = (trained / "loss.svg").read_text("utf-8")
    assert drawn.rstrip().endswith("</svg>")
    draw(trained, "week-plan: sft")
    assert (trained / "loss.svg").read_text("utf-8") == drawn
    assert (trained / "loss.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_curve_that_cannot_be_drawn_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "progress.jsonl").write_text('{"loss": 1.0}\n', "utf-8")
    with pytest.raises(TuningError, match="could not be drawn: KeyError: 'step'"):
        draw(tmp_path, "no steps")
    assert not (tmp_path / "loss.svg").exists()


def first_loss(base: Path, folder: Path, rows: Sequence[TokenRow]) -> float:
    run = prepared(folder, base, rows, batch=len(rows), max_steps=1, learning_rate=1e-9)
    train(run)
    return lines(run)[0]["loss"]


def test_the_loss_is_that_of_the_answers_alone(tiny: Tiny, tmp_path: Path) -> None:
    """Rows of different length, computed together: the same as one by one and by hand."""
    base, model = tiny
    rows = some_rows(6)
    assert len({len(row["input_ids"]) for row in rows}) > 3
    assert first_loss(base, tmp_path / "rows", rows) == pytest.approx(
        answer_loss(model, rows), abs=1e-4
    )
    # Longer prompts and the same answers: still it is the answers' tokens that count.
    longer = [
        {"input_ids": [7, 8, 9, *row["input_ids"]], "labels": [-100] * 3 + row["labels"]}
        for row in rows
    ]
    by_hand = answer_loss(model, longer)
    assert first_loss(base, tmp_path / "longer", longer) == pytest.approx(by_hand, abs=1e-4)
    # What the prompts' own tokens would add would be seen.
    everything = [{**row, "labels": row["input_ids"]} for row in longer]
    for row in everything:
        row["labels"] = [-100, *row["labels"][1:]]
    assert abs(answer_loss(model, everything) - by_hand) > 0.05


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_rows_computed_one_by_one_or_together_teach_the_same(
    method: str, tiny: Tiny, tmp_path: Path
) -> None:
    """Also in the last step of an epoch, whose rows are fewer."""
    rows = some_rows(12) if method == "sft" else some_choices(13)
    for at_once in (1, 4, 8):
        options = {"method": method, "epochs": 3, "learning_rate": 1e-3, "at_once": at_once}
        train(prepared(tmp_path / str(at_once), tiny[0], rows, **options))
    assert same(tmp_path / "8", tmp_path / "1", 1e-4)
    assert same(tmp_path / "8", tmp_path / "4", 1e-4)
    train(prepared(tmp_path / "other", tiny[0], rows, **options, batch=16))
    assert not same(tmp_path / "8", tmp_path / "other", 1e-4), "so small differences mean something"


def test_the_same_seed_gives_the_same_adapter(tiny: Tiny, tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        train(prepared(tmp_path / name, tiny[0], some_rows(), seed=seed, learning_rate=RATE))
    assert same(tmp_path / "one", tmp_path / "again")
    assert not same(tmp_path / "one", tmp_path / "other", 1e-3)


@pytest.mark.parametrize("method", ["kto", "dpo"])
def test_good_answers_become_likelier_than_bad_ones(
    method: str, tiny: Tiny, tmp_path: Path
) -> None:
    pairs = some_choices(4)
    rows = pairs if method == "dpo" else some_thumbs(8)
    train(prepared(tmp_path / "run", tiny[0], rows, method=method, epochs=6, learning_rate=RATE))

    def margins(model: Any) -> list[float]:
        return [
            likelihood(model, pair["prompt_ids"], pair["chosen_ids"])
            - likelihood(model, pair["prompt_ids"], pair["rejected_ids"])
            for pair in pairs
        ]

    before, tuned = margins(tiny[1]), adapted(tiny[1], tmp_path / "run")
    after = margins(tuned)
    tuned.unload()
    assert all(now > was + 0.1 for was, now in zip(before, after, strict=True))


def test_training_stops_when_held_out_rows_get_no_better(tiny: Tiny, tmp_path: Path) -> None:
    rows = [sft([50 + at, 60 + at, 70], [100 + at, 200, 300]) for at in range(16)]
    # The same questions with other answers: what is learnt makes them less likely.
    held_out = [sft(row["input_ids"][:3], [900 - at, 800, 700]) for at, row in enumerate(rows)]
    run = prepared(
        tmp_path / "run", tiny[0], rows, held_out, epochs=20, learning_rate=RATE, patience=2
    )
    train(run)
    told, result = lines(run), json.loads((run / "result.json").read_text("utf-8"))
    losses = [line["eval_loss"] for line in told if "eval_loss" in line]
    assert told[-1]["step"] < told[-1]["of"] == 40
    assert len(losses) - 1 - losses.index(min(losses)) == 2, "patience is two looks"
    assert result["held_out_loss"] == min(losses)
    # What is kept is what was best.
    tuned = adapted(tiny[1], run)
    assert answer_loss(tuned, held_out) == pytest.approx(min(losses), abs=1e-4)
    tuned.unload()
    draw(run, "both")
    assert "<!-- held-out rows -->" in (run / "loss.svg").read_text("utf-8")


@pytest.mark.parametrize(("method", "batch"), [("sft", 8), ("kto", 8), ("kto", 3), ("dpo", 3)])
def test_one_row_is_enough(method: str, batch: int, tiny: Tiny, tmp_path: Path) -> None:
    rows = {"sft": some_rows, "kto": some_thumbs, "dpo": some_choices}[method](2)[:1]
    run = prepared(tmp_path / "run", tiny[0], rows, method=method, batch=batch, max_steps=2)
    train(run)
    assert json.loads((run / "result.json").read_text("utf-8"))["steps"] == 2
    assert all(math.isfinite(line["loss"]) for line in lines(run))


@pytest.mark.parametrize(
    ("batch", "at_once", "steps"), [(3, 0, 4), (3, 3, 4), (6, 2, 2), (4, 2, 3), (2, 2, 6)]
)
def test_thumbs_are_learnt_in_steps_of_the_size_that_was_asked_for(
    batch: int, at_once: int, steps: int, tiny: Tiny, tmp_path: Path
) -> None:
    options = {"method": "kto", "batch": batch, "at_once": at_once, "epochs": 1}
    folder = prepared(tmp_path / "run", tiny[0], some_thumbs(12), **options)
    train(folder)
    assert {line["of"] for line in lines(folder)} == {steps}


def kto_batches(tiny: Tiny, folder: Path, rows: list[TokenRow], **options: Any) -> list[list[Any]]:
    """What is computed at once in two epochs of learning from thumbs."""
    run = prepared(folder, tiny[0], rows, method="kto", **options)
    trainer = make_trainer(read_plan(run) or pytest.fail(), run)
    loader = trainer.get_train_dataloader()
    epochs = []
    for epoch in range(2):
        loader.set_epoch(epoch)
        epochs.append(list(loader))
    return epochs


def test_thumbs_come_in_an_order_of_chance(tiny: Tiny, tmp_path: Path) -> None:
    thumbs = some_thumbs(40)
    rows = sorted(thumbs, key=lambda row: -row["label"])  # all that is good first
    first, second = (
        [tuple(batch["label"].tolist()) for batch in batches]
        for batches in kto_batches(tiny, tmp_path / "run", rows, batch=4, at_once=4)
    )
    mixed = [labels for labels in first if len(set(labels)) == 2]
    assert len(mixed) > 5, "good and bad ones meet"
    assert first != second and sorted(sum(first, ())) == sorted(sum(second, ()))
    (again, _) = kto_batches(tiny, tmp_path / "again", rows, batch=4, at_once=4)
    assert first == [tuple(batch["label"].tolist()) for batch in again], "the seed decides"


@pytest.mark.parametrize("at_once", [2, 4])
def test_thumbs_are_measured_with_answers_to_other_questions(
    at_once: int, tiny: Tiny, tmp_path: Path
) -> None:
    rows = some_thumbs(14)  # each question twice
    own: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for row in rows:
        own.setdefault(tuple(row["prompt_ids"]), set()).add(tuple(row["completion_ids"]))
    epochs = kto_batches(tiny, tmp_path / "run", rows, batch=4, at_once=at_once)
    seen = 0
    for batch in chain.from_iterable(epochs):
        for ids, told in zip(batch["KL_input_ids"], batch["KL_completion_mask"], strict=True):
            prompt = next(p for p in own if tuple(ids[: len(p)].tolist()) == p)
            answer = tuple(ids[told.bool()].tolist())
            assert answer not in own[prompt] and any(answer in answers for answers in own.values())
            seen += 1
    assert seen == 2 * len(rows)


@pytest.mark.parametrize("counts", [[1], [1, 1], [2, 2], [3, 1, 1, 1], [5, 4, 1], [1] * 9])
def test_each_answer_is_lent_once_and_to_another_question(counts: list[int]) -> None:
    prompts = [[number] for number, count in enumerate(counts) for _ in range(count)]
    others = answers_to_others(prompts, 0)
    assert sorted(others) == list(range(len(prompts)))
    same = sum(prompts[row] == prompts[other] for row, other in enumerate(others))
    assert same == (1 if counts == [1] else 0)
    most = answers_to_others([[0]] * 3 + [[1]], 0)
    assert sorted(most) == [0, 1, 2, 3], "there are too few others"


def test_pairs_of_answers_come_step_by_step(tiny: Tiny, tmp_path: Path) -> None:
    """As rows to imitate do: drawn by chance, and within a step by length."""
    rows = some_choices(24)
    run = prepared(tmp_path / "run", tiny[0], rows, method="dpo", batch=8, at_once=2)
    trainer = make_trainer(read_plan(run) or pytest.fail(), run)
    assert list(trainer._get_train_sampler()) == list(StepSampler([*map(length, rows)], 8, 0))


@pytest.mark.parametrize(
    ("given", "gpus", "used"),
    [
        ({}, 0, 1),
        ({}, 1, 1),
        ({}, 2, 2),
        ({}, 3, 2),
        ({}, 8, 4),
        ({"at_once": 2}, 8, 2),
        ({"at_once": 4}, 8, 1),
        ({"method": "kto"}, 8, 2),
        ({"method": "kto", "batch": 6}, 8, 3),
        ({"method": "kto", "batch": 3}, 8, 1),
        ({"batch": 7}, 8, 7),
    ],
)
def test_a_step_is_dealt_out_to_gpus_evenly(given: dict[str, Any], gpus: int, used: int) -> None:
    assert gpus_used(TuneSettings(**given), gpus) == used


@pytest.mark.parametrize(
    ("given", "tokens", "processes", "at_once"),
    [
        ({}, 100, 1, 4),
        ({}, 500, 1, 2),
        ({}, 5000, 1, 1),
        ({}, 100, 2, 2),
        ({"at_once": 2}, 5000, 1, 2),
        ({"method": "dpo"}, 500, 1, 1),
        ({"method": "kto"}, 100, 1, 4),
        ({"method": "kto"}, 5000, 1, 2),
        ({"method": "kto", "batch": 3}, 5000, 1, 3),
        ({"method": "kto", "batch": 6}, 5000, 2, 3),
    ],
)
def test_as_many_rows_are_computed_together_as_fit(
    given: dict[str, Any], tokens: int, processes: int, at_once: int
) -> None:
    settings = TuneSettings(**given)
    assert rows_at_once(settings, [{"input_ids": [1] * tokens}], processes) == at_once


def test_more_processes_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be dealt out to 3 GPUs"):
        rows_at_once(TuneSettings(), [{"input_ids": [1]}], 3)


def test_two_processes_teach_the_same_as_one(tiny: Tiny, tmp_path: Path) -> None:
    """As on two GPUs: a step has as many rows, and a checkpoint is whole when both wrote theirs."""
    options = {"batch": 8, "max_steps": 4, "learning_rate": 1e-3}
    one, two = (
        prepared(tmp_path / name, tiny[0], some_rows(16), **options) for name in ("one", "two")
    )
    train(one)
    launch = ["torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(free_port())]
    with subprocess.Popen(
        [sys.executable, "-m", *launch, "-m", "kilde.tuning.training.train", two],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as both:
        told = "".join(both.stdout or ())
    assert both.returncode == 0, told[-3000:]
    assert same(one, two, 1e-5)
    assert [line["step"] for line in lines(two)] == [1, 2, 3, 4]
    assert [line["loss"] for line in lines(two)] == pytest.approx(
        [line["loss"] for line in lines(one)], abs=1e-4
    )
    checkpoint = last_checkpoint(two / "checkpoints")
    assert checkpoint is not None
    names = (checkpoint / "whole").read_text("utf-8").splitlines()
    assert {"rng_state_0.pth", "rng_state_1.pth", "trainer_state.json"} <= {*names}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_preferences_go_on_from_an_adapter(tiny: Tiny, trained: Path, tmp_path: Path) -> None:
    run = prepared(tmp_path / "run", tiny[0], some_choices(8), method="dpo", max_steps=2)
    plan = json.loads((run / "plan.json").read_text("utf-8"))
    (run / "plan.json").write_text(json.dumps(plan | {"start": str(trained / "adapter")}), "utf-8")
    before = weights(trained)
    train(run)
    assert lines(run)[0]["loss"] == pytest.approx(math.log(2), abs=1e-4), "judged against itself"
    after = weights(run)
    assert before.keys() == after.keys()
    moved = max(float((after[key] - before[key]).abs().max()) for key in after)
    assert 0 < moved < 1e-3, "two small steps from where it stood"
