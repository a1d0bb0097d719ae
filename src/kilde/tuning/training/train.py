"""Training, in a process of its own: ``python -m kilde.tuning.training.train FOLDER``.

The folder holds ``plan.json`` and rows that are tokens already (``train.jsonl`` and
``held_out.jsonl``); what comes out are ``progress.jsonl``, checkpoints, and at the end ``adapter/``
in the form of PEFT. The process ends with the training, so that its memory is free again when an
adapter is tried, and so that running out of it does not end the process that people talk to.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path

import torch
from transformers import TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from kilde import durable
from kilde.tuning.training.base import environment
from kilde.tuning.training.checkpoints import at_its_end, last_checkpoint, remove_cut_off
from kilde.tuning.training.report import result
from kilde.tuning.training.settings import TrainingPlan
from kilde.tuning.training.setup import gpus_used, make_trainer, processes_together

# The adapter while it is written.
_PART = "adapter.part"


def train(folder: Path) -> None:
    """Train as the folder's plan says, from its last whole checkpoint if there is one.

    A step learns from the mean over its rows (``sft``: over the tokens of their answers), however
    many of them are computed together and on however many GPUs; on several, an epoch's last step
    sees some rows twice where they cannot be dealt out evenly.
    """
    plan = TrainingPlan.read(folder)
    if processes_together() == 1:  # else it is done before they are started
        remove_cut_off(folder / "checkpoints")
    if os.environ.get("LOCAL_RANK", "0") == "0":
        told = json.dumps(environment(), indent=1)
        (folder / "environment.json").write_text(told, encoding="utf-8")
    trainer = make_trainer(plan, folder)
    checkpoint = last_checkpoint(folder / "checkpoints")
    if checkpoint is not None and at_its_end(checkpoint, plan.settings.patience):
        # Gone on with, it would take one step more.
        trainer.state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
        best = trainer.state.best_model_checkpoint
        trainer._load_from_checkpoint(best or str(checkpoint))
    else:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if not trainer.is_world_process_zero():
        return
    staged = folder / _PART
    shutil.rmtree(staged, ignore_errors=True)
    # Not the frozen copy that preferences were learnt against.
    trainer.model.save_pretrained(str(staged), selected_adapters=["default"])
    (folder / "result.json").write_text(json.dumps(result(trainer), indent=1), encoding="utf-8")
    staged.rename(folder / "adapter")


def _end_with_parent() -> None:
    """End when whoever started this process does: its end of the pipe closes."""

    def wait() -> None:
        # Python's own reader would hold a lock that the interpreter wants when it ends.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _launch(folder: Path) -> None:
    """Become a process for each GPU where several can share the steps; else return."""
    gpus = gpus_used(TrainingPlan.read(folder).settings, torch.cuda.device_count())
    if gpus == 1:
        return
    remove_cut_off(folder / "checkpoints")
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(gpus)]
    os.execv(  # noqa: S606  (this very Python)
        sys.executable,
        [sys.executable, *launch, "-m", "kilde.tuning.training.train", str(folder)],
    )


def _tell(folder: Path, error: Exception) -> None:
    """Say in ``failed.json`` why the training failed; on a full disk, make room for it first."""
    shutil.rmtree(folder / _PART, ignore_errors=True)
    remove_cut_off(folder / "checkpoints")
    path = folder / "failed.json"
    if path.exists():  # of processes that train together, the first one to fail knows why
        return
    told = {"kind": type(error).__name__, "message": str(error)}
    with suppress(OSError):  # then log.txt says it
        durable.write(path, json.dumps(told))


def main() -> None:
    """Train in the folder that the command line names; a failure goes into ``failed.json``."""
    folder = Path(sys.argv[1])
    try:
        if "LOCAL_RANK" not in os.environ:
            _launch(folder)
        _end_with_parent()
        train(folder)
    except Exception as error:
        _tell(folder, error)
        raise


if __name__ == "__main__":
    main()
