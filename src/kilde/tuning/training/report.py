"""How a training goes, told to the outside: a JSON line a step, and figures at the end."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

from transformers import Trainer, TrainerCallback


class Report(TrainerCallback):  # type: ignore[misc]
    """Tells how training goes, one JSON line a step, and ends it when the loss is no number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began, self._before = 0.0, 0

    def on_train_begin(self, _: Any, state: Any, control: Any, **__: Any) -> None:  # noqa: ARG002
        self._began, self._before = time.perf_counter(), state.num_input_tokens_seen
        if self._path.exists() and not self._path.read_bytes().endswith(b"\n"):
            with self._path.open("ab") as stream:  # a full disk cut the last line short
                stream.write(b"\n")

    def on_log(self, _: Any, state: Any, __: Any, logs: dict[str, Any], **___: Any) -> None:
        found: dict[str, float] = {
            name: float(logs[name]) for name in ("loss", "eval_loss") if name in logs
        }
        loss = found.get("loss", found.get("eval_loss"))
        if loss is None:
            return
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss became {loss} at step {state.global_step}")
        seconds = time.perf_counter() - self._began
        line: dict[str, float] = {
            "step": state.global_step,
            "of": state.max_steps,
            "epoch": round(state.epoch or 0.0, 3),
            "seconds": round(seconds, 2),
            "tokens": int(state.num_input_tokens_seen - self._before),
            **found,
        }
        if state.is_world_process_zero:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")


def result(trainer: Trainer) -> dict[str, float]:
    """The figures of a training that came to its end."""
    logs = trainer.state.log_history
    losses = [float(entry["loss"]) for entry in logs if "loss" in entry]
    held_out = [float(entry["eval_loss"]) for entry in logs if "eval_loss" in entry]
    figures = {
        "steps": float(trainer.state.global_step),
        "loss": sum(losses[-5:]) / len(losses[-5:]),
        "tokens": float(trainer.state.num_input_tokens_seen),
    }
    if sys.platform != "win32":
        import resource

        # Linux counts kilobytes, macOS bytes.
        unit = 1024**2 if sys.platform == "darwin" else 1024
        figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return figures | ({"held_out_loss": min(held_out)} if held_out else {})
