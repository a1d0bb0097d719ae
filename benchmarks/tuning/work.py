"""What the parts share: a workspace that may be kept, a training in it, and asking an agent."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from benchmarks.report import Report, Target, say
from kilde.agents.agent import Agent
from kilde.config import CONFIG_FILE
from kilde.errors import GenerationError
from kilde.tuning.training.settings import TuneSettings
from kilde.types import Answer
from kilde.workspace import Workspace
from kilde.workspace.tuning import build_dataset, resume, tune

SMOLLM2 = "smollm2-135m-instruct-q4"
COLUMNS = ("set", "measured", "before", "after")
_TELL_SECONDS = 60.0
_WORD = re.compile(r"\w+")
_OFTEN = 50


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter by its name, and the minutes that its training took."""

    adapter: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is judged: its text, empty where the agent declined or ``failed``."""

    text: str
    seconds: float
    declined: bool = False
    failed: str = ""
    answer: Answer | None = None


def training_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a training that most parts have."""
    parser.add_argument("--epochs", type=float, metavar="X", help="at most (as the rows are many)")
    parser.add_argument(
        "--learning-rate", type=float, default=0.0, metavar="X", help="(as the method has it)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of training and draws (%(default)s)")


def settings_of(args: argparse.Namespace, **more: Any) -> TuneSettings:
    """The settings that the options ask for."""
    return TuneSettings(
        epochs=args.epochs,
        learning_rate=args.learning_rate,
        max_steps=args.max_steps,
        seed=args.seed,
        **more,
    )


@contextmanager
def workspace(
    cache: Path | None, name: str, make: Callable[[Path], Workspace] = Workspace.init
) -> Iterator[Workspace]:
    """A workspace, in the cache if there is one; ``make`` makes it where it is not there yet."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = (cache or Path(temporary)) / name
        kept = (folder / CONFIG_FILE).is_file()
        with Workspace.open(folder) if kept else make(folder) as found:
            yield found


def write_agent(ws: Workspace, key: str, definition: Mapping[str, Any]) -> None:
    """Write an agent's file."""
    (ws.path / "agents" / f"{key}.toml").write_text(tomli_w.dumps(definition), encoding="utf-8")


def bare(text: str) -> str:
    """A text as two are compared: a test question that differs from a training row in case or
    punctuation only is no test.

    >>> bare("Play  some JAZZ, please!") == bare("play some jazz please")
    True
    """
    return " ".join(_WORD.findall(text.casefold()))


def row(question: str, answer: str, language: str, **more: Any) -> dict[str, Any]:
    """A training row as a file holds it."""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"messages": messages, "language": language, **more}


def write_rows(
    ws: Workspace, agent: str, rows: Iterable[Mapping[str, Any]], *, name: str = ""
) -> None:
    """Keep rows as a dataset of the agent, all of them to train on; without a name, as its own."""
    path = ws.path / "rows" / f"{name or agent}.jsonl"
    path.parent.mkdir(exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    build_dataset(ws, agent, path, name=name, test_share=0.0, replace_old=True)


def trained(
    ws: Workspace,
    agent: str,
    settings: TuneSettings,
    *,
    dataset: str = "",
    with_context: bool = False,
) -> Trained:
    """An adapter of a dataset; the one that is there already if all is as it was then."""
    card = ws.datasets.card(dataset or agent)
    settings = replace(settings, method=card.method, with_context=with_context)
    settings = settings.settled(card.rows)  # a run tells the numbers
    wanted = (card.name, settings.to_json(), card.data_hash)
    runs = ws.runs.list(agent)
    alike = [run for run in runs if (run.dataset, run.settings, run.data_hash) == wanted]
    for run in alike:
        if run.stage == "done":
            say(f"{run.adapter} was trained already ({run.id})")
            return Trained(run.adapter, ws.registry.get(run.adapter).seconds / 60)
    if alike and alike[0].id == runs[0].id:
        say(f"{agent}: going on with {alike[0].id}")
        tuned = resume(ws, agent, progress=Told())
    else:
        say(f"{agent}: training on {card.rows} rows")
        tuned = tune(
            ws,
            agent,
            dataset=card.name,
            settings=settings,
            with_context=with_context,
            progress=Told(),
        )
    return Trained(tuned.card.name, tuned.card.seconds / 60)


def asked(agent: Agent, questions: Sequence[str], adapter: bool | str) -> list[Said]:
    """The answers to all questions; the first is asked twice, for the model is loaded meanwhile."""
    said = []
    for number, question in enumerate([*questions[:1], *questions]):
        if number % _OFTEN == 1:
            say(f"asking {agent.key} ({adapter or 'untuned'}): {number} of {len(questions)}")
        began = time.perf_counter()
        try:
            answer = agent.ask(question, adapter=adapter)
        except GenerationError as error:
            said.append(Said("", time.perf_counter() - began, failed=error.message))
            continue
        took = time.perf_counter() - began
        text = "" if answer.abstained else answer.text
        said.append(Said(text, took, declined=answer.abstained, answer=answer))
    return said[1:]


def beside(
    report: Report,
    name: str,
    before: Mapping[str, float],
    after: Mapping[str, float],
    targets: Mapping[str, Target],
) -> None:
    """One row for each measure, before and after; targets are about what is after.

    What could not be measured before, for the model does not know the language, is left empty.
    """
    for measured in dict.fromkeys([*before, *after]):
        cells = {
            "set": name,
            "measured": measured,
            "before": before.get(measured),
            "after": after.get(measured),
        }
        target = targets.get(measured)
        report.add(cells, target, "after" if target else "")


def could_answer(said: Sequence[Said]) -> bool:
    """Whether any answer came at all: a model hands over where it does not know the language."""
    return not all(one.failed for one in said)


def note_failures(report: Report, name: str, said: Sequence[Said]) -> None:
    """Say how many answers failed, and why the first did."""
    failed = [one.failed for one in said if one.failed]
    if failed:
        report.notes.append(f"{name}: {len(failed)} of {len(said)} failed ({failed[0]})")


class Told:
    """Progress told on standard error: what begins, and now and then how it goes."""

    def __init__(self) -> None:
        self._at = self._done = 0.0
        self._total: int | None = None

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Tell what begins."""
        say(f"{label} ({total:,} {unit})" if total else label)
        self._at, self._done, self._total = time.monotonic(), 0, total

    def advance(self, amount: int = 1) -> None:
        """Count."""
        self._done += amount

    def tell(self, words: str) -> None:
        """Tell how it goes, once a minute."""
        if time.monotonic() - self._at >= _TELL_SECONDS:
            self._at = time.monotonic()
            say(f"  {self._done:.0f} of {self._total}: {words}")

    def finish(self) -> None:
        """Nothing to tell."""
