"""From hits to what goes into the prompt: neighbours joined, summaries ahead, cut to a budget.

Passages are small so that they are found precisely; what is read is larger. A hit brings the
passages before and after it from the same document, joined into one stretch of the document's text,
whose offsets stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kilde.knowledge.duplicates import passage_key
from kilde.knowledge.schema import to_passage, to_ref
from kilde.knowledge.view import View, one_of
from kilde.types import DocumentRef, Hit, Passage

# Of the budget: hits may take this share before neighbours are considered, summaries the next.
_HITS_SHARE = 0.7
_SUMMARY_SHARE = 0.2
# A neighbour is less sure to matter than the hit that brought it.
_NEIGHBOUR = 0.5


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer is made from.

    ``passages`` are stretches of documents, the best first; their text is exact
    (``document.text[start:end]``). ``summaries`` are those of the documents they come from,
    where they add something. Both together stay within the token budget.
    """

    passages: tuple[Hit, ...]
    summaries: tuple[Hit, ...]


def assemble(
    view: View,
    hits: Sequence[Hit],
    *,
    within: str,
    budget: int,
    count_tokens: Callable[[str], int],
) -> Context:
    """Choose what fits into ``budget`` tokens, as counted by ``count_tokens``.

    The first hit is always kept, however long it is. ``within`` is the filter of the scope: a
    document may have left it since it was found, and what comes along stays within as well.
    """
    chosen: dict[tuple[str, int], Hit] = {}
    used = 0
    for hit in hits:
        cost = count_tokens(hit.passage.text)
        if chosen and used + cost > budget * _HITS_SHARE:
            continue
        chosen[hit.passage.document_id, hit.passage.ordinal] = hit
        used += cost
    summaries = []
    room = budget * _SUMMARY_SHARE
    words: dict[str, set[str]] = {}
    for hit in chosen.values():
        words.setdefault(hit.document.id, set()).update(hit.passage.text.split())
    for summary in _summaries(view, list(chosen.values()), within):
        if words[summary.document.id].issuperset(summary.passage.text.split()):
            continue  # its sentences stand in the document's passages, which are read anyway
        cost = count_tokens(summary.passage.text)
        if cost <= room:
            summaries.append(summary)
            room -= cost
            used += cost
    for neighbour in _neighbours(view, list(chosen.values()), within):
        key = (neighbour.passage.document_id, neighbour.passage.ordinal)
        cost = count_tokens(neighbour.passage.text)
        if key not in chosen and used + cost <= budget:
            chosen[key] = neighbour
            used += cost
    # Short documents have few neighbours: what room is left goes to the next best hits.
    for hit in hits:
        key = (hit.passage.document_id, hit.passage.ordinal)
        cost = count_tokens(hit.passage.text)
        if key not in chosen and used + cost <= budget:
            chosen[key] = hit
            used += cost
    return Context(tuple(_joined(list(chosen.values()))), tuple(summaries))


def _summaries(view: View, hits: Sequence[Hit], within: str) -> list[Hit]:
    """The summaries of the hits' documents, in the order of the hits."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.document_id, hit)
    if not best:
        return []
    rows = view.rows(where=f"{within} AND {one_of('document_id', list(best))} AND ordinal = -1")
    found = {row["document_id"]: row for row in rows}
    return [
        Hit(to_passage(found[key]), to_ref(found[key]), hit.score)
        for key, hit in best.items()
        if key in found
    ]


def _neighbours(view: View, hits: Sequence[Hit], within: str) -> list[Hit]:
    """The passages before and after the hits, those of the best hit first."""
    wanted: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        if hit.passage.kind != "text":
            continue  # the rows around a row are other records, not its context
        for ordinal in (hit.passage.ordinal + 1, hit.passage.ordinal - 1):
            if ordinal >= 0:
                wanted.setdefault((hit.passage.document_id, ordinal), hit)
    if not wanted:
        return []
    where = " OR ".join(
        f"({one_of('document_id', [document.id for document in hit.documents])} "
        f"AND ordinal = {ordinal})"
        for (_, ordinal), hit in wanted.items()
    )
    found = view.rows(where=f"{within} AND ({where})")
    rows = {(row["document_id"], row["ordinal"]): row for row in found}

    def duplicates(key: tuple[str, int], hit: Hit) -> tuple[DocumentRef, ...]:
        # Of a copy of the whole document, the passage beside is a copy too.
        same = passage_key(rows[key])
        return tuple(
            document
            for document in hit.duplicates
            if (other := rows.get((document.id, key[1]))) and passage_key(other) == same
        )

    return [
        Hit(
            to_passage(rows[key]),
            to_ref(rows[key]),
            hit.score * _NEIGHBOUR,
            duplicates=duplicates(key, hit),
        )
        for key, hit in wanted.items()
        if key in rows
    ]


def _joined(hits: list[Hit]) -> list[Hit]:
    """Passages of one document that follow one another as one stretch, the best stretch first."""
    stretches: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.passage.document_id, h.passage.ordinal)):
        last = stretches[-1] if stretches else None
        # Who else holds a stretch must hold all of it.
        if (
            last is not None
            and last.duplicates == hit.duplicates
            and _follows(last.passage, hit.passage)
        ):
            stretches[-1] = _merged(last, hit)
        else:
            stretches.append(hit)
    return sorted(stretches, key=lambda h: (-h.score, h.newer is not None, h.passage.id))


def _follows(first: Passage, second: Passage) -> bool:
    return (
        first.document_id == second.document_id
        and first.kind == second.kind == "text"
        and first.end == second.start
        and first.page == second.page
    )


def _merged(first: Hit, second: Hit) -> Hit:
    best = first if first.score >= second.score else second
    passage = replace(
        best.passage,
        text=first.passage.text + second.passage.text,
        start=first.passage.start,
        end=second.passage.end,
        # So that the next passage is recognised as following this stretch.
        ordinal=second.passage.ordinal,
        heading_path=best.passage.heading_path,
        recognized=first.passage.recognized or second.passage.recognized,
    )
    return replace(best, passage=passage)
