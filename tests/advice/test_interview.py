"""The interview: every question can be asked and left open, and answers become facts."""

from __future__ import annotations

import pytest

from kilde.advice.advise import advise
from kilde.advice.interview import facts_of, questions
from kilde.tuning.checks.size import USUAL


def test_every_question_has_answers_in_words() -> None:
    asked = questions()
    assert len({one.fact for one in asked}) == len(asked) >= 10
    for one in asked:
        assert one.question.endswith("?") and len(one.choices) >= 2
        assert not any("{" in words for words in [one.question, *one.choices.values()])


def test_the_number_of_examples_is_that_of_measured_runs() -> None:
    (rows,) = [one for one in questions() if one.fact == "rows"]
    assert rows.choices == {"few": f"fewer than {USUAL}", "enough": f"{USUAL} or more"}


def test_what_is_not_answered_is_no_fact() -> None:
    facts = facts_of({"form": "yes"})
    assert {name: known.value for name, known in facts.known.items()} == {"form": "yes"}
    assert facts.agent == "" and facts.rows is None
    assert facts_of({}).known == {}


@pytest.mark.parametrize("answers", [{"moon": "full"}, {"form": "maybe"}])
def test_other_answers_are_refused(answers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no answer to any question"):
        facts_of(answers)


def test_an_interview_is_never_called_measured() -> None:
    for answers in ({}, {"form": "yes"}, {"changes": "often", "sources": "yes"}):
        advice = advise(facts_of(answers))
        assert advice.confidence == "unmeasured" and advice.comparison == ""
        assert any(step.command.startswith("kilde compare") for step in advice.next)
