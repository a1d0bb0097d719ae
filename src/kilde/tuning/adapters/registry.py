"""The adapters of a workspace: each a numbered folder that appears whole, and one that answers.

``.kilde/adapters/AGENT/N/`` holds ``adapter.gguf`` (what is served), the same weights as PEFT
writes them, and ``card.json``. ``AGENT/promoted.json`` says which one answers. Reading takes no
lock; writers follow one another.
"""

from __future__ import annotations

import builtins
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kilde import durable
from kilde.errors import NotFound, StoreError, WorkspaceError
from kilde.protocols import Adapter
from kilde.tuning.adapters import promotion
from kilde.tuning.adapters.card import CARD_FILE, Card, languages_of, read_card, to_json
from kilde.tuning.adapters.promotion import Event

GGUF_FILE = "adapter.gguf"
FILES = (GGUF_FILE, "adapter_config.json", "adapter_model.safetensors")
_NAME = re.compile(r"(?P<agent>[^/\\@\0]*[^/\\@.\0][^/\\@\0]*)@(?P<version>[1-9][0-9]{0,8})")
_MAX_NAME = 255  # bytes of the name of a file
_NUMBER = re.compile(r"[1-9]\d{0,8}")
_LAST = "last"  # the highest number that was ever given
_REMOVING = ".removing-"


def _parts(name: str) -> re.Match[str] | None:
    """The agent and the version in an adapter's name; None for what can be the name of none."""
    match = _NAME.fullmatch(name)
    try:
        return match if len(os.fsencode(name)) <= _MAX_NAME else None
    except UnicodeEncodeError:  # half a surrogate pair
        return None


