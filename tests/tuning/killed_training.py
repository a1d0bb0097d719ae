"""What the kill test of training runs in processes of its own.

They are forked from a server that has torch and trl imported already, which takes ten seconds.
"""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from kilde.tuning.training.train import train


def run(folder: Path, ready: Connection) -> None:
    """Train in a folder; tell when it begins and ends."""
    torch.set_num_threads(1)
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1), os.dup2(log, 2)
    ready.send("ready")
    train(folder)
    ready.send("done")
