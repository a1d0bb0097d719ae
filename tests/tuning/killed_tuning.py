"""``kilde.workspace.tuning`` in a process of its own, which stops where the tests want to kill it.

python -m tests.tuning.killed_tuning WORKSPACE STAGE
"""

from __future__ import annotations

import sys
import time
from typing import Any

import kilde
from kilde.tuning import tune as recipe
from kilde.tuning.training.runs import Run, Runs
from kilde.tuning.training.settings import TuneSettings
from kilde.tuning.training.train import train
from kilde.workspace.tuning import resume, tune

SETTINGS = TuneSettings(max_steps=3, rank=2, alpha=4, learning_rate=1e-3)


class Stopping(Runs):
    """Waits for the kill when a run has come to a stage."""

    stage = ""

    def save(self, run: Run, **changes: Any) -> Run:
        saved = super().save(run, **changes)
        if saved.stage == self.stage:
            time.sleep(600)
        return saved


if __name__ == "__main__":
    # The same training without ten seconds of imports.
    recipe.run_training = lambda folder, progress: train(folder)  # type: ignore[attr-defined]
    workspace = kilde.open(sys.argv[1])
    runs = Stopping(workspace.path / ".kilde" / "runs")
    if sys.argv[2] == "promoted":
        # All but the last word of the run, which says that it is done.
        promote = recipe.Registry.promote

        def promoted(*given: Any, **more: Any) -> Any:
            promote(*given, **more)
            runs.save(runs.list()[0], message="promoted")
            time.sleep(600)

        recipe.Registry.promote = promoted  # type: ignore[method-assign]
    else:
        runs.stage = sys.argv[2]
    workspace.__dict__["runs"] = runs
    if runs.list():
        resume(workspace, "clinic")
    else:
        tune(workspace, "clinic", settings=SETTINGS, force=True)
