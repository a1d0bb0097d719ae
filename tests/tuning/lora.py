"""Adapters for tests: random weights in real files, with cards."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from kilde.generation.gguf_header import read_header
from kilde.models.cache import path_of
from kilde.models.hashes import weights_sha256
from kilde.tuning.adapters.card import Card
from kilde.tuning.adapters.registry import FILES, GGUF_FILE, Registry

MODEL = "smollm2-135m-instruct-q4"


def random_lora(path: Path, base: Path, seed: int = 0, scale: float = 1.0) -> Path:
    """A LoRA of rank 2 for a GGUF model; ``scale`` 1 changes any answer, 0 changes none."""
    about = read_header(base).metadata
    architecture = str(about["general.architecture"])
    blocks, width, inner = (
        int(about[f"{architecture}.{key}"])
        for key in ("block_count", "embedding_length", "feed_forward_length")
    )
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0)
    for block in range(blocks):
        name = f"blk.{block}.ffn_down.weight"
        writer.add_tensor(f"{name}.lora_a", random.normal(size=(2, inner)).astype(np.float32))
        up = scale * random.normal(size=(width, 2))
        writer.add_tensor(f"{name}.lora_b", up.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def card(**more: Any) -> Card:
    """A card for an adapter of the small model."""
    values: dict[str, Any] = {
        "agent": "",
        "version": 0,
        "base": MODEL,
        "base_sha256": weights_sha256(MODEL),
        "method": "sft",
        "dataset": "week-plan",
        "data_hash": "0" * 64,
        "rows": 12,
        "documents": ("walking", "exercise"),
        "answers": ("a1",),
        "languages": (),
        "examples": True,
        "document_tokens": 0,
        "settings": {"rank": 2, "learning_rate": 2e-4, "seed": 0},
        "metrics": {"loss": 1.25},
        "gate": None,
        "licence": "Apache-2.0",
        "created_at": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        "kilde": "0.1.0",
        "seconds": 61.5,
    }
    return Card(**{**values, **more})


def stage(folder: Path, content: bytes | None = None) -> Path:
    """A folder as training leaves it; its GGUF file holds ``content``, or nothing of worth."""
    folder.mkdir(parents=True)
    for file in FILES:
        (folder / file).write_bytes(b"{}")
    if content is not None:
        (folder / GGUF_FILE).write_bytes(content)
    return folder


def add_random(registry: Registry, folder: Path, agent: str, seed: int = 0, **more: Any) -> Card:
    """A random adapter in a registry; ``folder`` is for what is made on the way."""
    staged = stage(folder / f"staged-{seed}")
    (staged / GGUF_FILE).unlink()
    random_lora(staged / GGUF_FILE, path_of(MODEL), seed, more.pop("scale", 1.0))
    return registry.add(agent, staged, card(**more))
