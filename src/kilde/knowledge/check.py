"""Is the stored knowledge whole? And if not: what can be saved is saved.

Damage comes from disks and from copying, never from a stopped process. Documents whose passages
can all be read are kept as they are; the others are named, and the next sync reads them again
from their source. What is damaged is set aside, never deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.errors import StoreError
from kilde.knowledge.reindex import read_beside, write_beside
from kilde.knowledge.schema import TABLE, to_document
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import NewerStore, View, one_of, translated

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1024
_COLUMNS = "id document_id ordinal kind text start end row_values metadata layout terms".split()


def faults(store: PassageStore) -> list[str]:
    """What is wrong with the stored passages, in words; reads everything."""
    try:
        view = store.latest()
        if view is None:
            return []
        found = [f"{name}: {fault}" for name, fault in sorted(broken_documents(view).items())]
        _try_searches(view)
        found += [f"the tag {name!r}: {fault}" for name, fault in store.tag_faults().items()]
    except NewerStore:
        raise
    except StoreError as error:
        return [error.message]
    return found


def broken_documents(view: View) -> dict[str, str]:
    """The documents that do not hold together, and why. Raises :class:`StoreError`."""
    spans: dict[str, list[tuple[int, int, int]]] = {}
    summaries: dict[str, int] = {}
    broken: dict[str, str] = {}
    ids: set[str] = set()
    for batch in view.batches(_COLUMNS):
        for row in zip(*(batch[name] for name in _COLUMNS), strict=True):
            key, name, ordinal, kind, text, start, end, *texts, layout, _terms = row
            if key in ids:
                broken[name] = f"the passage {key} is there twice"
            ids.add(key)
            if not _readable(*texts, layout):
                broken[name] = "its values cannot be read"
            if kind == "summary":
                summaries[name] = summaries.get(name, 0) + 1
                spans.setdefault(name, [])
                continue
            spans.setdefault(name, []).append((ordinal, start, end))
            if len(text) != end - start:
                broken[name] = f"the text at character {start} has not the length it should have"
    for name, places in spans.items():
        place = 0
        for expected, (ordinal, start, end) in enumerate(sorted(places)):
            if ordinal != expected or start != place or end < start:
                broken[name] = f"its passages do not follow one another at character {place}"
                break
            place = end
        if not places or summaries.get(name) != 1:
            broken.setdefault(name, "its summary or its text is missing")
    for name in _changed_hashes(view, [name for name in spans if name not in broken]):
        broken[name] = "its text is not the one that was stored"
    return broken


def document_ids(store: PassageStore) -> set[str]:
    """The documents that are stored; none where even that cannot be read."""
    try:
        view = store.latest(damaged=True)
        rows = view.rows(where=None, columns=["document_id"]) if view else []
    except StoreError:
        return set()
    return {row["document_id"] for row in rows}


def repair(store: PassageStore) -> None:
    """Bring the store back to what can be read of it; see the module's docstring."""
    with store.lock():
        _set_manifests_aside(store)
        view = store.latest(damaged=True)
        if view is None:
            return
        made = view.arrow_schema()
        try:
            broken = broken_documents(view)
        except StoreError:
            # To a file first: the table cannot be read while it is written.
            path = store.folder / "reindex-repair.arrow"
            write_beside(path, _Salvage(view).batches(), made)
            store.overwrite(read_beside(path), made, "repair")
            path.unlink()
            view = store.latest()
            broken = broken_documents(view) if view else {}
        if broken:
            store.replace(made.empty_table(), sorted(broken), "repair")
        store.rebuild_indexes()
        store.repair_tags(_aside(store))
    store.maintain(force=True)


class _Salvage:
    """The rows of a damaged table that belong to documents which can be read whole."""

    def __init__(self, view: View) -> None:
        self._view = view
        readable: dict[str, set[int]] = {}
        last: dict[str, int] = {}
        for table in self._pieces():
            columns = (table[name].to_pylist() for name in ("document_id", "ordinal", "end"))
            for name, ordinal, _ in zip(*columns, strict=True):
                readable.setdefault(name, set()).add(ordinal)
                last[name] = max(last.get(name, -1), ordinal)
        self._whole = {
            name
            for name, ordinals in readable.items()
            if -1 in ordinals and len(ordinals) == last[name] + 2 > 1
        }

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, a chunk at a time."""
        import pyarrow as pa

        for table in self._pieces():
            keep = [name in self._whole for name in table["document_id"].to_pylist()]
            part = table.filter(pa.array(keep, pa.bool_()))
            yield from part.cast(self._view.arrow_schema()).to_batches()

    def _pieces(self) -> Iterator[pa.Table]:
        total = self._view.count()
        for start in range(0, total, _CHUNK):
            yield from self._read(start, min(start + _CHUNK, total))

    def _read(self, start: int, end: int) -> Iterator[pa.Table]:
        try:
            table = self._view.at_offsets(range(start, end))
        except StoreError:
            if end - start > 1:
                middle = (start + end) // 2
                yield from self._read(start, middle)
                yield from self._read(middle, end)
        else:
            yield table


def _aside(store: PassageStore) -> Path:
    """The folder for what is set aside now, which need not exist."""
    return store.folder / f"damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _set_manifests_aside(store: PassageStore) -> None:
    """Move the newest records of the table away until one can be read."""
    folder = store.folder / f"{TABLE}.lance" / "_versions"
    aside = _aside(store)
    while True:
        try:
            store.reopen()
            return
        except StoreError:
            # The newest comes first in the order of the names.
            newest = next(iter(sorted(folder.glob("*.manifest"))), None)
            with translated("setting damaged files aside", store.folder):
                aside.mkdir(exist_ok=True)
                if newest is None:
                    (store.folder / f"{TABLE}.lance").rename(aside / f"{TABLE}.lance")
                    return
                newest.rename(aside / newest.name)
                for hint in folder.glob("latest_version_hint.json"):
                    hint.unlink()


def _try_searches(view: View) -> None:
    """Ask both searches once: an index has files of its own."""
    rows = view.arrow("ordinal = 0 AND vector IS NOT NULL", ["vector"], limit=1)
    if rows.num_rows:
        view.dense(rows["vector"].to_numpy(zero_copy_only=False)[0], "true", 1)
    for row in view.rows(where="ordinal = 0", columns=["terms", "document_id"], limit=8):
        terms = [term for term in row["terms"].split() if len(term) <= 100][:8]
        if terms and not view.lexical(terms, "true", 1).num_rows:
            raise StoreError(f"{row['document_id']}: its words are not in the index.")


def _changed_hashes(view: View, names: list[str]) -> Iterator[str]:
    for start in range(0, len(names), _CHUNK // 8):
        found: dict[str, list[dict[str, Any]]] = {}
        for row in view.rows(where=one_of("document_id", names[start : start + _CHUNK // 8])):
            found.setdefault(row["document_id"], []).append(row)
        for name, rows in found.items():
            if any(to_document(rows).content_hash != row["content_hash"] for row in rows[:1]):
                yield name


def _readable(*texts: str | None) -> bool:
    try:
        return all(isinstance(json.loads(text), dict) for text in texts if text)
    except ValueError:
        return False
