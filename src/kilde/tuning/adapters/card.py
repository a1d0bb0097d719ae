"""A card says how an adapter came to be: enough to judge it, to make it again and to answer for it.

It lies beside the weights as ``card.json`` and never changes. What came later, such as who promoted
the adapter, is the registry's to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kilde import typed_json
from kilde.types import UNKNOWN_LANGUAGE, Scalar

CARD_FILE = "card.json"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one adapter.

    ``base`` is the name of the model it was trained on and ``base_sha256`` the hash (hex) of that
    model's file. ``dataset`` names the rows, ``data_hash`` (hex) is over their content, ``rows``
    counts them; ``documents`` and ``answers`` are the ids they come from. ``languages`` are those
    of the rows; none means any. ``examples`` and ``document_tokens`` are as in
    :class:`kilde.protocols.Adapter`. ``metrics`` are figures by name; ``gate`` is the judgement on
    the adapter as JSON data, ``None`` where nobody judged it. ``licence`` is that of the base.
    ``kilde`` is the version that trained it, ``seconds`` how long that took.
    """

    agent: str
    version: int
    base: str
    base_sha256: str
    method: str
    dataset: str
    data_hash: str
    rows: int
    documents: tuple[str, ...]
    answers: tuple[str, ...]
    languages: tuple[str, ...]
    examples: bool
    document_tokens: int
    settings: Mapping[str, Scalar]
    metrics: Mapping[str, float]
    gate: Mapping[str, Any] | None
    licence: str
    created_at: datetime
    kilde: str
    seconds: float

    @property
    def name(self) -> str:
        """The adapter's name: ``week-plan@2``."""
        return f"{self.agent}@{self.version}"

    @property
    def passed(self) -> bool | None:
        """Whether the gate let the adapter through; ``None`` where nobody judged it."""
        return None if self.gate is None else bool(self.gate.get("passed"))


def languages_of(*parts: Iterable[str]) -> tuple[str, ...]:
    """The languages of what was learnt in several parts; none (which is any) if one part has none.

    >>> languages_of(("en", "und"), ("da",))
    ('da', 'en')
    >>> languages_of(("und",), ("da",))
    ()
    """
    known = [set(part) - {UNKNOWN_LANGUAGE} for part in parts]
    return tuple(sorted(set[str]().union(*known))) if all(known) else ()


def to_json(card: Card) -> str:
    """A card as text, for people and for :func:`read_card`."""
    return typed_json.dump(card, indent=2) + "\n"


def read_card(path: Path) -> Card:
    """The card of a file. Raises ``FileNotFoundError``, or :class:`StoreError` if it is damaged."""
    return typed_json.read(
        path,
        Card,
        what="the card of this adapter",
        hint="Restore the file from a backup, or remove the adapter and train it again: "
        "kilde adapter remove NAME@N",
    )
