"""Short answers from documents: an adapter that reads, tested on passages it was never shown.

While it is trained, the agent may read the passages of ``train``; then ``test`` is opened to it as
well, and it has to find the right passage itself, among all of them. Before, a like agent is asked
whose instructions hold the sentence to decline with, which the other one learns from its rows.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.answers import holds
from benchmarks.metrics import mean, median
from benchmarks.report import Report, Target, say
from benchmarks.tuning import passages, work
from benchmarks.tuning.passages import Asked, Reading
from benchmarks.tuning.scores import holds_one, squad_f1
from benchmarks.tuning.work import Said
from kilde.agents.phrases import abstention
from kilde.errors import ConfigError
from kilde.grounding import ground
from kilde.workspace import Workspace

READER, QUOTING = "reader", "quotes"
GEMMA = "gemma3-270m-q4"
TARGETS = {
    "en": {"F1": Target(">=", 0.60), "declined, rightly": Target(">=", 0.6)},
    "da": {"F1": Target(">=", 0.55), "declined, rightly": Target(">=", 0.6)},
}
# Of these, a third has no answer.
_QUESTIONS = {"en": 280, "da": 300}
_UNANSWERABLE = 1 / 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer was worth. ``prompted`` tells whether a gold phrase stood in its prompt;
    ``grounded`` whether the hits support all of it, ``None`` where it claims nothing."""

    answerable: bool
    declined: bool
    f1: float
    contained: bool
    prompted: bool
    grounded: bool | None
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="DIR", help="Danish: with corpus.jsonl, qa.jsonl"
    )
    parser.add_argument("--lang", default="en", metavar="en,da", help="(%(default)s)")
    parser.add_argument("--model", default=work.SMOLLM2, help=f"or {GEMMA} (%(default)s)")
    parser.add_argument("--rows-en", type=int, default=0, metavar="N", help="to train on (all)")
    parser.add_argument("--rows-da", type=int, default=800, metavar="N", help="(%(default)s)")
    parser.add_argument(
        "--unanswerable", type=float, default=0.25, metavar="X", help="of the rows (%(default)s)"
    )
    parser.add_argument(
        "--declining",
        type=float,
        default=0.35,
        metavar="X",
        help="the share that is to decline, with those whose passage is taken away (%(default)s)",
    )
    parser.add_argument("--before", type=int, metavar="N", help="questions before tuning (all)")
    work.training_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Train on the passages of all languages together, test each by itself."""
    languages = args.lang.split(",")
    if not set(languages) <= set(TARGETS) or ("da" in languages and args.folder is None):
        raise ConfigError(["--lang is en, da or both, and Danish needs DIR."], hint="See --help.")
    report = Report("tune reading", work.COLUMNS)
    # The split never changes: what a kept workspace was trained on must not be tested.
    sets = {
        language: passages.english() if language == "en" else passages.danish(args.folder, 0)
        for language in languages
    }
    tests = {
        language: passages.drawn(
            found.test, args.test or _QUESTIONS[language], _UNANSWERABLE, args.seed
        )
        for language, found in sets.items()
    }
    with work.workspace(args.cache, f"reading-{args.model}-{'-'.join(languages)}") as ws:
        _fill(ws, sets, args)
        work.write_agent(
            ws, QUOTING, _definition("quotes", ("train", "test")) | {"grounding": "strict"}
        )
        untuned, quoted = {}, {}
        for language, test in tests.items():
            key = f"{READER}-untuned-{language}"
            work.write_agent(ws, key, _definition(args.model, ("train", "test"), language))
            untuned[language] = _answers(ws, key, test[: args.before], False)
            quoted[language] = _answers(ws, QUOTING, test, False)
        settings = work.settings_of(args, declining=args.declining)
        made = work.trained(ws, READER, settings, with_context=True)
        card = ws.registry.get(made.adapter)
        work.write_agent(ws, READER, _definition(args.model, ("train", "test")))
        tuned = {
            language: _answers(ws, READER, test, made.adapter) for language, test in tests.items()
        }
    for language, test in tests.items():
        # SmolLM2 was never taught Danish, and a training that was cut short has no target.
        judged = not args.max_steps and (language == "en" or args.model == GEMMA)
        before = {}
        if work.could_answer(untuned[language]):
            pairs = zip(test, untuned[language], strict=False)
            before = summary([outcome(*one) for one in pairs])
        after = summary([outcome(*one) for one in zip(test, tuned[language], strict=True)])
        after["minutes of training"] = made.minutes
        work.beside(report, language, before, after, TARGETS[language] if judged else {})
        quotes = summary([outcome(*one) for one in zip(test, quoted[language], strict=True)])
        work.beside(report, f"{language}, quotes", quotes, {}, {})
        _notes(report, language, sets[language], untuned[language], tuned[language], made.adapter)
    report.notes += [
        f"{args.model}; {card.rows} rows, of which {card.metrics.get('rows_left_out', 0):.0f} "
        "were left out, for their passage was not found",
        "F1 of words against the best gold phrase, 0 where the agent declined; prompted: the gold "
        "phrase stood among the documents of the prompt",
        "grounded: of the answers that say something, those that the hits support wholly",
        "quotes: the same questions, answered as a workspace answers by default, in sentences",
    ]
    return report


def outcome(asked: Asked, said: Said) -> Outcome:
    """What an answer to a test question was worth."""
    answer = said.answer
    prompt = " ".join(message.content for message in answer.trace.messages) if answer else ""
    prompt = prompt.replace(asked.question, " ")  # a phrase in the question is not found
    grounded = None
    if answer is not None and not said.declined:
        claims = ground(answer.trace.raw_text, answer.trace.hits, answer.trace.language).claims
        grounded = all(claim.supported for claim in claims) if claims else None
    return Outcome(
        answerable=bool(asked.gold),
        declined=said.declined,
        f1=squad_f1(said.text, asked.gold, asked.language),
        contained=holds_one(said.text, asked.gold),
        prompted=holds(prompt, asked.gold),
        grounded=grounded,
        seconds=said.seconds,
    )


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The measures over all answers of one language."""
    answerable = [one for one in outcomes if one.answerable]
    others = [one for one in outcomes if not one.answerable]
    grounded = [float(one.grounded) for one in outcomes if one.grounded is not None]
    return {
        "answerable": len(answerable),
        "F1": mean([one.f1 for one in answerable]),
        "F1, prompted": mean([one.f1 for one in answerable if one.prompted]),
        "prompted": mean([float(one.prompted) for one in answerable]),
        "contained": mean([float(one.contained) for one in answerable]),
        "declined, wrongly": mean([float(one.declined) for one in answerable]),
        "unanswerable": len(others),
        "declined, rightly": mean([float(one.declined) for one in others]),
        "grounded": mean(grounded),
        "p50 s": median([one.seconds for one in outcomes]),
    }


