"""An adapter for llama.cpp: the LoRA of a training, as a GGUF file beside the unchanged model.

The format is that of llama.cpp's ``convert_lora_to_gguf.py``: for each matrix of the model a tensor
``….lora_a`` and one ``….lora_b``, which llama.cpp applies as alpha/rank · b·a.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from kilde.errors import MissingExtra
from kilde.tuning.weights.gguf_tensors import write_file
from kilde.tuning.weights.peft_adapter import read_adapter
from kilde.tuning.weights.writing import appearing

try:
    import gguf
    import numpy as np
except ImportError as error:
    raise MissingExtra("tune", "Writing adapters") from error

_TYPES = {"f16": np.float16, "f32": np.float32}


def write_lora(
    peft_folder: Path, base: Path, out: Path, *, precision: Literal["f16", "f32"] = "f16"
) -> None:
    """Write the adapter of a PEFT folder as ``out``, for the GGUF model ``base``.

    ``peft_folder`` holds ``adapter_config.json`` and ``adapter_model.safetensors`` (plain LoRA of
    linear layers). A file that is there is replaced, once the new one is complete. Raises
    :class:`ModelError`, before anything is written, if the adapter cannot be carried over or was
    trained on another model, and if the disk is full.
    """
    adapter = read_adapter(peft_folder, base)
    with appearing(out) as part:
        writer = gguf.GGUFWriter(part, adapter.architecture.name)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.alpha)
        writer.add_name(out.stem)
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, adapter.base.text("general.name") or base.stem)
        tensors = {}
        for name, change in adapter.changes.items():
            tensors[f"{name}.lora_a"] = change.a.astype(_TYPES[precision])
            tensors[f"{name}.lora_b"] = change.b.astype(_TYPES[precision])
        for name, tensor in tensors.items():
            writer.add_tensor_info(name, tensor.shape, tensor.dtype, tensor.nbytes)
        write_file(writer, tensors.values())
