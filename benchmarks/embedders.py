"""Embedders for measuring what is not embedding: one that answers at once, one without a
model, one without a vote.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kilde.embedding import Embedder
from kilde.models.cache import model_of, path_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT = "minilm-l6-int8"

Vectors = npt.NDArray[np.float32]


class Instant:
    """Random unit vectors at once, under the name of a real model; no model is loaded.

    With ``questions`` given, questions are embedded by that embedder, whose identity it takes, so
    that a store filled at once can be searched as if it had been filled slowly. ``texts`` keeps
    what it was asked to embed when ``record`` is set.
    """

    def __init__(
        self, name: str = DEFAULT, *, questions: Embedder | None = None, record: bool = False
    ) -> None:
        from tokenizers import Tokenizer

        model = model_of(name)
        assert model is not None
        self._questions = questions
        self._record = record
        self._random = np.random.default_rng(0)
        self.texts: list[str] = []
        self.identity = questions.identity if questions else f"instant:{name}:0"
        self.dimensions = model.dimensions
        self.max_tokens = model.context
        self.languages = model.languages
        self.tokenizer: Tokenizer = Tokenizer.from_file(
            str(path_of(name).with_name("tokenizer.json"))
        )
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Random vectors of shape ``(len(texts), dimensions)``."""
        if self._record:
            self.texts += texts
        vectors = self._random.standard_normal((len(texts), self.dimensions), dtype=np.float32)
        normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalised

    def embed_query(self, text: str) -> Vectors:
        """A vector of shape ``(dimensions,)``."""
        return (
            self._questions.embed_query(text) if self._questions else self.embed_passages([text])[0]
        )

    def close(self) -> None:
        """Nothing is held."""


class HashEmbedder:
    """Words to places of a vector: fast, the same in every process, near for shared words.

    For stores whose handling matters and not what is found in them; no model is needed.
    """

    identity = "hash:words:1"
    dimensions = 32
    max_tokens = 256
    languages: frozenset[str] | None = frozenset({"en"})

    # As text splitters take one as well: it counts the words and signs of a text.
    tokenizer: Any = staticmethod(lambda text: len(re.findall(r"\w+|[^\w\s]", text)))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape ``(len(texts), dimensions)``."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                vectors[row, zlib.crc32(word.encode()) % self.dimensions] += 1.0
        unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        return unit

    def embed_query(self, text: str) -> Vectors:
        """A vector of shape ``(dimensions,)``."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def close(self) -> None:
        """Nothing is held."""


class Mute:
    """An embedder that knows no language: searching with it is searching by words alone."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity = embedder.identity
        self.dimensions = embedder.dimensions
        self.max_tokens = embedder.max_tokens
        self.tokenizer = embedder.tokenizer
        self.languages: frozenset[str] | None = frozenset()
        self._embedder = embedder

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As the embedder does."""
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """As the embedder does."""
        return self._embedder.embed_query(text)

    def close(self) -> None:
        """The embedder stays its owner's."""
