"""A real OpenAI-compatible server on loopback, and a real LoRA adapter in a file."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from kilde.models.cache import path_of

_PROGRAM = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.verbosity = sys.argv[1], 4096, 2, -1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def endpoint(smollm2: str) -> Iterator[str]:
    """The base URL of a server with the small model: ``http://127.0.0.1:…/v1``."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path_of(smollm2))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin and server.stdout
        yield f"{server.stdout.readline().strip()}/v1"
        server.stdin.close()


_ALIGNMENT = 32
_STRING, _FLOAT = 8, 6


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter of the small model: random values, strong enough to change any answer."""
    layers, width, inner = 30, 576, 1536
    random = np.random.default_rng(0)
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for layer in range(layers):
        name = f"blk.{layer}.ffn_down.weight"
        tensors[f"{name}.lora_a"] = random.normal(size=(2, inner)).astype(np.float32)
        tensors[f"{name}.lora_b"] = random.normal(size=(width, 2)).astype(np.float32)
    keys = [
        _string("general.type") + struct.pack("<I", _STRING) + _string("adapter"),
        _string("general.architecture") + struct.pack("<I", _STRING) + _string("llama"),
        _string("adapter.type") + struct.pack("<I", _STRING) + _string("lora"),
        _string("adapter.lora.alpha") + struct.pack("<If", _FLOAT, 2.0),
    ]
    infos, data = b"", b""
    for name, tensor in tensors.items():
        infos += _string(name) + struct.pack("<I", tensor.ndim)
        infos += struct.pack(f"<{tensor.ndim}Q", *reversed(tensor.shape))
        infos += struct.pack("<IQ", 0, len(data))
        data += _padded(tensor.tobytes())
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + infos
    path = tmp_path_factory.mktemp("adapter") / "wild.gguf"
    path.write_bytes(_padded(head) + data)
    return path


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % _ALIGNMENT)
