"""A tiny model to train, and training that takes one core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.tuning import parts


@pytest.fixture(scope="session")
def tiny(smollm2: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A tiny model as a GGUF file, and the same as a torch module."""
    return parts.tiny_base(tmp_path_factory.mktemp("tiny"), "llama")


@pytest.fixture(scope="module")
def one_core() -> Iterator[None]:
    """Threads have nothing to share in so small a model, here or in processes started from here."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)
