"""Other embedders than the one under test, for stores that change hands, and short texts."""

from __future__ import annotations

from typing import Any

from kilde.embedding import Embedder


class Renamed:
    """An embedder under another identity, with the languages and the speed that a test needs."""

    def __init__(self, embedder: Embedder, identity: str, **changed: Any) -> None:
        self._embedder = embedder
        self.identity = identity
        self.asked: list[str] = []
        self.__dict__.update(changed)

    def embed_query(self, text: str) -> Any:
        self.asked.append(text)
        return self._embedder.embed_query(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)


def sections(count: int, *, edited: int | None = None) -> str:
    """A text of ``count`` sections of which each is one passage; one of them may be edited."""
    topics = (
        "laboratory vaccination dentist pharmacy physiotherapy midwife optician ambulance "
        "dermatology cardiology psychology nutrition"
    ).split()
    parts = []
    for number in range(count):
        topic = topics[number % len(topics)]
        hour = 9 if number == edited else 8
        parts.append(
            f"## The {topic} {number}\n\nThe {topic} on floor {number} opens at {hour} in the "
            f"morning. Bring your card when you visit the {topic}.\n\n"
        )
    return "# The health centre\n\nWelcome to the centre.\n\n" + "".join(parts)
