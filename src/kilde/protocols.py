"""What can be replaced by a part of one's own: who writes answers, and who is told of progress.

With each protocol stands what it takes and gives. Like the nouns, these are frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from kilde.types import Hit, Message, Usage


@dataclass(frozen=True, slots=True)
class Adapter:
    """A tuned LoRA as it is served: ``path`` is its GGUF file, ``name`` is such as "week-plan@2".

    ``base`` is the SHA-256 (hex) of the model file it was trained on; empty where nobody knows.
    ``languages`` are those it was trained in; ``None`` means any. ``examples`` says whether the
    examples of the agent's file stood in the prompts it was trained on, and ``document_tokens``
    how many tokens documents took there at most; 0 is as without an adapter.
    """

    name: str
    path: Path
    base: str = ""
    languages: frozenset[str] | None = None
    examples: bool = True
    document_tokens: int = 0


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a generator is asked for.

    ``messages`` is the rendered prompt. ``question`` (made to stand alone) and ``evidence`` (the
    same passages as in the prompt, best first) serve generators that quote instead of write.
    ``max_tokens`` bounds the answer; ``max_sentences`` bounds a quoting generator.
    ``schema`` is a JSON schema the answer must satisfy. ``adapter`` names a tuned LoRA.
    """

    messages: tuple[Message, ...]
    question: str
    evidence: tuple[Hit, ...]
    language: str
    max_tokens: int = 256
    max_sentences: int = 2
    schema: Mapping[str, object] | None = None
    adapter: str | None = None
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of generated text; the last one of a stream carries ``usage``."""

    text: str
    usage: Usage | None = None


@runtime_checkable
class Generator(Protocol):
    """Writes an answer for a prompt.

    ``name`` identifies backend and model in traces. ``languages`` are the languages it may be
    shown in unchecked; ``None`` means any. ``context`` is the number of tokens that prompt and
    answer may take together; 0 means that no prompt is read.

    ``stream`` yields pieces in order and ends with exactly one piece that carries ``usage`` (its
    text may be empty). It raises :class:`kilde.errors.GenerationError` for anything that keeps
    it from answering; it never yields an error as text. It may be called from several threads.
    ``count_tokens`` returns the number of tokens of a text (at least 0; an estimate is fine).
    ``close`` frees what it holds and may be called twice.
    """

    @property
    def name(self) -> str: ...
    @property
    def languages(self) -> frozenset[str] | None: ...
    @property
    def context(self) -> int: ...
    def stream(self, request: GenerationRequest) -> Iterator[Piece]: ...
    def count_tokens(self, text: str) -> int: ...
    def close(self) -> None: ...


def complete(generator: Generator, request: GenerationRequest) -> tuple[str, Usage]:
    """The whole answer at once: the pieces of ``generator.stream`` joined, and the usage."""
    parts: list[str] = []
    usage = Usage()
    for piece in generator.stream(request):
        parts.append(piece.text)
        usage = piece.usage or usage
    return "".join(parts), usage


@runtime_checkable
class Progress(Protocol):
    """Told how far a long piece of work has come; the command line draws a bar from it.

    ``start`` opens a step with a label and a total (``None`` when unknown) counted in ``unit``;
    ``advance`` adds to it; ``tell`` shows a few words beside it, until the next ones; ``finish``
    closes it. Steps do not nest.
    """

    def start(self, label: str, total: int | None, unit: str) -> None: ...
    def advance(self, amount: int = 1) -> None: ...
    def tell(self, words: str) -> None: ...
    def finish(self) -> None: ...


class NoProgress:
    """Progress that nobody watches."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Ignore the step."""

    def advance(self, amount: int = 1) -> None:
        """Ignore the advance."""

    def tell(self, words: str) -> None:
        """Ignore the words."""

    def finish(self) -> None:
        """Ignore the end."""


@contextmanager
def step(progress: Progress, label: str, total: int | None, unit: str) -> Iterator[None]:
    """A step of a progress, which is finished however its work ends, also by an error."""
    progress.start(label, total, unit)
    try:
        yield
    finally:
        progress.finish()
