"""An adapter changes llama.cpp's answers by exactly as much as those of the training library."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.tuning import engines, parts

from kilde.errors import ModelError
from kilde.models.cache import path_of
from kilde.tuning.weights import architectures
from kilde.tuning.weights.architectures import architecture_of
from kilde.tuning.weights.lora_gguf import write_lora
from kilde.tuning.weights.peft_adapter import read_adapter

# llama.cpp looks Gemma's activation function up in a table of half precision.
EXACT = {"llama": 1e-4, "qwen2": 1e-4, "qwen3": 1e-4, "gemma3": 0.02}
HALF = {"llama": 0.005, "qwen2": 0.005, "qwen3": 0.005, "gemma3": 0.05}


@pytest.mark.parametrize("arch", parts.ARCHITECTURES)
def test_the_same_numbers_as_in_training(
    arch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, model = parts.tiny_base(tmp_path, arch)
    adapter = parts.random_adapter(model, tmp_path / "adapter")
    exact, half, disordered = (tmp_path / f"{name}.gguf" for name in ("exact", "half", "disorder"))
    write_lora(adapter, base, exact, precision="f32")
    write_lora(adapter, base, half)
    known = architectures.ARCHITECTURES[arch]
    other_order = replace(known, permuted=not known.permuted)
    monkeypatch.setitem(architectures.ARCHITECTURES, arch, other_order)
    write_lora(adapter, base, disordered, precision="f32")

    engine = engines.Engine(base, exact, half, disordered)
    tuned = engines.tuned(model, adapter)
    assert engines.difference(engine, engines.torch_logprobs(model)) < EXACT[arch]
    assert engines.difference(engine, tuned, 0) < EXACT[arch]
    assert engines.difference(engine, tuned, 1) < HALF[arch]
    # So small differences mean something: these would be seen.
    assert engines.difference(engine, tuned, None) > 0.3
    assert engines.difference(engine, tuned, 2) > 0.05


def test_the_same_numbers_with_a_real_model(
    smollm2: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = path_of(smollm2)
    model = parts.in_torch(base)
    adapter = parts.random_adapter(model, tmp_path / "adapter", rank=8)
    write_lora(adapter, base, tmp_path / "adapter.gguf")
    unordered = replace(architectures.ARCHITECTURES["llama"], permuted=False)
    monkeypatch.setitem(architectures.ARCHITECTURES, "llama", unordered)
    write_lora(adapter, base, tmp_path / "disorder.gguf")
    engine = engines.Engine(base, tmp_path / "adapter.gguf", tmp_path / "disorder.gguf")
    prompts = (
        (504, 3575, 282, 15644, 314, 27101, 28, 284, 260),
        (788, 216, 33, 41, 41, 40, 260, 5625, 6572, 253, 725, 18729, 327, 2200, 617, 761),
    )
    plain = engines.difference(engine, engines.torch_logprobs(model, prompts), None, prompts)
    tuned = engines.tuned(model, adapter, prompts)
    # llama.cpp rounds what flows between layers to eight bits where the base is quantised.
    assert plain < 0.5
    assert engines.difference(engine, tuned, 0, prompts) < 0.5
    assert engines.difference(engine, tuned, None, prompts) > 2
    assert engines.difference(engine, tuned, 1, prompts) > 1, "rows in another order are seen"


def test_rank_stabilised_adapters_keep_their_strength(tmp_path: Path) -> None:
    base, model = parts.tiny_base(tmp_path, "qwen2")
    adapter = parts.random_adapter(model, tmp_path / "adapter", use_rslora=True)
    write_lora(adapter, base, tmp_path / "out.gguf", precision="f32")
    engine = engines.Engine(base, tmp_path / "out.gguf")
    assert engines.difference(engine, engines.tuned(model, adapter), 0) < EXACT["qwen2"]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny base and an adapter of it."""
    folder = tmp_path_factory.mktemp("llama")
    base, model = parts.tiny_base(folder, "llama")
    return base, parts.random_adapter(model, folder / "adapter")


