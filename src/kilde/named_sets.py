"""Named sets of rows or questions: each a folder with its files and a card that says what it is.

Whatever happens while a set is replaced, the old one or the new one is there, whole.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kilde import durable
from kilde.errors import ConfigError, NotFound, StoreError
from kilde.types import UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CardT = TypeVar("CardT", bound="DataclassInstance")
_NAME = re.compile(r"[\w-]{1,64}")
_CARD = "card.json"


class NamedSets(Generic[CardT]):
    """The sets of one kind in a folder, which need not exist before the first one is kept.

    ``card`` is the type of their cards: a dataclass of JSON values, tuples and a time
    ``created_at``. ``noun`` is what one set is called (test set), ``command`` the one that builds
    it (testset). ``unchanged`` and ``replace`` are words for a name that is taken: why the set
    cannot be changed, and how another one comes in its place.
    """

    def __init__(
        self,
        folder: Path,
        card: type[CardT],
        *,
        noun: str,
        command: str,
        unchanged: str = "",
        replace: str = "Replace it",
    ) -> None:
        self._folder = folder
        self._card = card
        self._noun, self._command = noun, command
        self._unchanged, self._replace = unchanged, replace

    def names(self) -> tuple[str, ...]:
        """The names of all sets."""
        names = {path.parent.name for path in self._folder.glob(f"[!.]*/{_CARD}")}
        names |= {path.parent.name[1:-4] for path in self._folder.glob(f".*.old/{_CARD}")}
        return tuple(sorted(names))

    def card(self, name: str) -> CardT:
        """The card of a set. Raises :class:`NotFound`, :class:`StoreError` if it is damaged."""
        known = _NAME.fullmatch(name) is not None  # else it may be the name of no file at all
        path = self._home(name) / _CARD if known else self._folder
        if not path.is_file():
            hint = f"Make one: kilde {self._command} build AGENT --from …"
            raise NotFound(self._noun, name, self.names(), hint=hint)
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            data["created_at"] = datetime.fromisoformat(data["created_at"])
            # JSON has lists where a card has tuples.
            data |= {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
            return self._card(**data)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(f"{path} cannot be read: {error}.", hint=self._again(name)) from error

    def free(self, name: str, *, replace_old: bool = False) -> None:
        """Raises :class:`ConfigError` for a name that will not do or, unless ``replace_old``,
        is taken."""
        if not _NAME.fullmatch(name):
            raise ConfigError(
                [f"{name!r}: a {self._noun}'s name has up to 64 letters, digits, _ and - only"],
                hint="Choose another one with --name.",
            )
        if not replace_old and self._home(name).exists():
            raise ConfigError(
                [f"There is a {self._noun} {name!r} already{self._unchanged}."],
                hint=f"{self._replace} with --replace, or choose another name with --name.",
            )

    def _keep(self, name: str, card: CardT, files: Mapping[str, str]) -> None:
        """Put files, text by name, and their card in the place of what has the name, if anything.

        Raises :class:`StoreError` when they cannot be written.
        """
        staged = self._folder / f".{name}.{os.getpid()}"
        told = asdict(card)
        told["created_at"] = told["created_at"].isoformat()
        text = json.dumps(told, ensure_ascii=False, indent=1)
        try:
            staged.mkdir(parents=True, exist_ok=True)
            for file, content in {**files, _CARD: text}.items():
                (staged / file).write_text(content, encoding="utf-8")
            durable.swap(staged, self._folder / name)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise StoreError(
                f"The {self._noun} {name!r} could not be kept: {error.strerror}.",
                hint=f"Make room, and make {self._folder} writable.",
            ) from error

    def _home(self, name: str) -> Path:
        """The folder of a set, also after a kill in the midst of replacing it."""
        return durable.standing(self._folder / name)

    def _again(self, name: str) -> str:
        """What to do about a damaged set."""
        return (
            f"Build the {self._noun} again: kilde {self._command} build … --name {name} --replace"
        )


def count_languages(codes: Iterable[str]) -> dict[str, int]:
    """How many rows or questions are in which language; leaves out those nobody knows it of."""
    return dict(Counter(code for code in codes if code != UNKNOWN_LANGUAGE).most_common())
