"""How fast does Kilde train, and in how much memory, beside plain ``trl sft`` on the same rows?

Each training is a process of its own, started in turns with the others: Kilde's, ``trl sft`` as it
comes (all weights), and ``trl sft`` with a LoRA like Kilde's. They get the same base, the same
conversations and the same number of steps; the first step and loading are not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.metrics import median
from benchmarks.report import Cell, Report, Target, say
from benchmarks.tuning import work
from benchmarks.tuning.week_plan import AGENT
from kilde.demo.example import make_workspace
from kilde.demo.week_plan import rows
from kilde.errors import TuningError
from kilde.generation.llama_cpp import LlamaCpp
from kilde.models.cache import path_of
from kilde.tuning.data.formats import read_rows
from kilde.tuning.training.process import read_progress, run_training
from kilde.tuning.training.rendering import draft, render_rows
from kilde.tuning.training.settings import TrainingPlan, TuneSettings

TARGET = Target(">=", 1.5)
TRL = {
    "trl sft": [],
    "trl sft, LoRA": ["--use_peft", "--lora_r", "16", "--lora_target_modules", "all-linear"],
}
_STEPS = 10
_BATCH = 8  # rows of a step, as many as trl takes by itself
_TOKENS = re.compile(r"'num_tokens': '?([\d.e+]+)")


@dataclass(frozen=True, slots=True)
class Run:
    """One training: tokens per second and seconds per step (medians without the first), peak MB."""

    rate: float
    step: float
    megabytes: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this part."""
    parser.add_argument("--turns", type=int, default=2, help="(%(default)s)")
    parser.add_argument("--rows", type=int, default=260, help="(%(default)s)")
    parser.add_argument("--no-lora", action="store_true", help="leave out trl with a LoRA")


def run(args: argparse.Namespace) -> Report:
    """Train in turns."""
    columns = ("training", "turns", "tokens/s", "s per step", "peak MB", "Kilde to it")
    report = Report("tune speed", columns, digits=dict.fromkeys(columns, 1) | {"Kilde to it": 2})
    steps = max(args.max_steps or _STEPS, 3)  # fewer have no steady ones
    names = ["Kilde", "trl sft", *([] if args.no_lora else ["trl sft, LoRA"])]
    found: dict[str, list[Run]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.cache or Path(temporary)) / f"speed-{steps}-{args.rows}"
        _prepare(folder, args.rows, steps)
        for turn in range(args.turns):
            for name in names:
                found[name].append(_once(folder, name, turn, steps))
    rates = {name: median([run.rate for run in runs]) for name, runs in found.items()}
    for name, runs in found.items():
        cells: dict[str, Cell] = {
            "training": name,
            "turns": len(runs),
            "tokens/s": rates[name],
            "s per step": median([run.step for run in runs]),
            "peak MB": median([run.megabytes for run in runs]),
            "Kilde to it": rates["Kilde"] / rates[name],
        }
        judged = name == "trl sft"
        report.add(cells, TARGET if judged else None, "Kilde to it" if judged else "")
    report.notes += [
        f"{steps} steps of {_BATCH} rows ({args.rows} week plans, {work.SMOLLM2}); medians of "
        "steps, then of turns; tokens without padding",
        "trl sft at its defaults trains all weights, computes activations twice (gradient "
        "checkpointing) and gets OMP_NUM_THREADS = all cores, for accelerate would give it one",
        "Kilde's time holds its checkpoints, about one a step here; trl writes none",
    ]
    return report


