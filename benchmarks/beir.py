"""Folders in the form of the BEIR collection: ``corpus.jsonl``, ``queries.jsonl``, judgements."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kilde.errors import LoadError
from kilde.language.detect import detect
from kilde.types import Document

_QRELS = Path("qrels") / "test.tsv"


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, questions by id, and what was judged relevant to each question.

    ``language`` is that of most documents and given to all of them; ``agreeing`` is the share of
    documents whose own text says so too.
    """

    name: str
    documents: tuple[Document, ...]
    questions: dict[str, str]
    judgements: dict[str, dict[str, float]]
    language: str
    agreeing: float


def read_collection(folder: Path) -> Collection:
    """Read a folder; questions without a relevant document are left out.

    Raises :class:`LoadError` when a file is missing.
    """
    corpus = list(jsonl(folder / "corpus.jsonl"))
    counts = Counter(detect(record["text"]) for record in corpus)
    language, agreeing = counts.most_common(1)[0]
    documents = tuple(
        Document(
            id=record["_id"],
            text=record["text"],
            title=record.get("title") or "",
            language=language,
            markdown=False,
        )
        for record in corpus
        if record["text"].strip()
    )
    judgements = _judgements(folder / _QRELS)
    questions = {
        record["_id"]: record["text"]
        for record in jsonl(folder / "queries.jsonl")
        if record["_id"] in judgements
    }
    return Collection(
        name=folder.name,
        documents=documents,
        questions=questions,
        judgements=judgements,
        language=language,
        agreeing=agreeing / len(corpus),
    )


def jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file with one JSON object a line."""
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    yield json.loads(line)
    except FileNotFoundError as error:
        raise _missing(path) from error


def _judgements(path: Path) -> dict[str, dict[str, float]]:
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                judged[row["query-id"]][row["corpus-id"]] = float(row["score"])
    except FileNotFoundError as error:
        raise _missing(path) from error
    return {key: gains for key, gains in judged.items() if any(g > 0 for g in gains.values())}


def _missing(path: Path) -> LoadError:
    return LoadError(
        str(path),
        "it is not there",
        hint="Give folders that hold corpus.jsonl, queries.jsonl and qrels/test.tsv.",
    )
