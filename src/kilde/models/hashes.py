"""Which weights a model has: the SHA-256 of its file, by which adapters know their base."""

from __future__ import annotations

import threading
from pathlib import Path

from kilde.models.cache import model_of, path_of, sha256_of, state_of

_known: dict[tuple[Path, tuple[int, ...]], str] = {}
_HASHING = threading.Lock()


def weights_sha256(name: str) -> str:
    """SHA-256 (hex) of the first file of a model, named as in :func:`path_of`.

    The catalogue knows it for its models. Another file is hashed once per process, and again when
    it has changed. Raises what :func:`path_of` raises.
    """
    model = model_of(name)
    if model is not None and model.files[0].sha256:
        return model.files[0].sha256
    path = path_of(name).resolve()
    key = (path, state_of(path))
    with _HASHING:  # one thread hashes, the others wait for it
        if key not in _known:
            _known[key] = sha256_of(path)
        return _known[key]
