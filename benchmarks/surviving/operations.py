"""What is killed: the commands that change a workspace, and how what they leave is judged.

Everything here runs in processes of its own, forked from one that has imported everything and
opened nothing.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kilde.documents.readers.markdown  # imported here, so that forked processes need not
import kilde.language.detect  # noqa: F401
from benchmarks.embedders import HashEmbedder
from kilde.documents.sources import Source
from kilde.errors import KildeError, NotFound
from kilde.knowledge.base import KnowledgeBase
from kilde.records import Records
from kilde.tuning.adapters.card import Card
from kilde.tuning.adapters.registry import FILES, Registry
from kilde.types import Answer, Feedback, Trace, Usage

DOCUMENTS = 8
_TOKENS, _OTHER_TOKENS = 200, 40
_WORDS = "laboratory dentist pharmacy midwife optician ambulance cardiology nutrition".split()
_FOLDERS = ("docs", "more", "new")
_AGENT = "helper"
_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Operation:
    """A command on a workspace. Its methods run each in a process of its own."""

    name = ""

    def prepare(self, root: Path) -> None:
        """Make the workspace as it is before the command."""
        for folder in _FOLDERS:
            _write(root, folder)
        base = _base(root)
        base.add([root / "docs"], collection="health")
        base.add([root / "more"], collection="site")

    def start(self, root: Path) -> Callable[[], object]:
        """Open what the command needs; what is returned runs it."""
        raise NotImplementedError

    def faults(self, root: Path, again: bool) -> list[str]:
        """Heal with one command, the same one ``again`` or the next one, and say what is wrong."""
        raise NotImplementedError


class _Knowledge(Operation):
    """A command on the knowledge base; what it is to hold is worked out from its files."""

    tokens = _TOKENS
    removable: tuple[str, ...] = ()
    addable: tuple[str, ...] = ()

    def start(self, root: Path) -> Callable[[], object]:
        base = _base(root, self.tokens)
        return lambda: self.act(base)

    def act(self, base: KnowledgeBase) -> object:
        raise NotImplementedError

    def faults(self, root: Path, again: bool) -> list[str]:
        base = _base(root, self.tokens)
        try:
            if again:
                self.act(base)
            else:
                base.sync()
        except NotFound:
            pass  # it had been done
        base = _base(root, self.tokens)
        return [*base.check(), *self.wrong(base, root)]

    def wrong(self, base: KnowledgeBase, root: Path) -> list[str]:
        """What documents, sources and search say that they should not."""
        homes = {source.location: source.collection for source in base.sources() if source.location}
        expected = {
            f"{folder}/{path.name}": (path.read_text("utf-8").strip("\n"), homes[folder])
            for folder in _FOLDERS
            if folder in homes
            for path in sorted((root / folder).glob("*.md"))
        }
        expected = {name: one for name, one in expected.items() if name not in self.excluded(base)}
        found = {ref.id: (base.document(ref.id).text, ref.collection) for ref in base.documents()}
        faults = [f"{name} is lost" for name in expected.keys() - found.keys()]
        faults += [f"{name} is there and has no source" for name in found.keys() - expected.keys()]
        for name in expected.keys() & found.keys():
            if found[name][0] != expected[name][0]:
                faults.append(f"{name} has an old text")
            if found[name][1] != expected[name][1]:
                faults.append(f"{name} is in {found[name][1]} and its source in {homes}")
        if missing := {"docs", "more"} - homes.keys() - set(self.removable):
            faults.append(f"the sources {missing} are lost")
        for name, (text, _) in found.items():
            hits = base.search(_question(text), limit=50)
            ids = [hit.passage.id for hit in hits if hit.passage.document_id == name]
            if not ids or len(ids) != len(set(ids)):
                faults.append(f"{name} is found {len(ids)} times by search")
            if gone := {hit.passage.document_id for hit in hits} - expected.keys():
                faults.append(f"{sorted(gone)} answer and should not")
        return faults

    def excluded(self, base: KnowledgeBase) -> frozenset[str]:
        """Documents that were removed by hand."""
        return base._sources.load().excluded


class Add(_Knowledge):
    """Add a folder."""

    name = "add"

    def act(self, base: KnowledgeBase) -> object:
        return base.add([Source("path", "new")])


class Sync(_Knowledge):
    """Read files again of which some changed, some are gone and some are new."""

    name = "sync"

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        _write(root, "docs", edited=True)

    def act(self, base: KnowledgeBase) -> object:
        return base.sync()


class Remove(_Knowledge):
    """Remove a folder."""

    name = "remove source"
    removable = ("more",)

    def act(self, base: KnowledgeBase) -> object:
        return base.remove("more")


class RemoveDocument(_Knowledge):
    """Remove one document of a folder that stays."""

    name = "remove document"

    def act(self, base: KnowledgeBase) -> object:
        return base.remove("more/3.md")


class Move(_Knowledge):
    """Add a folder again, to another collection."""

    name = "move"

    def act(self, base: KnowledgeBase) -> object:
        return base.add([Source("path", "more")], collection="moved")


class Tag(_Knowledge):
    """Tag the state, then change it."""

    name = "tag"

    def act(self, base: KnowledgeBase) -> object:
        return base.tag("v1")

    def faults(self, root: Path, again: bool) -> list[str]:
        base = _base(root)
        if again:
            if "v1" not in base._store.tags():
                self._tag_or_fault(base)
        else:
            base.sync()
        faults = [*base.check(), *self.wrong(base, root)]
        faults += self._tag_or_fault(base)
        if "v1" not in base._store.tags():
            return faults
        before = {ref.id: base.document(ref.id).text for ref in base.documents()}
        _write(root, "docs", edited=True)
        base.sync()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that all states but the latest go
            base._store.maintain(force=True, keep=timedelta(0))
        for name, text in before.items():
            if base.document(name, as_of="v1").text != text:
                faults.append(f"{name} is not in the tagged state as it was")
        return [*faults, *base.check()]

    def _tag_or_fault(self, base: KnowledgeBase) -> list[str]:
        if "v1" in base._store.tags():
            return []
        try:
            base.tag("v1")
        except KildeError as error:
            # A whole tag may show only now.
            return [] if "v1" in base._store.tags() else [f"v1 cannot be made: {error}"]
        return []


class Reindex(_Knowledge):
    """Make all passages anew, cut in another way."""

    name = "reindex"
    tokens = _OTHER_TOKENS

    def act(self, base: KnowledgeBase) -> object:
        return base.reindex()

    def faults(self, root: Path, again: bool) -> list[str]:  # noqa: ARG002
        # Nothing but a reindex may follow a change of how passages are cut.
        return super().faults(root, True)


class AddFeedback(Operation):
    """Rate an answer."""

    name = "feedback add"

    def prepare(self, root: Path) -> None:
        records = _records(root)
        records.save(_answer("a1"))
        records.add_feedback(_feedback("f1"))
        records.close()

    def start(self, root: Path) -> Callable[[], object]:
        records = _records(root)
        records.latest()

        def act() -> None:
            records.add_feedback(_feedback("f2"))
            records.close()

        return act

    def faults(self, root: Path, again: bool) -> list[str]:
        records = _records(root)
        if again and _feedback("f2") not in records.feedback():
            records.add_feedback(_feedback("f2"))
        found = records.feedback()
        before, after = [_feedback("f1")], [_feedback("f2"), _feedback("f1")]
        faults = [] if found in (before, after) else [f"the feedback is {found}"]
        records.add_feedback(_feedback("f3"))
        if len(records.feedback()) != len(found) + 1:
            faults.append("no feedback can be added any more")
        if records.find("last") != _answer("a1"):
            faults.append("the answer has changed")
        records.close()
        return faults


class Promote(Operation):
    """Promote another adapter."""

    name = "adapter promote"

    def prepare(self, root: Path) -> None:
        registry = _registry(root)
        for number in (1, 2):
            staged = root / f"staged-{number}"
            staged.mkdir()
            for file in FILES:
                (staged / file).write_bytes(b"weights")
            registry.add(_AGENT, staged, _card())
        registry.promote(f"{_AGENT}@1", by="before")

    def start(self, root: Path) -> Callable[[], object]:
        registry = _registry(root)
        return lambda: registry.promote(f"{_AGENT}@2", by="killed")

    def faults(self, root: Path, again: bool) -> list[str]:
        registry = _registry(root)
        if again:
            registry.promote(f"{_AGENT}@2", by="again")
        promoted, history = registry.promoted(_AGENT), registry.history(_AGENT)
        faults = []
        if promoted is None or promoted.name != history[-1].adapter:
            faults.append(f"{promoted} answers, and the history says {history}")
        if [event.by for event in history][:1] != ["before"] or len(history) > 2:
            faults.append(f"the history is {history}")
        registry.promote(f"{_AGENT}@1", by="after")
        registry.rollback(_AGENT, by="after")
        return faults


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Add(),
        Sync(),
        Remove(),
        RemoveDocument(),
        Move(),
        Tag(),
        Reindex(),
        AddFeedback(),
        Promote(),
    )
}


def _write(root: Path, folder: str, *, edited: bool = False) -> None:
    """Write a folder of documents; an edit changes two, takes one away and adds one."""
    shutil.rmtree(root / folder, ignore_errors=True)
    (root / folder).mkdir(parents=True)
    first = _FOLDERS.index(folder) * 100
    numbers = range(DOCUMENTS)
    for place in [*numbers[:-1], DOCUMENTS] if edited else numbers:
        number, word = first + place, _WORDS[place % len(_WORDS)]
        hour = 9 if edited and place < 2 else 8
        (root / folder / f"{place}.md").write_text(
            f"# The {word} {number}\n\nThis is the page of the {word} number {number}.\n\n"
            f"## Hours\n\nThe {word} number {number} is open from {hour} in the morning.\n",
            encoding="utf-8",
        )


def _question(text: str) -> str:
    word, number = text.splitlines()[0].split()[-2:]
    return f"{word} number {number}"


def _base(root: Path, tokens: int = _TOKENS) -> KnowledgeBase:
    return KnowledgeBase(
        root / ".kilde" / "knowledge",
        root=root,
        embedder=HashEmbedder,
        max_tokens=tokens,
        keep=timedelta(days=1),
    )


def _records(root: Path) -> Records:
    return Records(root / ".kilde" / "records.db")


def _registry(root: Path) -> Registry:
    return Registry(root / ".kilde" / "adapters")


def _answer(name: str) -> Answer:
    trace = Trace(
        hits=(), summaries=(), arm="rag", model="quotes", adapter=None, store_version=1,
        search_text="", language="en", messages=(), prompt_hash="", raw_text="",
        usage=Usage(0, 0), timings={}, notes=(),
    )  # fmt: skip
    return Answer(name, _AGENT, "When?", "At 8.", (), (), False, (), trace, _AT)


def _feedback(name: str) -> Feedback:
    return Feedback(name, "a1", _AGENT, "up", "", _AT)


def _card() -> Card:
    return Card(
        agent="", version=0, base="base", base_sha256="0" * 64, method="sft", dataset="rows",
        data_hash="0" * 64, rows=1, documents=(), answers=(), languages=(), examples=True,
        document_tokens=0, settings={}, metrics={}, gate=None, licence="Apache-2.0",
        created_at=_AT, kilde="0", seconds=1.0,
    )  # fmt: skip
