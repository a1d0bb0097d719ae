"""Training changes the adapter, towards the answers, and nothing else.

All numbers are in F32 here, so that they can be compared with those made by hand.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
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

from kilde.tuning.adapters.registry import FILES
from kilde.tuning.training.curve import draw
from kilde.tuning.training.train import train

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
    assert told[0]["left"] > 0 and told[-1]["left"] == 0
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
    assert (trained / "loss.svg").read_text("utf-8").rstrip().endswith("</svg>")
    assert (trained / "loss.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


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
    rows = some_rows(12) if method == "sft" else some_choices(16)
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


@pytest.mark.parametrize(("method", "batch"), [("sft", 8), ("kto", 8), ("kto", 1), ("dpo", 3)])
def test_one_row_is_enough(method: str, batch: int, tiny: Tiny, tmp_path: Path) -> None:
    rows = {"sft": some_rows, "kto": some_thumbs, "dpo": some_choices}[method](2)[:1]
    run = prepared(tmp_path / "run", tiny[0], rows, method=method, batch=batch, max_steps=2)
    train(run)
    assert json.loads((run / "result.json").read_text("utf-8"))["steps"] == 2
    assert all(math.isfinite(line["loss"]) for line in lines(run))


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
