"""The calibration of grounding and declining, on a folder of a few passages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.grounding import CONFIDENCES, THRESHOLDS, cases, main, run

_TEXTS = {
    "a": "Klinikken i Nordby blev bygget i 1921, efter at byen havde samlet 4500 kroner. Den er "
    "også tegnet af Anna Holm fra Aarhus, og huset har 12 stuer til patienter.",
    "b": "Apoteket i Sydby blev bygget i 1934 af en gruppe borgere. Det har 3 vinduer mod haven, "
    "og Peter Lund passede apoteket i mange år.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = [{"_id": key, "title": "Huse", "text": text} for key, text in _TEXTS.items()]
    rows = [
        ("Hvornår blev klinikken i Nordby bygget?", "1921", "a"),
        ("Hvem har tegnet klinikken?", "Anna Holm", "a"),
        ("Hvor mange vinduer har apoteket mod haven?", "3 vinduer", "b"),
        ("Hvem malede loftet i kirken?", "", "b"),
    ]
    questions = [
        {
            "id": str(number),
            "split": "dev",
            "question": question,
            "answers": [gold] if gold else [],
            "answer_start": [_TEXTS[key].index(gold)] if gold else [],
            "is_impossible": not gold,
            "context_id": key,
        }
        for number, (question, gold, key) in enumerate(rows)
    ]
    for name, records in (("corpus", corpus), ("qa", questions)):
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_false_claims_differ_from_their_passage(folder: Path) -> None:
    found = cases(folder)
    assert {case.true for case in found} == {True, False}
    for case in found:
        if not case.true:
            assert case.claim not in case.hit.passage.text


def test_true_claims_are_supported_and_false_ones_are_not(folder: Path) -> None:
    grounding, declining = run(folder)
    assert [row.cells["threshold"] for row in grounding.rows] == list(THRESHOLDS)
    used = next(row.cells for row in grounding.rows if row.cells["threshold"] == 0.75)
    assert used["precision"] == 1.0
    assert isinstance(used["recall"], float) and used["recall"] > 0.5
    assert [row.cells["threshold"] for row in declining.rows] == list(CONFIDENCES)
    strict, loose = declining.rows[-1].cells, declining.rows[0].cells
    assert loose["gold quoted"] == 1.0
    assert loose["rightly declined"] == strict["rightly declined"] == 1.0


def test_the_command_prints_and_writes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--json", str(tmp_path / "out.json")]) == 0
    assert "precision" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "out.json").read_text())) == 2
