"""Training, in a process of its own: ``python -m kilde.tuning.train FOLDER``.

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
import platform
import resource
import shutil
import sys
import threading
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    set_seed,
)
from transformers.trainer import TRAINER_STATE_NAME
from trl import DPOConfig, KTOConfig, SFTConfig

from kilde.tuning.settings import TrainingPlan
from kilde.tuning.trainers import AnswerSFT, TokenDPO, TokenKTO

# Tokens that are computed at once: about 1 GB of activations for a model of 135M parameters.
_TOKENS_AT_ONCE = 1024
# Held-out rows are looked at, and a checkpoint is written, this many times in a training.
_LOOKS = 10
# Written into a checkpoint when all of it is there: the names of its files.
_WHOLE = "whole"


def train(folder: Path) -> None:
    """Train as the folder's plan says, from its last whole checkpoint if there is one."""
    plan = TrainingPlan.from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    (folder / "environment.json").write_text(json.dumps(_environment(), indent=1), encoding="utf-8")
    trainer = make_trainer(plan, folder)
    checkpoint = _last_checkpoint(folder / "checkpoints")
    if checkpoint is not None and _at_its_end(checkpoint, plan.settings.patience):
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
    (folder / "result.json").write_text(json.dumps(_result(trainer), indent=1), encoding="utf-8")
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
        "bf16": _has_bfloat16(),
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
    model, tokenizer = load_base(plan.base)
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
        # Rows of like length together: less is computed on padding.
        arguments = SFTConfig(**common, train_sampling_strategy="group_by_length")
        trainer: Trainer = AnswerSFT(args=arguments, **given)
    elif settings.method == "dpo":
        trainer = TokenDPO(args=DPOConfig(**common, beta=settings.beta), **given)
    else:
        trainer = TokenKTO(args=KTOConfig(**common, beta=settings.beta), **given)
    trainer.add_callback(_Report(folder / "progress.jsonl"))
    if held_out:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=settings.patience))
    return trainer


class _Report(TrainerCallback):  # type: ignore[misc]
    """Tells how training goes, one JSON line a step, and ends it when the loss is no number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = 0.0
        self._first = self._before = 0

    def on_train_begin(self, _: Any, state: Any, control: Any, **__: Any) -> None:  # noqa: ARG002
        self._began, self._first = time.perf_counter(), state.global_step
        self._before = state.num_input_tokens_seen
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
        done = state.global_step - self._first
        left = seconds / done * (state.max_steps - state.global_step) if done else 0.0
        line: dict[str, float] = {
            "step": state.global_step,
            "of": state.max_steps,
            "epoch": round(state.epoch or 0.0, 3),
            "seconds": round(seconds, 2),
            "tokens": int(state.num_input_tokens_seen - self._before),
            "left": round(left, 1),
            **found,
        }
        if state.is_world_process_zero:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")

    def on_save(self, args: Any, state: Any, _: Any, **__: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        (folder / _WHOLE).write_text("\n".join(names), encoding="utf-8")


def load_base(path: Path) -> tuple[Any, Any]:
    """A GGUF model as torch modules (bfloat16 where the machine has it), and its tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    # The weights are ordinary numbers now, and may be trained on.
    model.hf_quantizer, model.is_quantized = None, False
    del model.config.quantization_config
    if _has_bfloat16():
        model = model.to(torch.bfloat16)
    return model, AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def _has_bfloat16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _result(trainer: Trainer) -> dict[str, float]:
    """The figures of a training that came to its end."""
    logs = trainer.state.log_history
    losses = [float(entry["loss"]) for entry in logs if "loss" in entry]
    held_out = [float(entry["eval_loss"]) for entry in logs if "eval_loss" in entry]
    result = {
        "steps": float(trainer.state.global_step),
        "loss": sum(losses[-5:]) / len(losses[-5:]),
        "tokens": float(trainer.state.num_input_tokens_seen),
        # Linux counts kilobytes.
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    return result | ({"held_out_loss": min(held_out)} if held_out else {})


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _length(row: dict[str, Any]) -> int:
    return sum(len(ids) for name, ids in row.items() if name.endswith("_ids"))


def _last_checkpoint(folder: Path) -> Path | None:
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


def _at_its_end(checkpoint: Path, patience: int) -> bool:
    """Whether all steps were taken there, or held-out rows got no better for too long."""
    state = json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    early = state["stateful_callbacks"].get(EarlyStoppingCallback.__name__)
    waited = early["attributes"]["early_stopping_patience_counter"] if early else 0
    return bool(state["global_step"] >= state["max_steps"] or waited >= patience)


def _environment() -> dict[str, Any]:
    libraries = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "kilde")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "gpus": torch.cuda.device_count(),
        "bfloat16": _has_bfloat16(),
        "libraries": {name: metadata.version(name) for name in libraries},
    }


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
            sys.executable, [sys.executable, *launch, "-m", "kilde.tuning.train", *sys.argv[1:]]
        )
    _end_with_parent()
    try:
        train(folder)
    except Exception as error:
        _last_checkpoint(folder / "checkpoints")  # on a full disk, makes room for these few words
        told = {"kind": type(error).__name__, "message": str(error)}
        (folder / "failed.json").write_text(json.dumps(told), encoding="utf-8")
        raise


if __name__ == "__main__":
    main()
