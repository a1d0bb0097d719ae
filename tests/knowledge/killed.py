"""What the kill test runs in processes of its own: one command on a real store, and the look at
what is left of it.

Processes are forked from a server that has imported everything and opened nothing, so that one
starts in milliseconds. The embedder is made of word hashes: what matters here is the store.
"""

from __future__ import annotations

from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.embedders import HashEmbedder

import kilde.knowledge.indexer as indexer
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.passages import recipe

DOCUMENTS = 24
CHANGED, REMOVED, ADDED = range(0, 8), range(8, 12), range(24, 28)
WORDS = ("laboratory", "dentist", "pharmacy", "midwife")


def text_of(number: int, *, edited: bool = False) -> str:
    """The text of a file, old or new; three or four passages."""
    hour = 9 if edited else 8
    word = WORDS[number % len(WORDS)]
    extra = "## More\n\nThis part is only in the new text.\n\n" if edited and number % 2 else ""
    return (
        f"# The {word} {number}\n\nThis is the page of the {word} number {number}.\n\n"
        f"## Hours\n\nThe {word} number {number} is open from {hour} in the morning.\n\n{extra}"
        f"## Place\n\nYou find the {word} number {number} on the second floor.\n"
    )


def write_files(root: Path, *, edited: bool) -> dict[str, str]:
    """Write the files as they are before or after the edit; returns what a base should hold."""
    folder = root / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    state = {}
    for number in range(DOCUMENTS + len(ADDED)):
        path = folder / f"{number:02}.md"
        there = number not in (REMOVED if edited else ADDED)
        if there:
            state[f"docs/{path.name}"] = text_of(number, edited=edited and number in CHANGED)
            path.write_text(state[f"docs/{path.name}"].rstrip("\n") + "\n", encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    return {name: text.strip("\n") for name, text in state.items()}


def opened(root: Path, max_tokens: int) -> KnowledgeBase:
    indexer.BATCH = 10  # many small commits
    return KnowledgeBase(
        root / ".kilde",
        root=root,
        embedder=HashEmbedder,
        max_tokens=max_tokens,
        keep=timedelta(days=1),
    )


def run(command: str, root: Path, ready: Connection) -> None:
    """The command that is killed."""
    base = opened(root, 40 if command == "reindex" else 200)
    ready.send("ready")
    if command == "add":
        base.add([root / "docs"])
    elif command == "sync":
        base.sync()
    else:
        base.reindex()
    ready.send("done")


def look(command: str, root: Path, ready: Connection) -> None:
    """Open what is left, tell what it holds, run the command to its end, tell again."""
    try:
        tokens = 40 if command == "reindex" else 200
        found = _seen_by(opened(root, 40), opened(root, 200))
        base = opened(root, tokens)
        if command == "add":
            base.add([root / "docs"])
        elif command == "sync":
            base.sync()
        else:
            base.reindex()
        finished = _seen_by(base)
        ready.send((found, finished))
    except BaseException as error:
        ready.send(error)
        raise


def _seen_by(*bases: KnowledgeBase) -> dict[str, Any]:
    base = bases[0]
    view = base._store.latest()
    if view is not None and view.made_with is not None:
        base = next(b for b in bases if recipe(b._max_tokens) == view.made_with[1])
    names = [ref.id for ref in base.documents()]
    texts = {name: base.document(name).text for name in names}
    words, meaning = {}, 0
    for name, text in texts.items():
        number = text.split("number ")[1].split(".")[0].split(" ")[0]
        hits = base.search(f"number {number} {text.split()[2]}", limit=5)
        words[name] = any(h.passage.document_id == name and h.lexical for h in hits)
        meaning += sum(hit.dense is not None for hit in hits)
    return {
        "faults": base.check(),
        "texts": texts,
        "found": words,
        "dense": meaning,
        "history": [version.version for version in base.history()],
        "leftovers": [path.name for path in (base._store.folder).glob("*.arrow")],
    }
