"""Embedders in ONNX form, run by onnxruntime on the CPU.

Batches are small and even, which is both faster and cleaner on a laptop: passages of 200 tokens
go one at a time (65 a second on two cores, against 39 in batches of 32, whose activations no
longer fit the processor's cache), questions some sixteen at a time (845 a second, against 470
singly). Measured with the int8 MiniLM; a token budget per batch gives both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from kilde.errors import ModelError
from kilde.models.cache import sha256_of
from kilde.models.catalogue import Model

_TOKENS_PER_BATCH = 256

Vectors = npt.NDArray[np.float32]


class OnnxEmbedder:
    """A transformer encoder whose last hidden state is pooled and normalised.

    ``path`` is the model's file; its ``tokenizer.json`` lies beside it.
    """

    def __init__(self, path: Path, model: Model) -> None:
        # On Windows this call is the only switch; elsewhere the variable set by kilde.telemetry is,
        # and this silences what follows in a program that imported onnxruntime before kilde.
        ort.disable_telemetry_events()
        options = ort.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        # Waiting threads sleep instead of spinning: with other programs at work on the same two
        # cores that embeds twice as fast, and it costs nothing measurable when they are idle.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            self.tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
        # Both libraries raise classes of their own that share no base but Exception.
        except Exception as error:
            raise ModelError(
                f"The embedder {model.name!r} cannot be loaded from {path.parent}: {error}",
                hint="Check that the files belong together, or fetch the model again.",
            ) from error
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self._cutting = Tokenizer.from_str(self.tokenizer.to_str())
        self._cutting.enable_truncation(model.context)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._output = self._session.get_outputs()[0].name
        self._model = model
        self.identity = f"onnx:{model.name}:{(model.files[0].sha256 or sha256_of(path))[:8]}"
        self.dimensions = model.dimensions
        self.max_tokens = model.context
        self.languages = model.languages

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape ``(len(texts), dimensions)``, in the order of the texts."""
        return self._embed([self._model.passage_prefix + text for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """A vector of shape ``(dimensions,)``."""
        vector: Vectors = self._embed([self._model.query_prefix + text])[0]
        return vector

    def close(self) -> None:
        """Nothing to do: the session's memory goes with the object."""

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        tokens = [encoding.ids for encoding in self._cutting.encode_batch_fast(texts)]
        for batch in _batches([len(ids) for ids in tokens]):
            vectors[batch] = self._run([tokens[i] for i in batch])
        return vectors

    def _run(self, batch: list[list[int]]) -> Vectors:
        ids = np.zeros((len(batch), max(map(len, batch))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            (hidden,) = self._session.run(
                [self._output], {name: feed[name] for name in self._inputs}
            )
        except Exception as error:
            raise ModelError(
                f"The embedder {self._model.name!r} failed: {error}",
                hint="Free some memory and try again; if it stays, fetch the model again.",
            ) from error
        if self._model.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            weights = mask[..., None].astype(np.float32)
            pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        normalised: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return normalised


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices grouped by similar length, so that little of a batch is padding."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[index] * (len(batch) + 1) > _TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
