"""A plan becomes a trainer: rows that are computed together, steps, the LoRA.

LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import EarlyStoppingCallback, Trainer, set_seed
from trl import DPOConfig, KTOConfig, SFTConfig

from kilde.tuning.training.base import has_bfloat16, load_base
from kilde.tuning.training.checkpoints import MarkWhole
from kilde.tuning.training.report import Report
from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.tuning.training.token_rows import TokenRow, length
from kilde.tuning.training.trainers import AnswerSFT, Mismatched, TokenDPO, TokenKTO

# Tokens that are computed at once: about 1.5 GB of activations for a model of 135M parameters.
_TOKENS_AT_ONCE = 1536
# Held-out rows are looked at, and a checkpoint is written, this many times in a training. A look at
# 48 rows takes as long as six steps of four.
_LOOKS = 6


def gpus_used(settings: TuneSettings, gpus: int) -> int:
    """As many of the GPUs as a step's rows can be dealt out to evenly; 1 where there is none."""
    for count in range(gpus, 1, -1):
        share, left = divmod(settings.batch, count)
        if not left and share >= settings.least_at_once and share % (settings.at_once or 1) == 0:
            return count
    return 1


def rows_at_once(settings: TuneSettings, rows: Sequence[TokenRow], processes: int) -> int:
    """As many rows are computed together, by each of the processes that train: a number that
    divides its share of a step."""
    if gpus_used(settings, processes) != processes:
        raise ValueError(f"{settings.batch} rows a step cannot be dealt out to {processes} GPUs")
    if settings.at_once:
        return settings.at_once
    # Two answers are computed for each row that is judged: both, or its own and another one's.
    pieces = 1 if settings.method == "sft" else 2
    fit = _TOKENS_AT_ONCE // (pieces * max(map(length, rows)))
    share = settings.batch // processes
    even = [count for count in range(settings.least_at_once, share + 1) if share % count == 0]
    return max((count for count in even if count <= fit), default=even[0])


def make_trainer(plan: TrainingPlan, folder: Path) -> Trainer:
    """The trainer of a plan, with the folder's rows."""
    rows, held_out = _rows(folder / "train.jsonl"), _rows(folder / "held_out.jsonl")
    settings = plan.settings.settled(len(rows))
    assert settings.epochs is not None
    set_seed(settings.seed)  # before the adapter's first weights are drawn
    # What is computed at once follows the longest row; what is learnt from at once does not.
    processes = processes_together()
    at_once = rows_at_once(settings, rows + held_out, processes)
    steps_an_epoch = math.ceil(len(rows) / settings.batch)
    steps = settings.max_steps or math.ceil(steps_an_epoch * settings.epochs)
    look = max(1, steps // _LOOKS)
    bfloat16 = settings.bfloat16 and has_bfloat16()
    common: dict[str, Any] = {
        "output_dir": str(folder / "checkpoints"),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "gradient_accumulation_steps": settings.batch // (at_once * processes),
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
        trainer: Trainer = AnswerSFT(args=_one_gpu(SFTConfig(**common)), **given)
    elif settings.method == "dpo":
        args = _one_gpu(DPOConfig(**common, beta=settings.beta))
        trainer = TokenDPO(args=args, **given)
    else:
        args = _one_gpu(KTOConfig(**common, beta=settings.beta))
        trainer = TokenKTO(args=args, data_collator=Mismatched(plan.pad), **given)
    trainer.add_callback(Report(folder / "progress.jsonl"))
    trainer.add_callback(MarkWhole())
    if held_out:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=settings.patience))
    return trainer


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def processes_together() -> int:
    """As many processes train together: one for each GPU that is used."""
    # A cluster may set the size for purposes of its own; the rank is the launcher's.
    return int(os.environ["WORLD_SIZE"]) if "LOCAL_RANK" in os.environ else 1


def _one_gpu(args: Any) -> Any:
    """Where a step's rows are too few for several GPUs, one is used; the library would take all in
    one process, each with a batch of its own."""
    args._n_gpu = min(args.n_gpu, 1)
    return args
