"""The turns of a conversation as a model was taught them: data in ``chat_templates.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

_NO_THOUGHTS = "<think>\n\n</think>\n\n"


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """One way to mark turns; the fields are explained in the file."""

    sign: str
    stop: str
    jinja: str
    ollama: str

    def go(self, jinja: str) -> str:
        """The template for Ollama of a model whose own template is ``jinja``."""
        # Kilde asks models to answer without thinking aloud, in training as in serving; their
        # templates then open the answer with empty thoughts.
        thoughts = _NO_THOUGHTS if "enable_thinking" in jinja else ""
        return self.ollama.replace("{thinking}", thoughts)


@cache
def chat_templates() -> dict[str, ChatTemplate]:
    """All known ways, by name."""
    text = resources.files(__package__).joinpath("chat_templates.toml").read_text("utf-8")
    return {name: ChatTemplate(**fields) for name, fields in tomllib.loads(text).items()}


def recognise(jinja: str) -> ChatTemplate | None:
    """The known way that a model's own template follows; ``None`` if it is another."""
    return next((known for known in chat_templates().values() if known.sign in jinja), None)
