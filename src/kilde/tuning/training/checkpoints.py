"""Checkpoints that are whole: a kill may come while one is written, or while one is removed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import EarlyStoppingCallback, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME

# Written into a checkpoint when all of it is there: the names of its files.
_WHOLE = "whole"


class MarkWhole(TrainerCallback):  # type: ignore[misc]
    """Marks a checkpoint that was written to its end, by all processes that train together."""

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        PartialState().wait_for_everyone()
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        (folder / _WHOLE).write_text("\n".join(names), encoding="utf-8")


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of which all is there."""
    whole = filter(_is_whole, folder.glob("checkpoint-*"))
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def remove_cut_off(folder: Path) -> None:
    """Remove checkpoints that were half-written, or half removed, when training was killed.

    Nobody may be training there.
    """
    for path in folder.glob("checkpoint-*"):
        if not _is_whole(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_whole(checkpoint: Path) -> bool:
    told = checkpoint / _WHOLE
    names = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    return bool(names) and all((checkpoint / name).is_file() for name in names)


def at_its_end(checkpoint: Path, patience: int) -> bool:
    """Whether all steps were taken there, or held-out rows got no better for too long."""
    state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    early = state["stateful_callbacks"].get(EarlyStoppingCallback.__name__)
    waited = early["attributes"]["early_stopping_patience_counter"] if early else 0
    return bool(state["global_step"] >= state["max_steps"] or waited >= patience)
