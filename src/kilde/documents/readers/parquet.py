"""Parquet: one table, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kilde.documents.content import Content, Table
from kilde.documents.extract import damaged
from kilde.documents.tables import column_names, scalar
from kilde.errors import LoadError
from kilde.types import Scalar


def read(data: bytes, name: str, mime: str) -> list[Content]:  # noqa: ARG001
    """The file as one table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(name, error) from error
    if file.metadata.num_rows == 0:
        raise LoadError(name, "no rows in it", hint="Check the export, or leave it out.")
    return [Table(column_names(file.schema_arrow.names), _rows(file, name))]


def _rows(file: Any, name: str) -> Iterator[Sequence[Scalar]]:
    import pyarrow as pa

    try:
        for batch in file.iter_batches(batch_size=1024):  # few: cells may be long
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                yield [scalar(cell) for cell in row]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(name, error) from error
