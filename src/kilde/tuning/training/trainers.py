"""TRL's trainers on rows that are tokens already: exactly those that the served model will read.

KTO: Ethayarajh et al. 2024, https://arxiv.org/abs/2402.01306; DPO: Rafailov et al. 2023,
https://arxiv.org/abs/2305.18290.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from datasets import Dataset
from trl import DPOTrainer, KTOConfig, KTOTrainer, SFTTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from kilde.tuning.training.sampler import StepSampler
from kilde.tuning.training.token_rows import length


class _BySteps:
    """A trainer that sees its rows in the order of :class:`StepSampler`."""

    args: Any
    train_dataset: Any

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> StepSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        args = self.args
        step = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        return StepSampler([length(row) for row in rows], step, args.seed)


class _MeanOfRows(_BySteps):
    """A trainer whose step learns from the mean over its rows, also where the last ones of an epoch
    are computed in fewer numbers: TRL takes the mean of means."""

    loss_is_scaled_for_ga = True

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], int]:
        """The batches of a step, and how many sequences they hold."""
        batches, _ = super().get_batch_samples(  # type: ignore[misc]
            epoch_iterator, num_batches, device
        )
        return batches, sum(len(batch["input_ids"]) for batch in batches)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: int | None = None,
    ) -> Any:
        """A batch's part in the mean of its step; outside of a step, its own mean."""
        loss = super().compute_loss(model, inputs, return_outputs)  # type: ignore[misc]
        if num_items_in_batch is None:
            return loss
        return loss * (len(inputs["input_ids"]) / num_items_in_batch)


class AnswerSFT(_BySteps, SFTTrainer):  # type: ignore[misc]
    """SFT whose logits are computed where the answers stand, and nowhere else.

    TRL does so on GPUs only; on a CPU it computes logits, and the gradient of the output layer, for
    every token of the prompt, which for a vocabulary of 262,000 takes longer than all the rest.
    """

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        labels = inputs["labels"][:, 1:]
        told = labels != -100
        # Positions that hold an answer's token in any row of the batch.
        positions = told.any(dim=0).nonzero().squeeze(1)
        outputs = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=positions,
            use_cache=False,
        )
        loss = torch.nn.functional.cross_entropy(
            outputs.logits.float().flatten(0, 1),
            labels[:, positions].flatten(),
            ignore_index=-100,
            reduction="sum",
        )
        loss = loss / (told.sum() if num_items_in_batch is None else num_items_in_batch)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # the gradients are averaged over them
        return (loss, outputs) if return_outputs else loss


class TokenDPO(_MeanOfRows, DPOTrainer):  # type: ignore[misc]
    """DPO on rows that are tokens already: exactly those that the served model will read."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset


class TokenKTO(_MeanOfRows, KTOTrainer):  # type: ignore[misc]
    """KTO on rows that are tokens already, in an order of chance.

    TRL goes through the rows as they come, good ones first if they stand so, for it pairs
    neighbours beforehand; here :class:`Mismatched` pairs those that are computed together.
    """

    def _prepare_dataset(self, dataset: Dataset, _: Any, args: KTOConfig, *__: Any) -> Dataset:
        rows = list(dataset)
        answers = answers_to_others([row["prompt_ids"] for row in rows], args.seed)
        return Dataset.from_list(
            [
                {**row, "KL_completion_ids": rows[other]["completion_ids"]}
                for row, other in zip(rows, answers, strict=True)
            ]
        )


class Mismatched(DataCollatorForUnpairedPreference):  # type: ignore[misc]
    """Puts beside each row an answer to another question: where the KL term is estimated.

    It is that of the row before, as the method has it, so that all are the same answers with other
    questions; where that row asks the same, the one that was set aside for it.
    """

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The rows as tensors."""
        paired = []
        for row, before in zip(examples, [examples[-1], *examples[:-1]], strict=True):
            same = row["prompt_ids"] == before["prompt_ids"]
            other = row["KL_completion_ids"] if same else before["completion_ids"]
            paired.append({**row, "KL_completion_ids": other})
        batch: dict[str, Any] = super().torch_call(paired)
        return batch


def answers_to_others(prompts: Sequence[Sequence[int]], seed: int) -> list[int]:
    """For each row another one, drawn by chance, whose prompt is not the same; each is drawn once.

    Where more than half of the prompts are the same, some get one that is.
    """
    order = list(range(len(prompts)))
    random.Random(seed).shuffle(order)  # noqa: S311  (nothing secret)
    alike: dict[tuple[int, ...], list[int]] = {}
    for row in order:
        alike.setdefault(tuple(prompts[row]), []).append(row)
    # Equal ones stand together, so that as many places further on there stands another.
    order = [row for rows in alike.values() for row in rows]
    by = max(map(len, alike.values()))
    others = dict(zip(order, order[by:] + order[:by], strict=True))
    return [others[row] for row in range(len(prompts))]
