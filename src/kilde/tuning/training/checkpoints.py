"""Checkpoints that are whole: a kill may come while one is written, or while one is removed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME

# Written into a checkpoint when all of it is there: the names of its files.
_WHOLE = "whole"


class MarkWhole(TrainerCallback):  # type: ignore[misc]
    """Marks a checkpoint that was written to its end."""

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        (folder / _WHOLE).write_text("\n".join(names), encoding="utf-8")


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of which all is there; what is half-written, or was half removed when
    training was killed, is removed."""
    whole = []
    for path in folder.glob("checkpoint-*"):
        told = path / _WHOLE
        names = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
        if names and all((path / name).is_file() for name in names):
            whole.append(path)
        else:
            shutil.rmtree(path)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def at_its_end(checkpoint: Path, patience: int) -> bool:
    """Whether all steps were taken there, or held-out rows got no better for too long."""
    state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    early = state["stateful_callbacks"].get(EarlyStoppingCallback.__name__)
    waited = early["attributes"]["early_stopping_patience_counter"] if early else 0
    return bool(state["global_step"] >= state["max_steps"] or waited >= patience)
