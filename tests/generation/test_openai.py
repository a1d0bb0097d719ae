"""What is special about an endpoint: its key, and the many ways in which it can fail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kilde.errors import ConfigError, GenerationError, Unreachable
from kilde.generation import GeneratorSettings, open_generator
from kilde.protocols import GenerationRequest, complete
from kilde.types import Message


def ask(**more: object) -> GenerationRequest:
    return GenerationRequest((Message("user", "Hello."),), "Hello.", (), "en", **more)  # type: ignore[arg-type]


def settings(base_url: str, **more: str) -> GeneratorSettings:
    return GeneratorSettings("openai", "small", base_url=base_url, **more)  # type: ignore[arg-type]


class Endpoint(ThreadingHTTPServer):
    """Answers every request with one status and body, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.content_type, self.body = 200, "application/json", "{}"
        self.promised = 0
        self.keys: list[str] = []
        self.bodies: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        endpoint = self.server
        endpoint.keys.append(self.headers["Authorization"])
        endpoint.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(endpoint.status)
        self.send_header("Content-Type", endpoint.content_type)
        self.send_header("Content-Length", str(endpoint.promised or len(endpoint.body)))
        self.end_headers()
        self.wfile.write(endpoint.body.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[Endpoint]:
    server = Endpoint()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


CHUNK = 'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", '
CHUNK += '"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "too long"),
        (401, "key"),
        (403, "key"),
        (404, "'small'"),
        (429, "too long"),
        (500, "500"),
        (503, "503"),
    ],
)
def test_every_refusal_says_what_to_do(fake: Endpoint, status: int, said: str) -> None:
    fake.status, fake.body = status, '{"error": {"message": "too long"}}'
    with pytest.raises(GenerationError, match=said) as caught:
        complete(open_generator(settings(fake.url)), ask())
    assert caught.value.hint
    away = status in (401, 403, 404, 429, 503)  # which any question would have met
    assert isinstance(caught.value, Unreachable) == away


def test_a_server_that_is_not_running_is_named() -> None:
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        complete(open_generator(settings("http://127.0.0.1:9/v1")), ask())
    assert "http://127.0.0.1:9/v1" in caught.value.hint


def test_an_answer_that_breaks_off_is_an_error_and_not_an_answer(fake: Endpoint) -> None:
    fake.content_type, fake.body, fake.promised = "text/event-stream", CHUNK, 10_000
    stream = open_generator(settings(fake.url)).stream(ask())
    assert next(stream).text == "Hi"
    with pytest.raises(GenerationError):
        list(stream)


def test_an_error_in_the_middle_of_an_answer_is_an_error(fake: Endpoint) -> None:
    fake.content_type = "text/event-stream"
    fake.body = CHUNK + 'data: {"error": {"message": "out of memory"}}\n\n'
    with pytest.raises(GenerationError, match="out of memory"):
        complete(open_generator(settings(fake.url)), ask())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", "<html>Welcome</html>"),
        ("application/json", "{}"),
        ("text/event-stream", "data: not json\n\n"),
        ("text/event-stream", ""),
    ],
)
def test_what_is_no_such_endpoint_is_told_apart_from_an_empty_answer(
    fake: Endpoint, content_type: str, body: str
) -> None:
    fake.content_type, fake.body = content_type, body
    with pytest.raises(GenerationError, match="chat completions"):
        complete(open_generator(settings(fake.url)), ask())


def test_the_key_comes_from_the_named_variable(
    fake: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    fake.content_type, fake.body = "text/event-stream", CHUNK + "data: [DONE]\n\n"
    assert complete(open_generator(settings(fake.url, api_key_env="MY_KEY")), ask())[0] == "Hi"
    complete(open_generator(settings(fake.url)), ask())
    assert fake.keys == ["Bearer s3cret", "Bearer none"]


def test_a_missing_key_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    with pytest.raises(ConfigError, match="MY_KEY"):
        open_generator(settings("https://example.org/v1", api_key_env="MY_KEY"))
    with pytest.raises(ConfigError, match="api_key_env"):
        open_generator(settings("https://example.org/v1"))
    with pytest.raises(ConfigError, match="api_key_env"):
        open_generator(settings(""))


def test_the_request_is_as_asked(fake: Endpoint) -> None:
    fake.content_type, fake.body = "text/event-stream", CHUNK + "data: [DONE]\n\n"
    schema = {"type": "object"}
    complete(open_generator(settings(fake.url)), ask(schema=schema, max_tokens=7, seed=3))
    (body,) = fake.bodies
    assert body["messages"] == [{"role": "user", "content": "Hello."}]
    assert (body["max_tokens"], body["seed"], body["temperature"]) == (7, 3, 0.0)
    assert body["response_format"]["json_schema"]["schema"] == schema  # type: ignore[index]


def test_a_proxy_is_not_asked_for_this_computer(
    fake: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    fake.content_type, fake.body = "text/event-stream", CHUNK + "data: [DONE]\n\n"
    assert complete(open_generator(settings(fake.url)), ask())[0] == "Hi"


def test_an_adapter_is_refused(fake: Endpoint) -> None:
    with pytest.raises(GenerationError, match="adapter"):
        complete(open_generator(settings(fake.url)), ask(adapter="mine"))
    assert fake.bodies == []


def test_without_the_extra_the_command_is_shown() -> None:
    program = """
import sys
sys.modules["openai"] = None
from kilde.generation import GeneratorSettings, open_generator
try:
    open_generator(GeneratorSettings("openai", "m", base_url="http://127.0.0.1:9/v1"))
except Exception as error:
    print(type(error).__name__, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == 'MissingExtra Install it: pip install "kilde[openai]"'
