"""The passages of ``tune reading`` and the measures of answers to them; nothing is trained."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.tuning import passages, reading
from benchmarks.tuning.passages import Asked
from benchmarks.tuning.scores import squad_f1
from benchmarks.tuning.work import Said

from kilde.errors import LoadError
from kilde.tuning.data.formats import read_rows


def test_words_are_counted_as_squad_counts_them() -> None:
    assert squad_f1("the red house", ["a red house"], "en") == 1.0
    assert squad_f1("den røde bus", ["røde bus", "grøn"], "da") == pytest.approx(0.8)
    assert squad_f1("", ["house"], "en") == 0.0
    assert squad_f1("house", [], "en") == 0.0
    assert squad_f1("A", ["the"], "en") == 0.0  # nothing but an article is no article


def test_no_english_passage_is_on_both_sides() -> None:
    found = passages.english()
    collections = {one.id: one.collection for one in found.documents}
    assert len(collections) == len(found.documents) >= 180
    assert {collections[one.passage] for one in found.train} == {"train"}
    assert {collections[one.passage] for one in found.test} == {"test"}
    texts = {one.id: one.text for one in found.documents}
    assert all(one.gold[0] in texts[one.passage] for one in found.test if one.gold)
    with pytest.raises(LoadError):
        passages.english(Path("nowhere"))


def test_danish_questions_that_teach_nothing_are_left_out(tmp_path: Path) -> None:
    corpus = [
        {"_id": f"p{n}", "title": "T", "text": f"Bussen kører klokken {n}."} for n in range(10)
    ]
    records = []
    for number in range(10):
        for answers in ([f"klokken {number}"], [""], ["klokken tolv"], ["x " * 11], []):
            records.append({"answers": answers, "is_impossible": not answers})
            records[-1] |= {"question": "Hvornår?", "context_id": f"p{number}"}
    for name, lines in (("corpus", corpus), ("qa", records)):
        text = "\n".join(map(json.dumps, lines))
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    found = passages.danish(tmp_path, seed=0)
    assert Counter(one.collection for one in found.documents) == {"train": 8, "test": 2}
    assert (len(found.train), found.left_out) == (16, 24)
    assert {one.gold for one in found.train if one.gold} <= {(f"klokken {n}",) for n in range(10)}
    # Tests keep all that can be judged.
    assert len(found.test) == 8
    assert found == passages.danish(tmp_path, seed=0)


def test_questions_are_drawn_with_a_share_that_has_no_answer() -> None:
    questions = [Asked(f"q{n}", ("x",) * (n % 2), "p", "en") for n in range(40)]
    for count, with_answer, without in ((12, 8, 4), (0, 20, 10), (400, 20, 20)):
        drawn = passages.drawn(questions, count, 1 / 3, seed=0)
        assert Counter(bool(one.gold) for one in drawn) == {True: with_answer, False: without}
    assert drawn != questions


def test_a_question_becomes_a_row_with_its_passage(tmp_path: Path) -> None:
    made = [
        passages.training_row(Asked("When?", ("6 pm",), "en-1", "en")),
        passages.training_row(Asked("Hvorfor?", (), "da-1", "da")),
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, made)), encoding="utf-8")
    first, second = read_rows(path)
    assert (first.answer, first.declines, first.lineage.documents) == ("6 pm", False, ("en-1",))
    assert (second.declines, second.language) == (True, "da")


def test_reading_is_summed_up_over_the_questions_it_belongs_to() -> None:
    def outcome(*, answerable: bool, declined: bool, f1: float = 0.0) -> reading.Outcome:
        grounded = None if declined else f1 > 0
        return reading.Outcome(answerable, declined, f1, f1 == 1.0, f1 > 0, grounded, 2.0)

    found = reading.summary(
        [
            outcome(answerable=True, declined=False, f1=1.0),
            outcome(answerable=True, declined=True),
            outcome(answerable=False, declined=True),
            outcome(answerable=False, declined=False),
        ]
    )
    assert (found["answerable"], found["unanswerable"]) == (2, 2)
    assert (found["F1"], found["F1, prompted"], found["contained"]) == (0.5, 1.0, 0.5)
    assert (found["declined, wrongly"], found["declined, rightly"]) == (0.5, 0.5)
    assert found["grounded"] == 0.5
    declined = reading.outcome(Asked("?", ("x",), "p", "en"), Said("", 1.0, declined=True))
    assert (declined.f1, declined.declined, declined.grounded) == (0.0, True, None)
