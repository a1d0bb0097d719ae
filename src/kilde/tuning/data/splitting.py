"""Rows dealt into those to learn from and those to be tested on.

Rows that stand on the same document stay on the same side, so that a test does not ask about a text
that was trained on; only where that would leave no test are they parted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence

from kilde.tuning.data.rows import Row


def split(rows: Sequence[Row], *, share: float, seed: int = 0) -> tuple[list[Row], list[Row]]:
    """Two parts of the rows, the second of about ``share`` (0..1) of them.

    Rows that stand on the same document, come of one chat or ask the same question stay together,
    but for those that would be too many to set apart: they are dealt by their questions. The same
    words after another conversation are another question. The order within each part is kept. Rows
    are drawn by a seed.
    """
    wanted = round(len(rows) * share)
    groups = _groups(rows, wanted)
    order = sorted(set(groups))
    random.Random(seed).shuffle(order)  # noqa: S311  (nothing secret)
    sizes = Counter(groups)
    chosen, taken = set[int](), 0
    for group in order:
        # A group that would overshoot by more than it fills is left to the first part, which is
        # never left empty.
        after = taken + sizes[group]
        if taken < wanted and after - wanted <= wanted - taken and after < len(rows):
            chosen.add(group)
            taken += sizes[group]
    first = [row for row, group in zip(rows, groups, strict=True) if group not in chosen]
    return first, [row for row, group in zip(rows, groups, strict=True) if group in chosen]


def _groups(rows: Sequence[Row], wanted: int) -> list[int]:
    """For each row the number of its group, of which some can be set apart for ``wanted`` rows."""
    groups = _together(rows)
    if not wanted:
        return groups
    sizes = Counter(groups)
    biggest, size = sizes.most_common(1)[0]
    # What is most of the rows cannot be left out of the test, nor out of what is learnt; and where
    # even the smallest group is too big, there would be no test at all.
    if 2 * size > len(rows) or min(sizes.values()) > 2 * wanted:
        return _together(rows, parted={at for at, group in enumerate(groups) if group == biggest})
    return groups


def _together(rows: Sequence[Row], parted: Collection[int] = ()) -> list[int]:
    """For each row the number of its group: rows with a document, chat or question in common.

    The rows ``parted``, by index, stay together by their questions alone.
    """
    leader = list(range(len(rows)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    # A question without a conversation may be the same as one after any.
    bare = {_folded(row.question) for row in rows if not row.history}
    seen: dict[object, int] = {}
    for index, row in enumerate(rows):
        documents = () if index in parted else row.lineage.documents
        marks: list[object] = [("document", document) for document in documents]
        if row.lineage.turn:
            marks.append((row.lineage.file, row.lineage.line, row.lineage.row))
        if (asked := _folded(row.question)) in bare:
            marks.append(asked)
        if row.history:
            marks.append(tuple((turn.role, _folded(turn.content)) for turn in row.prompt))
        for mark in marks:
            leader[find(index)] = find(seen.setdefault(mark, index))
    return [find(index) for index in range(len(rows))]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
