"""What is exported says the same as the base with the adapter, in every format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
import transformers
from tests.tuning import engines, parts
from tests.tuning.go_template import rendered

from kilde.errors import ModelError
from kilde.tuning.weights.architectures import check_positions
from kilde.tuning.weights.chat_templates import chat_templates
from kilde.tuning.weights.export import FORMATS, export
from kilde.tuning.weights.merged_gguf import merged_gguf

CONVERSATION = [
    {"role": "system", "content": "Du svarer kort."},
    {"role": "user", "content": "Hvad koster en årsprøve?"},
    {"role": "assistant", "content": "Den er gratis."},
    {"role": "user", "content": "Og uden henvisning?"},
]


@dataclass(frozen=True)
class Tuned:
    base: Path
    adapter: Path
    model: Any
    before: list[engines.Logprobs]
    after: list[engines.Logprobs]


@pytest.fixture(scope="module", params=parts.ARCHITECTURES)
def tuned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """A tiny base of each architecture with an adapter."""
    return _tuned(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """The tiny base of one architecture, where they are all alike."""
    return _tuned("llama", tmp_path_factory.mktemp("one"))


def _tuned(arch: str, folder: Path) -> Tuned:
    base, model = parts.tiny_base(folder, arch)
    adapter = parts.random_adapter(model, folder / "adapter")
    before, after = engines.torch_logprobs(model), engines.tuned(model, adapter)
    return Tuned(base, adapter, model, before, after)


def distance(some: list[engines.Logprobs], others: list[engines.Logprobs]) -> float:
    return max(float(abs(a - b).max()) for a, b in zip(some, others, strict=True))


@pytest.mark.parametrize(("format", "share"), [("gguf-f16", 0.01), ("gguf-q8_0", 0.15)])
def test_one_file_says_the_same(tuned: Tuned, format: Any, share: float, tmp_path: Path) -> None:
    files = export(tuned.adapter, tuned.base, tmp_path / "out", format=format, name="læser-1")
    assert files == (tmp_path / "out" / "læser-1.gguf",)
    engine = engines.Engine(files[0])
    effect = engines.difference(engine, tuned.before)
    assert effect > 0.3
    assert engines.difference(engine, tuned.after) < share * effect


def test_a_folder_for_transformers_says_the_same(tuned: Tuned, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    files = export(tuned.adapter, tuned.base, folder, format="safetensors", name="x")
    assert {path.name for path in files} == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16 and model.config.architectures
    after = engines.torch_logprobs(model.float().eval())
    assert distance(after, tuned.after) < 0.05 * distance(tuned.before, tuned.after)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    if "gemma" not in tuned.base.name:  # whose vocabulary here is not of Gemma's kind
        assert tokenizer.decode(tokenizer("Hvad koster det?").input_ids) == "Hvad koster det?"
    marks = "<start_of_turn>" if "gemma" in tuned.base.name else "<|im_start|>"
    turns = tokenizer.apply_chat_template(CONVERSATION, tokenize=False)
    assert turns.count(marks) == 3 + ("gemma" not in tuned.base.name)


def test_the_adapter_alone_says_the_same(tuned: Tuned, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    files = export(tuned.adapter, tuned.base, folder, format="peft", name="x")
    assert [path.name for path in files] == ["adapter_config.json", "adapter_model.safetensors"]
    assert distance(engines.tuned(tuned.model, folder), tuned.after) < 1e-6
    config = json.loads(files[0].read_text("utf-8"))
    assert config["base_model_name_or_path"] == tuned.base.stem
    assert str(tmp_path) not in files[0].read_text("utf-8")


def test_a_quantised_base_is_spread_out(llama: Tuned, tmp_path: Path) -> None:
    base = tmp_path / "quantised.gguf"
    merged_gguf(llama.base, llama.adapter, base, precision="q8_0")
    model = parts.in_torch(base)
    adapter = parts.random_adapter(model, tmp_path / "again", rank=8)
    merged_gguf(base, adapter, tmp_path / "out.gguf", precision="f16")
    engine = engines.Engine(tmp_path / "out.gguf")
    assert engines.difference(engine, engines.tuned(model, adapter)) < 0.01
    assert engines.difference(engine, engines.torch_logprobs(model)) > 0.3


def test_the_file_keeps_what_the_base_says_of_itself(llama: Tuned, tmp_path: Path) -> None:
    (path,) = export(llama.adapter, llama.base, tmp_path, format="gguf-q8_0", name="kind")
    before, after = gguf.GGUFReader(llama.base), gguf.GGUFReader(path)
    told = {key: field.contents() for key, field in after.fields.items() if "GGUF" not in key}
    kept = {key: field.contents() for key, field in before.fields.items() if "GGUF" not in key}
    assert told == kept | {
        "general.name": "kind",
        "general.file_type": 7,
        "general.quantization_version": 2,
        "general.base_model.count": 1,
        "general.base_model.0.name": "Tiny llama",
    }
    types = {tensor.name: tensor.tensor_type.name for tensor in after.tensors}
    assert list(types) == [tensor.name for tensor in before.tensors]
    assert types["blk.0.attn_norm.weight"] == "F32"
    assert types["blk.0.attn_q.weight"] == "Q8_0"
    assert types["blk.0.ffn_down.weight"] == "F16"  # rows of 80, and a block has 32
    vectors = {tensor.name: tensor.data for tensor in before.tensors if len(tensor.shape) == 1}
    for tensor in after.tensors:
        if tensor.name in vectors:
            np.testing.assert_array_equal(tensor.data, vectors[tensor.name])


@pytest.mark.parametrize(("arch", "turns"), [("gemma3", "gemma"), ("llama", "chatml")])
def test_turns_are_marked_as_they_are_without_a_template(
    arch: str, turns: str, tmp_path: Path
) -> None:
    base, model = parts.tiny_base(tmp_path, arch, template=False)
    adapter = parts.random_adapter(model, tmp_path / "adapter")
    (path,) = export(adapter, base, tmp_path / "out", format="gguf-f16", name="x")
    expected = engines.Engine(base, turns=turns).render(CONVERSATION)
    assert engines.Engine(path).render(CONVERSATION) == expected
    assert rendered(chat_templates()[turns].go(""), CONVERSATION) == expected


def test_ollama_gets_a_model_and_how_to_use_it(llama: Tuned, tmp_path: Path) -> None:
    files = export(llama.adapter, llama.base, tmp_path, format="ollama", name="kind")
    assert [path.name for path in files] == ["Modelfile", "kind.gguf"]
    assert files[0].read_text("utf-8") == (
        "FROM ./kind.gguf\n"
        'TEMPLATE """{{- range .Messages }}<|im_start|>{{ .Role }}\n'
        "{{ .Content }}<|im_end|>\n"
        "{{ end }}<|im_start|>assistant\n"
        '"""\n'
        'PARAMETER stop "<|im_end|>"\n'
        "PARAMETER temperature 0\n"
    )


