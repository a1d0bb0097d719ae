"""What is wrong with the questions of a test, before models answer them for an hour.

A test that cannot measure something does not measure it wrongly: it is said what will not be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from kilde.agents.definition import AgentDefinition
from kilde.agents.form import check_form
from kilde.errors import GenerationError
from kilde.evaluation.testset import Question
from kilde.tuning.checks.compare import normalised, same_talk, turns
from kilde.tuning.checks.duplicates import NEAR, check_duplicates, likeness, shingles
from kilde.tuning.checks.findings import Finding, Level, count, listed, percent, shortened
from kilde.tuning.checks.overlap import check_overlap
from kilde.tuning.data.questions import to_rows
from kilde.tuning.data.rows import Row
from kilde.types import UNKNOWN_LANGUAGE, Message


def check_questions(
    questions: Sequence[Question],
    *,
    definition: AgentDefinition,
    collection_of: Callable[[str], str | None],
) -> Iterator[Finding]:
    """Everything that a test of these questions could not tell, or would tell wrongly.

    ``Finding.rows`` are indexes into the questions. ``collection_of`` gives a document's collection
    by the document's id, or ``None`` where it is not there. Raises
    :class:`kilde.errors.MissingExtra` where ``datasketch`` is not installed.
    """
    if not questions:
        yield Finding(
            "no-questions",
            "refuse",
            "There are no questions: nothing can be said of anything.",
            "Bring some, in a file or from documents or feedback.",
        )
        return
    if len(questions) == 1:
        yield Finding(
            "one-question",
            "warn",
            "There is 1 question: it shows how it is answered, and cannot say how good an answer "
            "is elsewhere or whether one arm is better than another.",
            "Bring more: differences show from some dozens of questions on.",
        )
    yield from _answerable(questions)
    yield from _references(questions)
    yield from _repeated(questions)
    yield from _documents(questions, definition, collection_of)
    yield from _languages(questions)


def check_learnt(questions: Sequence[Question], rows: Sequence[Row], where: str) -> list[Finding]:
    """Questions that rows to learn from ask as well: ``test-overlap`` for the same words,
    ``near-test-overlap`` for nearly the same.

    ``where`` says in words whose rows they are. Raises :class:`kilde.errors.MissingExtra`.
    """
    told: dict[str, tuple[Level, str]] = {
        "test-overlap": ("refuse", f"also stand in {where}"),
        "near-test-overlap": ("warn", f"stand nearly the same in {where}"),
    }
    return [
        Finding(
            found.kind,
            told[found.kind][0],
            f"{count(len(found.rows), 'question')} {told[found.kind][1]}: "
            f"{named(questions, found.rows)}.",
            "What was learnt cannot be measured with: take them out of the rows and train anew, "
            "or make a test set without them.",
            found.rows,
        )
        for found in check_overlap(to_rows(questions), rows, ())
    ]


def without_asked(rows: Sequence[Row], questions: Sequence[Question]) -> list[Row]:
    """The rows that ask nothing which a question asks, in the same words or nearly.

    The same words after another conversation ask something else. Each row is compared with each
    question, so that no library is needed to make a dataset: 1,000 of both take about a second.
    """
    histories: dict[str, list[Sequence[Message]]] = {}
    for one in questions:
        histories.setdefault(normalised(one.question), []).append(one.history)
    asked = [(shingles(text), before) for text, before in histories.items()]

    def stays(row: Row) -> bool:
        pieces = shingles(row.question)
        return not any(
            likeness(pieces, other) >= NEAR and any(same_talk(row.history, one) for one in before)
            for other, before in asked
        )

    return [row for row in rows if stays(row)]


def named(questions: Sequence[Question], indexes: Sequence[int], shown: int = 5) -> str:
    """The first few of some questions, each with its number from 1 and its words."""
    return listed([f"{at + 1} “{shortened(questions[at].question)}”" for at in indexes], shown)


def _answerable(questions: Sequence[Question]) -> Iterator[Finding]:
    vain = tuple(at for at, one in enumerate(questions) if not one.answerable)
    if len(vain) == len(questions):
        yield Finding(
            "all-unanswerable",
            "warn",
            f"None of the {count(len(questions), 'question')} has an answer: an agent that "
            "declines whatever it is asked would seem perfect.",
            "Add questions that the documents answer.",
        )
    elif not vain:
        yield Finding(
            "all-answerable",
            "warn",
            f"All {count(len(questions), 'question')} have an answer: whether the agent declines "
            "where it should cannot be measured.",
            'Add questions that nothing answers, with "answerable": false.',
        )


def _references(questions: Sequence[Question]) -> Iterator[Finding]:
    answerable = [at for at, one in enumerate(questions) if one.answerable]
    without = tuple(at for at in answerable if not questions[at].references)
    if without:
        none = len(without) == len(answerable)
        yield Finding(
            "no-reference",
            "warn",
            f"{'None' if none else len(without)} of the {count(len(answerable), 'question')} with "
            f"an answer {'has' if none else 'have no'} a right one written down"
            f"{'' if none else f': {named(questions, without)}'}. Whether these are answered "
            "rightly stays unscored; sources, support and speed are measured.",
            "Write the right answers: kilde feedback add ANSWER --correction …, or in a file.",
            without,
        )
    broken = []
    for at, one in enumerate(questions):
        try:
            for reference in one.references if one.schema is not None else ():
                check_form("", reference, one.schema or {})
        except GenerationError:
            broken.append(at)
    if broken:
        yield Finding(
            "reference-form",
            "warn",
            f"{count(len(broken), 'reference')} do not satisfy the form in which the question is "
            f"answered: {named(questions, broken)}.",
            "Correct them: no answer can be both in the form and like such a reference.",
            tuple(broken),
        )


def _repeated(questions: Sequence[Question]) -> Iterator[Finding]:
    groups: dict[object, list[int]] = {}
    for at, one in enumerate(questions):
        asked = (*one.history, Message("user", one.question))
        groups.setdefault(turns(asked), []).append(at)
    odds = sorted(at for group in groups.values() if _at_odds(questions, group) for at in group)
    if odds:
        yield Finding(
            "contradiction",
            "warn",
            f"{count(len(odds), 'question')} ask the same and have other right answers: "
            f"{named(questions, odds)}.",
            "Decide which is right; where all are, make one question with a list of references.",
            tuple(odds),
        )
    words = {"exact-duplicate": "the same as", "near-duplicate": "nearly the same as"}
    # By what they ask alone: the answer is what is to be found out.
    for found in check_duplicates([replace(row, answer="") for row in to_rows(questions)]):
        again = tuple(at for at in found.rows if at not in odds)
        if again:
            yield Finding(
                found.kind,
                "warn",
                f"{count(len(again), 'question')} ask {words[found.kind]} an earlier one: "
                f"{named(questions, again)}.",
                "Keep one of each: copies make a result look surer than it is.",
                again,
            )


def _at_odds(questions: Sequence[Question], group: Sequence[int]) -> bool:
    """Whether questions that ask the same have no right answer in common."""
    said = [
        # To decline is a right answer too, and no other one is the same.
        {normalised(text) for text in one.references} if one.answerable else {""}
        for one in (questions[at] for at in group)
        if one.references or not one.answerable
    ]
    return len(said) > 1 and not set.intersection(*said)


def _documents(
    questions: Sequence[Question],
    definition: AgentDefinition,
    collection_of: Callable[[str], str | None],
) -> Iterator[Finding]:
    home = {name: collection_of(name) for one in questions for name in one.documents}
    allowed = definition.collections

    def tell(kind: str, wrong: set[str], what: str, hint: str) -> Iterator[Finding]:
        hit = [at for at, one in enumerate(questions) if wrong & set(one.documents)]
        if hit:
            yield Finding(
                kind,
                "warn",
                f"{count(len(hit), 'question')} stand on documents that {what}: "
                f"{listed(sorted(wrong))} ({named(questions, hit)}).",
                hint,
                tuple(hit),
            )

    yield from tell(
        "missing-documents",
        {name for name, place in home.items() if place is None},
        "are not there",
        "They were removed, or their names are mistyped: kilde list. Make the test set anew, for "
        "nothing can find them.",
    )
    yield from tell(
        "outside-collections",
        {name for name, place in home.items() if place is not None and place not in allowed}
        if allowed is not None
        else set(),
        f"{definition.name!r} may not read",
        "Ask what the agent's documents answer, or add the collections to its file.",
    )


def _languages(questions: Sequence[Question]) -> Iterator[Finding]:
    mix = Counter(one.language for one in questions if one.language != UNKNOWN_LANGUAGE)
    if len(mix) > 1:
        shares = ", ".join(
            f"{code} {percent(number, len(questions))}" for code, number in mix.most_common()
        )
        yield Finding(
            "language-mix",
            "note",
            f"The questions are in {len(mix)} languages: {shares}.",
            "Compare it with the languages that the agent is asked in.",
        )
