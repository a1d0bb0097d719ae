"""Parquet files of a few hundred bytes that stand for more than any memory holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kilde.documents.content import Table
from kilde.documents.readers import parquet
from kilde.documents.tables import MAX_CELLS, MAX_CHARACTERS, MAX_ROWS, table_text
from kilde.errors import LoadError


def packed(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **{"compression": "zstd", **options})
    return file.getvalue()


def repeated(value: object, count: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), count)


def list_of(count: int) -> pa.Array:
    offsets = pa.array([0, count], pa.int32())
    return pa.ListArray.from_arrays(offsets, repeated(1, count, pa.int32()))


def shared(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(repeated(0, rows, pa.int32()), [text])


def too_many_bytes() -> bytes:
    table, file = pa.table({"a": [b"0" * 100_000_000]}), io.BytesIO()
    options: Any = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    with pq.ParquetWriter(file, table.schema, **options) as writer:
        for _ in range(11):
            writer.write_table(table)
    return file.getvalue()


REFUSED_UNREAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "rows": (lambda: packed(pa.table({"a": repeated(1, MAX_ROWS + 1, pa.int8())})), "rows"),
    "cells": (
        lambda: packed(
            pa.table({f"c{n}": repeated(1, MAX_ROWS // 2, pa.int8()) for n in range(41)})
        ),
        "cells",
    ),
    "blank cells": (
        lambda: packed(pa.table({f"c{n}": pa.nulls(MAX_ROWS // 2) for n in range(41)})),
        "cells",
    ),
    "elements of a list": (lambda: packed(pa.table({"a": list_of(MAX_CELLS + 1)})), "cells"),
    "bytes": (too_many_bytes, "bytes"),
    "characters": (
        lambda: packed(
            pa.table({"column " * 20 + str(n): repeated(1, MAX_ROWS, pa.int8()) for n in range(2)})
        ),
        "characters",
    ),
}


@pytest.mark.parametrize("kind", REFUSED_UNREAD)
def test_a_table_over_a_limit_is_refused_before_a_row_is_read(kind: str) -> None:
    make, limit = REFUSED_UNREAD[kind]
    data = make()
    assert len(data) < 1_000_000
    before = pa.total_allocated_bytes()
    with pytest.raises(LoadError, match=f"^big.parquet: .* {limit}, the most") as caught:
        parquet.read(data, "big.parquet", "")  # gives a table whose rows nobody has asked for
    assert caught.value.hint
    assert pa.total_allocated_bytes() - before < 50_000_000


@pytest.mark.parametrize(
    "column",
    [
        lambda: shared("x" * (MAX_CHARACTERS + 1), 1000),
        lambda: pa.ListArray.from_arrays(
            pa.array([0, 0, 100], pa.int32()), shared("x" * 3_000_000, 100)
        ),
        lambda: pa.StructArray.from_arrays(
            [shared("x" * 90_000_000, 2), shared("y" * 90_000_001, 2), shared("z" * 90_000_000, 2)],
            ["a", "b", "c"],
        ),
        lambda: list_of(10_000_000),
    ],
    ids=["text", "list", "struct", "numbers"],
)
def test_what_would_expand_beyond_the_limit_is_refused_unexpanded(column: Any) -> None:
    data = packed(pa.table({"a": column()}))
    (table,) = parquet.read(data, "big.parquet", "")
    assert isinstance(table, Table)
    with pytest.raises(LoadError, match="more than 200,000,000 characters"):
        table_text(table, "big.parquet")


def test_long_texts_that_fit_are_read() -> None:
    """A thousand rows share a text: as one batch they would be 10 times the limit."""
    text = "x" * 2_000_000
    (table,) = parquet.read(packed(pa.table({"a": shared(text, 1000)})), "a.parquet", "")
    assert isinstance(table, Table)
    rows = iter(table.rows)
    assert [next(rows) for _ in range(3)] == [[text]] * 3


def test_values_of_every_kind_come_out_as_before() -> None:
    columns = {
        "text": ["a", None, ""],
        "long": pa.array(["å", None, "b"], pa.large_string()),
        "choice": pa.array(["x", "x", None]).dictionary_encode(),
        "numbers": [[1, 2], None, []],
        "names": [["a", "b"], [None], None],
        "deep": [[["q"]], [[]], None],
        "part": [{"a": "x", "b": 1}, None, {"a": None, "b": 2}],
        "pairs": pa.array([[("k", "v")], None, []], pa.map_(pa.string(), pa.string())),
        "bytes": [b"x", None, b""],
        "fixed": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)),
        "nothing": pa.nulls(3),
        "a.b": [1, 2, 3],
    }
    (table,) = parquet.read(packed(pa.table(columns)), "a.parquet", "")
    assert isinstance(table, Table)
    assert [list(row) for row in table.rows] == [
        [
            *("a", "å", "x", "[1, 2]", '["a", "b"]', '[["q"]]', '{"a": "x", "b": 1}'),
            *('[["k", "v"]]', None, "[1, 2]", None, 1),
        ],
        [None, None, "x", None, "[null]", "[[]]", None, None, None, None, None, 2],
        [None, "b", None, "[]", None, None, '{"a": null, "b": 2}', "[]", None, "[3, 4]", None, 3],
    ]
