"""A dataset: rows to learn from, rows to be tested on, and a card that says where all come from."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from kilde.errors import ConfigError, NotFound, StoreError
from kilde.tuning.data.formats import read_rows
from kilde.tuning.data.rows import Method, Row, data_hash, to_jsonl
from kilde.tuning.data.splitting import split
from kilde.types import UNKNOWN_LANGUAGE

__all__ = ["Dataset", "DatasetCard", "Datasets", "split"]

_NAME = re.compile(r"[\w-]{1,64}")
_ROWS, _TEST, _CARD = "rows.jsonl", "test.jsonl", "card.json"


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


class Datasets:
    """The datasets of a workspace, one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The names of all datasets."""
        names = {path.parent.name for path in self._folder.glob(f"[!.]*/{_CARD}")}
        names |= {path.parent.name[1:-4] for path in self._folder.glob(f".*.old/{_CARD}")}
        return tuple(sorted(names))

    def load(self, name: str) -> Dataset:
        """A dataset by name. Raises :class:`NotFound`, :class:`StoreError` for a damaged one."""
        card = self.card(name)
        folder = self._home(name)
        return Dataset(card, _read(folder / _ROWS, card.method), _read(folder / _TEST, card.method))

    def card(self, name: str) -> DatasetCard:
        """The card of a dataset. Raises as :meth:`load` does."""
        path = self._home(name) / _CARD
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFound(
                "dataset", name, self.names(), hint="Make one: kilde dataset build AGENT --from …"
            )
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            data["created_at"] = datetime.fromisoformat(data["created_at"])
            for name in ("documents", "notes", "shared"):
                data[name] = tuple(data.get(name, ()))
            return DatasetCard(**data)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{path} cannot be read: {error}.",
                hint=f"Build the dataset again: kilde dataset build … --name {name} --replace",
            ) from error

    def free(self, name: str, *, replace_old: bool = False) -> None:
        """Raises :class:`ConfigError` for a name that will not do or, unless ``replace_old``,
        is taken."""
        if not _NAME.fullmatch(name):
            raise ConfigError(
                [f"{name!r}: a dataset's name has up to 64 letters, digits, _ and - only"],
                hint="Choose another one with --name.",
            )
        if not replace_old and self._home(name).exists():
            raise ConfigError(
                [f"There is a dataset {name!r} already."],
                hint="Replace it with --replace, or choose another name with --name.",
            )

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
        target = self._folder / name
        card = DatasetCard(
            name=name,
            agent=agent,
            method=method,
            source=source,
            created_at=datetime.now(UTC),
            rows=len(rows),
            test_rows=len(test),
            data_hash=data_hash(rows),
            languages=_languages(rows),
            documents=tuple(sorted({d for row in rows for d in row.lineage.all_documents})),
            notes=tuple(notes),
            test_file=test_file,
            shared=tuple(sorted(_documents(rows) & _documents(test))),
        )
        staged, old = self._folder / f".{name}.{os.getpid()}", self._folder / f".{name}.old"
        told = asdict(card) | {"created_at": card.created_at.isoformat()}
        try:
            staged.mkdir(parents=True, exist_ok=True)
            (staged / _ROWS).write_text(to_jsonl(rows), encoding="utf-8")
            (staged / _TEST).write_text(to_jsonl(test), encoding="utf-8")
            (staged / _CARD).write_text(
                json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8"
            )
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
                target.rename(old)
            staged.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            if old.exists() and not target.exists():
                old.rename(target)
            raise StoreError(
                f"The dataset {name!r} could not be kept: {error.strerror}.",
                hint=f"Make room, and make {self._folder} writable.",
            ) from error
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

    def _home(self, name: str) -> Path:
        """The folder of a dataset; the old one's if a kill came before the new one had its name."""
        target, old = self._folder / name, self._folder / f".{name}.old"
        return old if old.is_dir() and not target.exists() else target


def _read(path: Path, method: Method) -> tuple[Row, ...]:
    try:
        return tuple(read_rows(path, method)) if path.stat().st_size else ()
    except (OSError, ConfigError) as error:
        why = error.faults[0] if isinstance(error, ConfigError) else error.strerror
        raise StoreError(
            f"{path} cannot be read: {why}.",
            hint=f"Build the dataset again: kilde dataset build … --name {path.parent.name} "
            "--replace",
        ) from error


def _languages(rows: Sequence[Row]) -> dict[str, int]:
    found = Counter(row.language for row in rows if row.language != UNKNOWN_LANGUAGE)
    return dict(found.most_common())


def _documents(rows: Sequence[Row]) -> set[str]:
    return {document for row in rows for document in row.lineage.documents}
