"""Parquet: one table, refused by what its footer says it holds, and read in bounded pieces.

A few hundred bytes can stand for billions of cells: a value is stored once with the number of its
repetitions, a text once in a dictionary. So limits are checked before anything is read, and what a
batch will expand to before it becomes Python objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kilde.documents.content import Content, Table
from kilde.documents.extract import MAX_UNPACKED, damaged
from kilde.documents.tables import (
    MAX_CELLS,
    MAX_CHARACTERS,
    MAX_ROWS,
    column_names,
    scalar,
    too_large,
)
from kilde.errors import LoadError
from kilde.types import Scalar

# Rows that are read together; many, since each batch has its own copy of the shared texts.
_BATCH = 65_536
# Rows that become Python objects together.
_ROWS = 1024
# Bytes that a value costs as a Python object and as JSON, roughly.
_VALUE = 32


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The file as one table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        leaves = [file.schema.column(place) for place in range(file.metadata.num_columns)]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        # A text that a million cells share stays one text.
        file = pq.ParquetFile(pa.BufferReader(data), metadata=file.metadata, read_dictionary=texts)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(name, error) from error
    if file.metadata.num_rows == 0:
        raise LoadError(name, "no rows in it", hint="Check the export, or leave it out.")
    columns = column_names(file.schema_arrow.names)
    _check_size(file, columns, name)
    return [Table(columns, _rows(file, name))]


def _check_size(file: Any, columns: Sequence[str], name: str) -> None:
    """Raise :class:`LoadError` for a file whose footer goes over a limit."""
    footer = file.metadata
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    # Of a list each element is a cell: num_values counts the leaves.
    cells = max(footer.num_rows * len(columns), sum(chunk.num_values for chunk in chunks))
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    if footer.num_rows > MAX_ROWS:
        raise too_large(name, MAX_ROWS, "rows")
    if cells > MAX_CELLS:
        raise too_large(name, MAX_CELLS, "cells")
    if unpacked > MAX_UNPACKED:
        raise too_large(name, MAX_UNPACKED, "bytes")
    if _least_characters(file, chunks, columns) > MAX_CHARACTERS:
        raise too_large(name, MAX_CHARACTERS, "characters")


def _least_characters(file: Any, chunks: Sequence[Any], columns: Sequence[str]) -> int:
    """Characters that the table has at least: a number is never blank, as a text may be."""
    # Of columns with one name the first is called by it, the others have a number added.
    pairs = reversed(list(zip(file.schema_arrow.names, columns, strict=True)))
    lengths = {path: len(f"{column}: 1\n") for path, column in pairs}
    return sum(
        (chunk.num_values - chunk.statistics.null_count) * lengths[chunk.path_in_schema]
        for chunk in chunks
        if chunk.physical_type in {"INT32", "INT64", "BOOLEAN"}
        and chunk.path_in_schema in lengths
        and chunk.is_stats_set
        and chunk.statistics.has_null_count
    )


def _rows(file: Any, name: str) -> Iterator[Sequence[Scalar]]:
    import pyarrow as pa

    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for part in _bounded(batch, name):
                for start in range(0, part.num_rows, _ROWS):
                    some = part.slice(start, _ROWS)
                    columns = [_values(column) for column in some.columns]
                    for row in zip(*columns, strict=True):
                        yield [scalar(cell) for cell in row]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(name, error) from error


def _values(array: Any) -> list[Any]:
    import pyarrow as pa

    # Ten times as fast as values looked up one by one.
    plain = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    values: list[Any] = plain.to_pylist()
    return values


def _bounded(batch: Any, name: str) -> Iterator[Any]:
    """The rows of a batch in parts, none of which fills the memory when it is expanded."""
    if sum(map(_expanded, batch.columns)) <= MAX_CHARACTERS:
        yield batch
    elif batch.num_rows == 1:
        raise too_large(name, MAX_CHARACTERS, "characters in one row")
    else:
        half = batch.num_rows // 2
        yield from _bounded(batch.slice(0, half), name)
        yield from _bounded(batch.slice(half), name)


def _expanded(array: Any) -> int:
    """Bytes that the values of an array take, each on its own, with all that is nested in it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, size = array.type, _VALUE * len(array)
    if pa.types.is_struct(kind):
        return size + sum(map(_expanded, array.flatten()))
    if pa.types.is_map(kind):
        start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
        entries = (array.keys, array.items)
        return size + sum(_expanded(part.slice(start, end - start)) for part in entries)
    if pa.types.is_nested(kind):
        return size + _expanded(array.flatten())
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64()).take(array.indices)
        return size + (pc.sum(lengths).as_py() or 0)
    return size
