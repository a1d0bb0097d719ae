"""Secrets and data of persons in rows: what a model has learnt it may say to anybody.

The patterns are rows of ``personal.toml``. A value is never shown whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kilde.tuning.checks.content import texts
from kilde.tuning.checks.findings import Finding, Level, count, listed, place
from kilde.tuning.checks.plausible import check, table
from kilde.tuning.data.rows import Row
from kilde.types import UNKNOWN_LANGUAGE

# How far before a match its context may stand, and the words that rule it out, in characters.
_CONTEXT = 60
_DIRECTLY = 20
# Stars beyond these tell nothing but the length.
_LONGEST = 24
_BLANKS = str.maketrans("\u00a0\u2007\u2009\u202f\t", "     ")
_HINTS = {
    "refuse": "Take it out of the rows: a tuned model may repeat it to anybody, and it cannot be "
    "taken out of the model again. A secret that was shared is to be changed.",
    "warn": "Take it out unless it is meant for everybody; what changes, such as contact data, is "
    "better looked up in documents than learnt.",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One row of ``personal.toml``; the file's first comment explains the columns."""

    kind: str
    what: str
    level: Level
    pattern: re.Pattern[str]
    check: str
    context: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    rival: re.Pattern[str] | None
    require: bool
    language: str
    keep: int


@dataclass(frozen=True, slots=True)
class Match:
    """What was found in a text (``text[start:end]``), and how it may be shown."""

    start: int
    end: int
    pattern: Pattern
    shown: str


def check_personal(rows: Sequence[Row]) -> Iterator[Finding]:
    """Secrets, national numbers, accounts and contact data in any turn or answer of the rows."""
    found: dict[str, dict[int, str]] = {}
    named: dict[str, list[Pattern]] = {}
    for index, row in enumerate(rows):
        for match in scan("\n".join(texts(row)), row.language):
            kind = match.pattern.kind
            found.setdefault(kind, {}).setdefault(index, match.shown)
            named.setdefault(kind, []).append(match.pattern)
    for kind, shown in found.items():
        what = " or ".join(dict.fromkeys(pattern.what for pattern in named[kind]))
        level = named[kind][0].level  # patterns of one kind have one level
        cases = [f"{place(rows, index)} ({text})" for index, text in shown.items()]
        yield Finding(
            kind,
            level,
            f"{count(len(shown))} with what looks like {what}: {listed(cases)}.",
            _HINTS[level],
            tuple(shown),
        )


def scan(text: str, language: str = UNKNOWN_LANGUAGE) -> list[Match]:
    """What looks like a secret or personal in a text, in order; where two overlap, the first kind
    of the table.

    >>> [match.shown for match in scan("CPR 010190-1234")]
    ['0101**-****']
    """
    text = text.translate(_BLANKS)
    lower = text.lower() if len(text.lower()) == len(text) else text
    taken: list[Match] = []
    for pattern in patterns():
        if pattern.language and pattern.language != language:
            continue
        for match in pattern.pattern.finditer(text):
            named = _named(pattern, match, lower)
            if named is None:
                continue
            held = check(pattern.check, match, named)
            start, end = match.start(), match.start() + len(held)
            if held and all(end <= other.start or other.end <= start for other in taken):
                taken.append(Match(start, end, pattern, _mask(match, held, pattern.keep)))
    return sorted(taken, key=lambda match: match.start)


def masked(text: str) -> str:
    """A text with all that :func:`scan` finds masked.

    >>> masked("Skriv til anna.berg@lund.se i dag")
    'Skriv til an**.****@****.** i dag'
    """
    for match in reversed(scan(text)):
        text = text[: match.start] + match.shown + text[match.end :]
    return text


@cache
def patterns() -> tuple[Pattern, ...]:
    """The rows of the table, compiled."""
    words = table()["context"]
    return tuple(
        Pattern(
            kind=row["kind"],
            what=row["what"],
            level=row["level"],
            pattern=re.compile(row["pattern"]),
            check=row.get("check", ""),
            context=_context(words, row.get("context")),
            unless=_directly(words, row.get("unless")),
            rival=_context(words, row.get("rival")),
            require=row.get("require", False),
            language=row.get("language", ""),
            keep=row["keep"],
        )
        for row in table()["pattern"]
    )


def _named(pattern: Pattern, match: re.Match[str], lower: str) -> bool | None:
    """Whether the words before a match name what it is; ``None`` where they say that it is not."""
    start = match.start()
    before = lower[max(start - _CONTEXT, 0) : start]
    named = bool(pattern.context and pattern.context.search(before))
    if pattern.require and not named:
        return None
    if pattern.unless and pattern.unless.search(before[-_DIRECTLY:]):
        return None
    if pattern.rival and not named and match.group().isdigit() and pattern.rival.search(before):
        return None
    return named


def _context(words: dict[str, list[str]], key: str | None) -> re.Pattern[str] | None:
    return re.compile(rf"(?<!\w)(?:{_either(words[key])})") if key else None


def _directly(words: dict[str, list[str]], key: str | None) -> re.Pattern[str] | None:
    # "uge 32, 33 og", "varenr. ", "rooms: ": numbers and marks may stand between.
    return re.compile(rf"(?<!\w)(?:{_either(words[key])})[^\w\n]*$") if key else None


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in words)


def _mask(match: re.Match[str], held: str, keep: int) -> str:
    if "value" in match.re.groupindex:
        # What it is the password of may be seen; of a password even its length is hidden.
        return f"{match.group()[: match.start('value') - match.start()]}****"
    shown: list[str] = []
    for character in held[:_LONGEST]:
        plain = character.isalnum()
        shown.append(character if not plain or keep > 0 else "*")
        keep -= plain
    return "".join(shown) + ("…" if len(held) > _LONGEST else "")