def _prepare(folder: Path, count: int, steps: int) -> None:
    """The rows as Kilde's tokens and as conversations, and the base as files that trl loads."""
    if (folder / "ready").is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    ws, _ = make_workspace("en", folder / "workspace")
    settings = TuneSettings(max_steps=steps, batch=_BATCH)
    with ws:
        file = folder / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows("en", "train", count)))
        read = read_rows(file)
        agent, generator = ws.trial_agent(AGENT), ws.generator(work.SMOLLM2)
        assert isinstance(generator, LlamaCpp)
        tokens = render_rows(agent, generator, read, settings, work.Told(), languages=("en",)).rows
        plan = TrainingPlan(path_of(work.SMOLLM2), generator.end_of_turn, settings)
        talks = []
        for row in read:
            prompt = agent.prompt(row.question, adapter=draft(settings, ("en",)), retrieval=False)
            turns = [asdict(message) for message in prompt.messages]
            answer = {"role": "assistant", "content": row.answer}
            talks.append({"prompt": turns, "completion": [answer]})
    for name, lines in (("kilde/train.jsonl", tokens), ("trl/train.jsonl", talks)):
        (folder / name).parent.mkdir()
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    # None are held out: looking at them is not training.
    (folder / "kilde" / "held_out.jsonl").touch()
    (folder / "kilde" / "plan.json").write_text(json.dumps(plan.to_json()))
    say("spreading the base out for trl")
    _spread(plan.base, folder / "base")
    (folder / "ready").touch()


def _spread(base: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(
        base.parent, gguf_file=base.name, dtype=torch.float32
    )
    model.hf_quantizer, model.is_quantized = None, False
    del model.config.quantization_config
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base.parent, gguf_file=base.name).save_pretrained(folder)


def _once(folder: Path, name: str, turn: int, steps: int) -> Run:
    """One training; what was measured in an earlier run of the benchmark is not measured again."""
    kept = folder / f"{name.replace(', ', '-').replace(' ', '-')}-{turn}.json"
    if kept.is_file():
        return Run(**json.loads(kept.read_text()))
    say(f"turn {turn + 1}: {name}")
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        here = Path(temporary) / "run"
        run = _kilde(folder, here) if name == "Kilde" else _trl(folder, here, name, steps)
    say(f"  {run.rate:,.0f} tokens/s, {run.megabytes:,.0f} MB")
    kept.write_text(json.dumps(asdict(run)))
    return run


def _kilde(folder: Path, here: Path) -> Run:
    shutil.copytree(folder / "kilde", here)
    run_training(here, work.Told())
    peak = json.loads((here / "result.json").read_text())["peak_memory_mb"]
    lines = [line for line in read_progress(here / "progress.jsonl") if "loss" in line]
    return steady([(line["seconds"], line["tokens"]) for line in lines], peak)


def _trl(folder: Path, here: Path, name: str, steps: int) -> Run:
    import torch

    given = {
        "model_name_or_path": folder / "base",
        "dataset_name": folder / "trl",
        "output_dir": here,
        "max_steps": steps,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
    if not torch.cuda.is_available():
        given["use_cpu"] = True  # without it bfloat16, its default, is refused
    options = [text for key, value in given.items() for text in (f"--{key}", str(value))]
    log = folder / "trl.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "trl"), "sft", *options, *TRL[name]],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ
            | {"PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
            | {"OMP_NUM_THREADS": str(os.cpu_count())},
        )
        assert process.stdout is not None
        points = timed(process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or len(points) < 3:
        raise TuningError(f"{name} ended with {process.returncode}.", hint=f"See {log}.")
    return steady(points, usage.ru_maxrss / 1024)  # of it and all it waited for; kilobytes


def timed(lines: Iterable[str]) -> list[tuple[float, float]]:
    """When each step was told, in seconds, and the tokens seen until then."""
    points = []
    for line in lines:
        if "'loss'" in line and (match := _TOKENS.search(line)):
            points.append((time.perf_counter(), float(match[1])))
    return points


def steady(points: Sequence[tuple[float, float]], megabytes: float) -> Run:
    """What a training is worth after its first step, of seconds and tokens at the end of each.

    Medians over the steps: memory that is touched for the first time makes the early ones slow.

    >>> steady([(9.0, 100), (11.0, 500), (13.0, 900)], 1000.0)
    Run(rate=200.0, step=2.0, megabytes=1000.0)
    """
    steps = [(t2 - t1, n2 - n1) for (t1, n1), (t2, n2) in pairwise(points)]
    rate = median([tokens / seconds for seconds, tokens in steps])
    return Run(rate, median([seconds for seconds, _ in steps]), megabytes)
