"""Passages with questions for ``tune reading``: Kilde's own in English, SQuAD's form in Danish.

The questions of a passage are all to train on or all to test with. SQuAD has several passages on a
subject, so a subject of the test may have been met in training; its passage was not.
"""

from __future__ import annotations

import random
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.beir import jsonl
from benchmarks.tuning.scores import holds_one
from benchmarks.tuning.work import row
from kilde.agents.phrases import abstention
from kilde.errors import LoadError
from kilde.types import Document

RECIPES = Path(__file__).parents[2] / "recipes" / "reading"
_TEST_SHARE = 0.2
_WORDS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a passage, with its gold phrases; none means that nothing answers it."""

    question: str
    gold: tuple[str, ...]
    passage: str
    language: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Passages of one language in the collections ``train`` and ``test``, and their questions.

    ``left_out`` counts questions that are not good enough to learn from.
    """

    documents: tuple[Document, ...]
    train: tuple[Asked, ...]
    test: tuple[Asked, ...]
    left_out: int = 0


def english(folder: Path = RECIPES) -> Reading:
    """The passages of ``en-*.toml``; every fifth is to test with. Raises :class:`LoadError`."""
    passages = [
        passage
        for path in sorted(folder.glob("en-*.toml"))
        for passage in tomllib.loads(path.read_text(encoding="utf-8"))["passage"]
    ]
    if not passages:
        raise LoadError(str(folder), "there is no en-*.toml", hint="Run it in Kilde's folder.")
    documents, sides = [], (list[Asked](), list[Asked]())
    for index, passage in enumerate(passages):
        test = index % 5 == 4
        documents.append(_document(passage["id"], passage["title"], passage["text"], "en", test))
        sides[test].extend(
            Asked(one["q"], (one["a"],), passage["id"], "en") for one in passage["questions"]
        )
        sides[test].extend(Asked(q, (), passage["id"], "en") for q in passage["unanswerable"])
    return Reading(tuple(documents), tuple(sides[0]), tuple(sides[1]))


def danish(folder: Path, seed: int) -> Reading:
    """A folder with ``corpus.jsonl`` and ``qa.jsonl``; a fifth of the passages is to test with.

    Not learnt from is a question whose first answer is empty, long, or not in its passage. Raises
    :class:`LoadError`.
    """
    corpus = {one["_id"]: one for one in jsonl(folder / "corpus.jsonl")}
    records = list(jsonl(folder / "qa.jsonl"))
    keys = sorted({record["context_id"] for record in records})
    random.Random(seed).shuffle(keys)
    tested = set(keys[: round(len(keys) * _TEST_SHARE)])
    documents = [
        _document(key, corpus[key].get("title") or "", corpus[key]["text"], "da", key in tested)
        for key in keys
    ]
    train, test, left_out = list[Asked](), list[Asked](), 0
    for record in records:
        key, impossible = record["context_id"], bool(record["is_impossible"])
        gold = () if impossible else tuple(one for one in record["answers"] if one.strip())
        asked = Asked(record["question"], gold, key, "da")
        if key in tested:
            if impossible or gold:
                test.append(asked)
        elif impossible or _learnable(record["answers"], corpus[key]["text"]):
            train.append(asked)
        else:
            left_out += 1
    return Reading(tuple(documents), tuple(train), tuple(test), left_out)


def drawn(questions: Sequence[Asked], count: int, unanswerable: float, seed: int) -> list[Asked]:
    """``count`` questions (0: all), of which a share has no answer; fewer where there are fewer."""
    draw = random.Random(seed)
    kinds: dict[bool, list[Asked]] = defaultdict(list)
    for one in questions:
        kinds[bool(one.gold)].append(one)
    if count:
        without = round(count * unanswerable)
    else:
        count = len(questions)
        without = round(len(kinds[True]) * unanswerable / (1 - unanswerable))
    chosen = draw.sample(kinds[False], min(without, len(kinds[False])))
    chosen += draw.sample(kinds[True], min(count - without, len(kinds[True])))
    draw.shuffle(chosen)
    return chosen


def training_row(asked: Asked) -> dict[str, Any]:
    """A question as a row to train on, with the document that answers it or comes near."""
    answer = asked.gold[0] if asked.gold else abstention(asked.language, ())
    return row(
        asked.question,
        answer,
        asked.language,
        declines=not asked.gold,
        lineage={"documents": [asked.passage]},
    )


def _learnable(answers: Sequence[str], text: str) -> bool:
    first = answers[0].strip() if answers else ""
    return bool(first) and len(first.split()) <= _WORDS and holds_one(text, [first])


def _document(key: str, title: str, text: str, language: str, test: bool) -> Document:
    collection = "test" if test else "train"
    return Document(
        key, text.strip(), title=title, collection=collection, language=language, markdown=False
    )
