"""Edits of documents: one fact of a text is changed, and a question asks for just that fact.

A fact is only changed where it stands once: its phrase stands in one place of all documents, and
what it becomes in none, so that an answer shows which of the two it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from kilde.agents.phrases import abstention
from kilde.evaluation.drill_result import EditMade
from kilde.evaluation.drilling import phrase_of, words
from kilde.evaluation.facts import Asked, Fact, number_facts, rule_facts, wordings
from kilde.language.sentences import sentences

Kind = Literal["number", "rule", "new", "withdrawn"]
KINDS: tuple[Kind, ...] = ("number", "rule", "new", "withdrawn")

# Words that a phrase has at most beside the fact itself.
_BESIDE = 4
# Words that a sentence has beside it.
_LEAST, _MOST = 3, 30
# Between words of one sentence.
_WITHIN = re.compile(r"(?:[^\n.!?|]|[.!?](?=\S))*")
# What stands in tables and across headings is no sentence.
_MARKED = re.compile(r"[\n|#…]")
# A JSON object that holds no other one.
_OBJECT = re.compile(r"\{[^{}]*\}")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Change:
    """An edit to make: what is to be told of it, and ``text``, the whole file as it will be.

    ``answer`` is a right answer afterwards. ``text`` is ``None`` where the file is to go.
    """

    made: EditMade
    language: str
    answer: str
    text: str | None


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact as it is asked for, and what is said of it before and after in the file's ``text``.

    It may be but one ``digit``, which a model is likelier to say by chance.
    """

    asked: Asked
    question: str
    answer: str
    before: str
    after: str
    text: str
    digit: bool


class Corpus:
    """The words of all documents, to tell how often a phrase stands in them."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        """``texts`` are pairs of a document's text and its language."""
        self._texts = [phrase_of(text, language) for text, language in texts]

    def count(self, phrase: str, language: str) -> int:
        """In how many places the phrase stands."""
        wanted = phrase_of(phrase, language)
        return sum(text.count(wanted) for text in self._texts)


def languages() -> frozenset[str]:
    """The languages whose documents can be edited."""
    return frozenset(wordings())


def edited(
    items: Sequence[Asked], raw: str, kind: Kind, corpus: Corpus, random: Random
) -> Change | None:
    """A change of one of a document's answers in its file ``raw``; ``None`` where none is clear.

    ``kind`` is "number", "rule" or "withdrawn". A number becomes another one of its length; a rule
    is turned around as ``edits.toml`` says. Of a table only numbers of two digits and more are
    changed, for a lone digit stands in too many rows. The question repeats the sentence with a gap
    for the fact, or asks for the cell of the table. Of several facts the one is taken that takes
    the fewest words to tell, numbers of several digits first.
    """
    finders = {"number": (number_facts,), "rule": (rule_facts,)}.get(
        kind, (number_facts, rule_facts)
    )
    for facts in finders:
        found = [
            told
            for asked in items
            for fact in facts(asked, random)
            if (told := _told(asked, fact, raw, corpus)) is not None
        ]
        if not found:
            continue
        best = min(found, key=lambda told: (told.digit, len(told.before.split())))
        made = EditMade(
            kind,
            best.asked.document,
            best.question,
            best.before,
            "" if kind == "withdrawn" else best.after,
        )
        if kind == "withdrawn":
            return Change(made, best.asked.language, abstention(best.asked.language, ()), None)
        return Change(made, best.asked.language, best.answer, best.text)
    return None


def invented(language: str, corpus: Corpus, random: Random) -> Iterator[tuple[str, Change]]:
    """New documents, each with the name for its file (no suffix), in an order by chance.

    Their fact stands in no document yet. ``made.document`` is left empty, for the caller to say
    where the file will lie.
    """
    table = wordings()[language]
    choices = [(form, name) for form in table["new"] for name in table["names"]]
    random.shuffle(choices)
    for form, name in choices:
        numbers = random.sample(range(31, 99), 20)
        for number in numbers:
            title, text, question, after = (
                form[key].format(name=name, number=number)
                for key in ("title", "text", "question", "after")
            )
            if corpus.count(name, language) or corpus.count(after, language):
                continue
            made = EditMade("new", "", question, "", after)
            file = re.sub(r"\W+", "-", title.lower()).strip("-")
            yield file, Change(made, language, text, f"# {title}\n\n{text}\n")
            break


