"""The benchmark of reading: right and wrong files and answers get right and wrong scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.reading import Case, answered, cases, checked, is_right

PRICES = "Vare;Pris\nHammer;100,00\nSøm;25,50\nSav;250,00\n"


@pytest.fixture
def prices(tmp_path: Path, minilm: str) -> Path:
    path = tmp_path / "priser.csv"
    path.write_text(PRICES, encoding="utf-8")
    return path


def test_each_check_of_a_text_can_fail(prices: Path) -> None:
    right = Case("", holds=("Hammer",), lacks=("Kost",), once=("Hammer",), order=("Søm", "Sav"))
    assert all(holds for _, holds in checked(prices, right))
    wrong = Case(
        "",
        holds=("Kost",),
        lacks=("Hammer",),
        once=("Vare",),
        order=("Sav", "Søm"),
        lacks_values=(25.5,),
    )
    assert [holds for _, holds in checked(prices, wrong)] == [True, *[False] * 5]


def test_a_refused_file_is_refused_for_the_right_reason(tmp_path: Path, minilm: str) -> None:
    path = tmp_path / "leer.md"
    path.write_text("  ", encoding="utf-8")
    assert [holds for _, holds in checked(path, Case("", refused="it is empty"))] == [True]
    assert [holds for _, holds in checked(path, Case("", refused="password"))] == [False]


def test_the_first_line_of_the_answer_counts(prices: Path) -> None:
    questions = (("Hvad er prisen på Søm?", "25,50"), ("Hvad er prisen på Sav?", "25,50"))
    right = [holds for _, holds in answered(prices, Case("", questions=questions), None)]
    assert right == [True, False]


def test_an_answer_is_right_with_gold_and_without_what_it_must_not_say() -> None:
    row = {"gold": ["kl. 10-14"], "must_not": ["lukket"]}
    shown = "Åbent **kl. 10\u201114**."
    assert is_right(shown, shown, row)
    assert not is_right("Der er lukket.\n\nÅbent kl. 10-14.", "Der er lukket.", row)
    assert not is_right("Åbent kl. 1014.", "Åbent kl. 1014.", row)


def test_every_case_says_what_is_right() -> None:
    named = cases()
    assert len({case.file for case in named}) == len(named) > 25
    for case in named:
        assert case.holds or case.lacks or case.once or case.order or case.refused or case.questions


def test_the_report_stands_beside_an_earlier_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], minilm: str
) -> None:
    (tmp_path / "fodnote.md").write_text("Tilskuddet er 4.000 kr.[^1]\n\n[^1]: Om året.\n")
    before = tmp_path / "before.json"
    before.write_text(json.dumps({"rows": [{"of": "md: text", "right": 1}]}), encoding="utf-8")
    assert main(["reading", str(tmp_path), "--before", str(before)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line.split() for line in lines if line.startswith("md: text")]
    assert line == ["md:", "text", "2", "2", "1"]
