"""In which order rows are seen: by chance, and within a step by length.

transformers' own grouping sorts hundreds of rows by length and goes through them from the longest
to the shortest. Where length goes with content, as a plan of five days goes with being well
trained, a model can learn that the answer is whatever it was a moment ago. Here a step's rows are
drawn by chance, and only then sorted, so that those that are computed together are alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler


class StepSampler(Sampler[int]):  # type: ignore[misc]
    """The rows of an epoch: ``lengths`` in tokens, ``step`` rows to a step of the optimizer.

    Which rows make a step follows from ``seed`` and the epoch alone, so that a training that was
    stopped goes on with the rows that it would have seen, however many are computed at once.
    """

    def __init__(self, lengths: Sequence[int], step: int, seed: int) -> None:
        self._lengths, self._step, self._seed = lengths, step, seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        order = list(range(len(self._lengths)))
        random.Random(f"{self._seed}/{self._epoch}").shuffle(order)  # noqa: S311  (no secret)
        for start in range(0, len(order), self._step):
            rows = order[start : start + self._step]
            yield from sorted(rows, key=lambda row: (-self._lengths[row], row))
