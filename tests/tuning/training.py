"""Folders to train in, as ``tune`` prepares them, with rows of token ids that are made up."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from kilde.tuning.training.settings import TrainingPlan, TuneSettings
from kilde.tuning.training.token_rows import TokenRow

PAD = 2


def sft(prompt: Sequence[int], answer: Sequence[int]) -> TokenRow:
    """A row to imitate, as rendering makes it."""
    return {"input_ids": [*prompt, *answer], "labels": [-100] * len(prompt) + [*answer]}


def some_rows(count: int = 8, seed: int = 0, longest: int = 12) -> list[TokenRow]:
    """Rows of different length; what to answer follows from the prompt's last token."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        prompt = [chance.randrange(20, 1000) for _ in range(chance.randint(3, longest))]
        rows.append(sft(prompt, [*(prompt[-1] ^ at for at in range(1, chance.randint(2, 5))), PAD]))
    return rows


def some_choices(count: int = 8, seed: int = 0) -> list[TokenRow]:
    """Pairs of answers for DPO."""
    rows = []
    for row in some_rows(count, seed):
        told = sum(label != -100 for label in row["labels"])
        prompt, chosen = row["input_ids"][:-told], row["input_ids"][-told:]
        rejected = [*(token // 2 + 20 for token in chosen[:-1]), PAD]
        rows.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
    return rows


def some_thumbs(count: int = 8, seed: int = 0) -> list[TokenRow]:
    """Answers with a thumb up or down for KTO: both of each pair."""
    rows = []
    for row in some_choices(count // 2, seed):
        for name, good in (("chosen_ids", True), ("rejected_ids", False)):
            ids = {"prompt_ids": row["prompt_ids"], "completion_ids": row[name]}
            rows.append({**ids, "label": good})
    return rows


def prepared(
    folder: Path,
    base: Path,
    rows: Sequence[TokenRow],
    held_out: Sequence[TokenRow] = (),
    **settings: Any,
) -> Path:
    """A folder that is ready for training."""
    folder.mkdir(parents=True)
    for name, some in (("train.jsonl", rows), ("held_out.jsonl", held_out)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in some), "utf-8")
    given = {"rank": 4, "alpha": 8, "batch": 8, "bfloat16": False, **settings}
    plan = TrainingPlan(base, PAD, TuneSettings(**given))
    (folder / "plan.json").write_text(json.dumps(plan.to_json()), "utf-8")
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """What was learnt, by the name of the layer."""
    return dict(load_file(folder / "adapter" / "adapter_model.safetensors"))


def lines(folder: Path) -> list[dict[str, float]]:
    """The lines of ``progress.jsonl``."""
    text = (folder / "progress.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def answer_loss(model: Any, rows: Sequence[TokenRow]) -> float:
    """The mean loss of an answer's token, row by row and by hand."""
    total, count = 0.0, 0
    with torch.no_grad():
        for row in rows:
            ids = torch.tensor([row["input_ids"]])
            logprobs = model(input_ids=ids).logits[0].float().log_softmax(-1)
            for at, label in enumerate(row["labels"]):
                if label != -100:
                    total, count = total - float(logprobs[at - 1, label]), count + 1
    return total / count


def likelihood(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> float:
    """The logarithm of the probability of an answer."""
    row = sft(prompt, answer)
    return -answer_loss(model, [row]) * len(answer)
