"""A comparison in a process of its own, which the tests kill."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from tests.evaluation.compared import script

import kilde
from kilde.workspace.comparing import compare


def run(folder: Path, ready: Connection) -> None:
    """Compare all arms; every answer takes a moment, so that there is one to be killed in."""
    os.environ["SCRIPTED_SECONDS"] = "0.01"
    script()
    with kilde.open(folder) as workspace:
        ready.send("ready")
        compare(workspace, "clinic")
    ready.send("done")
