"""Two hundred thumbs on an agent's own answers: does its style follow them, and its facts stay?

The agent begins with two styles, each about half of the time: its first adapter is trained on every
question in both. Its answers are sampled (temperature 1), get a thumb up in one style and down in
the other, are kept as feedback, and become rows as anybody's would; KTO goes on from that adapter.
"""

from __future__ import annotations

import argparse
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from benchmarks.metrics import mean, median
from benchmarks.report import Report, Target, say
from benchmarks.tuning import work
from benchmarks.tuning.scores import holds_one
from kilde.agents.agent import Agent
from kilde.errors import TuningError
from kilde.protocols import GenerationRequest, Generator, Piece
from kilde.tuning.training.settings import TuneSettings
from kilde.types import Answer, Feedback
from kilde.workspace import Workspace
from kilde.workspace.tuning import build_dataset

AGENT = "everyday"
STYLES, THUMBS = "styles", "thumbs"
PREFERRED, OTHER = "Of course!", "Answer:"
TARGETS = {
    "preferred style": Target(">=", 0.8),
    "preferred style, sampled": Target(">=", 0.8),
    "fact right, change": Target(">=", -0.03),
}
_FACTS = Path(__file__).parents[1] / "data" / "everyday.toml"
_PASSES = 12
_SEEDS = 3  # of the sampled answers to each test question


