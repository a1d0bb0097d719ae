"""A dataset: rows to learn from, rows to be tested on, and a card that says where all come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kilde.errors import ConfigError, StoreError
from kilde.named_sets import NamedSets, count_languages
from kilde.tuning.data.formats import read_rows
from kilde.tuning.data.rows import Method, Row, data_hash, to_jsonl
from kilde.tuning.data.splitting import split

__all__ = ["Dataset", "DatasetCard", "Datasets", "split"]

_ROWS, _TEST = "rows.jsonl", "test.jsonl"


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """What a dataset is: for which agent, from where, how many rows of which languages.

    ``data_hash`` is the SHA-256 of the training rows' content in order. ``source`` is the word
    after ``--from``, ``test_file`` the one after ``--test``, empty where the test rows were set
    apart. ``languages`` leaves out rows whose language nobody knows. ``shared`` are documents that
    training rows and test rows stand on.
    """

    name: str
    agent: str
    method: Method
    source: str
    created_at: datetime
    rows: int
    test_rows: int
    data_hash: str
    languages: Mapping[str, int]
    documents: tuple[str, ...]
    notes: tuple[str, ...] = ()
    test_file: str = ""
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """The rows of a dataset: those to learn from, and those that a tuned model is tested on."""

    card: DatasetCard
    rows: tuple[Row, ...]
    test: tuple[Row, ...]


class Datasets(NamedSets[DatasetCard]):
    """The datasets of a workspace, one folder each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, DatasetCard, noun="dataset", command="dataset")

    def load(self, name: str) -> Dataset:
        """A dataset by name. Raises :class:`NotFound`, :class:`StoreError` for a damaged one."""
        card = self.card(name)
        rows, test = (self._read(name, file, card.method) for file in (_ROWS, _TEST))
        return Dataset(card, rows, test)

    def save(
        self,
        name: str,
        *,
        agent: str,
        method: Method,
        source: str,
        rows: Sequence[Row],
        test: Sequence[Row] = (),
        test_file: str = "",
        notes: Sequence[str] = (),
        replace_old: bool = False,
    ) -> DatasetCard:
        """Keep a dataset under a name; all of it is written, or nothing.

        Raises :class:`ConfigError` for a name that will not do or is taken (unless
        ``replace_old``), :class:`StoreError` when it cannot be written.
        """
        self.free(name, replace_old=replace_old)
        card = DatasetCard(
            name=name,
            agent=agent,
            method=method,
            source=source,
            created_at=datetime.now(UTC),
            rows=len(rows),
            test_rows=len(test),
            data_hash=data_hash(rows),
            languages=count_languages(row.language for row in rows),
            documents=tuple(sorted({d for row in rows for d in row.lineage.all_documents})),
            notes=tuple(notes),
            test_file=test_file,
            shared=tuple(sorted(_documents(rows) & _documents(test))),
        )
        self._keep(name, card, {_ROWS: to_jsonl(rows), _TEST: to_jsonl(test)})
        return card

    def resplit(
        self, name: str, *, share: float, seed: int = 0, force: bool = False
    ) -> DatasetCard:
        """Deal the rows of a dataset anew into training and test rows.

        Raises :class:`ConfigError` where the test rows came from a file of their own, for they
        would be learnt from: unless it is forced.
        """
        found = self.load(name)
        if found.card.test_file and not force:
            raise ConfigError(
                [
                    f"The test rows of {name!r} came from {found.card.test_file}: dealt anew, some "
                    "of them would be learnt from."
                ],
                hint="Leave it as it is, or deal them all the same: --force",
            )
        rows, test = split([*found.rows, *found.test], share=share, seed=seed)
        card = found.card
        return self.save(
            name,
            agent=card.agent,
            method=card.method,
            source=card.source,
            rows=rows,
            test=test,
            notes=card.notes,
            replace_old=True,
        )

    def _read(self, name: str, file: str, method: Method) -> tuple[Row, ...]:
        path = self._home(name) / file
        try:
            return tuple(read_rows(path, method)) if path.stat().st_size else ()
        except (OSError, ConfigError) as error:
            why = error.faults[0] if isinstance(error, ConfigError) else error.strerror
            raise StoreError(f"{path} cannot be read: {why}.", hint=self._again(name)) from error


def _documents(rows: Sequence[Row]) -> set[str]:
    return {document for row in rows for document in row.lineage.documents}
