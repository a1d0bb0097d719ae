"""Embedders turn text into vectors; which library does the work is one row of a table.

>>> from kilde.embedding import open_embedder
>>> embedder = open_embedder("minilm-l6-int8")              # doctest: +SKIP
>>> embedder.embed_query("When does the library open?").shape     # doctest: +SKIP
(384,)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kilde.errors import ModelError
from kilde.models.cache import model_of, path_of
from kilde.models.catalogue import Model

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from tokenizers import Tokenizer


@runtime_checkable
class Embedder(Protocol):
    """Maps passages and queries into one space, where the dot product is the cosine similarity.

    ``identity`` is ``backend:model:hash``, where ``hash`` is the start of the model file's
    SHA-256: vectors may be compared exactly when their identities are equal. ``languages`` are
    those that the model was trained on, ``None`` for a model of many languages. Texts longer than
    ``max_tokens`` are cut. ``tokenizer`` counts tokens as the model does, and neither cuts nor
    pads.

    Vectors are float32 of length 1. A text has the same vector whatever it is embedded together
    with (within 1e-3), rows come in the order of the texts, duplicates included, and no texts
    give an array of shape ``(0, dimensions)``. An embedder may be used from several threads, and
    ``close`` frees what it holds and may be called twice. Failures are
    :class:`kilde.errors.ModelError`.
    """

    @property
    def identity(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def languages(self) -> frozenset[str] | None: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape ``(len(texts), dimensions)``."""
        ...

    def embed_query(self, text: str) -> npt.NDArray[np.float32]:
        """A vector of shape ``(dimensions,)``."""
        ...

    def close(self) -> None: ...


def _onnx(path: Path, model: Model) -> Embedder:
    from kilde.embedding.onnx import OnnxEmbedder

    return OnnxEmbedder(path, model)


# The suffix of a model's file says which library reads it; the opener imports the library.
BACKENDS: Mapping[str, Callable[[Path, Model], Embedder]] = {".onnx": _onnx}


def open_embedder(name: str) -> Embedder:
    """Load the embedder of that name in the catalogue, from the cache.

    ``name`` may also be the path of a folder that is called as in the catalogue and holds the
    files listed there, fetched by hand: ``"models/multilingual-e5-small"``. Raises
    :class:`NotFound`, :class:`ModelMissing`, or :class:`ModelError`.
    """
    path, model = path_of(name), model_of(name)
    if model is None or model.role != "embedder" or path.suffix not in BACKENDS:
        raise ModelError(
            f"The model {name!r} is not an embedder.",
            hint="Choose an embedder of the list: kilde model list",
        )
    return BACKENDS[path.suffix](path, model)
