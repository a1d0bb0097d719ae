"""How much of a question is searched for: all of it, or the two ends of a very long one.

Whoever pastes a letter asks at its beginning or at its end. The bound keeps the work for one
question bounded, whatever somebody sends.
"""

from __future__ import annotations

# Characters of a question that are searched for; some six hundred words.
SEARCHED = 4_000
# A longer run of letters is no word that could be spared.
_WORD = 100


def shortened(question: str) -> str:
    """The question, or the beginning and the end of one longer than :data:`SEARCHED` characters.

    A word that the cut meets is left out where there is a blank near it. What was shortened is not
    shortened further.

    >>> len(shortened("word " * 10_000)) <= SEARCHED
    True
    """
    if len(question) <= SEARCHED:
        return question
    half = SEARCHED // 2
    head, tail = question[: half - 1], question[-half:]
    before, _, cut = head.rpartition(" ")
    cut_off, _, after = tail.partition(" ")
    head = before if before and len(cut) < _WORD else head
    tail = after if after and len(cut_off) < _WORD else tail
    return f"{head} {tail}"