def _fill(ws: Workspace, sets: dict[str, Reading], args: argparse.Namespace) -> None:
    """Documents, agents and rows; documents that are there already are recognised."""
    work.write_agent(ws, READER, _definition(args.model, ("train",)))
    documents = [document for found in sets.values() for document in found.documents]
    say(f"indexing {len(documents):,} passages")
    ws.knowledge.add_documents(documents)
    rows = []
    for language, found in sets.items():
        count = args.rows_en if language == "en" else args.rows_da
        rows += passages.drawn(found.train, count, args.unanswerable, args.seed)
    work.write_rows(ws, READER, map(passages.training_row, rows))


def _definition(model: str, collections: Collection[str], language: str = "") -> dict[str, Any]:
    """The agent; given a language, its instructions hold the sentence to decline with."""
    instructions = "Answer with the shortest exact words of the documents."
    if language:
        instructions += f" If they do not answer, write only: {abstention(language, ())}"
    return {
        "name": "Reader",
        "instructions": instructions,
        "model": model,
        "collections": list(collections),
        "retrieval": True,
        "grounding": "off",
        "max_words": 30,
    }


def _answers(ws: Workspace, agent: str, test: Sequence[Asked], adapter: str | bool) -> list[Said]:
    return work.asked(ws.trial_agent(agent), [one.question for one in test], adapter)


def _notes(
    report: Report,
    language: str,
    found: Reading,
    before: Sequence[Said],
    after: Sequence[Said],
    adapter: str,
) -> None:
    """What the figures do not say: who answered, in which language, and what failed."""
    answers = [one.answer for one in after if one.answer is not None]
    others = sum(answer.trace.adapter != adapter for answer in answers)
    told = Counter(answer.trace.language for answer in answers)
    report.notes.append(
        f"{language}: {others} of {len(after)} were not answered by {adapter}; taken to be in "
        + ", ".join(f"{code} {count}" for code, count in told.most_common())
        + f"; {found.left_out} questions were not good enough to train on; "
        f"{len(found.documents)} passages, {len({one.passage for one in found.test})} of them with "
        "test questions"
    )
    quoted = sum("quotes" in one.answer.trace.model for one in before if one.answer is not None)
    if quoted:
        report.notes.append(f"{language}, before: {quoted} were quoted, not written by the model")
    work.note_failures(report, f"{language}, before", before)
    work.note_failures(report, f"{language}, after", after)
