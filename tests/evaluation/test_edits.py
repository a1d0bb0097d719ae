"""One fact of a text is changed, in one place, and the question asks for it without telling it."""

from __future__ import annotations

import json
from random import Random

import pytest

from kilde.evaluation.drilling import holds
from kilde.evaluation.edits import Change, Corpus, Kind, edited, invented, languages
from kilde.evaluation.facts import Asked

COURSE = "# Course\n\nThe course lasts 12 weeks and costs DKK 560. Bring water with you.\n"


def edit(text: str, kind: Kind, language: str = "en", *, others: str = "") -> Change | None:
    asked = Asked("course.md", "Course", text, language)
    corpus = Corpus([(text, language), (others, language)])
    return edited([asked], text, kind, corpus, Random(1))


@pytest.mark.parametrize("kind", ["number", "withdrawn"])
def test_a_number_is_changed_in_one_place(kind: Kind) -> None:
    found = edit(COURSE, kind)
    assert found is not None
    made = found.made
    assert (made.kind, made.document) == (kind, "course.md") and "…" in made.question
    assert holds(COURSE, made.before, "en") and not holds(made.question, made.before, "en")
    if kind == "withdrawn":
        assert found.text is None and made.after == "" and "could not find" in found.answer
        return
    assert found.text == COURSE.replace(made.before, made.after) != COURSE
    assert holds(found.answer, made.after, "en") and not holds(found.answer, made.before, "en")
    assert "water" not in found.answer, "the sentence is the answer, and no other one"


@pytest.mark.parametrize(
    ("sentence", "before", "after"),
    [
        ("The pool opens at 9:15 on Mondays.", "9:15 on", {"10:15 on"}),
        ("The pool opens at 23:15 on Mondays.", "23:15 on", {"22:15 on"}),
        ("It costs DKK 560 for everybody here.", "DKK 560", {f"DKK {n}60" for n in (3, 4, 6, 7)}),
        ("Please ring us on 70 10 00 35 today.", "70 10 00 35 today", None),
        ("It carries at most 1,500 kilos in all.", "1,500 kilos", {"2,500 kilos", "3,500 kilos"}),
    ],
)
def test_another_number_has_the_same_form(
    sentence: str, before: str, after: set[str] | None
) -> None:
    found = edit(sentence, "number")
    assert found is not None and found.made.before == before
    if after is None:
        assert found.made.after.startswith("70 10 00 3") and found.made.after != before
    else:
        assert found.made.after in after


@pytest.mark.parametrize(
    "text",
    [
        "The board met in spring 2026 as always.",
        "1. Ask at the desk for a key.\n2. Open the door with it.",
        "The midwife sits in room S4 at the end.",
        "Only 12.",
        "| The course | lasts 12 weeks | here |",
        "Nothing is told here that could be counted.",
        "",
    ],
)
def test_what_is_no_fact_of_a_sentence_is_left_alone(text: str) -> None:
    assert edit(text, "number") is None


def test_what_other_documents_say_too_is_left_alone() -> None:
    text = "The course lasts 12 weeks."
    assert edit(text, "number") is not None
    same = "Another course lasts twelve weeks."
    found = edit(text, "number", others=same)
    # With a word more it is a phrase that stands nowhere else, or it is none at all.
    assert found is None or found.made.before != "12 weeks"
    assert edit(text, "number", others=text) is None


def test_marks_between_words_are_not_written_over() -> None:
    raw = "The course lasts <b>12</b> weeks."
    asked = Asked("course.html", "Course", "The course lasts 12 weeks.", "en")
    corpus = Corpus([(asked.answer, "en")])
    assert edited([asked], raw, "number", corpus, Random(0)) is None


@pytest.mark.parametrize(
    ("language", "sentence", "wanted"),
    [
        ("en", "The library is open in every summer.", "The library is closed in every summer."),
        ("en", "You need not sign up for it.", "You must sign up for it."),
        ("en", "Dogs must not come along here.", "Dogs may come along here."),
        ("da", "Biblioteket er lukket hele sommeren her.", "Biblioteket er åben"),
        ("da", "Du må ikke tage hunden med.", "Du må gerne tage hunden med."),
        ("sv", "Du får inte ta med hunden.", "Du får gärna ta med hunden."),
        ("nl", "De bibliotheek is open in de zomer.", "De bibliotheek is gesloten in de zomer."),
    ],
)
def test_a_rule_is_turned_around(language: str, sentence: str, wanted: str) -> None:
    found = edit(sentence, "rule", language)
    assert found is not None and found.text is not None
    assert found.text.startswith(wanted), found.text


def test_two_days_do_not_become_one() -> None:
    assert edit("We are there Monday to Thursday all year.", "rule") is None


ROWS = (("Knee class", "640"), ("Hip class", "730"))


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_number_of_a_table_is_changed_in_its_row(form: str) -> None:
    records = [{"service": name, "price": int(price), "rooms": 7} for name, price in ROWS]
    if form == "csv":
        raw = "service,price,rooms\n" + "".join(f"{name},{price},7\n" for name, price in ROWS)
    elif form == "jsonl":
        raw = "".join(json.dumps(record) + "\n" for record in records)
    else:
        raw = json.dumps(records, indent=2)
    asked = Asked(
        "prices", "Prices", "Price: 640", "en", "What is the price?", ("Knee class", "640", "7")
    )
    read = "; ".join(f"service: {name}; price: {price}; rooms: 7" for name, price in ROWS)
    corpus = Corpus([(read, "en")])
    found = edited([asked], raw, "number", corpus, Random(0))
    assert found is not None and found.text is not None
    assert (found.made.before, found.made.question) == ("640", asked.question)
    assert found.text == raw.replace("640", found.made.after) and "730" in found.text
    if form != "csv":
        lines = found.text.splitlines() if form == "jsonl" else [found.text]
        assert all(json.loads(line) for line in lines)
    again = Asked("prices", "Prices", "Price: 640", "en", "?", ("Another class", "640", "7"))
    assert edited([again], raw, "number", corpus, Random(0)) is None


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_new_document_tells_what_its_question_asks(language: str) -> None:
    found = list(invented(language, Corpus([]), Random(0)))
    assert len(found) > 20 and len({name for name, _ in found}) == len(found)
    for name, change in found:
        made = change.made
        assert change.text is not None and made.before == ""
        assert holds(change.text, made.after, language) and holds(
            change.answer, made.after, language
        )
        assert not holds(made.question, made.after, language)
        assert "{" not in change.text + made.question and "/" not in name
    taken = [change.text or "" for name, change in found if "ostrella" in name]
    left = list(invented(language, Corpus([(text, language) for text in taken]), Random(0)))
    assert 0 < len(left) < len(found), "a name that a document speaks of is no new one"
