"""What the tests of the registry run in processes of their own."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from kilde.tuning.adapters.registry import Registry

from .lora import card, stage


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


def promote_in_turn(root: Path, writer: int, ready: Connection) -> None:
    """Add an adapter, then promote both that are known and roll back, among others who do so."""
    registry = Registry(root / "adapters")
    ready.send("ready")
    ready.recv()
    own = registry.add("week-plan", stage(root / f"staged-{writer}"), card()).name
    for turn in range(10):
        registry.promote(own if turn % 2 else "week-plan@1", by=f"{writer}: turn {turn}")
        if turn == 5:
            registry.rollback("week-plan", by=f"{writer}: back")
    ready.send(own)
