"""The rules: the file is sound, its sources are there, and each rule leads where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kilde.advice.advice import ARM, CHOICES, Facts
from kilde.advice.deciding import ORDER
from kilde.advice.interview import facts_of
from kilde.advice.rules import FEW, counted, expected, load_rules, worded
from kilde.errors import ConfigError
from kilde.tuning.checks.size import MEASURED, USUAL

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "src" / "kilde" / "advice" / "rules.toml"
RULES = load_rules()

# What is known, and what one expects of it before anything is measured.
CASES: list[tuple[dict[str, str], str | None]] = [
    ({}, None),
    ({"changes": "seldom", "sources": "no"}, None),
    ({"changes": "often"}, "retrieve"),
    ({"sources": "yes"}, "retrieve"),
    ({"control": "yes"}, "retrieve"),
    ({"confidential": "yes"}, "retrieve"),
    ({"documents": "many"}, "retrieve"),
    ({"rare": "yes"}, "retrieve"),
    ({"form": "yes"}, "tune"),
    ({"labels": "yes"}, "tune"),
    ({"style": "yes"}, "tune"),
    ({"narrow": "yes"}, "tune"),
    ({"speed": "yes"}, "tune"),
    ({"changes": "often", "form": "yes"}, "both"),
    ({"documents": "many", "form": "yes"}, "both"),
    ({"sources": "yes", "style": "yes", "rows": "enough"}, "both"),
    # Little data: nothing is trained, whatever training would be good for.
    ({"rows": "few"}, "neither"),
    ({"form": "yes", "rows": "few"}, "neither"),
    # Nothing is trained on few rows, however many reasons there were to train.
    ({"form": "yes", "labels": "yes", "rows": "few"}, "neither"),
    ({"sources": "yes", "form": "yes", "labels": "yes", "rows": "few"}, "retrieve"),
    # What must show its sources looks things up, whatever else is wanted.
    ({"sources": "yes", "form": "yes", "labels": "yes"}, "both"),
    ({"sources": "yes", "documents": "none"}, None),
    ({"changes": "often", "form": "yes", "rows": "few"}, "retrieve"),
    ({"documents": "few", "rows": "few"}, "neither"),
    ({"documents": "few", "rows": "few", "changes": "often"}, "retrieve"),
    # Where there is nothing to look up, nothing is looked up.
    ({"documents": "none", "form": "yes"}, "tune"),
    ({"documents": "none"}, "neither"),
    ({"documents": "none", "rows": "few", "form": "yes"}, "neither"),
    # One strong rule outweighs any number of the others.
    ({"form": "yes", "documents": "many", "rare": "yes", "rows": "enough"}, "both"),
    ({"sources": "yes", "speed": "yes", "narrow": "yes", "style": "yes"}, "both"),
]


@pytest.mark.parametrize(("answers", "choice"), CASES, ids=lambda case: str(case)[:60])
def test_what_to_expect(answers: dict[str, str], choice: str | None) -> None:
    assert expected(RULES.holding(facts_of(answers))) == choice


def test_every_rule_can_hold_and_leads_to_a_choice_that_it_leaves() -> None:
    for rule in RULES.rules:
        facts = facts_of({name: values[0] for name, values in rule.when.items()})
        assert rule in RULES.holding(facts)
        assert expected([rule]) in rule.speaks_for
        assert not rule.holds(Facts())


def test_every_fact_is_used_by_a_rule() -> None:
    used = {name for rule in RULES.rules for name in rule.when}
    assert used == {fact.id for fact in RULES.facts}


def test_only_shown_sources_are_a_requirement() -> None:
    assert [rule.id for rule in RULES.rules if rule.requires] == ["sources-shown"]


def test_sources_are_papers_or_pages_that_are_there() -> None:
    used = {name for rule in RULES.rules for name in rule.sources}
    assert used == set(RULES.sources)
    for source in RULES.sources.values():
        if not re.fullmatch(r"https://arxiv\.org/abs/\d{4}\.\d{5}", source.at):
            assert (ROOT / source.at).is_file(), source.at


def test_a_rule_says_its_reason_in_a_sentence_or_two() -> None:
    for rule in RULES.rules:
        sentences = re.findall(r"[.!?](?: |$)", rule.reason)
        assert 1 <= len(sentences) <= 2, rule.id
        assert "{" not in worded(rule.reason)


def test_what_counts_as_few_is_what_measured_runs_needed() -> None:
    fewest = min(int(re.match(r"[\d,]+", one).group().replace(",", "")) for one in MEASURED)
    assert fewest >= USUAL
    assert counted(rows=USUAL - 1) == {"rows": "few"}
    assert counted(rows=USUAL) == {"rows": "enough"}
    assert [counted(documents=n)["documents"] for n in (0, 1, FEW, FEW + 1)] == [
        *("none", "few", "few", "many")
    ]
    assert [counted(changes=n)["changes"] for n in (0, 0.9, 1.0)] == ["seldom", "seldom", "often"]
    assert counted() == {}


def test_counted_values_are_choices() -> None:
    choices = {fact.id: set(fact.choices) for fact in RULES.facts}
    assert choices["documents"] == {"none", "few", "many"}
    assert choices["rows"] == {"few", "enough"}
    assert choices["changes"] == {"often", "seldom"}


def test_choices_and_arms_are_in_one_order() -> None:
    assert tuple(ARM[choice] for choice in CHOICES) == ORDER


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'when = { changes = ["often"] }',
            'when = { moon = ["full"] }',
            "'moon', which is no fact",
        ),
        ('when = { changes = ["often"] }', 'when = { changes = ["x"] }', "'x', which is no choice"),
        ('sources = ["raft2024"]', 'sources = ["nobody"]', "'nobody', which is not there"),
        ('id = "sorting"', 'id = "fixed-form"', "two are named 'fixed-form'"),
        ('weight = "some"', 'weight = "huge"', "weight"),
        ('for = ["tune"]', 'for = ["neither", "retrieve", "tune", "both"]', "says nothing"),
        ('for = ["tune"]', "for = []", "for"),
        ('for = ["tune"]', 'for = ["guess"]', "for"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_rules(path)
    assert told in str(error.value)
