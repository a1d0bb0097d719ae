"""Column names that are no names: from the file to the store, to search, and back."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kilde.documents.sources import Source
from kilde.documents.tables import column_names
from kilde.knowledge.base import KnowledgeBase

from . import killed

NAMES = [
    "__proto__",
    "constructor",
    "__class__",
    "'; DROP TABLE passages; --",
    'say "hello"',
    "`backtick`",
    "[bracket]",
    "two\nlines",
    "tab\tbed",
    "nul\x00byte",
    "esc\x1b[2Jape",
    "\u202ebackwards",
    "in\u200bvisible",
    "colon: value",
    "document_id",
    "text",
    "row_values",
    "$where",
    "{{ braces }}",
    "<script>alert(1)</script>",
    "%s %(x)s :name ?",
    "../../etc/passwd",
    "🎉",
    "ø" * 3,
    "NULL",
    "x" * 10_000,
]
SHOWN = {
    "two\nlines": "two lines",
    "tab\tbed": "tab bed",
    "nul\x00byte": "nulbyte",
    "esc\x1b[2Jape": "escape",
    "\u202ebackwards": "backwards",
    "in\u200bvisible": "invisible",
}
VALUES = [f"value number {place}" for place in range(len(NAMES))]


def write_csv(path: Path) -> list[str]:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([NAMES, VALUES])
    return NAMES


def write_parquet(path: Path) -> list[str]:
    # What a C string cannot hold is cut off by the format itself.
    names = [name for name in NAMES if "\x00" not in name]
    twice = [*names, "same", "same", "same (2)", "", " "]
    values = [pa.array([value]) for value in [*VALUES[: len(names)], *"abcde"]]
    pq.write_table(pa.Table.from_arrays(values, names=twice), path)
    return names


def write_json(path: Path) -> list[str]:
    path.write_text(json.dumps([dict(zip(NAMES, VALUES, strict=True))]), encoding="utf-8")
    return NAMES


def write_xlsx(path: Path) -> list[str]:
    names = [name for name in NAMES if not set(name) & {"\x00", "\x1b"}]
    book = openpyxl.Workbook()
    book.active.append(names)
    book.active.append(VALUES[: len(names)])
    book.save(str(path))
    return names


def write_sqlite(path: Path) -> list[str]:
    names = [name for name in NAMES if "\x00" not in name]
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    marks = ", ".join("?" * len(names))
    with closing(sqlite3.connect(path)) as database:
        database.execute(f'CREATE TABLE "od\'d; -- table" ({columns})')
        database.execute(f'INSERT INTO "od\'d; -- table" VALUES ({marks})', VALUES[: len(names)])
        database.commit()
    return names


WRITERS: dict[str, Callable[[Path], list[str]]] = {
    "a.csv": write_csv,
    "a.parquet": write_parquet,
    "a.json": write_json,
    "a.xlsx": write_xlsx,
    "a.db": write_sqlite,
}


@pytest.mark.parametrize("file", WRITERS)
def test_hostile_column_names(root: Path, file: str) -> None:
    names = WRITERS[file](root / file)
    source = Source("path", file)
    if file == "a.db":
        source = Source("sql", "sqlite:///a.db", table="od'd; -- table")
    base = killed.opened(root, 200)
    report = base.add([source])
    assert report.failed == ()
    (name,) = report.added
    document = base.document(name)
    (row,) = document.rows
    shown = [SHOWN.get(name, name) for name in names]
    assert list(row.values)[: len(names)] == shown
    for column, value in zip(shown, VALUES, strict=False):
        assert row.values[column] == value
        assert f"{column}: {value}\n" in document.text
    if file == "a.parquet":
        assert list(row.values)[len(names) :] == [
            *("same", "same (2)", "same (2) (2)"),
            *(f"column {len(names) + 4}", f"column {len(names) + 5}"),
        ]
    (hit,) = base.search("value number", limit=1)
    assert hit.passage.metadata == row.values
    check_whole(base, name)


def check_whole(base: KnowledgeBase, name: str) -> None:
    """Nothing of the store was changed but by the one commit."""
    assert base.check() == []
    assert [ref.id for ref in base.documents()] == [name]
    assert base.sync().unchanged == (name,)
    assert base.remove(name).removed == (name,)


def test_a_name_that_every_column_has_takes_no_time_of_its_own() -> None:
    """Telling the copies apart one by one would take billions of steps."""
    names = column_names(["a"] * 100_000)
    assert len(set(names)) == 100_000
    assert names[-1] == "a (100000)"
    assert column_names(["a (2)", "a", "a", "a"]) == ["a (2)", "a", "a (3)", "a (4)"]