def test_models_that_think_aloud_are_kept_from_it(tmp_path: Path) -> None:
    base, model = parts.tiny_base(tmp_path, "qwen3", template="<|im_start|> {{enable_thinking}}")
    adapter = parts.random_adapter(model, tmp_path / "adapter")
    files = export(adapter, base, tmp_path / "out", format="ollama", name="x")
    modelfile = files[0].read_text("utf-8")
    assert '<|im_start|>assistant\n<think>\n\n</think>\n\n"""' in modelfile


def test_turns_that_ollama_cannot_be_told_are_refused(tmp_path: Path) -> None:
    base, model = parts.tiny_base(tmp_path, "llama", template="[INST] {{ messages }} [/INST]")
    adapter = parts.random_adapter(model, tmp_path / "adapter")
    with pytest.raises(ModelError, match="cannot write down for Ollama"):
        export(adapter, base, tmp_path / "out", format="ollama", name="x")
    assert not (tmp_path / "out").exists()


def test_stretched_positions_are_not_lost_in_silence(llama: Tuned, tmp_path: Path) -> None:
    base, _ = parts.tiny_base(tmp_path, "llama", scaling="linear")
    with pytest.raises(ModelError, match="scales its positions"):
        export(llama.adapter, base, tmp_path / "out", format="safetensors", name="x")


def test_positions_are_looked_at_without_the_weights(llama: Tuned, tmp_path: Path) -> None:
    check_positions(llama.base, hint="")
    path = tmp_path / "freqs.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("rope_freqs.weight", np.ones(8, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelError, match=r"scales its positions \(rope_freqs\)") as told:
        check_positions(path, hint="Take another.")
    assert told.value.hint == "Take another."


@pytest.mark.parametrize("format", FORMATS)
def test_another_base_is_refused(llama: Tuned, format: Any, tmp_path: Path) -> None:
    base, _ = parts.tiny_base(tmp_path, "qwen3")
    with pytest.raises(ModelError, match="was trained on another model than"):
        export(llama.adapter, base, tmp_path / "out", format=format, name="x")
    assert [path.name for path in tmp_path.iterdir()] == [base.name]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_there_is_left_alone(llama: Tuned, format: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ModelError, match="exists already"):
            export(llama.adapter, llama.base, target, format=format, name="x")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_nothing_behind(llama: Tuned, format: Any, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with engines.small_disk(20_000), pytest.raises(ModelError, match="the disk is full") as full:
        export(llama.adapter, llama.base, target, format=format, name="x")
    assert full.value.message.startswith(f"{target} cannot be written")
    assert list((tmp_path / "deep").iterdir()) == []


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", 'a"', "x" * 65])
def test_names_that_are_no_file_names_are_refused(llama: Tuned, name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be the name of a model"):
        export(llama.adapter, llama.base, tmp_path / "out", format="peft", name=name)
