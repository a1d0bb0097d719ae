"""Rows that cannot be learnt from as they stand: empty, broken, or not in the method's form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from kilde.tuning.checks.compare import normalised
from kilde.tuning.checks.findings import Finding, count, places
from kilde.tuning.data.rows import Method, Row

# Separators, controls and formats leave no trace on paper.
_UNSEEN = ("Z", "Cc", "Cf")


def check_content(rows: Sequence[Row], method: Method) -> Iterator[Finding]:
    """Rows for another method, empty ones, ones with broken characters or turns out of order, and
    pairs of one and the same answer.
    """

    def tell(kind: str, fault: Callable[[Row], bool], what: str, hint: str) -> Iterator[Finding]:
        found = tuple(index for index, row in enumerate(rows) if fault(row))
        if found:
            message = f"{count(len(found))} {what}: {places(rows, found)}."
            yield Finding(kind, "refuse", message, hint, found)

    yield from tell(
        "wrong-method",
        lambda row: row.method != method,
        f"not made for {method}",
        "Train each method with its own rows.",
    )
    yield from tell(
        "empty",
        _is_empty,
        "with an empty question, turn or answer",
        "Fill them in or take them out.",
    )
    yield from tell(
        "broken-text",
        lambda row: any(map(_is_broken, texts(row))),
        "with characters that are none (half a surrogate pair)",
        "Read the source again in its own encoding; no tokenizer takes these.",
    )
    yield from tell(
        "turns",
        _turns_out_of_order,
        "whose turns are not user and assistant in turn, the user's first and last",
        "Put the turns in order; instructions belong into the agent's file.",
    )
    yield from tell(
        "no-preference",
        lambda row: row.method == "dpo" and bool(row.answer) and _alike(row.answer, row.rejected),
        "whose better and worse answer are the same",
        "A pair teaches only by its difference: take them out.",
    )


def texts(row: Row) -> tuple[str, ...]:
    """All that a row says, in order."""
    said = (*(turn.content for turn in row.prompt), row.answer)
    return (*said, row.rejected) if row.rejected else said


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen.

    >>> is_blank(" \\u200b\\n"), is_blank("👍")
    (True, False)
    """
    return all(unicodedata.category(character).startswith(_UNSEEN) for character in text)


def _is_empty(row: Row) -> bool:
    if not row.prompt or any(is_blank(turn.content) for turn in row.prompt):
        return True
    return is_blank(row.answer) or (row.method == "dpo" and is_blank(row.rejected))


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _turns_out_of_order(row: Row) -> bool:
    roles = [turn.role for turn in row.prompt]
    wanted = ["user" if place % 2 == 0 else "assistant" for place in range(len(roles))]
    return bool(roles) and (roles != wanted or len(roles) % 2 == 0)


def _alike(one: str, other: str) -> bool:
    return normalised(one) == normalised(other)