class Registry:
    """The adapters in a folder, which need not exist before the first one is added.

    What the folder does not tell, the workspace does: ``pinned_by`` names the agents whose files
    name an adapter, ``outside`` the documents of an adapter that its agent may no longer read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pinned_by: Callable[[str], Iterable[str]] = lambda _: (),
        outside: Callable[[Card], Iterable[str]] = lambda _: (),
    ) -> None:
        self._folder = folder
        self._pinned_by = pinned_by
        self._outside = outside
        self._cards: dict[str, Card] = {}  # a card never changes

    # Reading

    def list(self, agent: str | None = None) -> builtins.list[Card]:
        """The cards of all adapters, or of one agent's, by agent and version."""
        everybody = (path.name for path in _folders(self._folder))
        agents = [agent] if agent is not None else sorted(everybody)
        return [
            card
            for one in agents
            for version in self._versions(one)
            if (card := self._card(one, version)) is not None
        ]

    def get(self, name: str) -> Card:
        """The card of an adapter. Raises :class:`NotFound`, :class:`StoreError` if damaged."""
        match = _parts(name)
        card = self._card(match["agent"], int(match["version"])) if match else None
        if card is None:
            raise self._not_found(name)
        return card

    def folder(self, name: str) -> Path:
        """The folder of an adapter. Raises :class:`NotFound`."""
        match = _parts(name)
        folder = self._folder / match["agent"] / match["version"] if match else None
        if folder is None or not folder.is_dir():
            raise self._not_found(name)
        return folder

    def adapter(self, name: str) -> Adapter:
        """An adapter as it is served. Raises :class:`NotFound`."""
        card = self.get(name)
        return Adapter(
            name=card.name,
            path=self.folder(name) / GGUF_FILE,
            base=card.base_sha256,
            languages=frozenset(languages_of(card.languages)) or None,
            examples=card.examples,
            document_tokens=card.document_tokens,
        )

    def promoted(self, agent: str) -> Card | None:
        """The adapter that answers for an agent; ``None`` where its model answers alone."""
        name = promotion.current(self.history(agent))
        if name is None:
            return None
        # One file is read for every question, and no more: a promoted adapter is not removed.
        return self._cards.get(name) or self.get(name)

    def outside(self, card: Card) -> tuple[str, ...]:
        """The documents that an adapter learnt from and its agent may no longer read, by id."""
        return tuple(self._outside(card))

    def history(self, agent: str) -> tuple[Event, ...]:
        """Who promoted what and when, oldest first."""
        return promotion.read_events(self._folder / agent)

    # Writing

    def add(self, agent: str, staged: Path, card: Card) -> Card:
        """Take in a folder with the files of an adapter, under the next number; it is moved.

        Raises :class:`StoreError` where a file is missing or nothing can be written; the staged
        folder is left as it was, but for its card.
        """
        if not _parts(f"{agent}@1"):
            raise StoreError(
                f"{agent!r} cannot be part of an adapter's name.",
                hint="Rename the agent's file: letters, digits, - and _ will do.",
            )
        for file in FILES:
            if not (staged / file).is_file():
                raise StoreError(
                    f"{staged}: there is no {file}, so this is no trained adapter.",
                    hint="Train it again.",
                )
        with self._writing():
            home = self._folder / agent
            home.mkdir(exist_ok=True)
            self._sweep(home)
            version = self._next(home)
            card = replace(card, agent=agent, version=version)
            # The number is spent first: one that is lost by a kill is not given again.
            durable.write(home / _LAST, f"{version}\n")
            durable.write(staged / CARD_FILE, to_json(card))
            durable.move(staged, home / str(version))
        return card

    def promote(self, name: str, *, by: str, forced: bool = False, why: str = "") -> Card:
        """Let an adapter answer for its agent, from the next question on.

        Raises :class:`NotFound`, and :class:`WorkspaceError` where the gate did not let the adapter
        through and the promotion is not ``forced``.
        """
        with self._writing():
            card = self.get(name)
            if card.passed is False and not forced:
                raise WorkspaceError(
                    f"The adapter {name} did not pass its gate: it is not better than what "
                    "answers now.",
                    hint=f"See why: kilde adapter show {name}. To promote it all the same, which "
                    "is recorded: --force",
                )
            events = self.history(card.agent)
            if promotion.current(events) != name:
                event = Event("promote", name, promotion.now(), by, forced, why)
                promotion.append(self._folder / card.agent, events, event)
        return card

    def rollback(self, agent: str, by: str) -> Card | None:
        """Let answer what answered before the last promotion; ``None`` is the model alone.

        Raises :class:`WorkspaceError` where no adapter is promoted.
        """
        with self._writing():
            events = self.history(agent)
            if promotion.current(events) is None:
                raise WorkspaceError(
                    f"No adapter of the agent {agent!r} is promoted, so there is nothing to roll "
                    "back.",
                    hint="See what there is: kilde adapter list",
                )
            name = promotion.before(events, self._exists)
            event = Event("rollback", name, promotion.now(), by)
            promotion.append(self._folder / agent, events, event)
        return None if name is None else self.get(name)

    def remove(self, name: str) -> None:
        """Delete an adapter; its number is not given again.

        Raises :class:`NotFound`, and :class:`WorkspaceError` for one that is promoted or that an
        agent's file names.
        """
        with self._writing():
            folder = self.folder(name)
            agent = folder.parent.name
            if promotion.current(self.history(agent)) == name:
                raise WorkspaceError(
                    f"The adapter {name} is promoted: it answers for the agent {agent!r}.",
                    hint=f"Promote another one, or go back: kilde adapter rollback {agent}",
                )
            for pinning in self._pinned_by(name):
                raise WorkspaceError(
                    f"The adapter {name} answers for the agent {pinning!r}, whose file names it.",
                    hint=f"Take the line adapter = {name!r} out of agents/{pinning}.toml first.",
                )
            leaving = folder.with_name(f"{_REMOVING}{folder.name}")
            shutil.rmtree(leaving, ignore_errors=True)
            folder.rename(leaving)
            self._cards.pop(name, None)
            shutil.rmtree(leaving, ignore_errors=True)  # the next add sweeps what is left

    @contextmanager
    def _writing(self) -> Iterator[None]:
        from filelock import FileLock

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "registry.lock"):
                yield
        except OSError as error:
            raise StoreError(
                f"{self._folder}: the adapters cannot be changed ({error.strerror or error}).",
                hint="Make the folder writable, and see that the disk is not full.",
            ) from error

    def _next(self, home: Path) -> int:
        given = [0, *self._versions(home.name)]
        for event in self.history(home.name):
            if event.adapter is not None:
                given.append(int(event.adapter.rpartition("@")[2]))
        last = home / _LAST
        if last.is_file() and (text := last.read_text("utf-8").strip()).isdecimal():
            given.append(int(text))
        return max(given) + 1

    def _sweep(self, home: Path) -> None:
        """Delete what killed writers left behind."""
        durable.sweep(home)
        for folder in home.glob(f"{_REMOVING}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _versions(self, agent: str) -> builtins.list[int]:
        folders = _folders(self._folder / agent)
        return sorted(int(path.name) for path in folders if _NUMBER.fullmatch(path.name))

    def _card(self, agent: str, version: int) -> Card | None:
        name, path = f"{agent}@{version}", self._folder / agent / str(version) / CARD_FILE
        if name not in self._cards or not path.is_file():
            try:
                self._cards[name] = read_card(path)
            except FileNotFoundError:
                return None
        return self._cards[name]

    def _exists(self, name: str) -> bool:
        try:
            return self.folder(name).is_dir()
        except NotFound:
            return False

    def _not_found(self, name: str) -> NotFound:
        known = [
            f"{path.name}@{version}"
            for path in _folders(self._folder)
            for version in self._versions(path.name)
        ]
        return NotFound("adapter", name, known)


def _folders(folder: Path) -> builtins.list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
