"""A tuned model in one GGUF file: the base with the adapter worked into its matrices.

All that the base says of itself is kept, its vocabulary above all; a base without a chat template
gets the one of its family, so that other programs mark the turns as the training did. Quantised
matrices are spread out before the adapter is added and stored anew, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from kilde.errors import MissingExtra, ModelError
from kilde.tuning.weights.chat_templates import chat_templates
from kilde.tuning.weights.gguf_tensors import write_file
from kilde.tuning.weights.peft_adapter import Adapter, read_adapter
from kilde.tuning.weights.writing import appearing

try:
    import gguf
    import numpy as np
    import numpy.typing as npt
    from gguf import GGMLQuantizationType as Storage
except ImportError as error:
    raise MissingExtra("tune", "Writing models") from error

Precision = Literal["f16", "q8_0"]

_STORAGE = {"f16": Storage.F16, "q8_0": Storage.Q8_0}
_FILE_TYPE = {"f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
# Written anew: about the file rather than the model, or by the writer itself.
_OWN = (
    gguf.Keys.General.ARCHITECTURE,
    gguf.Keys.General.NAME,
    gguf.Keys.General.FILE_TYPE,
    gguf.Keys.General.QUANTIZATION_VERSION,
    gguf.Keys.General.ALIGNMENT,
)
_BASE_MODEL = "general.base_model."


def merged_gguf(
    base: Path, peft_folder: Path, out: Path, *, precision: Precision = "q8_0", name: str = ""
) -> None:
    """Write the GGUF model ``base`` with the adapter of a PEFT folder in it as ``out``.

    Matrices are stored as F16 or Q8_0 (F16 where their rows are no multiple of 32), vectors as F32.
    ``name`` is the model's new name. A file that is there is replaced, once the new one is
    complete. Needs memory for the largest matrix in F32, some three times over. Raises
    :class:`ModelError` as :func:`kilde.tuning.weights.lora_gguf.write_lora` does, and for a base
    whose quantisation cannot be undone here.
    """
    adapter = read_adapter(peft_folder, base)
    reader = gguf.GGUFReader(base)
    with appearing(out) as part:
        writer = gguf.GGUFWriter(part, adapter.architecture.name)
        _copy_metadata(reader, writer, adapter)
        writer.add_name(name or out.stem)
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, adapter.base.text("general.name") or base.stem)
        writer.add_file_type(_FILE_TYPE[precision])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        stored = [(tensor, _stored_as(tensor, precision)) for tensor in reader.tensors]
        for tensor, storage in stored:
            shape = tuple(int(size) for size in reversed(tensor.shape))
            block, size = gguf.GGML_QUANT_SIZES[storage]
            writer.add_tensor_info(
                tensor.name, shape, np.dtype(np.float32), tensor.n_elements // block * size, storage
            )
        write_file(writer, (_merged(*pair, adapter, base) for pair in stored))


def _stored_as(tensor: Any, precision: Precision) -> Storage:
    if len(tensor.shape) == 1:
        return Storage.F32
    wanted = _STORAGE[precision]
    return wanted if tensor.shape[0] % gguf.GGML_QUANT_SIZES[wanted][0] == 0 else Storage.F16


def _merged(tensor: Any, storage: Storage, adapter: Adapter, base: Path) -> npt.NDArray[np.generic]:
    changed = tensor.name in adapter.changes
    if tensor.tensor_type == storage and not changed:
        untouched: npt.NDArray[np.generic] = tensor.data
        return untouched
    try:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError as error:
        raise ModelError(
            f"{tensor.name} of {base} is stored as {tensor.tensor_type.name}, which Kilde cannot "
            "spread out.",
            hint="Merge into another file of the same model: F16, Q8_0 or one of Q4_0 to Q6_K.",
        ) from error
    if changed:
        values = values + adapter.delta(tensor.name)
    result: npt.NDArray[np.generic] = gguf.quantize(values, storage)
    return result


def _copy_metadata(reader: Any, writer: Any, adapter: Adapter) -> None:
    for key, field in reader.fields.items():
        if key in _OWN or key.startswith((_BASE_MODEL, "GGUF.")):
            continue
        kind, *inner = field.types
        if kind != gguf.GGUFValueType.ARRAY:
            writer.add_key_value(key, field.contents(), kind)
        elif field.data:  # an empty list says no more than none
            writer.add_key_value(key, list(_items(field)), kind, inner[-1])
    if not adapter.base.text(gguf.Keys.Tokenizer.CHAT_TEMPLATE):
        writer.add_chat_template(chat_templates()[adapter.architecture.chat].jinja)


def _items(field: Any) -> Iterator[Any]:
    """The items of a list; words as bytes, for a vocabulary holds parts of letters."""
    if field.types[-1] == gguf.GGUFValueType.STRING:
        return (bytes(field.parts[place]) for place in field.data)
    return (field.parts[place][0].item() for place in field.data)
