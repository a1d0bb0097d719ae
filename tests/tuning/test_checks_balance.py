"""The set as a whole: how many rows, of which labels, judgements and languages."""

from __future__ import annotations

import pytest

from kilde.tuning.checks.languages import spoken_languages
from kilde.tuning.checks.size import LEAST, SMALL, USUAL
from kilde.tuning.data.rows import Row

from .check_rows import filler, find, row


def many(number: int) -> list[Row]:
    """So many rows, which may resemble each other."""
    return [row(f"What is {n}?", f"It is {n} and {n * n}.") for n in range(number)]


@pytest.mark.parametrize(
    ("number", "kind", "level"),
    [
        (0, "no-rows", "refuse"),
        (1, "too-few-rows", "refuse"),
        (LEAST - 1, "too-few-rows", "refuse"),
        (LEAST, "few-rows", "warn"),
        (SMALL - 1, "few-rows", "warn"),
        (SMALL, "few-rows", "note"),
        (USUAL - 1, "few-rows", "note"),
        (USUAL, "", ""),
    ],
)
def test_size(number: int, kind: str, level: str) -> None:
    found = find(many(number))
    assert {"no-rows", "too-few-rows", "few-rows"} & set(found) == ({kind} if kind else set())
    if kind:
        assert found[kind].level == level
        assert found[kind].rows == ()
    if kind == "few-rows":
        assert "520 rows for plans" in found[kind].message, "what measured runs took"
    if number == 0:
        assert list(found) == ["no-rows"]


def test_copies_do_not_count() -> None:
    found = find(many(5) * 100)
    assert "5 rows (500 rows with the copies)" in found["too-few-rows"].message


@pytest.mark.parametrize(
    ("good", "bad", "kind", "level"),
    [
        (40, 10, "", ""),
        (41, 10, "thumbs-balance", "warn"),
        (10, 41, "thumbs-balance", "warn"),
        (10, 40, "", ""),
        (50, 0, "one-sided", "refuse"),
        (0, 50, "one-sided", "refuse"),
    ],
)
def test_thumbs(good: int, bad: int, kind: str, level: str) -> None:
    rows = filler(good, method="kto") + filler(bad, method="kto", good=False)
    found = find(rows)
    assert {"thumbs-balance", "one-sided"} & set(found) == ({kind} if kind else set())
    if kind:
        assert found[kind].level == level


def test_thumbs_are_only_counted_for_kto() -> None:
    assert "one-sided" not in find(filler(60))


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        ({"Health": 20, "Leisure": 20, "Other": 20}, "note"),
        ({"Health": 30, "Leisure": 30, "Other": 4}, "warn"),
        ({"Health": 110, "Leisure": 10}, "warn"),
        ({"Health": 100, "Leisure": 10}, "note"),
        ({"Health": 60}, "warn"),
        ({"Health": 20, "Leisure": 20}, ""),  # too few rows to tell labels from short answers
    ],
)
def test_labels(counts: dict[str, int], level: str) -> None:
    labels = [label for label, number in counts.items() for _ in range(number)]
    found = find([row(f"Where does case {n} go?", label) for n, label in enumerate(labels)])
    assert (found["labels"].level if "labels" in found else "") == level
    if level and len(counts) > 1:
        rarest = min(counts, key=lambda label: counts[label])
        assert f"'{rarest}' {counts[rarest]}" in found["labels"].message
    if "Other" in counts and counts["Other"] == 4:
        assert found["labels"].rows == (60, 61, 62, 63)


def test_many_distinct_or_long_answers_are_no_labels() -> None:
    assert "labels" not in find(filler(60))
    assert "labels" not in find([row(f"What of {n}?", "It depends. " * 9) for n in range(60)])


@pytest.mark.parametrize(
    ("declining", "level"), [(0, ""), (1, "note"), (10, "note"), (11, "warn"), (20, "warn")]
)
def test_declining(declining: int, level: str) -> None:
    answers = filler(20)
    rows = [*filler(declining, declines=True), *answers[declining:]]
    found = find(rows)
    assert (found["declining"].level if "declining" in found else "") == level
    if level == "warn":
        assert found["declining"].rows == tuple(range(declining))


DANISH = "Lægehuset har åbent hver dag fra klokken otte. Du kan ringe og bestille en tid hos os."
DUTCH = "De huisarts is elke dag open vanaf acht uur. U kunt ook bellen om een afspraak te maken."
ENGLISH = "The health centre is open every day from eight. You can call and make an appointment."


