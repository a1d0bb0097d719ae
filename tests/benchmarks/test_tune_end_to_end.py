"""A part of ``tune`` from its files to its figures, with a training of one step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.__main__ import main

pytest.importorskip("trl")
_LABELS = ("card_arrival", "lost_card", "exchange_rate")


def _rows(path: Path, name: str, count: int) -> None:
    rows = [
        {"text": f"{name} {number}: what about it?", "label": _LABELS[number % len(_LABELS)]}
        for number in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_what_was_trained_is_not_trained_again(
    tmp_path: Path, smollm2: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _rows(tmp_path / "train.jsonl", "Question", 12)
    _rows(tmp_path / "test.jsonl", "Request", 6)
    with (tmp_path / "test.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"text": "question 0 - what about it", "label": "card_arrival"}\n')
    command = ["tune", "banking77", str(tmp_path), "--cache", str(tmp_path / "kept")]
    command += [
        "--model",
        smollm2,
        "--rows",
        "12",
        "--test",
        "9",
        "--before",
        "2",
        "--max-steps",
        "1",
    ]

    assert main(command) == 0
    told = capsys.readouterr()
    assert "training on 12 rows" in told.err
    # The seventh test row is a training row but for its punctuation.
    assert "12 rows to train on and 6 to test" in told.out
    figures = [line.split() for line in told.out.splitlines() if "accuracy" in line]
    assert [line[:3] for line in figures[:2]] == [
        ["first", "2", "accuracy"],
        ["all", "6", "accuracy"],
    ]

    assert main(command) == 0
    told = capsys.readouterr()
    assert "was trained already" in told.err and "training on" not in told.err
