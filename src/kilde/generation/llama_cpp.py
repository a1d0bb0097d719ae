"""Answers from a GGUF model in this process, through llama.cpp.

A model file is loaded once, with all its adapters; each request says which adapter it wants, so
switching from one to another costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kilde.errors import GenerationError, ModelError
from kilde.generation import GeneratorSettings
from kilde.generation.llama_server import TEMPLATE_SETTINGS, LlamaServer, chunks, shared_server
from kilde.models.cache import model_of, path_of
from kilde.protocols import GenerationRequest, Piece
from kilde.types import Message, Usage


class LlamaCpp:
    """A GGUF model and its LoRA adapters."""

    def __init__(self, settings: GeneratorSettings) -> None:
        model = model_of(settings.model)
        if model is not None and model.role != "generator":
            raise ModelError(
                f"The model {settings.model!r} does not write answers: it is an {model.role}.",
                hint="Choose a generator of the list: kilde model list",
            )
        self.model = settings.model
        self.name = f"llama_cpp:{settings.model}"
        self.languages = model.languages if model else None
        self.context = min(settings.context, model.context) if model else settings.context
        self._adapters = tuple(settings.adapters)
        self._server: LlamaServer | None = shared_server(
            path_of(settings.model).resolve(),
            tuple(path.expanduser().resolve() for path in settings.adapters.values()),
            self.context,
            settings.threads,
        )

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        """Pieces as the model writes them; when the caller stops early, so does the model."""
        server = self._open_server()
        body: dict[str, object] = {
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
            "lora": self._lora(request.adapter),
            "chat_template_kwargs": TEMPLATE_SETTINGS,
        }
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(request.schema)},
            }
        usage = Usage()
        for chunk in chunks(server, body):
            if "error" in chunk:
                raise self._failed(chunk["error"])
            if chunk.get("usage"):
                usage = Usage(chunk["usage"]["prompt_tokens"], chunk["usage"]["completion_tokens"])
            for choice in chunk["choices"]:
                if text := choice["delta"].get("content"):
                    yield Piece(text)
        yield Piece("", usage)

    def count_tokens(self, text: str) -> int:
        """The number of tokens of ``text`` for this model."""
        return self._open_server().count_tokens(text)

    @property
    def end_of_turn(self) -> int:
        """The token with which the model ends its turn."""
        return self._open_server().end_of_turn

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        """The tokens that the model reads for a request with these messages, exactly."""
        server = self._open_server()
        return server.tokens(server.render(messages), special=True)

    def answer_tokens(self, messages: Sequence[Message], answer: str) -> list[int]:  # noqa: ARG002
        """The tokens of the turn that follows: the answer, and the token that ends a turn.

        They continue :meth:`prompt_tokens` of the messages as the model would write them itself.
        White space at the ends is left out, as chat templates do.
        """
        server = self._open_server()
        return [*server.tokens(answer.strip(), special=False), server.end_of_turn]

    def close(self) -> None:
        """Let go of the model; its memory is freed when nobody else uses it."""
        self._server = None

    def _open_server(self) -> LlamaServer:
        if self._server is None:
            raise GenerationError(
                f"The generator {self.name!r} has been closed.",
                hint="Open the workspace again before asking.",
            )
        return self._server

    def _lora(self, adapter: str | None) -> list[dict[str, float]]:
        if adapter is not None and adapter not in self._adapters:
            loaded = ", ".join(self._adapters) or "none"
            raise GenerationError(
                f"{self.name!r} was loaded without the adapter {adapter!r}.",
                hint=f"Loaded adapters: {loaded}. Open the generator again to load others.",
            )
        return [
            {"id": index, "scale": 1.0 if name == adapter else 0.0}
            for index, name in enumerate(self._adapters)
        ]

    def _failed(self, error: dict[str, Any]) -> GenerationError:
        if error.get("type") == "exceed_context_size_error":
            return GenerationError(
                f"The prompt has {error['n_prompt_tokens']} tokens, but {self.name!r} reads "
                f"{error['n_ctx']} at most.",
                hint="Put fewer or shorter passages into the prompt, or raise the context in "
                "kilde.toml.",
            )
        return GenerationError(
            f"{self.name!r} could not answer: {error.get('message', error)}",
            hint="If the request has a schema, check that it is a valid JSON schema.",
        )