def unsaid(*answers: str) -> list[Row]:
    """Rows that do not say their language."""
    return [row(f"{n}?", answer, language="und") for n, answer in enumerate(answers)]


def test_the_mix_of_languages() -> None:
    mix = find([row("A?", "B.", language="da"), *unsaid(DUTCH, ENGLISH, "465 kr.")])
    assert mix["language-mix"].level == "note"
    assert "3 languages: Danish 25 %" in mix["language-mix"].message
    assert "language-mix" not in find(unsaid(DANISH, DANISH, "465", "👍"))


@pytest.mark.parametrize(
    ("own", "foreign"), [("", ()), ("da", (1, 2)), ("nl", (0, 2)), ("en", (0, 1))]
)
def test_rows_in_another_language_than_the_agents(own: str, foreign: tuple[int, ...]) -> None:
    found = find(unsaid(DANISH, DUTCH, ENGLISH, "465"), agent={"language": own})
    assert ("foreign-language" in found) is bool(foreign)
    if foreign:
        assert (found["foreign-language"].rows, found["foreign-language"].level) == (
            foreign,
            "warn",
        )


@pytest.mark.parametrize(
    ("known", "foreign"),
    [
        (None, ()),
        (frozenset({"da", "nl", "en"}), ()),
        (frozenset({"en"}), (0, 1)),
        (frozenset({"da", "nl", "en-GB"}), ()),
    ],
)
def test_rows_in_a_language_the_model_does_not_know(
    known: frozenset[str] | None, foreign: tuple[int, ...]
) -> None:
    found = find(unsaid(DANISH, DUTCH, ENGLISH, "465"), model_languages=known)
    assert (found["model-language"].rows if "model-language" in found else ()) == foreign


@pytest.mark.parametrize(
    ("question", "answer", "declared", "language"),
    [
        ("?", DANISH, "und", "da"),
        ("?", DANISH, "en", "en"),
        ("?", DANISH, "en-GB", "en"),
        ("?", DANISH, "nb", "no"),
        ("What does a yellow fever vaccination cost?", "465 kr.", "und", "en"),
        ("Hvad koster det?", DUTCH, "und", "nl"),
        ("?", "465 kr.", "und", "und"),
        ("?", '{"label": "x", "reason": "' + DANISH + '"}', "und", "da"),
    ],
)
def test_the_language_of_a_row(question: str, answer: str, declared: str, language: str) -> None:
    assert spoken_languages([row(question, answer, language=declared)]) == [language]


def test_a_few_doubtful_rows_in_a_language_next_door_are_not_believed() -> None:
    # Danish, but taken for Norwegian and Swedish.
    doubtful = unsaid(
        "Programmet varer 10 minutter og passer til alle dage.",
        "Unge kan tale med sundhedsplejersken på skolen.",
    )
    rows = [*unsaid(*[DANISH] * 8), *doubtful]
    assert set(spoken_languages(doubtful)) != {"da"}
    assert set(spoken_languages(rows)) == {"da"}
    assert set(spoken_languages(rows, "da")) == {"da"}
    norwegian = "Legekontoret er åpent hver dag fra klokken åtte. Du kan ringe og bestille en time."
    assert "foreign-language" in find(unsaid(*[norwegian] * 8), agent={"language": "da"})


@pytest.mark.parametrize(
    ("own", "declared", "met"),
    [
        ("da", ["en", "en"], False),
        ("da", ["en", "da"], True),
        ("da", ["und", "und"], True),  # trained in no language it can be asked in any
        ("", ["en", "en"], True),
        ("no", ["nb", "nn"], True),
        ("nb", ["no", "no"], False),
    ],
)
def test_an_agent_that_never_speaks_the_languages_of_the_rows(
    own: str, declared: list[str], met: bool
) -> None:
    rows = [row(f"{n}?", "465 kr.", language=code) for n, code in enumerate(declared)]
    found = find(rows, agent={"language": own})
    assert ("language-never-met" not in found) is met
    if not met:
        assert found["language-never-met"].level == "warn"
        assert ('"no"' in found["language-never-met"].hint) is (own == "nb")


def test_a_rule_of_thumb_is_called_one() -> None:
    assert "rule of thumb" in find(many(SMALL))["few-rows"].hint
