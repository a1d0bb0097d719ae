"""The contract of `Generator`, run over the table of backends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kilde.errors import NotFound
from kilde.generation import BACKENDS, GeneratorSettings, open_generator
from kilde.protocols import GenerationRequest, Generator, complete
from kilde.types import DocumentRef, Hit, Message, Passage

# Quotes are not written, so they cannot be bent into a schema or cut at a token.
WRITERS = {"llama_cpp", "openai"}

TEXT = "The library opens at nine. It closes at five on weekdays."
EVIDENCE = Hit(
    Passage("d:0", "d", 0, "text", TEXT, 0, len(TEXT), language="en"),
    DocumentRef("d", "Library", "library.md", "default", "en", ""),
    score=1.0,
)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def ask(question: str = "When does the library open?", **more: object) -> GenerationRequest:
    prompt = Message("user", f"{TEXT}\n\n{question}")
    return GenerationRequest((prompt,), question, (EVIDENCE,), "en", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def generator(backend: str, smollm2: str, endpoint: str) -> Iterator[Generator]:
    settings = {
        "llama_cpp": GeneratorSettings("llama_cpp", smollm2, context=1024),
        "openai": GeneratorSettings("openai", "small", base_url=endpoint),
        "quotes": GeneratorSettings("quotes", "quotes"),
    }
    opened = open_generator(settings[backend])
    yield opened
    opened.close()
    opened.close()


def test_it_says_what_it_is(generator: Generator, backend: str) -> None:
    assert isinstance(generator, Generator)
    assert generator.name.startswith(backend)
    assert generator.context >= 0
    assert generator.languages is None or all(len(code) == 2 for code in generator.languages)


def test_pieces_make_a_text_and_the_last_one_alone_carries_the_usage(
    generator: Generator, backend: str
) -> None:
    pieces = list(generator.stream(ask(max_tokens=12)))
    assert "".join(piece.text for piece in pieces).strip()
    assert [piece.usage is not None for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    if backend in WRITERS:
        assert len(pieces) > 3  # it streams, rather than handing over the whole at the end
        usage = pieces[-1].usage
        assert usage is not None and usage.prompt_tokens > 10
        assert 0 < usage.completion_tokens <= 12


def test_the_same_request_has_the_same_answer(generator: Generator) -> None:
    assert complete(generator, ask(max_tokens=12))[0] == complete(generator, ask(max_tokens=12))[0]


def test_two_threads_do_not_mix_their_answers(generator: Generator) -> None:
    questions = ["When does the library open?", "When does the library close?"] * 2
    requests = [ask(question, max_tokens=12) for question in questions]
    alone = [complete(generator, request)[0].strip() for request in requests]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda request: complete(generator, request), requests))
    # Batched together, a quantised model may choose a close second word: its first words stay.
    for one, (text, _) in zip(alone, together, strict=True):
        assert text.strip()[:8] == one[:8]


def test_a_caller_may_stop_early(generator: Generator) -> None:
    stream = generator.stream(ask("Tell a long story.", max_tokens=400))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert complete(generator, ask(max_tokens=4))[0]


def test_a_schema_is_obeyed_by_those_who_write(generator: Generator, backend: str) -> None:
    if backend not in WRITERS:
        return
    answer = json.loads(complete(generator, ask("Name a person.", schema=PERSON, max_tokens=80))[0])
    assert set(answer) == {"name", "age"} and isinstance(answer["age"], int)


def test_tokens_are_counted(generator: Generator) -> None:
    assert generator.count_tokens("") == 0
    short, long = generator.count_tokens("one two three"), generator.count_tokens("word " * 100)
    assert 0 < short < long


def test_an_unknown_backend_is_answered_with_the_close_one() -> None:
    with pytest.raises(NotFound, match="llama_cpp"):
        open_generator(GeneratorSettings("llama-cpp", "m"))


def test_the_table_imports_no_library() -> None:
    program = (
        "import sys, kilde.generation\n"
        "print({'xllamacpp', 'openai', 'httpx'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "none", done.stderr