@dataclass(frozen=True, slots=True)
class Fact:
    """A question, how its answer may be written, and the same in words that nobody trains on."""

    ask: str
    fact: tuple[str, ...]
    again: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--thumbs", type=int, default=100, metavar="N", help="each (%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help="(%(default)s)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train both styles, judge answers, train on the thumbs, and ask what was held out."""
    report = Report("tune kto", work.COLUMNS)
    facts = load_facts()
    held = [fact for fact in facts if fact.again][: args.test or None]
    # Thumbs are about one adapter, which follows from these.
    name = f"kto-{args.model}-{args.max_steps}-{args.seed}"
    with work.workspace(args.cache, name) as ws:
        start = _both_styles(ws, facts, args)
        up, down = gather(ws, start, facts, args.thumbs, args.seed)
        build_dataset(
            ws, AGENT, "feedback", name=THUMBS, method="kto", test_share=0.0, replace_old=True
        )
        before = _measured(ws, held, start)
        made = work.trained(ws, AGENT, work.settings_of(args), dataset=THUMBS)
        after = _measured(ws, held, made.adapter)
    after["fact right, change"] = after["fact right"] - before["fact right"]
    after["minutes of training"] = made.minutes
    work.beside(report, "everyday", before, after, {} if args.max_steps else TARGETS)
    report.notes += [
        f"before: an adapter of {args.model} that was trained on both styles; after: KTO from "
        f"there on, with {up} thumbs up ({PREFERRED} …) and {down} down ({OTHER} …)",
        f"{len(held)} test questions, each asking in other words for a fact of the training; "
        f"sampled: temperature 1, {_SEEDS} answers to each; the other lines are as agents answer",
        "fact right: share of answers that hold the fact",
    ]
    return report


def load_facts() -> list[Fact]:
    """The questions of ``benchmarks/data/everyday.toml``."""
    data = tomllib.loads(_FACTS.read_text(encoding="utf-8"))
    return [Fact(one["ask"], tuple(one["fact"]), one.get("again", "")) for one in data["facts"]]


def in_styles(fact: Fact) -> tuple[str, str]:
    """The answer in the preferred style and in the other one."""
    return (
        f"{PREFERRED} The answer is {fact.fact[0]}, and thank you for asking.",
        f"{OTHER} {fact.fact[0]}.",
    )


def style_of(text: str) -> bool | None:
    """Whether a text is in the preferred style; ``None`` where it is in neither."""
    if text.startswith(PREFERRED):
        return True
    return False if text.startswith(OTHER) else None


def gather(
    ws: Workspace, adapter: str, facts: Sequence[Fact], each: int, seed: int
) -> tuple[int, int]:
    """Thumbs on sampled answers until there are ``each`` up and down, one a question at most.

    Those that are kept already count. Raises :class:`TuningError` where one style does not come.
    """
    judged = ws.records.judged(agent=AGENT)
    done = {answer.question for _, answer in judged}
    ratings = [feedback.rating for feedback, _ in judged]
    wanted = {"up": each - ratings.count("up"), "down": each - ratings.count("down")}
    for number in range(_PASSES):
        if not any(left > 0 for left in wanted.values()):
            break
        agent = sampling(ws, adapter, seed=seed + number, keep=True)
        for fact in facts:
            if fact.ask in done or not any(left > 0 for left in wanted.values()):
                continue
            answer = agent.ask(fact.ask)
            preferred = style_of(answer.text)
            rating = "up" if preferred else "down"
            if preferred is None or wanted[rating] <= 0:
                continue
            ws.records.add_feedback(_thumb(answer, rating))
            wanted[rating] -= 1
            done.add(fact.ask)
        say(f"thumbs after pass {number + 1}: {len(done)}")
    if max(wanted.values()) == each:
        raise TuningError(
            "The answers are all in one style or in none, so there is nothing to judge.",
            hint="Train both styles for longer.",
        )
    return each - wanted["up"], each - wanted["down"]


def sampling(ws: Workspace, adapter: str, *, seed: int, keep: bool = False) -> Agent:
    """The agent with a generator that samples; its answers are kept where they are to be judged."""
    _, definition = ws.agent_file(AGENT)
    return Agent(
        AGENT,
        definition,
        ws.agent(AGENT).knowledge,
        lambda loaded: Sampled(ws.generator(definition.model, loaded), seed),
        lambda _: ws.registry.adapter(adapter),
        lambda: ws.base_sha256(definition.model),
        ws.records.save if keep else lambda _: None,
    )


class Sampled:
    """A generator that draws its words at temperature 1, by chance anew for every question."""

    def __init__(self, inner: Generator, seed: int) -> None:
        self._inner, self._seed = inner, seed
        self.name, self.languages, self.context = inner.name, inner.languages, inner.context
        self.count_tokens, self.close = inner.count_tokens, inner.close

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        """The pieces of an answer."""
        # With one seed for all, the first draw and so the style would be the same everywhere.
        seed = crc32(f"{self._seed} {request.question}".encode()) >> 1
        return self._inner.stream(replace(request, temperature=1.0, seed=seed))


def _both_styles(ws: Workspace, facts: Sequence[Fact], args: argparse.Namespace) -> str:
    """Train the agent on both styles and let that adapter answer; its name."""
    work.write_agent(ws, AGENT, _definition(args.model))
    taught = [work.row(fact.ask, text, "en") for fact in facts for text in in_styles(fact)]
    work.write_rows(ws, AGENT, taught, name=STYLES)
    # The options are about what is measured, which is KTO.
    settings = TuneSettings(max_steps=args.max_steps, seed=args.seed)
    made = work.trained(ws, AGENT, settings, dataset=STYLES)
    ws.registry.promote(made.adapter, by="benchmark")
    return made.adapter


def _definition(model: str) -> dict[str, Any]:
    return {
        "name": "Everyday",
        "instructions": "Answer the question.",
        "language": "en",
        "model": model,
        "retrieval": False,
        "grounding": "off",
        "max_words": 30,
    }


def _thumb(answer: Answer, rating: Any) -> Feedback:
    return Feedback(uuid.uuid4().hex, answer.id, answer.agent, rating, "", datetime.now(UTC))


def _measured(ws: Workspace, held: Sequence[Fact], adapter: str) -> dict[str, float]:
    questions = [fact.again for fact in held]
    said = work.asked(ws.trial_agent(AGENT), questions, adapter)
    drawn = [
        (fact, sampling(ws, adapter, seed=1000 + seed).ask(fact.again))
        for seed in range(_SEEDS)
        for fact in held
    ]
    return {
        "preferred style": mean([float(style_of(one.text) is True) for one in said]),
        "preferred style, sampled": mean([float(style_of(a.text) is True) for _, a in drawn]),
        "neither style": mean([float(style_of(one.text) is None) for one in said]),
        "fact right": mean(
            [float(holds_one(one.text, fact.fact)) for fact, one in zip(held, said, strict=True)]
        ),
        "fact right, sampled": mean([float(holds_one(a.text, f.fact)) for f, a in drawn]),
        "p50 s": median([one.seconds for one in said]),
    }
