"""In which order rows are seen: those of like length together, and nothing else in order.

transformers' own grouping sorts hundreds of rows by length and goes through them from the longest
to the shortest. Where length goes with content, as a plan of five days goes with being well
trained, a model then learns that the answer is whatever it was a moment ago: of the example's plans
7 in 100 followed every rule. Here only rows that are computed together are alike, and their order
is chance.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler

# Groups of like length are made among so many times the rows that are computed together.
_WINDOW = 8


class LikeLengths(Sampler[int]):  # type: ignore[misc]
    """The rows of an epoch: ``lengths`` in tokens, ``at_once`` rows in a group.

    The order follows from ``seed`` and the epoch, so that a training that was stopped goes on with
    the rows that it would have seen.
    """

    def __init__(self, lengths: Sequence[int], at_once: int, seed: int) -> None:
        self._lengths, self._at_once, self._seed = lengths, at_once, seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self._seed}/{self._epoch}")  # noqa: S311  (nothing secret)
        order = list(range(len(self._lengths)))
        chance.shuffle(order)
        size = self._at_once * _WINDOW
        groups: list[list[int]] = []
        for start in range(0, len(order), size):
            window = sorted(order[start : start + size], key=lambda row: -self._lengths[row])
            groups += [
                window[at : at + self._at_once] for at in range(0, len(window), self._at_once)
            ]
        # The last group may be a smaller one, and has to stay the last.
        last = [groups.pop()] if groups and len(groups[-1]) < self._at_once else []
        chance.shuffle(groups)
        for group in groups + last:
            yield from group
