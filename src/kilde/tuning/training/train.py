"""Training, in a process of its own: ``python -m kilde.tuning.training.train FOLDER``.

The folder holds ``plan.json`` and rows that are tokens already (``train.jsonl`` and
``held_out.jsonl``); what comes out are ``progress.jsonl``, checkpoints, and at the end ``adapter/``
in the form of PEFT. The process ends with the training, so that its memory is free again when an
adapter is tried, and so that running out of it does not end the process that people talk to.

LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerState,
    set_seed,
)
from transformers.trainer import TRAINER_STATE_NAME
from trl import DPOConfig, KTOConfig, SFTConfig

from kilde.tuning.training.base import environment, has_bfloat16, load_base
from kilde.tuning.training.checkpoints import MarkWhole, at_its_end, last_checkpoint
from kilde.tuning.training.report import Report, result
from kilde.tuning.training.settings import TrainingPlan
from kilde.tuning.training.trainers import AnswerSFT, TokenDPO, TokenKTO

# Tokens that are computed at once: about 1.5 GB of activations for a model of 135M parameters.
_TOKENS_AT_ONCE = 1536
# Held-out rows are looked at, and a checkpoint is written, this many times in a training. A look at
# 48 rows takes as long as six steps of four.
_LOOKS = 6


def train(folder: Path) -> None:
    """Train as the folder's plan says, from its last whole checkpoint if there is one."""
    plan = TrainingPlan.from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    (folder / "environment.json").write_text(json.dumps(environment(), indent=1), encoding="utf-8")
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
    staged = folder / "adapter.part"
    shutil.rmtree(staged, ignore_errors=True)
    # Not the frozen copy that preferences were learnt against.
    trainer.model.save_pretrained(str(staged), selected_adapters=["default"])
    (folder / "result.json").write_text(json.dumps(result(trainer), indent=1), encoding="utf-8")
    staged.rename(folder / "adapter")


def make_trainer(plan: TrainingPlan, folder: Path) -> Trainer:
    """The trainer of a plan, with the folder's rows."""
    settings = plan.settings
    set_seed(settings.seed)  # before the adapter's first weights are drawn
    rows, held_out = _rows(folder / "train.jsonl"), _rows(folder / "held_out.jsonl")
    # What is computed at once follows the longest row; what is learnt from at once does not.
    longest = max(map(_length, rows + held_out))
    at_once = settings.at_once or max(1, min(settings.batch, _TOKENS_AT_ONCE // longest))
    while settings.batch % at_once:
        at_once -= 1
    if settings.method == "kto":
        at_once = max(at_once, 2)  # what is undesirable is judged against other rows of the batch
    steps = settings.max_steps or math.ceil(len(rows) * settings.epochs / settings.batch)
    look = max(1, steps // _LOOKS)
    bfloat16 = settings.bfloat16 and has_bfloat16()
    common: dict[str, Any] = {
        "output_dir": str(folder / "checkpoints"),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "gradient_accumulation_steps": max(1, settings.batch // at_once),
        "learning_rate": settings.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": max(1, steps // 20),
        "seed": settings.seed,
        "data_seed": settings.seed,
        "bf16": bfloat16,
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": False,
        "max_length": None,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # a loss that is no number must be seen
        "include_num_input_tokens_seen": "non_padding",
        "report_to": [],
        "disable_tqdm": True,
        "save_strategy": "steps",
        "save_steps": look,
        "save_total_limit": 2,
        "restore_callback_states_from_checkpoint": True,  # how long nothing got better
    }
    if held_out:
        common |= {
            "eval_strategy": "steps",
            "eval_steps": look,
            "load_best_model_at_end": True,
            "metric_for_best_model": "eval_loss",
        }
    model, tokenizer = load_base(plan.base, torch.bfloat16 if bfloat16 else torch.float32)
    tokenizer.pad_token_id = plan.pad
    lora = None
    if plan.start is None:
        lora = LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    else:
        model = PeftModel.from_pretrained(model, str(plan.start), is_trainable=True)
    given: dict[str, Any] = {
        "model": model,
        "processing_class": tokenizer,
        "train_dataset": Dataset.from_list(rows),
        "eval_dataset": Dataset.from_list(held_out) if held_out else None,
        "peft_config": lora,
    }
    if settings.method == "sft":
        trainer: Trainer = AnswerSFT(args=SFTConfig(**common), **given)
    elif settings.method == "dpo":
        trainer = TokenDPO(args=DPOConfig(**common, beta=settings.beta), **given)
    else:
        trainer = TokenKTO(args=KTOConfig(**common, beta=settings.beta), **given)
    trainer.add_callback(Report(folder / "progress.jsonl"))
    trainer.add_callback(MarkWhole())
    if held_out:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=settings.patience))
    return trainer


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _length(row: dict[str, Any]) -> int:
    return sum(len(ids) for name, ids in row.items() if name.endswith("_ids"))


def _end_with_parent() -> None:
    """End when whoever started this process does: its end of the pipe closes."""

    def wait() -> None:
        # Python's own reader would hold a lock that the interpreter wants when it ends.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Train in the folder that the command line names; a failure goes into ``failed.json``."""
    folder = Path(sys.argv[1])
    gpus = torch.cuda.device_count()
    if gpus > 1 and "LOCAL_RANK" not in os.environ:
        launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(gpus)]
        os.execv(  # noqa: S606  (this very Python)
            sys.executable,
            [sys.executable, *launch, "-m", "kilde.tuning.training.train", *sys.argv[1:]],
        )
    _end_with_parent()
    try:
        train(folder)
    except Exception as error:
        last_checkpoint(folder / "checkpoints")  # on a full disk, makes room for these few words
        told = {"kind": type(error).__name__, "message": str(error)}
        (folder / "failed.json").write_text(json.dumps(told), encoding="utf-8")
        raise


if __name__ == "__main__":
    main()
