"""What is special about the model in this process: sharing, adapters, limits, and closed doors."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest

from kilde.errors import GenerationError, ModelError
from kilde.generation import GeneratorSettings, open_generator
from kilde.generation.llama_cpp import LlamaCpp
from kilde.generation.llama_server import _servers
from kilde.models.cache import path_of
from kilde.protocols import GenerationRequest, complete
from kilde.types import Message


def ask(text: str = "What is the capital of Denmark?", **more: object) -> GenerationRequest:
    return GenerationRequest((Message("user", text),), text, (), "en", **more)  # type: ignore[arg-type]


def test_a_model_is_loaded_once_and_freed_with_its_last_user(smollm2: str) -> None:
    settings = GeneratorSettings("llama_cpp", smollm2, context=512)
    before = len(_servers)
    first, second = LlamaCpp(settings), LlamaCpp(settings)
    assert len(_servers) == before + 1
    first.close()
    assert complete(second, ask(max_tokens=4))[0]
    second.close()
    gc.collect()
    assert len(_servers) == before
    with pytest.raises(GenerationError, match="closed"):
        complete(second, ask())


def test_the_catalogue_bounds_the_context_and_names_the_languages(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=1_000_000))
    assert generator.context == 8192
    assert generator.languages == frozenset({"en"})
    generator.close()


def test_a_file_by_its_path_may_speak_any_language(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", str(path_of(smollm2)), context=512))
    assert generator.languages is None
    assert complete(generator, ask(max_tokens=4))[0]
    generator.close()


def test_adapters_are_switched_by_the_request(smollm2: str, adapter: Path) -> None:
    generator = LlamaCpp(
        GeneratorSettings("llama_cpp", smollm2, context=512, adapters={"wild": adapter})
    )
    plain = complete(generator, ask(max_tokens=12))[0]
    wild = complete(generator, ask(max_tokens=12, adapter="wild"))[0]
    assert "Denmark" in plain
    assert wild != plain
    assert complete(generator, ask(max_tokens=12))[0] == plain
    with pytest.raises(GenerationError, match="wide"):
        complete(generator, ask(adapter="wide"))
    generator.close()


def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=512))
    prompt = "word " * 2000
    with pytest.raises(GenerationError, match="512") as caught:
        complete(generator, ask(prompt))
    numbers = [int(word) for word in caught.value.message.split() if word.isdigit()]
    assert numbers[0] > 2000 and numbers[1] == 512
    generator.close()


def test_two_long_prompts_fit_side_by_side(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=512))
    with ThreadPoolExecutor(2) as threads:
        prompts = [ask("word " * 400, max_tokens=40), ask("name " * 400, max_tokens=40)]
        usages = [usage for _, usage in threads.map(partial(complete, generator), prompts)]
    assert all(usage.prompt_tokens > 400 for usage in usages)
    generator.close()


def test_stopping_early_stops_the_model(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=2048))
    started = time.perf_counter()
    whole, usage = complete(generator, ask("Write a long story.", max_tokens=300))
    seconds = time.perf_counter() - started
    assert whole and usage.completion_tokens > 100
    for _ in range(4):  # with two places, a third request would wait for those that go on
        next(generator.stream(ask("Write a long story.", max_tokens=300)))
    started = time.perf_counter()
    complete(generator, ask(max_tokens=1))
    assert time.perf_counter() - started < seconds / 2
    generator.close()


def test_a_program_may_end_while_the_model_writes(smollm2: str) -> None:
    program = f"""
from kilde.generation import GeneratorSettings, open_generator
from kilde.protocols import GenerationRequest
from kilde.types import Message
generator = open_generator(GeneratorSettings("llama_cpp", {smollm2!r}, context=1024))
request = GenerationRequest((Message("user", "Tell a story."),), "", (), "en", max_tokens=900)
stream = generator.stream(request)
print(next(stream).text)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.strip()
    assert done.stderr == b""


def test_a_schema_that_is_none_is_a_clear_error(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=512))
    with pytest.raises(GenerationError, match="banana"):
        complete(generator, ask(schema={"type": "banana"}))
    generator.close()


def test_other_programs_cannot_use_its_port(smollm2: str) -> None:
    generator = LlamaCpp(GeneratorSettings("llama_cpp", smollm2, context=512))
    assert generator._server is not None
    address = generator._server._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    with httpx.Client(base_url=address, trust_env=False) as stranger:
        for path in ("/v1/models", "/props", "/slots", "/lora-adapters", "/metrics"):
            assert stranger.get(path).status_code == 401, path
        for path in ("/v1/chat/completions", "/completion", "/tokenize", "/apply-template"):
            assert stranger.post(path, json={"prompt": "hi"}).status_code == 401, path
    generator.close()


def test_what_is_no_model_is_refused_before_it_is_loaded(
    smollm2: str, minilm: str, tmp_path: Path
) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="not a GGUF file"):
        open_generator(GeneratorSettings("llama_cpp", str(fake)))
    fake.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelError, match="damaged"):
        open_generator(GeneratorSettings("llama_cpp", str(fake)))
    with pytest.raises(ModelError, match="absent"):
        open_generator(
            GeneratorSettings("llama_cpp", smollm2, adapters={"a": tmp_path / "absent.gguf"})
        )
    with pytest.raises(ModelError, match="embedder"):
        open_generator(GeneratorSettings("llama_cpp", minilm))
