"""A LoRA adapter as the training library wrote it, put into the order of a GGUF model.

LoRA (Hu et al. 2021, arXiv:2106.09685): a matrix W of a model becomes W + s·B·A, where A has few
rows and B as few columns. The order of rows is that of llama.cpp's ``convert_hf_to_gguf.py`` and
``convert_lora_to_gguf.py``.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilde.errors import MissingExtra, ModelError
from kilde.generation.gguf_header import Header, read_header
from kilde.tuning.weights.architectures import Architecture, architecture_of

try:
    import gguf
    import numpy as np
    import numpy.typing as npt
    import safetensors
except ImportError as error:
    raise MissingExtra("tune", "Working with adapters") from error

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_KEY = re.compile(
    r"base_model\.model\.(model\.layers\.\d+\."
    r"(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj))\.lora_([AB])\.weight"
)
# Settings of PEFT that make of A and B something else than W + s·B·A with one s for all of them.
_BEYOND_LORA = (
    ("use_dora", "DoRA"),
    ("fan_in_fan_out", "transposed weights"),
    ("rank_pattern", "ranks that differ"),
    ("alpha_pattern", "strengths that differ"),
    ("modules_to_save", "modules trained in full"),
    ("lora_bias", "biases"),
)
_AS_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LowRank:
    """The change of one matrix of shape (outputs, inputs).

    ``a`` has the shape (rank, inputs) and ``b`` (outputs, rank), with its rows in the order of the
    GGUF model.
    """

    a: Matrix
    b: Matrix


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that fits a GGUF model: the matrix called ``n`` grows by alpha/rank · b·a.

    ``changes`` has the names of the model's tensors (``blk.0.attn_q.weight``).
    """

    architecture: Architecture
    base: Header
    alpha: float
    changes: dict[str, LowRank]

    def delta(self, name: str) -> Matrix:
        """What is added to the matrix ``name``, of the matrix's shape."""
        change = self.changes[name]
        product: Matrix = change.b @ change.a
        return product * np.float32(self.alpha / change.a.shape[0])


def read_adapter(folder: Path, base: Path) -> Adapter:
    """The adapter in a PEFT folder, checked against the GGUF model ``base``.

    Raises :class:`ModelError` if the folder holds no LoRA adapter of linear layers, if the model's
    architecture is not supported, or if the adapter was trained on another model.
    """
    architecture = architecture_of(base)
    header = read_header(base)
    config = _config(folder)
    tensors = _tensors(folder)
    blocks = header.number(f"{architecture.name}.block_count")
    names = gguf.get_tensor_name_map(_gguf_arch(architecture), blocks)
    halves: dict[str, dict[str, Matrix]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise ModelError(
                f"The adapter in {folder} changes {key}, which is not a linear layer that Kilde "
                "can carry over.",
                hint="Train with the targets q, k, v, o, gate, up and down projection alone.",
            )
        name = names.get_name(match.group(1))
        if name is None:  # a layer that the model does not have
            raise _other_base(folder, base, f"the model has no {match.group(1)}")
        halves.setdefault(f"{name}.weight", {})[match.group(2)] = tensor
    if not halves:
        raise ModelError(f"The adapter in {folder} is empty.", hint="Train it again.")
    changes = {}
    for name, half in halves.items():
        if half.keys() != {"A", "B"}:
            raise ModelError(f"The adapter in {folder} holds half of {name}.", hint="Train again.")
        shape, changed = header.shapes.get(name, ()), (half["B"].shape[0], half["A"].shape[1])
        if shape != changed:
            raise _other_base(folder, base, f"{name} is {shape} in the model, {changed} in it")
        changes[name] = LowRank(half["A"], _in_gguf_order(half["B"], name, architecture, header))
    rank = float(config["r"])
    alpha = float(config["lora_alpha"])
    # Rank-stabilised LoRA divides by the root of the rank.
    alpha *= rank**0.5 if config.get("use_rslora") else 1.0
    return Adapter(architecture, header, alpha, dict(sorted(changes.items())))


def _in_gguf_order(b: Matrix, name: str, architecture: Architecture, header: Header) -> Matrix:
    part = name.split(".")[-2]
    if not architecture.permuted or part not in ("attn_q", "attn_k"):
        return b
    heads = header.number(f"{architecture.name}.attention.head_count")
    shared = f"{architecture.name}.attention.head_count_kv"
    if part == "attn_k" and shared in header.metadata:
        heads = header.number(shared)
    rows, rank = b.shape
    halves = b.reshape(heads, 2, rows // heads // 2, rank)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, rank))


def _gguf_arch(architecture: Architecture) -> Any:
    return next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture.name)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except OSError as error:
        raise ModelError(
            f"{folder} holds no adapter: {CONFIG} cannot be read ({error.strerror}).",
            hint="Name the folder that the training wrote.",
        ) from error
    except ValueError as error:
        raise _damaged(folder / CONFIG) from error
    if not isinstance(config, dict) or not {"r", "lora_alpha"} <= config.keys():
        raise _damaged(folder / CONFIG)
    beyond = [what for key, what in _BEYOND_LORA if config.get(key)]
    if config.get("peft_type") != "LORA":
        beyond.append(str(config.get("peft_type")))
    if config.get("bias", "none") != "none":
        beyond.append("biases")
    if beyond:
        raise ModelError(
            f"The adapter in {folder} is more than plain LoRA ({', '.join(beyond)}), which "
            "llama.cpp cannot apply.",
            hint="Train plain LoRA on the linear layers.",
        )
    return config


def _tensors(folder: Path) -> dict[str, Matrix]:
    path = folder / WEIGHTS
    try:
        entries = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
        return {key: _floats(entry) for key, entry in entries}
    except OSError as error:
        raise ModelError(
            f"{folder} holds no adapter: {WEIGHTS} cannot be read ({error.strerror}).",
            hint="Name the folder that the training wrote.",
        ) from error
    except (safetensors.SafetensorError, ValueError, KeyError, struct.error) as error:
        raise _damaged(path) from error


def _floats(entry: dict[str, Any]) -> Matrix:
    if entry["dtype"] == "BF16":  # the upper half of a 32-bit number
        wide = np.frombuffer(entry["data"], "<u2").astype("<u4") << 16
        return wide.view("<f4").astype(np.float32).reshape(entry["shape"])
    values = np.frombuffer(entry["data"], _AS_FLOATS[entry["dtype"]])
    return values.astype(np.float32).reshape(entry["shape"])


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path} is damaged.", hint="Train the adapter again, or restore a copy.")


def _other_base(folder: Path, base: Path, difference: str) -> ModelError:
    return ModelError(
        f"The adapter in {folder} was trained on another model than {base}: {difference}.",
        hint="Name the model that the adapter was trained on.",
    )
