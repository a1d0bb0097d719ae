"""What an agent says in its own words, in the language of the conversation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from kilde.types import DocumentRef, Newer

_WORDS = re.compile(r"\w+")


def abstention(language: str, nearest: Sequence[DocumentRef]) -> str:
    """The sentence with which an agent declines, and the documents that came nearest."""
    words = _phrases(language)
    if not nearest:
        return words["abstain"]
    titles = "; ".join(document.title for document in nearest)
    return f"{words['abstain']} {words['nearest'].format(titles=titles)}"


def declines(text: str, language: str) -> bool:
    """Whether a text is the sentence with which an agent declines, whatever its punctuation.

    >>> declines("i could not find that in the documents I may use", "en")
    True
    """
    return _words(text) == _words(_phrases(language)["abstain"])


def may_decline(text: str, language: str) -> bool:
    """Whether a text may become that sentence when it goes on."""
    return _words(_phrases(language)["abstain"]).startswith(_words(text))


def newer_version(language: str, name: str, newer: Newer) -> str:
    """The note that a document which an answer cites has a newer version."""
    phrase = _phrases(language)["newer"]
    date = f" ({newer.date})" if newer.date else ""
    return phrase.format(name=name, newer=f"{newer.document.id}{date}")


def answer_in(language: str) -> str:
    """The instruction to answer in a language; empty for one that has no phrase."""
    return _table().get(language, {}).get("answer_in", "")


def _phrases(language: str) -> dict[str, str]:
    table = _table()
    return table.get(language, table["en"])


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
