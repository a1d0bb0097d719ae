"""Rows as tokens: what rendering makes, training reads, and both measure alike."""

from __future__ import annotations

from typing import Any

TokenRow = dict[str, Any]
"""``input_ids`` and ``labels`` (-100 where nothing is to be learnt) for SFT, ``prompt_ids`` and
``completion_ids`` with ``label`` for KTO, ``prompt_ids``, ``chosen_ids`` and ``rejected_ids`` for
DPO."""


def length(row: TokenRow) -> int:
    """The tokens that are read in one piece: the prompt with the longest of its answers."""
    lengths = {name: len(ids) for name, ids in row.items() if name.endswith("_ids")}
    return lengths.pop("prompt_ids", 0) + max(lengths.values())
