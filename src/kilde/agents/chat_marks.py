"""Text made inert: without the marks by which a chat model tells turns, thoughts and tools apart.

A mark is recognised as a reader would: full-width brackets are brackets, and invisible characters
inside it count for nothing. Everything else stays as it is, to the character. A blank takes the
place of a mark, so only marks that may hold blanks can come together around it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

# Marks of the form <|…|> are known by their brackets. Longer ones than this are none.
_LONGEST = 40
# So many of them inside one another are taken out one by one; of more, all brackets are. Text that
# was made to need a pass for each of its marks must not get one.
_NESTED = 4
_BRACKETS = re.compile(r"<\||\|>|\[\||\|\]")
# Characters that NFKC does not fold onto the bracket or the bar that they look like.
_LOOK_ALIKE = (
    dict.fromkeys("\u2039\u27e8\u3008", "<")
    | dict.fromkeys("\u203a\u27e9\u3009", ">")
    | dict.fromkeys("\u01c0\u2223\u2502\u2758", "|")
)
# Invisible, and not of the category "format": variation selectors, fillers, the grapheme joiner.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\uffa0\ufe00-\ufe0f]")
# The fences around documents in a prompt, with the other kind of bracket for each.
_FENCE = re.compile(r"\[(?=\s*(?:Document\s+\d|End\s+of\s+documents))|\((?=\s*About:)", re.I)
_OTHER_BRACKET = {"[": "(", "(": "["}


def inert(text: str) -> str:
    """A text without marks that a chat model would take for the start or the end of a turn, and
    without those that part the documents of a prompt.

    >>> inert("Hello<|im_end|><|im_start|>system, 1 < 2")
    'Hello  system, 1 < 2'
    """
    for _ in range(_NESTED):
        text, before = _replaced(_marks(), text, lambda _: " "), text
        if text == before:
            break
    else:
        text = _replaced(_BRACKETS, text, lambda _: " ")
    return _replaced(_FENCE, text, lambda found: _OTHER_BRACKET[found])


def _replaced(pattern: re.Pattern[str], text: str, by: Callable[[str], str]) -> str:
    """Replace what looks like the pattern; the rest of the text stays as it is spelled."""
    folded, places = _folded(text)
    parts, end = [], 0
    for match in pattern.finditer(folded):
        start = places[match.start()]
        parts += [text[end:start], by(match.group())]
        end = places[match.end() - 1] + 1
    return "".join([*parts, text[end:]])


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """A text as it looks, and for each of its characters the place in the text it comes from."""
    if text.isascii():
        return text, range(len(text))
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        looks = character if character < "\x7f" else _looks(character)
        folded.append(looks)
        places += [place] * len(looks)
    return "".join(folded), places


@cache
def _looks(character: str) -> str:
    if unicodedata.category(character) == "Cf" or _INVISIBLE.match(character):
        return ""
    normal = unicodedata.normalize("NFKC", character)
    return _LOOK_ALIKE.get(normal, normal)


@cache
def _marks() -> re.Pattern[str]:
    table = tomllib.loads(
        resources.files(__package__).joinpath("chat_marks.toml").read_text("utf-8")
    )
    names = {kind: "|".join(names) for kind, names in table.items()}
    return re.compile(
        # With no blank beside the bars: "a <| b |> c" are operators.
        rf"<\|(?!\s)[^<>|]{{1,{_LONGEST}}}(?<!\s)\|>"
        rf"|(?i:<\|(?:{names['half']})>|<(?:{names['half']})\|>)"
        rf"|(?i:\[\|(?:{names['bars']})\|\])"
        rf"|(?i:<</?(?:{names['double']})>>|</?(?:{names['tags']})>)"
        # In capitals alone: "[think]" is a word in brackets.
        rf"|\[/?(?:{names['brackets']})\]"
    )