def test_what_the_file_says_of_itself(llama: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = llama
    write_lora(adapter, base, tmp_path / "kind.gguf")
    reader = gguf.GGUFReader(tmp_path / "kind.gguf")
    said = {key: field.contents() for key, field in reader.fields.items() if "GGUF" not in key}
    assert said == {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": 8.0,
        "general.name": "kind",
        "general.base_model.count": 1,
        "general.base_model.0.name": "Tiny llama",
    }
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert len(tensors) == 2 * 7 * 2
    assert tensors["blk.1.attn_k.weight.lora_a"].data.shape == (4, 64)
    assert tensors["blk.1.attn_k.weight.lora_b"].data.shape == (32, 4)
    assert {tensor.tensor_type.name for tensor in reader.tensors} == {"F16"}
    assert [path.name for path in tmp_path.iterdir()] == ["kind.gguf"]


def test_an_adapter_in_bfloat16_is_read(llama: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = llama
    weights = load_file(adapter / "adapter_model.safetensors")
    short = {key: tensor.to(torch.bfloat16) for key, tensor in weights.items()}
    shutil.copy(adapter / "adapter_config.json", tmp_path)
    save_file(short, tmp_path / "adapter_model.safetensors")
    change = read_adapter(tmp_path, base).changes["blk.0.ffn_up.weight"]
    key = "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"
    np.testing.assert_array_equal(change.b, short[key].float().numpy())


@pytest.mark.parametrize("other", ["qwen3", "gemma3"])
def test_an_adapter_of_another_model_is_refused(
    llama: tuple[Path, Path], other: str, tmp_path: Path
) -> None:
    _, model = parts.tiny_base(tmp_path, other)
    adapter = parts.random_adapter(model, tmp_path / "adapter")
    with pytest.raises(ModelError, match="was trained on another model than"):
        write_lora(adapter, llama[0], tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


def test_other_architectures_are_refused(llama: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "phi.gguf"
    writer = gguf.GGUFWriter(path, "phi3")
    writer.add_tensor("output_norm.weight", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelError, match="phi3") as refused:
        write_lora(llama[1], path, tmp_path / "out.gguf")
    assert "llama, qwen2, qwen3, gemma3" in refused.value.hint


def test_the_architecture_is_read_from_the_header(
    llama: tuple[Path, Path], smollm2: str, tmp_path: Path
) -> None:
    assert architecture_of(path_of(smollm2)).name == "llama"
    write_lora(llama[1], llama[0], tmp_path / "adapter.gguf")
    with pytest.raises(ModelError, match="is an adapter, not a model"):
        architecture_of(tmp_path / "adapter.gguf")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK" + bytes(100), "cut short"])
def test_what_is_no_model_is_refused(
    llama: tuple[Path, Path], content: bytes | str, tmp_path: Path
) -> None:
    path = tmp_path / "base.gguf"
    path.write_bytes(content if isinstance(content, bytes) else llama[0].read_bytes()[:5000])
    with pytest.raises(ModelError, match="not a GGUF file, or it is damaged"):
        architecture_of(path)


def test_files_that_are_missing_are_named(llama: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read"):
        architecture_of(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match=r"adapter_config\.json cannot be read"):
        read_adapter(tmp_path, llama[0])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"bias": "all"}, "biases"),
        ({"alpha_pattern": {"q_proj": 3}}, "strengths that differ"),
        ({"modules_to_save": ["lm_head"]}, "modules trained in full"),
        ({"peft_type": "IA3"}, "IA3"),
    ],
)
def test_more_than_plain_lora_is_refused(
    llama: tuple[Path, Path], setting: dict[str, Any], words: str, tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(llama[1], adapter)
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    (adapter / "adapter_config.json").write_text(json.dumps(config | setting), "utf-8")
    with pytest.raises(ModelError, match=words):
        write_lora(adapter, llama[0], tmp_path / "out.gguf")


def test_other_layers_than_linear_ones_are_refused(tmp_path: Path) -> None:
    base, model = parts.tiny_base(tmp_path, "llama")
    adapter = parts.random_adapter(model, tmp_path / "adapter", target_modules=["lm_head"])
    with pytest.raises(ModelError, match=r"lm_head.* is not a linear layer that Kilde can carry"):
        write_lora(adapter, base, tmp_path / "out.gguf")


def test_damaged_adapters_are_refused(llama: tuple[Path, Path], tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(llama[1], adapter)
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelError, match="is damaged"):
        write_lora(adapter, llama[0], tmp_path / "out.gguf")


def test_a_full_disk_leaves_the_file_that_was_there(
    llama: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.gguf"
    out.write_bytes(b"the adapter of yesterday")
    with engines.small_disk(8_000), pytest.raises(ModelError, match="the disk is full") as full:
        write_lora(llama[1], llama[0], out)
    assert "Make room" in full.value.hint
    assert out.read_bytes() == b"the adapter of yesterday"
    assert list(tmp_path.iterdir()) == [out]
