"""Ollama's templates without Ollama: the few words of Go's that Kilde writes, by way of Jinja."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import jinja2

_WORDS = {
    r"range \.Messages": "for m in messages",
    r'if eq \.Role ("\w+")': r"if m.role == \1",
    r'else if eq \.Role ("\w+")': r"elif m.role == \1",
    r"if \$system": "if ns.system",
    r"\$system :?= (.*)": r"set ns.system = \1",
}
_OUTPUTS = {".Role": "m.role", ".Content": "m.content", "$system": "ns.system"}


def rendered(template: str, messages: Sequence[Mapping[str, str]]) -> str:
    """What Go makes of a template, by way of Jinja: the few words of it that are in use here."""
    opened: list[str] = []

    def translated(match: re.Match[str]) -> str:
        dash, action = match.group(1), match.group(2)
        if action in _OUTPUTS:
            return f"{{{{{dash} {_OUTPUTS[action]} }}}}"
        if action == "end":
            return f"{{%{dash} end{opened.pop()} %}}"
        for go, jinja in _WORDS.items():
            if found := re.fullmatch(go, action):
                statement = found.expand(jinja).replace(".System", "system")
                if statement.split()[0] in ("for", "if"):
                    opened.append(statement.split()[0])
                return f"{{%{dash} {statement} %}}"
        raise AssertionError(f"unknown to this test: {action}")

    source = re.sub(r"\{\{(-?)\s*(.*?)\s*\}\}", translated, template)
    jinja = jinja2.Environment(keep_trailing_newline=True)
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    made = jinja.from_string("{% set ns = namespace() %}" + source)
    return made.render(messages=messages, system=system)
