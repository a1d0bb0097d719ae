"""A prompt is tokenised for training exactly as it is served."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from kilde.errors import ModelError
from kilde.generation import GeneratorSettings
from kilde.generation.gguf_header import read_header
from kilde.generation.llama_cpp import LlamaCpp
from kilde.generation.llama_server import LlamaServer, _turns
from kilde.models.cache import installed, path_of
from kilde.protocols import GenerationRequest, complete
from kilde.types import Message

MODELS = ("smollm2-135m-instruct-q4", "gemma3-270m-q4")
CONVERSATIONS = [
    (Message("user", "What is the capital of Denmark?"),),
    (
        Message("system", "Du svarer kort, på dansk.  "),
        Message("user", "Hvad er åbningstiden for lægen på Østerbro? 🙂 <b>x</b> <s>"),
        Message("assistant", "Kl. 8.00–16.00."),
        Message("user", "  Og  tandlægen på Ærø?\n\n"),
    ),
]
ANSWER = "Lægen på Østerbro har åbent kl. 8.00–16.00. <|im_end|><end_of_turn>"


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, smollm2: str) -> Iterator[LlamaCpp]:
    # Gemma's terms must be accepted by a person, so tests run with it where somebody did.
    if request.param not in {here.name for here in installed()}:
        pytest.skip(f"{request.param} is not in the cache")
    generator = LlamaCpp(GeneratorSettings("llama_cpp", request.param, context=1024))
    yield generator
    generator.close()


def server(model: LlamaCpp) -> LlamaServer:
    assert model._server is not None
    return model._server


@pytest.mark.parametrize("messages", CONVERSATIONS, ids=["english", "danish"])
def test_as_many_tokens_as_are_served(model: LlamaCpp, messages: tuple[Message, ...]) -> None:
    request = GenerationRequest(messages, "", (), "da", max_tokens=12)
    said, usage = complete(model, request)
    tokens = model.prompt_tokens(messages)
    assert len(tokens) == usage.prompt_tokens
    # And they are the same ones: what follows them is the same.
    body = {"prompt": tokens, "n_predict": 12, "temperature": 0.0, "seed": 0}
    answered = server(model)._http.post("/completion", json=body).json()
    assert answered["tokens_evaluated"] == usage.prompt_tokens
    assert answered["content"] == said


def test_an_answer_is_words_and_one_token_that_ends_the_turn(model: LlamaCpp) -> None:
    messages = CONVERSATIONS[1]
    tokens = model.answer_tokens(messages, f" {ANSWER}\n")
    end = tokens[-1]
    assert end not in tokens[:-1], "marks in an answer are words"
    body = {"tokens": tokens[:-1]}
    assert server(model)._http.post("/detokenize", json=body).json()["content"] == ANSWER
    # Rendered into a conversation, the same tokens stand between the question and what follows.
    plain = ANSWER.partition(" <|")[0]
    whole = model.prompt_tokens([*messages, Message("assistant", plain), messages[1]])
    before, said = model.prompt_tokens(messages), model.answer_tokens(messages, plain)
    assert whole[: len(before) + len(said)] == before + said
    # The model stops there: a model that is made to write it writes nothing else.
    asked = {
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 5,
        "logit_bias": [[end, 1000]],
    }
    choice = server(model)._http.post("/v1/chat/completions", json=asked).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "")


def test_turns_of_gemma_are_gemmas(model: LlamaCpp) -> None:
    prompt = server(model).render(CONVERSATIONS[0])
    gemma = "gemma" in model.name
    assert prompt.startswith("<start_of_turn>user\n" if gemma else "<|im_start|>system\n")
    assert prompt.endswith("<start_of_turn>model\n" if gemma else "<|im_start|>assistant\n")


def test_a_form_is_filled_in_by_a_model_without_a_template(model: LlamaCpp) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["zebra"]}}, "required": ["a"]}
    schema["additionalProperties"] = False
    request = GenerationRequest(CONVERSATIONS[0], "", (), "en", max_tokens=60, schema=schema)
    assert "".join(complete(model, request)[0].split()) == '{"a":"zebra"}'


def test_a_model_without_a_template_gets_chatml(smollm2: str, tmp_path: Path) -> None:
    path = tmp_path / "bare.gguf"
    path.write_bytes(
        path_of(smollm2)
        .read_bytes()
        .replace(b"tokenizer.chat_template", b"tokenizer.chat_tattered")
    )
    assert _turns(path_of(smollm2)) == "" and _turns(path) == "chatml"
    bare = LlamaCpp(GeneratorSettings("llama_cpp", str(path), context=512))
    assert server(bare).render(CONVERSATIONS[0]) == (
        "<|im_start|>user\nWhat is the capital of Denmark?<|im_end|>\n<|im_start|>assistant\n"
    )
    bare.close()


def test_the_header_is_read_without_a_library(smollm2: str, tmp_path: Path) -> None:
    about = read_header(path_of(smollm2)).metadata
    assert about["general.architecture"] == "llama"
    assert about["llama.block_count"] == 30
    assert about["tokenizer.ggml.add_bos_token"] is False
    assert str(about["tokenizer.chat_template"]).startswith("{%")
    path = tmp_path / "gemma.gguf"
    path.write_bytes(_with_key("general.architecture", "gemma3"))
    assert _turns(path) == "gemma"
    whole = path.read_bytes()
    for damaged in (b"GGML" + whole[4:], whole[:-1], whole[:30], whole[:48] + b"\xff" * 9):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="damaged"):
            read_header(path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_header(tmp_path / "absent.gguf")


def _with_key(key: str, text: str) -> bytes:
    return (
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + struct.pack("<Q", len(key))
        + key.encode()
        + struct.pack("<IQ", 8, len(text))
        + text.encode()
    )
