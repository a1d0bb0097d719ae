"""Generators write answers; which library does the work is one row of a table.

The contract is :class:`kilde.protocols.Generator`. A backend of your own is one file beside these,
one function and one row below; the conformance test runs over the table.

>>> open_generator(GeneratorSettings(backend="llamacpp", model="my.gguf"))
Traceback (most recent call last):
...
kilde.errors.NotFound: No generation backend named 'llamacpp'.
Did you mean 'llama_cpp'?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kilde.errors import NotFound
from kilde.protocols import Generator


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """Which generator to open, and how.

    ``model`` is a name of the catalogue or the path of a ``.gguf`` file (``llama_cpp``), the name
    that the endpoint at ``base_url`` gives it (``openai``), or anything (``quotes``).
    ``api_key_env`` names the environment variable that holds the key; keys are never settings.
    ``context`` is the number of tokens for prompt and answer together. ``threads`` = 0 leaves
    the number to the backend. ``adapters`` are the LoRA adapters that requests may name: GGUF
    files.
    """

    backend: str
    model: str
    base_url: str = ""
    api_key_env: str = ""
    context: int = 4096
    threads: int = 0
    adapters: Mapping[str, Path] = field(default_factory=dict)


def _llama_cpp(settings: GeneratorSettings) -> Generator:
    from kilde.generation.llama_cpp import LlamaCpp

    return LlamaCpp(settings)


def _openai(settings: GeneratorSettings) -> Generator:
    from kilde.generation.openai import OpenAICompatible

    return OpenAICompatible(settings)


def _quotes(settings: GeneratorSettings) -> Generator:  # noqa: ARG001  (it has none)
    from kilde.generation.quotes import Quotes

    return Quotes()


# Each opener imports its library when it is called, and not before.
BACKENDS: Mapping[str, Callable[[GeneratorSettings], Generator]] = {
    "llama_cpp": _llama_cpp,
    "openai": _openai,
    "quotes": _quotes,
}


def open_generator(settings: GeneratorSettings) -> Generator:
    """Load the generator that the settings ask for.

    Raises :class:`NotFound` (no such backend or model), :class:`ModelMissing`,
    :class:`ModelError` (it cannot be loaded), :class:`ConfigError` (no key) or
    :class:`MissingExtra`.
    """
    if settings.backend not in BACKENDS:
        raise NotFound("generation backend", settings.backend, BACKENDS)
    return BACKENDS[settings.backend](settings)
