"""Made-up English of any amount: the same seed gives the same words, documents and questions.

Function words are real, so that the language is told as for a real text; content words are made of
English roots and drawn by Zipf's law, so that an index sees frequent and rare terms as it would in
a real collection. What the texts say means nothing: they serve to measure time and memory only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.language.table import languages
from kilde.types import Document

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Of running English text, somewhat under half are function words.
_FUNCTION_SHARE = 0.45
_NUMBER_SHARE = 0.02
TOKENS_PER_PASSAGE = 180
_SECTIONS = (1, 19)  # per document: ten on average

_ROOTS = (
    "art back ball bank base bell bird black blood blue board boat bone book bow box brain branch "
    "bread bridge brook build burn bus call camp candle car card care cart case cast cell chain "
    "chair change child church city class clean clear clock cloth cloud coal coast coat cold cook "
    "corn count court cow craft cross crown cup dance day deal deer desk dish dog door draw dream "
    "dress drink drive drop dry duck dust ear earth east egg end eye face fair fall farm field "
    "fire fish flag flat floor flower fly foot force ford forest form fork fox frame free friend "
    "fruit game gate gift girl glass gold grain grass grave green ground guard hair half hall ham "
    "hand harbour hat head heart heat hen herd hill hold home hook horn horse house ice ink iron "
    "island jam keep key king kitchen knee lake lamp land lane law lead leaf leg light lime line "
    "lip list load lock log man mark market master meadow meal meat melt milk mill mind moon moor "
    "mother mountain mouth nail neck needle nest net night north nose note oak oil open paper park "
    "part path pay pen pig pin pipe plain plant plate play plough point pool post pot press print "
    "queen rail rain ring rise river road rock roof room root rope rose row run sail salt sand "
    "saw school sea seat seed shade sheep shell ship shirt shoe shop shore side silk silver sing "
    "skin sky sleep smith smoke snow soap soft song south spring staff stage stair star steam "
    "steel step stone store storm stream street sun swan sweet table tail tea team tooth top tower "
    "town trade train tree turn valley view village walk wall war wash watch water way wheat wheel "
    "white wife wild wind window wine wing winter wolf wood wool work yard year"
).split()
_ENDINGS = ("", "s", "ing", "ed", "er", "ers", "y", "less", "ful", "ship", "let", "ward")


class Synthetic:
    """A source of documents and questions. ``tokenizer`` is what passages are measured with."""

    def __init__(self, tokenizer: Tokenizer, *, seed: int = 0, words: int = 30_000) -> None:
        self._draw = random.Random(seed)
        self._content = _content_words(self._draw, words)
        self._content_weights = list(accumulate(1 / (rank + 8) for rank in range(words)))
        self._function = sorted(word for word in languages()["en"].stop_words if word.isalpha())
        self._draw.shuffle(self._function)
        self._function_weights = list(
            accumulate(1 / (rank + 2) for rank in range(len(self._function)))
        )
        vocabulary = [*self._content, *self._function]
        encoded = tokenizer.encode_batch_fast(vocabulary, add_special_tokens=False)
        self._tokens = {
            word: len(encoding) for word, encoding in zip(vocabulary, encoded, strict=True)
        }

    def documents(self, passages: int) -> Iterator[Document]:
        """Documents whose sections come to exactly so many passages, summaries not counted."""
        left, number = passages, 0
        while left:
            sections = min(left, self._draw.randint(*_SECTIONS))
            left -= sections
            title = self._heading()
            body = "\n\n".join(
                f"## {self._heading()}\n\n{self._section()}" for _ in range(sections)
            )
            yield Document(id=f"text-{number:06}.md", text=f"# {title}\n\n{body}", title=title)
            number += 1

    def write(self, folder: Path, passages: int) -> int:
        """The same documents as Markdown files in a folder; returns how many files."""
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for document in self.documents(passages):
            (folder / document.id).write_text(document.text, encoding="utf-8")
            count += 1
        return count

    def questions(self, count: int) -> list[str]:
        """Questions of eight to twelve words; three to five are content words."""
        asked = []
        for _ in range(count):
            words = self._content_words(self._draw.randint(3, 5)) + self._function_words(6)
            self._draw.shuffle(words)
            asked.append("What " + " ".join(words) + "?")
        return asked

    def _section(self) -> str:
        sentences: list[str] = []
        room = TOKENS_PER_PASSAGE - 10  # the heading has some
        while room > 0:
            sentence = self._sentence()
            room -= sum(self._tokens.get(word, 1) for word in sentence) + 1
            text = " ".join(sentence)
            sentences.append(text[0].upper() + text[1:] + ".")
        return " ".join(sentences[:-1] or sentences)

    def _sentence(self) -> list[str]:
        length = self._draw.randint(6, 14)
        function = iter(self._function_words(length))
        content = iter(self._content_words(length))
        words = []
        for _ in range(length):
            kind = self._draw.random()
            if kind < _FUNCTION_SHARE:
                words.append(next(function))
            elif kind < _FUNCTION_SHARE + _NUMBER_SHARE:
                words.append(str(self._draw.randint(1, 2030)))
            else:
                words.append(next(content))
        return words

    def _heading(self) -> str:
        return " ".join(self._content_words(3)).capitalize()

    def _content_words(self, count: int) -> list[str]:
        return self._draw.choices(self._content, cum_weights=self._content_weights, k=count)

    def _function_words(self, count: int) -> list[str]:
        return self._draw.choices(self._function, cum_weights=self._function_weights, k=count)


def _content_words(draw: random.Random, count: int) -> Sequence[str]:
    """Roots first, then roots with endings, then two roots joined: ever longer, ever rarer."""
    words = dict.fromkeys(_ROOTS)
    derived = [root + ending for root in _ROOTS for ending in _ENDINGS]
    draw.shuffle(derived)
    words.update(dict.fromkeys(derived))
    joined = [first + second for first in _ROOTS for second in _ROOTS if first != second]
    draw.shuffle(joined)
    words.update(dict.fromkeys(joined))
    return list(words)[:count]
