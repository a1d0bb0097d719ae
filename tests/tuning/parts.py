"""Tiny models of the real architectures, and random adapters for them.

A tiny model is written twice from the same random numbers: as a torch module, and as a GGUF file
with the first part of SmolLM2's vocabulary, which llama.cpp loads like any other model.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import peft
import torch
import transformers

from kilde.models.cache import path_of

WORDS = 1024
_COMMON = {
    "vocab_size": WORDS,
    "hidden_size": 64,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
# The sizes of heads are those that transformers takes for granted when it reads a GGUF file. Gemma
# has six layers here, for each sixth one attends to all positions.
_CONFIGS: dict[str, Any] = {
    "llama": lambda: transformers.LlamaConfig(**_COMMON, head_dim=16, tie_word_embeddings=False),
    "qwen2": lambda: transformers.Qwen2Config(**_COMMON, tie_word_embeddings=True),
    "qwen3": lambda: transformers.Qwen3Config(**_COMMON, head_dim=128, tie_word_embeddings=True),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **_COMMON | {"num_hidden_layers": 6, "num_key_value_heads": 1},
        head_dim=256,
        sliding_window=8,
        tie_word_embeddings=True,
    ),
}
ARCHITECTURES = tuple(_CONFIGS)


def tiny_base(
    folder: Path, arch: str, *, template: str | bool = True, scaling: str = ""
) -> tuple[Path, Any]:
    """A model with random weights as a GGUF file in F32, and the same as a torch module.

    ``template`` is a chat template, or whether SmolLM2's is in the file (in Gemma's it never is, as
    in the real one). ``scaling`` only claims that positions are scaled.
    """
    torch.manual_seed(0)
    config = _CONFIGS[arch]()
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim > 1:  # so strong that every layer has a say in the result
                weights.normal_(std=1 / weights.shape[1] ** 0.5)
                weights.mul_(2 if "q_proj" in name or "k_proj" in name else 1)
            else:
                weights.normal_(mean=0 if "bias" in name else 0.5, std=0.3)
    path = folder / f"tiny-{arch}.gguf"
    template = template and arch != "gemma3" if isinstance(template, bool) else template
    _write_gguf(model, arch, path, template, scaling)
    return path, model


@cache
def in_torch(base: Path) -> Any:
    """A GGUF model as torch modules in F32."""
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(
        base.parent, gguf_file=base.name, dtype=torch.float32
    )
    return model.eval()


def random_adapter(model: Any, folder: Path, rank: int = 4, **options: Any) -> Path:
    """A LoRA of all linear layers with random numbers, written by PEFT into ``folder``."""
    torch.manual_seed(1)
    options = {"lora_alpha": 2 * rank, "target_modules": "all-linear"} | options
    tuned = peft.get_peft_model(model, peft.LoraConfig(r=rank, **options))
    with torch.no_grad():
        for name, weights in tuned.named_parameters():
            if "lora_" in name:
                weights.normal_(std=(0.125 if "lora_B" in name else 0.25) / rank**0.5)
    tuned.save_pretrained(str(folder))
    tuned.unload()
    return folder


def _write_gguf(model: Any, arch: str, path: Path, template: str | bool, scaling: str) -> None:
    config = model.config
    writer = gguf.GGUFWriter(path, arch)
    writer.add_type("model")
    writer.add_name(f"Tiny {arch}")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(WORDS)
    ropes = config.rope_parameters
    writer.add_rope_freq_base(ropes.get("full_attention", ropes)["rope_theta"])
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if arch == "llama":
        writer.add_rope_dimension_count(head)
    else:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if scaling:
        writer.add_string(f"{arch}.rope.scaling.type", scaling)
    if arch == "gemma3":
        writer.add_sliding_window(config.sliding_window)
    for key, (value, kind, item) in _vocabulary().items():
        if key == gguf.Keys.Tokenizer.CHAT_TEMPLATE:
            if not template:
                continue
            value = template if isinstance(template, str) else value
        if key == gguf.Keys.Tokenizer.ADD_BOS:
            value = arch == "gemma3"
        writer.add_key_value(key, value, kind, item)
    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(kinds[arch], config.num_hidden_layers)
    for key, weights in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = weights.float().numpy()
        if arch == "llama" and ("q_proj" in key or "k_proj" in key):
            heads = values.shape[0] // head
            values = values.reshape(heads, 2, head // 2, -1).swapaxes(1, 2).reshape(values.shape)
        if arch == "gemma3" and "norm" in key:
            values = values + 1
        module, _, suffix = key.rpartition(".")
        writer.add_tensor(f"{names.get_name(module)}.{suffix}", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@cache
def _vocabulary() -> dict[str, tuple[Any, Any, Any]]:
    """SmolLM2's vocabulary, of which the first words are kept; they need only the first merges."""
    fields = gguf.GGUFReader(path_of("smollm2-135m-instruct-q4")).fields
    kept: dict[str, tuple[Any, Any, Any]] = {}
    words = set(fields["tokenizer.ggml.tokens"].contents(slice(WORDS)))
    for key, field in fields.items():
        if not key.startswith("tokenizer."):
            continue
        value, item = field.contents(), None
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            item = field.types[-1]
            value = value[:WORDS]
            if key.endswith("merges"):
                value = [pair for pair in value if pair.replace(" ", "", 1) in words]
        kept[key] = (value, field.types[0], item)
    return kept
