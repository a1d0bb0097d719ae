"""How much of a question is searched for: all of it, or the two ends of a very long one.

Whoever pastes a letter asks at its beginning or at its end. The bound keeps the work for one
question bounded, whatever somebody sends.
"""

from __future__ import annotations

# Characters of a question that are searched for; some six hundred words.
SEARCHED = 4_000


def shortened(question: str) -> str:
    """The question, or the beginning and the end of one longer than :data:`SEARCHED` characters.

    A word that the cut meets is left out. What was shortened is not shortened further.

    >>> len(shortened("word " * 10_000)) <= SEARCHED
    True
    """
    if len(question) <= SEARCHED:
        return question
    half = SEARCHED // 2
    # What the cut meets is no word any more. Without a blank on either side, all is one word.
    head = question[:half].rpartition(" ")[0]
    tail = question[1 - half :].partition(" ")[2]
    return f"{head} {tail}".strip() or question[:SEARCHED]