def _told(asked: Asked, fact: Fact, raw: str, corpus: Corpus) -> _Told | None:
    """How a fact can be asked for and told; ``None`` where that is not clear."""
    old = asked.answer[fact.start : fact.end]
    if asked.row and not _LETTER.search(old):
        if corpus.count(old, asked.language) != 1 or corpus.count(fact.new, asked.language):
            return None
        text = _in_row(asked, old, fact.new, raw)
        answer = asked.answer[: fact.start] + fact.new + asked.answer[fact.end :]
        return _Told(asked, asked.question, answer, old, fact.new, text, False) if text else None
    spans = sentences(asked.answer, asked.language)
    span = next(((s, e) for s, e in spans if s <= fact.start and fact.end <= e), None)
    if span is None:
        return None
    first, last = asked.answer[span[0] : fact.start], asked.answer[fact.end : span[1]]
    if not _LEAST <= len((first + last).split()) <= _MOST or _MARKED.search((first + last).strip()):
        return None
    form = str(wordings()[asked.language]["gap"])
    question = form.format(title=asked.title, sentence=f"{first}…{last}".strip())
    for before, after in _phrases(asked, fact):
        if corpus.count(before, asked.language) == 1 and not corpus.count(after, asked.language):
            if raw.count(before) != 1:
                return None  # marks stand between its words
            answer = f"{first}{fact.new}{last}".strip()
            text = raw.replace(before, after)
            return _Told(asked, question, answer, before, after, text, len(old) == 1)
    return None


def _phrases(asked: Asked, fact: Fact) -> Iterator[tuple[str, str]]:
    """The fact with more and more of the words beside it in its sentence, before and after."""
    text, found = asked.answer, words(asked.answer, asked.language)
    inside = [
        at for at, (_, start, end) in enumerate(found) if start < fact.end and end > fact.start
    ]
    if not inside:
        return
    low, high = inside[0], inside[-1]
    # "DKK 560" belongs together like "560 kr."
    leftward = low > 0 and text[found[low - 1][1] : found[low - 1][2]].isupper()
    for _ in range(_BESIDE):
        left = text[found[low - 1][2] : found[low][1]] if low > 0 else "\n"
        right = text[found[high][2] : found[high + 1][1]] if high + 1 < len(found) else "\n"
        # A comma parts words more than a space does, and the end of a sentence most.
        away, forth = _distance(left), _distance(right)
        if min(away, forth) > 1:
            return
        if away < forth or (leftward and away == forth):
            low, leftward = low - 1, False
        else:
            high += 1
        start, end = found[low][1], found[high][2]
        yield (
            text[start:end],
            text[start : fact.start] + fact.new + text[fact.end : max(end, fact.end)],
        )


def _distance(gap: str) -> int:
    """How far apart words are: by a space, within their sentence, or beyond it."""
    return 0 if gap in (" ", "\u00a0") else 1 if _WITHIN.fullmatch(gap) else 2


def _in_row(asked: Asked, old: str, new: str, raw: str) -> str:
    """The file with a number changed in the one record that holds the row's values, or nothing."""
    # Beside a comma, for in a table that parts values.
    whole = re.compile(rf"(?<![\w.:-]){re.escape(old)}(?![\w.:-])")
    if len(old) < 2 or asked.row.count(old) != 1 or any(new in value for value in asked.row):
        return ""
    records = [
        match
        for match in (_OBJECT.finditer(raw) if "{" in raw else re.finditer(r".+", raw))
        if all(value in match.group() for value in asked.row)
        and len(whole.findall(match.group())) == 1
    ]
    if len(records) != 1:
        return ""
    record = records[0]
    changed = whole.sub(new, record.group())
    return raw[: record.start()] + changed + raw[record.end() :]
