"""The table kept fast and small: its indexes, and past states that nobody will ask for again.

Every function is called under the store's lock and makes commits that change no passage.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

# From this many vectors on, the approximate index is faster than looking at every vector
# (2 ms against 8 ms at 10,000 passages).
VECTOR_INDEX_FROM = 8_000
# Rows that no index holds yet are scanned by every search; more than this many cost milliseconds.
_UNINDEXED = 1_000
# A search opens every piece of the table.
_FRAGMENTS = 20


def has_terms_index(table: Any) -> bool:
    """Whether words can be found in the table."""
    return any("terms" in index.columns for index in table.list_indices())


def index_terms(table: Any, *, anew: bool = False) -> None:
    """Make the index of the words, where there is none yet or ``anew``."""
    from lancedb.index import FTS

    if anew or not has_terms_index(table):
        # The terms are analysed already: split at blanks and leave them as they are.
        analysed = FTS(
            base_tokenizer="whitespace",
            stem=False,
            lower_case=False,
            remove_stop_words=False,
            ascii_folding=False,
            max_token_length=100,
        )
        table.create_index("terms", config=analysed)


def tidy(table: Any, *, force: bool, keep: timedelta | None) -> None:
    """Bring the indexes up to date where it pays, and drop states older than ``keep``."""
    _index_columns(table)
    unindexed = max(
        (table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()),
        default=0,
    )
    if force or unindexed > _UNINDEXED or _fragments(table) > _FRAGMENTS:
        table.optimize()
        _index_vectors(table)
    if keep is not None and _oldest_age(table) > keep:
        table.optimize(cleanup_older_than=keep)


def rebuild_indexes(table: Any) -> None:
    """Drop every index and make it anew: their files may be damaged."""
    for index in table.list_indices():
        if "terms" not in index.columns:
            table.drop_index(index.name)
    index_terms(table, anew=True)
    _index_columns(table)
    _index_vectors(table)


def _oldest_age(table: Any) -> timedelta:
    """How long ago the oldest state but the latest was made; below zero where there is none."""
    versions = table.list_versions()[:-1]
    if not versions:
        return timedelta(-1)
    oldest: datetime = min(version["timestamp"] for version in versions)
    return datetime.now(UTC) - oldest.replace(tzinfo=UTC)


def _fragments(table: Any) -> int:
    return int(table.stats()["fragment_stats"]["num_small_fragments"])


def _index_columns(table: Any) -> None:
    from lancedb.index import Bitmap, BTree

    have = {column for index in table.list_indices() for column in index.columns}
    wanted = {
        "id": BTree,
        "document_id": BTree,
        "kind": Bitmap,
        "collection": Bitmap,
        "language": Bitmap,
    }
    for column, index in wanted.items():
        if column not in have:
            table.create_index(column, config=index())


def _index_vectors(table: Any) -> None:
    from lancedb.index import HnswSq

    if any("vector" in index.columns for index in table.list_indices()):
        return
    if table.count_rows("vector IS NOT NULL") >= VECTOR_INDEX_FROM:
        table.create_index("vector", config=HnswSq(distance_type="cosine", num_partitions=1))
