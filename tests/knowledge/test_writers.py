"""Several processes at once: nothing is lost, nothing is doubled, nobody reads half a document."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from kilde.knowledge.base import KnowledgeBase
from kilde.types import Document

from . import killed

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([f"{__package__}.killed_preload"])
ROUNDS = 12


def add_documents(root: Path, writer: int, go: Connection) -> None:
    base = killed.opened(root, 200)
    go.send("ready")
    go.recv()
    for number in range(ROUNDS):
        own = Document.from_text(f"Text {number} of {writer}.", id=f"{writer}-{number}")
        text = "\n\n".join(f"## Part {n}\n\nRound {number} of {writer}." for n in range(5))
        base.add_documents([own, Document.from_text(text, id="shared", language="en")])
    go.send("done")


def add_folder(root: Path, writer: int, go: Connection) -> None:
    base = killed.opened(root, 200)
    go.send("ready")
    go.recv()
    base.add([root / f"docs{writer}", root / "common"])
    go.send("done")


def add_or_remove(root: Path, writer: int, go: Connection) -> None:
    """What six people do at once: add a folder, store, tag, remove, and make all anew."""
    base = killed.opened(root, 200)
    go.send("ready")
    go.recv()
    base.add([root / f"docs{writer}"])
    for number in range(4):
        own = Document.from_text(f"Text {number} of {writer}.", id=f"{writer}-{number}")
        base.add_documents([own, Document.from_text(f"Round {number}.", id="shared")])
    base.tag(f"tag{writer}")
    base.remove(f"{writer}-0")
    if writer == 0:
        base.reindex()
    base.sync()
    go.send("done")


def together(target: object, root: Path, writers: int = 2) -> None:
    """Run a target in processes that begin at the same moment."""
    started = []
    for writer in range(writers):
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=target, args=(root, writer, theirs))  # type: ignore[arg-type]
        process.start()
        assert ours.recv() == "ready"
        started.append((process, ours))
    for _, pipe in started:
        pipe.send("go")
    for process, pipe in started:
        assert pipe.recv() == "done"
        process.join()


def duplicates(base: KnowledgeBase) -> int:
    view = base._store.latest()
    assert view is not None
    keys = [row["id"] for row in view.rows(where=None, columns=["id"])]
    return len(keys) - len(set(keys))


def test_two_writers_of_documents(root: Path) -> None:
    together(add_documents, root)
    base = killed.opened(root, 200)
    names = {f"{writer}-{number}" for writer in range(2) for number in range(ROUNDS)}
    assert {ref.id for ref in base.documents()} == names | {"shared"}
    assert duplicates(base) == 0
    assert base.check() == []
    assert f"Round {ROUNDS - 1} of" in base.document("shared").text


def test_two_writers_of_folders(root: Path) -> None:
    for folder in ("docs0", "docs1", "common"):
        (root / folder).mkdir()
        for number in range(15):
            (root / folder / f"{number}.md").write_text(f"Text {number} of {folder}.")
    together(add_folder, root)
    base = killed.opened(root, 200)
    assert len(base.documents()) == 45
    assert len(base.sources()) == 3
    assert duplicates(base) == 0
    assert base.check() == []
    assert base.sync().failed == ()


def test_six_writers_at_once(root: Path) -> None:
    for writer in range(6):
        (root / f"docs{writer}").mkdir()
        for number in range(3):
            (root / f"docs{writer}" / f"{number}.md").write_text(f"File {number} of {writer}.")
    together(add_or_remove, root, writers=6)
    base = killed.opened(root, 200)
    files = {f"docs{writer}/{number}.md" for writer in range(6) for number in range(3)}
    texts = {f"{writer}-{number}" for writer in range(6) for number in range(1, 4)}
    assert {ref.id for ref in base.documents()} == files | texts | {"shared"}
    assert len(base.sources()) == 6
    assert duplicates(base) == 0
    assert base.check() == []
    assert base.document("shared").text == "Round 3."
    assert sorted(tag for version in base.history() for tag in version.tags) == [
        f"tag{writer}" for writer in range(6)
    ]
    for writer in range(6):
        then = {ref.id for ref in base.documents(as_of=f"tag{writer}")}
        assert {f"{writer}-{number}" for number in range(4)} <= then
    assert base.sync().failed == ()


def test_readers_see_whole_documents_only(root: Path) -> None:
    base = killed.opened(root, 200)

    def text(number: int) -> str:
        return "\n\n".join(f"## Part {n}\n\nRound {number} here." for n in range(6 + number % 3))

    base.add_documents([Document.from_text(text(0), id="d", language="en")])
    base.add_documents([Document.from_text("Round and round.", id="other", language="en")])
    wrong: list[str] = []
    seen: set[str] = set()
    stop = threading.Event()

    def reading() -> None:
        reader = killed.opened(root, 200)
        try:
            while not stop.is_set():
                found = reader.document("d").text
                seen.add(found)
                if found not in {text(n) for n in range(ROUNDS)}:
                    wrong.append(found)
                hits = [h for h in reader.search("round part", limit=50) if h.document.id == "d"]
                rounds = {h.passage.text.split("Round ")[1].split(" ")[0] for h in hits}
                if len(rounds) != 1:
                    wrong.append(f"hits of {rounds}")
        except BaseException as error:
            wrong.append(repr(error))
            raise

    threads = [threading.Thread(target=reading) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, ROUNDS):
        base.add_documents([Document.from_text(text(number), id="d", language="en")])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) > 1


def test_one_knowledge_base_in_several_threads(root: Path) -> None:
    base = killed.opened(root, 200)
    faults: list[BaseException] = []

    def working(writer: int) -> None:
        try:
            for number in range(6):
                name = f"{writer}-{number}"
                base.add_documents([Document.from_text(f"Text {name}.", id=name, language="en")])
                assert base.document(name).text == f"Text {name}."
                assert base.search(f"text {name}")
        except BaseException as error:
            faults.append(error)
            raise

    threads = [threading.Thread(target=working, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(base.documents()) == 24
    assert base.check() == []
