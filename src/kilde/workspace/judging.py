"""A model judges the answers of arms, pair by pair; a verdict is asked for once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.errors import ConfigError
from kilde.evaluation.comparison import Judgement, Scored
from kilde.evaluation.judge import Judged, agreement, judge_pairs
from kilde.evaluation.lines import Lines
from kilde.evaluation.said import Said
from kilde.evaluation.testset import Question
from kilde.models.cache import path_of
from kilde.protocols import Progress, step
from kilde.workspace.arms import PRICES

if TYPE_CHECKING:
    from kilde.workspace import Workspace

VERDICTS = "verdicts.jsonl"


class Judge:
    """A model of a workspace as judge; it is loaded when it has something to read.

    Raises :class:`NotFound`, :class:`ModelError` (it is not here) and :class:`ConfigError` (it
    reads nothing), before anything was asked.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        if name == "quotes":
            raise ConfigError(
                ["quotes cannot judge: it reads no prompt."],
                hint="Name a language model, best one that is larger than those judged.",
            )
        sha256 = workspace.base_sha256(name)
        if sha256:
            configured = workspace.config.models.get(name)
            path_of(configured.model if configured else name)
        self.name = name
        served = workspace.config.models.get(name)
        how = served.model_dump_json(exclude=PRICES) if served else ""
        state = hashlib.sha256(how.encode()).hexdigest()[:12]
        self._key = f"{name}/{sha256[:12] or '-'}/{state}"
        self._workspace = workspace

    def verdicts(
        self,
        questions: Sequence[Question],
        said: Mapping[str, Sequence[Said]],
        keys: Mapping[str, str],
        folder: Path,
        progress: Progress,
    ) -> tuple[Judged, ...]:
        """What the judge says of every pair of arms, asking only what is not in ``folder`` yet.

        ``said`` are the answers and ``keys`` what tells them from those of other weights, by arm.
        """
        lines = Lines(folder / VERDICTS)
        kept: dict[tuple[str, ...], Judged] = {}
        for number, told in enumerate(lines.read(), 1):
            try:
                place = (told.pop("judge"), told.pop("key_a"), told.pop("key_b"))
                one = Judged(**told)
            except (KeyError, TypeError) as error:
                raise lines.damaged(number, error) from error
            kept[*place, one.question, str(one.sample)] = one
        found: list[Judged] = []
        pairs = list(combinations(said, 2))
        count = sum(len(said[a]) for a, _ in pairs)
        with step(progress, "Judging", count, "pairs"), lines.appending() as append:
            for a, b in pairs:
                theirs = {(one.question, one.sample): one for one in said[b]}
                for ours in said[a]:
                    known = (self._key, keys[a], keys[b], ours.question, str(ours.sample))
                    other = theirs.get((ours.question, ours.sample))
                    if known not in kept and other is not None:
                        generator = self._workspace.generator(self.name)
                        (kept[known],) = judge_pairs(generator, questions, [ours], [other])
                        append(_line(known, kept[known]))
                    found += [kept[known]] if known in kept else []
                    progress.advance()
        return tuple(found)


def judgements(
    judge: str, verdicts: Sequence[Judged], scores: Sequence[Scored]
) -> tuple[Judgement, ...]:
    """What verdicts come to, for each pair of arms, and how far the headline agrees with them."""
    found = []
    for a, b in dict.fromkeys((one.a, one.b) for one in verdicts):
        some = [one for one in verdicts if (one.a, one.b) == (a, b)]
        better = [one.better for one in some]
        held = agreement(some, scores)
        found.append(
            Judgement(
                judge=judge,
                a=a,
                b=b,
                pairs=len(some),
                a_better=better.count("a"),
                b_better=better.count("b"),
                ties=better.count("tie"),
                turned=held.turned,
                agreement=held.share,
                kappa=held.kappa,
            )
        )
    return tuple(found)


def _line(known: tuple[str, ...], verdict: Judged) -> str:
    judge, key_a, key_b, *_ = known
    return json.dumps({"judge": judge, "key_a": key_a, "key_b": key_b} | asdict(verdict))
