"""A row is one thing to learn, and where it comes from.

Rows hold what people said, never a rendered prompt: instructions and documents are put around them
by the same renderer that serves answers, when a model is trained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kilde.types import UNKNOWN_LANGUAGE, Message

Method = Literal["sft", "kto", "dpo"]
"""How rows are learnt from: answers to imitate, thumbs (KTO), or pairs of answers (DPO)."""
METHODS: tuple[Method, ...] = ("sft", "kto", "dpo")

_ALIASES = {"nb": "no", "nn": "no"}


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a row comes from: documents by id, answers by id, and a line (from 1) of a file.

    ``documents`` are those that the row's answer stands on; ``read`` are all that were read before
    it was written, and may have left their words in the row. ``row`` is its number in a JSON list
    whose rows share a line, and ``turn`` that of its answer in a chat of several, both from 1; else
    they are 0.
    """

    documents: tuple[str, ...] = ()
    read: tuple[str, ...] = field(default=(), kw_only=True)
    answers: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    row: int = field(default=0, kw_only=True)
    turn: int = field(default=0, kw_only=True)

    @property
    def all_documents(self) -> tuple[str, ...]:
        """All documents that may have left something in the row, each once."""
        return tuple(dict.fromkeys(self.documents + self.read))

    def __str__(self) -> str:
        if self.file:
            parts = [f"row {self.row}"] if self.row else []
            parts += [f"answer {self.turn}"] if self.turn else []
            return f"{self.file}:{self.line}" + (f" ({', '.join(parts)})" if parts else "")
        return ", ".join([*self.answers, *self.documents]) or "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One training row.

    ``prompt`` is the conversation up to and with the question: user and assistant turns in turn,
    the last one the user's. ``answer`` is what to write (``sft``), what was written and judged
    (``kto``; ``good`` is the judgement), or the better of two answers (``dpo``; ``rejected`` is the
    other one). ``declines`` marks rows whose right answer is that there is none.
    """

    method: Method
    prompt: tuple[Message, ...]
    answer: str
    rejected: str = ""
    good: bool = True
    declines: bool = False
    language: str = UNKNOWN_LANGUAGE
    lineage: Lineage = field(default_factory=Lineage)

    @property
    def question(self) -> str:
        """The last turn of the prompt."""
        return self.prompt[-1].content

    @property
    def history(self) -> tuple[Message, ...]:
        """The turns before the question."""
        return self.prompt[:-1]

    @property
    def id(self) -> str:
        """16 hex digits that stand for the content; the lineage is not part of it."""
        parts = [self.method, self.answer, self.rejected, str(self.good), str(self.declines)]
        for message in self.prompt:
            parts += [message.role, message.content]
        return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def to_json(row: Row) -> dict[str, Any]:
    """A row in the usual form of its method, with Kilde's own fields beside it.

    ``messages`` for SFT, ``prompt``, ``chosen`` and ``rejected`` for DPO, ``prompt``,
    ``completion`` and ``label`` for KTO; turns are ``{"role", "content"}``.

    >>> to_json(Row("kto", (Message("user", "Hi"),), "Hello", good=False))["label"]
    False
    """
    prompt = [_turn(message) for message in row.prompt]
    answer = [_turn(Message("assistant", row.answer))]
    form: dict[str, Any]
    match row.method:
        case "sft":
            form = {"messages": prompt + answer}
        case "dpo":
            rejected = [_turn(Message("assistant", row.rejected))]
            form = {"prompt": prompt, "chosen": answer, "rejected": rejected}
        case "kto":
            form = {"prompt": prompt, "completion": answer, "label": row.good}
    form["language"] = row.language
    form["declines"] = row.declines
    form["lineage"] = {
        "documents": list(row.lineage.documents),
        "read": list(row.lineage.read),
        "answers": list(row.lineage.answers),
        "file": row.lineage.file,
        "line": row.lineage.line,
        "row": row.lineage.row,
        "turn": row.lineage.turn,
    }
    return form


def to_jsonl(rows: Sequence[Row]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(to_json(row), ensure_ascii=False) + "\n" for row in rows)


def data_hash(rows: Sequence[Row]) -> str:
    """SHA-256 (hex) over the content of rows in their order."""
    return hashlib.sha256("\n".join(row.id for row in rows).encode()).hexdigest()


def language_code(language: str) -> str:
    """A language as Kilde names it: both written forms of Norwegian count as one.

    >>> language_code("nb-NO"), language_code("da_DK")
    ('no', 'da')
    """
    code = language.lower().replace("_", "-").split("-")[0]
    return _ALIASES.get(code, code)


def _turn(message: Message) -> Mapping[str, str]:
    return {"role": message.role, "content": message.content}
