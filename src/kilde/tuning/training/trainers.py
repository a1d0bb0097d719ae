"""TRL's trainers on rows that are tokens already: exactly those that the served model will read.

KTO: Ethayarajh et al. 2024, https://arxiv.org/abs/2402.01306; DPO: Rafailov et al. 2023,
https://arxiv.org/abs/2305.18290.
"""

from __future__ import annotations

from typing import Any

import torch
from datasets import Dataset
from trl import DPOTrainer, KTOConfig, KTOTrainer, SFTTrainer

from kilde.tuning.training.sampler import StepSampler


class AnswerSFT(SFTTrainer):  # type: ignore[misc]
    """SFT whose logits are computed where the answers stand, and nowhere else.

    TRL does so on GPUs only; on a CPU it computes logits, and the gradient of the output layer, for
    every token of the prompt, which for a vocabulary of 262,000 takes longer than all the rest.
    """

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> StepSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in rows["input_ids"]]
        step = self.args.train_batch_size * self.args.gradient_accumulation_steps
        return StepSampler(lengths, step, self.args.seed)

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


class TokenDPO(DPOTrainer):  # type: ignore[misc]
    """DPO on rows that are tokens already: exactly those that the served model will read."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset


class TokenKTO(KTOTrainer):  # type: ignore[misc]
    """KTO on rows that are tokens already."""

    def _prepare_dataset(self, dataset: Dataset, _: Any, args: KTOConfig, *__: Any) -> Dataset:
        size = args.per_device_train_batch_size

        def mismatched(batch: dict[str, Any]) -> dict[str, Any]:
            # The answer to another question of the batch: where the KL term is estimated.
            answers = batch["completion_ids"]
            return {"KL_completion_ids": answers[-1:] + answers[:-1]}

        return dataset.map(mismatched, batched=True, batch_size=size)
