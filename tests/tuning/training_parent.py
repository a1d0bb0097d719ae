"""Calls ``run_training`` for the tests, in a process that may be killed or has a small disk."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from kilde.errors import TuningError
from kilde.protocols import NoProgress
from kilde.tuning.training.process import run_training

if __name__ == "__main__":
    folder, disk = Path(sys.argv[1]), int(sys.argv[2])
    if disk:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, hard))
    try:
        run_training(folder, NoProgress())
    except TuningError as error:
        print(error.message, error.hint, sep="\n")
