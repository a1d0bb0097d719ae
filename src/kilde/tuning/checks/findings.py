"""What a check of training rows found, in words that name the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kilde.errors import TuningError
from kilde.tuning.data.rows import Row

Level = Literal["refuse", "warn", "note"]
"""``refuse``: no training with these rows; ``warn``: look at it; ``note``: good to know."""
LEVELS: tuple[Level, ...] = ("refuse", "warn", "note")

# More places than this in one message are not read; ``Finding.rows`` has all of them.
_SHOWN = 5
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, with all rows that it was found in.

    ``kind`` is a stable name such as ``near-duplicate``. ``rows`` are indexes, from 0, into the
    rows that were checked, ascending: those to mend or to take out. It is empty where the finding
    is about the set as a whole.
    """

    kind: str
    level: Level
    message: str
    hint: str
    rows: tuple[int, ...] = ()


def worst(findings: Iterable[Finding]) -> Level | None:
    """The gravest level among findings; ``None`` where there are none."""
    return min((finding.level for finding in findings), key=LEVELS.index, default=None)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, the gravest first."""
    return tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level)))


def raise_refused(findings: Iterable[Finding], dataset: str) -> None:
    """Raises :class:`TuningError` with all findings that keep training from starting, if any."""
    refused = [finding for finding in findings if finding.level == "refuse"]
    if refused:
        raise TuningError(
            f"The dataset {dataset!r} cannot be trained on:\n"
            + "\n".join(f"- {finding.message}" for finding in refused),
            hint=f"Mend its rows and build it again. All findings: kilde dataset check {dataset}",
        )


def place(rows: Sequence[Row], index: int) -> str:
    """Where a row comes from: its lineage, or its number from 1 where that says nothing."""
    name = str(rows[index].lineage)
    return f"row {index + 1}" if name == "unknown" else name


def places(rows: Sequence[Row], indexes: Sequence[int]) -> str:
    """Where rows come from, the first few of them."""
    return listed([place(rows, index) for index in indexes])


def listed(parts: Sequence[str], shown: int = _SHOWN) -> str:
    """The first parts with commas, and how many more there are.

    >>> listed(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    more = len(parts) - shown
    return ", ".join(parts[:shown]) + (f" and {more} more" if more > 0 else "")


def count(number: int, noun: str = "row") -> str:
    """A number with its noun.

    >>> count(1), count(1200)
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """A share in whole per cent, but never "0 %" of something nor "100 %" of less than all.

    >>> percent(1, 1000), percent(999, 1000), percent(1, 3)
    ('under 1 %', 'over 99 %', '33 %')
    """
    share = 100 * part / whole
    if 0 < share < 1:
        return "under 1 %"
    return "over 99 %" if 99 < share < 100 else f"{share:.0f} %"


def shortened(text: str) -> str:
    """A text on one line of readable length, with nothing that a terminal could not show."""
    line = " ".join(text[: 10 * _LONGEST].encode("utf-8", "replace").decode("utf-8").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
