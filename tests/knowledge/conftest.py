"""The real store with the real small embedder, in a folder of its own for every test."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kilde.embedding import Embedder, open_embedder
from kilde.knowledge.base import KnowledgeBase

Open = Callable[..., KnowledgeBase]


@pytest.fixture(scope="session")
def embedder(minilm: str) -> Embedder:
    return open_embedder(minilm)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "docs").mkdir(parents=True)
    return folder


@pytest.fixture
def open_base(root: Path, embedder: Embedder) -> Open:
    """Opens the knowledge base of the test's folder, as a new process would."""

    def opened(
        embedder: Embedder = embedder, max_tokens: int = 200, keep: timedelta = timedelta(days=30)
    ) -> KnowledgeBase:
        return KnowledgeBase(
            root / ".kilde", root=root, embedder=lambda: embedder, max_tokens=max_tokens, keep=keep
        )

    return opened


@pytest.fixture
def base(open_base: Open) -> KnowledgeBase:
    return open_base()


@pytest.fixture
def write(root: Path) -> Callable[[str, str], Path]:
    """Writes a file of the workspace that looks as if it had been written a while ago."""
    clock = iter(range(1, 1_000_000))

    def written(name: str, text: str) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        moment = 1_700_000_000 + next(clock)
        os.utime(path, (moment, moment))
        return path

    return written
