"""Answers that look cut off: a model that learns from them stops early too. Signs, not proofs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from kilde.tuning.checks.compare import imitated
from kilde.tuning.checks.content import is_blank
from kilde.tuning.checks.findings import Finding, count, listed, place
from kilde.tuning.data.rows import Row

_PAIRS = {")": "(", "]": "[", "}": "{"}
_SMILEY = re.compile(r"[:;=8]['^]?-?[()\[\]{}]+")
# A straight quote after a digit is an inch or a second.
_QUOTE = re.compile(r'(?<![0-9])"')
_DANGLING = re.compile(r"[,;]$|\w[-–]$")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…)[\"'”’»)\]]*$")
# How a finished answer ends: a stop, perhaps in quotes or brackets, or anything that is no word.
_FINISHED = re.compile(r"[^\w\s,;:(\[{–-]$")
# Lists, tables and addresses end as they like.
_FREE = re.compile(r"^\s*(?:[-*•·|#>]|\w{1,2}[.)])\s|(?:\S@|://|www\.)\S*$|\|$")
# The last line of an answer that is a sentence has some words; a name or a price has not.
_SENTENCE_WORDS = 5
# Only where nearly all others end in a stop is one without it a sign.
_USUAL = 0.8
_USUAL_OF = 10
# So many answers of the greatest length, and of at least so many characters, were cut there.
_CUT_TOGETHER = 3
_CUT_LENGTH = 80


def check_truncation(
    rows: Sequence[Row], count_tokens: Callable[[str], int] | None
) -> Iterator[Finding]:
    """Answers that end in an ellipsis or a comma, leave a bracket or quote open, stop without a
    stop where nearly all others have one, or break off at one and the same greatest length.

    An answer judged bad may be cut, so those of KTO with a thumb down are passed over.
    """
    answers = {
        index: row.answer.rstrip() for index, row in imitated(rows) if not is_blank(row.answer)
    }
    signs = {index: sign for index, text in answers.items() if (sign := _sign(text))}
    for index in _without_stop(answers):
        signs.setdefault(index, "stops in the middle of a sentence")
    for index in _cut_together(answers, count_tokens):
        signs.setdefault(index, "breaks off at the greatest length of all")
    if signs:
        found = tuple(sorted(signs))
        named = [f"{place(rows, index)} ({signs[index]})" for index in found]
        yield Finding(
            "truncated",
            "warn",
            f"{count(len(found))} with an answer that looks cut off: {listed(named)}.",
            "Complete the answers, or take the rows out: a model learns to stop there too.",
            found,
        )


def _sign(text: str) -> str:
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(text), dict | list):
            return ""  # a whole form, whatever its brackets look like
    if _ELLIPSIS.search(text[-20:]):
        return "ends in an ellipsis"
    if _DANGLING.search(text[-2:]):
        return "ends in a comma or a hyphen"
    if text.count("```") % 2:
        return "leaves a block of code open"
    plain = _SMILEY.sub("", text)
    opened: list[str] = []
    for character in plain:
        if character in "([{":
            opened.append(character)
        elif opened and opened[-1] == _PAIRS.get(character):
            opened.pop()  # one that closes nothing belongs to "a)" and the like
    if opened:
        return "leaves a bracket open"
    if len(_QUOTE.findall(plain)) % 2 or _open_quotes(plain):
        return "leaves a quotation open"
    return ""


def _open_quotes(text: str) -> bool:
    # „German“, “English”, ”Swedish”, «French» and »Danish«.
    if "„" in text:
        return text.count("„") > text.count("“") + text.count("”")
    return text.count("“") > text.count("”") or text.count("«") != text.count("»")


def _without_stop(answers: dict[int, str]) -> list[int]:
    sentences: dict[int, str] = {}
    for index, text in answers.items():
        last = text.rsplit("\n", 1)[-1]
        if len(last.split()) >= _SENTENCE_WORDS and not _FREE.search(last):
            sentences[index] = last
    unfinished = [index for index, last in sentences.items() if not _FINISHED.search(last)]
    usual = len(sentences) >= _USUAL_OF and len(unfinished) <= (1 - _USUAL) * len(sentences)
    return unfinished if usual else []


def _cut_together(
    answers: dict[int, str], count_tokens: Callable[[str], int] | None
) -> Iterator[int]:
    units: list[Callable[[str], int]] = [len, lambda text: len(text.split())]
    # The text of each such answer once: copies have one length, but were not cut.
    unfinished = {
        text: index
        for index, text in answers.items()
        if len(text) >= _CUT_LENGTH and not _FINISHED.search(text[-1])
    }
    if count_tokens is not None and unfinished:
        units.append(lambda text: count_tokens(text.encode("utf-8", "replace").decode("utf-8")))
    for unit in units:
        lengths = {text: unit(text) for text in unfinished}
        if not lengths:
            return
        longest, times = max(Counter(lengths.values()).items())
        # A finished answer that is longer shows that there was no such limit.
        if times >= _CUT_TOGETHER and all(unit(text) <= longest for text in answers.values()):
            yield from (unfinished[text] for text, length in lengths.items() if length == longest)
