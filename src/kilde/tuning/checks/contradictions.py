"""Rows that contradict each other: the same question, and no telling which answer is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilde.tuning.checks.compare import normalised, turns
from kilde.tuning.checks.findings import Finding, count, listed, places
from kilde.tuning.data.rows import Row


def check_contradictions(rows: Sequence[Row]) -> Iterator[Finding]:
    """Groups of rows with the same prompt that disagree.

    That is: different answers (``sft``), one answer judged both good and bad (``kto``), or an
    answer that is the better one here and the worse one there (``dpo``).
    """
    prompts: dict[object, list[int]] = {}
    for index, row in enumerate(rows):
        if row.prompt:
            prompts.setdefault((row.method, turns(row.prompt)), []).append(index)
    groups = [
        group for same in prompts.values() if len(same) > 1 and (group := _at_odds(rows, same))
    ]
    if groups:
        found = tuple(sorted(index for group in groups for index in group))
        named = [f"({places(rows, group)})" for group in groups]
        yield Finding(
            "contradiction",
            "warn",
            f"{count(len(groups), 'prompt')} in {count(len(found))} with answers that disagree: "
            f"{listed(named)}.",
            "Decide which answer is right and take the others out; if all are, one is enough.",
            found,
        )


def _at_odds(rows: Sequence[Row], same: Sequence[int]) -> list[int]:
    """Those rows, all with one prompt, that disagree with another of them."""
    said = {index: normalised(rows[index].answer) for index in same}
    match rows[same[0]].method:
        case "sft":
            return list(same) if len(set(said.values())) > 1 else []
        case "kto":
            good = {said[index] for index in same if rows[index].good}
            bad = {said[index] for index in same if not rows[index].good}
            return [index for index in same if said[index] in good & bad]
        case "dpo":
            worse = {index: normalised(rows[index].rejected) for index in same}
            # A row whose own answers are the same disagrees with itself: that is told elsewhere.
            real = [index for index in same if said[index] != worse[index]]
            both = {said[index] for index in real} & {worse[index] for index in real}
            return [index for index in real if said[index] in both or worse[index] in both]
