"""A tuned model in the usual files of the training libraries: config, safetensors and tokenizer.

The GGUF base is spread out to F32, the adapter worked in, and the result stored as BF16: the type
these families are published in. F16 holds finer steps, but activations of some of them leave its
range when a server computes in the type of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kilde.errors import MissingExtra
from kilde.tuning.weights.architectures import check_positions
from kilde.tuning.weights.chat_templates import chat_templates, recognise
from kilde.tuning.weights.peft_adapter import read_adapter
from kilde.tuning.weights.writing import Unwritable, appearing

try:
    import peft
    import safetensors
    import torch
    import transformers
except ImportError as error:
    raise MissingExtra("tune", "Writing models") from error


def merge(base: Path, peft_folder: Path, folder: Path) -> None:
    """Write the GGUF model ``base`` with the adapter of a PEFT folder in it as ``folder``.

    The folder holds what vLLM and transformers load: ``config.json``, ``generation_config.json``,
    ``model.safetensors`` and the tokenizer with its chat template (that of the family if the base
    has none). Needs memory for the whole model in F32, four bytes a parameter. Raises
    :class:`ModelError` if the adapter does not fit the base, if the base stretches its positions
    (which would be lost), and if the disk is full.
    """
    adapter = read_adapter(peft_folder, base)
    check_positions(
        base, hint="Export the adapter (peft) or a merged GGUF instead, or take another base."
    )
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(
        base.parent, gguf_file=base.name, dtype=torch.float32, local_files_only=True
    )
    # Its weights are ordinary numbers now, which transformers refuses to believe of a GGUF file.
    model.hf_quantizer, model.is_quantized = None, False
    del model.config.quantization_config
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
        base.parent, gguf_file=base.name, local_files_only=True
    )
    merged = peft.PeftModel.from_pretrained(model, str(peft_folder)).merge_and_unload()
    merged = merged.to(torch.bfloat16)
    if not tokenizer.chat_template:
        tokenizer.chat_template = chat_templates()[adapter.architecture.chat].jinja
    _end_with_turn(merged, tokenizer)
    with appearing(folder) as part:
        try:
            merged.save_pretrained(part)
            tokenizer.save_pretrained(part)
        except safetensors.SafetensorError as error:
            raise Unwritable(folder, error) from error


def _end_with_turn(model: Any, tokenizer: Any) -> None:
    """Let an answer end at the end of its turn, also where a base model knew no turns."""
    ends = [tokenizer.eos_token_id]
    if template := recognise(tokenizer.chat_template):
        stop = tokenizer.convert_tokens_to_ids(template.stop)
        if stop is not None and stop != tokenizer.unk_token_id:
            ends.append(stop)
    model.generation_config.eos_token_id = list(dict.fromkeys(ends))
