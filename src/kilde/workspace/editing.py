"""Real edits of the files of a workspace's copy, each with the question that it makes a difference
to: four kinds in turn, one document each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from kilde.agents.definition import AgentDefinition
from kilde.documents.tables import render
from kilde.errors import EvaluationError
from kilde.evaluation.edits import KINDS, Change, Corpus, Kind, edited, invented, languages
from kilde.evaluation.facts import Asked
from kilde.knowledge.scoped import ScopedKnowledge
from kilde.knowledge.sources import covers
from kilde.tuning.data.templates import from_passages, template_languages
from kilde.types import Hit

if TYPE_CHECKING:
    from kilde.workspace import Workspace

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".html", ".htm", ".csv", ".json", ".jsonl"})
_SPACE = re.compile(r"\s")


class Editor:
    """Edits the documents of one agent in a copy of its workspace, whose index is up to date.

    Raises :class:`EvaluationError` for an agent whose answers tell no facts of documents.
    """

    def __init__(self, copy: Workspace, key: str, *, seed: int) -> None:
        self._copy = copy
        # Names are drawn, not secrets.
        self._random = Random(seed)  # noqa: S311
        definition = copy.definition(key)
        if definition.output is not None:
            raise EvaluationError(
                f"The agent {key!r} fills in a form, which tells no facts of documents.",
                hint="Drill an agent that answers in sentences.",
            )
        knowledge = copy.agent(key).knowledge.at()
        self._read(knowledge, definition)
        self._fresh: dict[str, Iterator[tuple[str, Change]]] = {}

    def edits(self, count: int) -> tuple[list[Change], list[str]]:
        """At most ``count`` edits, made in the files, and notes on what could not be edited.

        Raises :class:`EvaluationError` where not one can be made.
        """
        made: list[Change] = []
        turns = {kind: self._of(kind) for kind in KINDS}
        while turns and len(made) < count:
            for kind, changes in list(turns.items()):
                if len(made) == count:
                    break
                change = next(changes, None)
                if change is None:
                    del turns[kind]
                    continue
                self._write(change)
                made.append(change)
        if not made:
            raise EvaluationError(
                "No document can be edited: a drill needs text files "
                f"({', '.join(sorted(SUFFIXES))}) in the workspace's folder, in a language of "
                f"{', '.join(sorted(languages()))}, that the agent may use.",
                hint="Put some into the folder and add them: kilde add FOLDER",
            )
        return made, self._notes(made, count)

    def _read(self, knowledge: ScopedKnowledge, definition: AgentDefinition) -> None:
        """Look at all documents once: what they say, and what can be asked of those to edit."""
        texts: list[tuple[str, str]] = []
        asked: dict[str, list[Asked]] = {}
        self._foreign, self._documents = 0, 0
        for key, group in groupby(knowledge.passages(), key=lambda hit: hit.document.id):
            hits = list(group)
            language = hits[0].passage.language
            texts.append(("".join(hit.passage.text for hit in hits), language))
            self._documents += 1
            if self._raw(key) is None:
                self._foreign += 1
            elif language in languages():
                asked[key] = list(_questions(hits, language, definition, self._random))
        self._corpus = Corpus(texts)
        # What several documents could be asked has several answers.
        times = Counter(one.question for some in asked.values() for one in some)
        self._asked = {
            key: [one for one in some if not one.row or times[one.question] == 1]
            for key, some in asked.items()
        }
        self._left = [*asked]
        self._random.shuffle(self._left)
        self._languages = {key: some[0].language for key, some in asked.items() if some}

    def _of(self, kind: Kind) -> Iterator[Change]:
        """The changes of a kind, each of a document that no other one has changed."""
        if kind == "new":
            yield from self._new()
            return
        for key in list(self._left):
            if key not in self._left:
                continue
            if kind == "withdrawn" and self._documents < 2:
                return
            raw = self._raw(key)
            items = self._asked[key]
            self._random.shuffle(items)
            change = raw and edited(items, raw, kind, self._corpus, self._random)
            if change:
                self._left.remove(key)
                self._documents -= kind == "withdrawn"
                yield change

    def _new(self) -> Iterator[Change]:
        """New documents beside others, where a source will find them."""
        homes = list(self._languages.items())
        self._random.shuffle(homes)
        for key, language in homes:
            fresh = self._fresh.setdefault(language, invented(language, self._corpus, self._random))
            for name, change in fresh:
                document = self._place(key, name)
                if document is None:
                    break
                yield replace(change, made=replace(change.made, document=document))

    def _place(self, beside: str, name: str) -> str | None:
        """A name in the folder of a document that a source of the same collection reads."""
        for suffix in dict.fromkeys((".md", Path(beside).suffix)):
            path = Path(beside).with_name(name + suffix).as_posix()
            if suffix in (".md", ".txt") and not (self._copy.path / path).exists():
                reading = [one for one in self._copy.knowledge.sources() if covers(one, path)]
                known = [one for one in self._copy.knowledge.sources() if covers(one, beside)]
                if reading and [one.collection for one in reading] == [
                    one.collection for one in known
                ]:
                    return path
        return None

    def _write(self, change: Change) -> None:
        path = self._copy.path / change.made.document
        if change.text is None:
            path.unlink()
        else:
            path.write_bytes(change.text.encode("utf-8"))

    def _raw(self, key: str) -> str | None:
        """The text of a document's file; ``None`` where it is none that can be edited."""
        path = self._copy.path / key
        if Path(key).is_absolute() or "://" in key or path.suffix.lower() not in SUFFIXES:
            return None
        try:
            return path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _notes(self, made: Sequence[Change], count: int) -> list[str]:
        notes = []
        if len(made) < count:
            notes.append(f"{len(made)} edits instead of {count}: the documents hold no more")
        missing = set(KINDS) - {change.made.kind for change in made}
        if missing and count >= len(KINDS):
            names = ", ".join(kind for kind in KINDS if kind in missing)
            notes.append(f"no document could be edited in this way: {names}")
        if self._foreign:
            notes.append(
                f"{self._foreign} documents were left as they are, for only text files in the "
                "workspace's folder can be edited"
            )
        return notes


def _questions(
    hits: Sequence[Hit], language: str, definition: AgentDefinition, random: Random
) -> Iterator[Asked]:
    """The cells of a document's tables, as templates ask for them, and its passages of prose."""
    if language in template_languages():
        rows = [hit for hit in hits if hit.passage.kind == "row"]
        for one in from_passages(rows, language, max_words=definition.max_words, random=random):
            values = tuple(filter(None, map(render, one.hit.passage.metadata.values())))
            document = one.hit.document
            yield Asked(document.id, document.title, one.answer, language, one.question, values)
    for hit in hits:
        if hit.passage.kind == "text":
            yield Asked(hit.document.id, hit.document.title, hit.passage.text, language)
