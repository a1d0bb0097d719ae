"""The model that is tuned, as torch modules, and what this machine computes with."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def load_base(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """A GGUF model as torch modules with weights of that type, and its tokenizer."""
    # On a CPU the fused attention of torch is slower than its parts, backwards above all: rows of
    # 64 to 900 tokens trained 1.1 to 1.3 times as fast without it (SmolLM2-135M, Gemma-3-270M).
    attention = "sdpa" if torch.cuda.is_available() else "eager"
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation=attention
    )
    # The weights are ordinary numbers now, and may be trained on.
    model.hf_quantizer, model.is_quantized = None, False
    del model.config.quantization_config
    return model.to(dtype), AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def has_bfloat16() -> bool:
    """Whether the GPU, or else the processor, computes in bfloat16 itself."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def environment() -> dict[str, Any]:
    """Versions and machine, for whoever wants to make the adapter again."""
    libraries = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "kilde")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "gpus": torch.cuda.device_count(),
        "bfloat16": has_bfloat16(),
        "libraries": {name: metadata.version(name) for name in libraries},
    }
