"""When two texts count as the same: apart from case, spacing and the marks around them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from kilde.tuning.data.rows import Row
from kilde.types import Message

_ENDS = " .,;:!?…\"'“”„‘’«»"

Key = tuple[tuple[str, str], ...]


def normalised(text: str) -> str:
    """A text in the form in which it is compared.

    Marks inside stay, for ``1.5`` is not ``15``; a text of nothing but marks is kept as it is.

    >>> normalised("  Hvad KOSTER  det? ")
    'hvad koster det'
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return folded.strip(_ENDS) or folded


def turns(messages: Sequence[Message]) -> Key:
    """Turns in the form in which they are compared."""
    return tuple((turn.role, normalised(turn.content)) for turn in messages)


def same_talk(one: Sequence[Message], other: Sequence[Message]) -> bool:
    """Whether two histories may stand before the same question: they are equal, or one is empty."""
    return not one or not other or turns(one) == turns(other)


def question(row: Row) -> str:
    """The row's question; empty where the row has no prompt at all."""
    return row.question if row.prompt else ""


def imitated(rows: Sequence[Row]) -> Iterable[tuple[int, Row]]:
    """The rows, with their indexes, whose answer is to be written: not those with a thumb down."""
    return ((index, row) for index, row in enumerate(rows) if row.method != "kto" or row.good)
