"""A follow-up question made to stand alone, so that it can be looked up.

"And for a child?" finds nothing. Where a question is short or points back with its words, the
question before it is put in front; no model is asked, so the same conversation always searches for
the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kilde.language.analysis import analyzer
from kilde.language.question import shortened
from kilde.language.table import languages
from kilde.types import Message

_WORD = re.compile(r"[^\W\d_]+")
# A question with more content words than this says itself what it is about, even if it begins with
# "and" or "that"; with words that point back further on, which may be mere grammar, one fewer.
_OWN_WORDS = 3
_FIRST_WORDS = 3
# How many questions back a chain of follow-ups is put together.
_DEPTH = 3


def standalone(question: str, history: Sequence[Message], language: str) -> str:
    """The question, preceded by those that it follows up; unchanged where it stands alone.

    The last question stands there twice, so that its own words weigh more than those before it.
    What is very long is :func:`shortened`.
    """
    question = shortened(question)
    asked = [message.content for message in history if message.role == "user"][-_DEPTH:]
    chain = [question]
    while asked and _points_back(chain[0], language):
        chain.insert(0, shortened(asked.pop()))
    return shortened(" ".join([*chain, question])) if len(chain) > 1 else question


def _points_back(question: str, language: str) -> bool:
    row = languages().get(language)
    words = [word.lower() for word in _WORD.findall(question)]
    own = len(analyzer(language).tokens(question))
    pointing = [place for place, word in enumerate(words) if row and word in row.follow_up]
    if not pointing:
        return own < 2
    return own <= (_OWN_WORDS if pointing[0] < _FIRST_WORDS else _OWN_WORDS - 1)
