"""What the kill test of the registry runs in processes of its own."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from kilde.tuning.adapters.registry import Registry

from .lora import card


def run(command: str, root: Path, ready: Connection) -> None:
    """Add what is staged, or promote one adapter after the other; tell when it begins and ends."""
    registry = Registry(root / "adapters")
    ready.send("ready")
    if command == "add":
        registry.add("week-plan", root / "staged", card())
    else:
        for turn in range(20):
            registry.promote(f"week-plan@{turn % 2 + 1}", by=f"turn {turn}")
    ready.send("done")
