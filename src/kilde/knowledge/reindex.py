"""All passages made anew, beside the table that goes on serving, and switched over in one commit.

Making them takes minutes to hours, and other processes may store documents meanwhile. Those that
changed are made again before the switch, so none of them is lost; the last round, if it comes to
that, keeps writers out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.knowledge.schema import to_document
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import View, one_of, translated
from kilde.types import Document

if TYPE_CHECKING:
    import pyarrow as pa

Remake = Callable[[Iterable[Document]], "Iterator[pa.RecordBatch]"]

# Documents read from the table at a time.
_AT_ONCE = 64
# Rounds that let other writers go on; the one after them does not.
_OPEN_ROUNDS = 3


def reindex(
    store: PassageStore, remake: Remake, columns: pa.Schema, action: str
) -> tuple[list[str], int | None]:
    """Replace the table by what ``remake`` makes of its documents, with these columns.

    Returns the ids of the documents and the new version; ``([], None)`` where nothing is stored.
    """
    sweep(store)
    # Of each document, which state of it was made anew, and in which round's file it lies.
    made: dict[str, tuple[object, int]] = {}
    files: list[Path] = []
    while True:
        with ExitStack() as stack:
            if len(files) >= _OPEN_ROUNDS:
                stack.enter_context(store.lock())
            view = store.latest()
            if view is None:
                return [], None
            states = _states(view)
            todo = sorted(key for key, state in states.items() if made.get(key, ("",))[0] != state)
            if todo:
                path = store.folder / f"reindex-{len(files)}.arrow"
                write_beside(path, remake(_documents(view, todo)), columns)
                made |= {key: (states[key], len(files)) for key in todo}
                files.append(path)
            with store.lock():
                now = store.latest()
                if now is None or _states(now) != states:
                    continue
                place = {key: made[key][1] for key in states}
                version = store.overwrite(_batches(files, place), columns, action)
        sweep(store)
        store.maintain(force=True)
        return sorted(states), version


def sweep(store: PassageStore) -> None:
    """Delete what a reindex left behind that was stopped."""
    with translated("deleting what an earlier reindex left behind", store.folder):
        for path in store.folder.glob("reindex*.arrow"):
            path.unlink(missing_ok=True)


def _states(view: View) -> dict[str, object]:
    columns = ["document_id", "content_hash", "added_at"]
    found: dict[str, object] = {}
    for batch in view.batches(columns, "ordinal = 0"):
        for key, *state in zip(*(batch[name] for name in columns), strict=True):
            found[key] = tuple(state)
    return found


def _documents(view: View, ids: list[str]) -> Iterator[Document]:
    for start in range(0, len(ids), _AT_ONCE):
        found: dict[str, list[dict[str, object]]] = {}
        for row in view.rows(where=one_of("document_id", ids[start : start + _AT_ONCE])):
            found.setdefault(str(row["document_id"]), []).append(row)
        yield from map(to_document, found.values())


def write_beside(path: Path, batches: Iterable[pa.RecordBatch], made: pa.Schema) -> None:
    """Batches into a file: the table cannot be written while it is read, nor memory be filled."""
    import pyarrow as pa

    with translated("writing", path), pa.ipc.new_file(str(path), made) as file:
        for batch in batches:
            file.write_batch(batch)


def read_beside(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of such a file."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        for index in range(file.num_record_batches):
            yield file.get_batch(index)


def _batches(files: list[Path], place: dict[str, int]) -> Iterator[pa.RecordBatch]:
    """The rows of every document, each from the file that holds its last state."""
    import pyarrow as pa

    for number, path in enumerate(files):
        for batch in read_beside(path):
            keep = [place.get(key) == number for key in batch["document_id"].to_pylist()]
            yield batch if all(keep) else batch.filter(pa.array(keep))
