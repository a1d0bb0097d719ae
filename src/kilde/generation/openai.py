"""Answers from any endpoint that speaks OpenAI's chat completions: Ollama, vLLM, llama-server, …

The key comes from an environment variable and from nowhere else, so that it cannot end up in a
file, a trace or a commit. An endpoint on this computer needs none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from kilde.errors import ConfigError, GenerationError, MissingExtra, Unreachable
from kilde.generation import GeneratorSettings
from kilde.protocols import GenerationRequest, Piece
from kilde.types import Usage

try:
    import httpx
    import openai
except ImportError as error:
    raise MissingExtra("openai", "The generation backend 'openai'") from error

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CHARACTERS_PER_TOKEN = 3  # low for English, about right for Danish: estimates err on the safe side
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 120.0  # between two pieces; a model on a CPU may read long before it writes
_RETRIES = 2
# HTTP: no key, wrong key, no such model, too many requests, and servers that are not up.
_AWAY = frozenset({401, 403, 404, 429, 502, 503, 504})


class OpenAICompatible:
    """A model behind an HTTP endpoint; ``languages`` is ``None``, for nobody here can know them."""

    def __init__(self, settings: GeneratorSettings) -> None:
        self._url = settings.base_url or "https://api.openai.com/v1"
        self.name = f"openai:{settings.model}@{urlsplit(self._url).netloc}"
        self.languages: frozenset[str] | None = None
        self.context = settings.context
        self._model = settings.model
        self._adapters = settings.adapters
        self._client = openai.OpenAI(
            base_url=self._url,
            api_key=_key(settings.api_key_env, self._url),
            timeout=openai.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            max_retries=_RETRIES,
            # A proxy has no business between two programs on this computer.
            http_client=openai.DefaultHttpxClient(trust_env=not _is_here(self._url)),
        )

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        """Pieces as the endpoint sends them; closing the iterator closes the connection."""
        if request.adapter is not None:
            raise GenerationError(
                f"{self.name!r} cannot apply the adapter {request.adapter!r}.",
                hint="Serve the tuned model at the endpoint and name it as the agent's model, or "
                "use the backend llama_cpp.",
            )
        usage, answered = Usage(), False
        try:
            with self._client.chat.completions.create(**self._body(request)) as chunks:
                for chunk in chunks:
                    answered = answered or bool(chunk.choices)
                    if chunk.usage:
                        usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                    for choice in chunk.choices:
                        if choice.delta.content:
                            yield Piece(choice.delta.content)
        except openai.OpenAIError as error:
            raise self._translated(error) from error
        # The library lets pass what is not JSON, and takes a web page for an empty answer.
        except ValueError as error:
            raise self._no_endpoint() from error
        if not answered:
            raise self._no_endpoint()
        yield Piece("", usage)

    def count_tokens(self, text: str) -> int:
        """An estimate, since the endpoint's tokenizer is not here."""
        return -(-len(text) // _CHARACTERS_PER_TOKEN)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def _body(self, request: GenerationRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(request.schema), "strict": True},
            }
        return body

    def _no_endpoint(self) -> GenerationError:
        return GenerationError(
            f"What answers at {self._url} does not speak OpenAI's chat completions.",
            hint="Check base_url in kilde.toml; most end with /v1.",
        )

    def _translated(self, error: openai.OpenAIError) -> GenerationError:
        match error:
            case openai.APITimeoutError():
                reason = f"sent nothing for {_SILENCE_SECONDS:.0f} seconds"
                hint = "Try again later, or choose a smaller model or context."
            case openai.APIConnectionError():
                reason = f"cannot be reached ({error.__cause__ or error})"
                hint = f"Check that the server is running and that base_url is right: {self._url}"
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                reason = f"refuses the key (HTTP {error.status_code})"
                hint = "Check the environment variable that api_key_env names in kilde.toml."
            case openai.NotFoundError():
                reason = f"does not know the model {self._model!r}, or has no such path (HTTP 404)"
                hint = "Check model and base_url in kilde.toml; most base_urls end with /v1."
            case openai.RateLimitError():
                reason = f"allows no more requests just now: {_said(error)}"
                hint = "Wait a little, or check the quota of the account."
            case openai.InternalServerError():
                reason = f"failed (HTTP {error.status_code}): {_said(error)}"
                hint = "Look into the server's log, then try again."
            case openai.BadRequestError():
                reason = f"refuses the request: {_said(error)}"
                hint = "Often the prompt is longer than the model's context: use fewer passages."
            case _:
                reason, hint = f"failed: {_said(error)}", "Look into the server's log."
        kind = Unreachable if _is_away(error) else GenerationError
        return kind(f"The endpoint of {self.name!r} {reason}.", hint=hint)


def _is_away(error: openai.OpenAIError) -> bool:
    """Whether any question would have failed, and may succeed later."""
    if isinstance(error, openai.APITimeoutError):
        return isinstance(error.__cause__, httpx.ConnectTimeout)  # else it was slow, but there
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _AWAY
    return isinstance(error, openai.APIConnectionError)


def _key(variable: str, url: str) -> str:
    if variable:
        if key := os.environ.get(variable):
            return key
        raise ConfigError(
            [f"The environment variable {variable}, named by api_key_env, is not set."],
            hint=f"Set it to the key for {url}, then try again.",
        )
    if _is_here(url):
        return "none"
    raise ConfigError(
        [f"The endpoint {url} is not on this computer, and api_key_env is not given."],
        hint='Name the environment variable that holds the key: api_key_env = "MY_API_KEY"',
    )


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def _said(error: openai.OpenAIError) -> str:
    """The server's own words, in one line and of readable length."""
    text = " ".join(str(getattr(error, "message", error)).split())
    return text if len(text) <= 300 else text[:299] + "…"
