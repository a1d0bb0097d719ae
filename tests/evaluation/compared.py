"""A workspace whose arms can be compared in seconds: real documents, a model that is scripted.

The scripted model stands behind the Generator protocol and writes down what it was asked, in a
file, so that what several processes asked can be counted.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.tuning.lora import card, stage
from tests.tuning.places import FACTS, clinic

import kilde
from kilde import generation
from kilde.errors import GenerationError, Unreachable
from kilde.evaluation.testset import Question
from kilde.generation import GeneratorSettings
from kilde.models.hashes import weights_sha256
from kilde.protocols import GenerationRequest, Piece
from kilde.tuning.adapters.card import Card
from kilde.types import Usage
from kilde.workspace import Workspace

LOG = "asked.jsonl"
AWAY = "away"
"""While there is a file of this name beside the model, it cannot be reached with an adapter."""
QUESTIONS = tuple(
    Question(question=asked, references=(answer,), documents=(name,), language=code)
    for name, (code, place, *_, asked, answer) in FACTS.items()
    if place == "health"
)


class Scripted:
    """Knows what stands in the prompt's documents; with an adapter it says "tuned" beside it."""

    languages, context = None, 4096

    def __init__(self, settings: GeneratorSettings) -> None:
        self.name = f"llama_cpp:{Path(settings.model).name}"
        self._log = Path(settings.model).with_name(LOG)
        self.closed = False

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        told = {
            "adapter": request.adapter,
            "question": request.question,
            "temperature": request.temperature,
            "seed": request.seed,
            "messages": [message.content for message in request.messages],
        }
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(told) + "\n")
        time.sleep(float(os.environ.get("SCRIPTED_SECONDS", "0")))
        if "fail" in request.question:
            raise GenerationError("It ran out of memory.", hint="Buy some.")
        if request.adapter and self._log.with_name(AWAY).exists():
            raise Unreachable("Nobody is there.", hint="Call them.")
        known = request.evidence[0].passage.text if request.evidence else "Zebras."
        yield Piece(f"Tuned. {known}" if request.adapter else known)
        yield Piece("", Usage(10, 2))

    def close(self) -> None:
        self.closed = True


def script() -> None:
    """Let every model file of this process be the scripted model."""
    generation.BACKENDS["llama_cpp"] = Scripted  # type: ignore[index]


def asked(workspace: Workspace) -> list[dict[str, Any]]:
    """What the model was asked so far, by all processes."""
    path = workspace.path / LOG
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def made(folder: Path, questions: Sequence[Question] = QUESTIONS) -> Workspace:
    """A workspace with the agent ``clinic``, its test set and a model."""
    workspace = clinic(folder, folder / "model.gguf")
    (folder / "model.gguf").write_bytes(b"weights")
    keep(workspace, questions)
    return workspace


def copied(prepared: Path, folder: Path) -> Workspace:
    """The workspace of a folder, which was made and closed, in another folder."""
    shutil.copytree(prepared, folder)
    settings = folder / "kilde.toml"
    settings.write_text(settings.read_text("utf-8").replace(str(prepared), str(folder)), "utf-8")
    return kilde.open(folder)


def keep(workspace: Workspace, questions: Sequence[Question], name: str = "clinic") -> None:
    """Questions as a test set of the agent ``clinic``."""
    workspace.testsets.save(
        name, agent="clinic", source="a test", questions=questions, replace_old=True
    )


def add_adapter(workspace: Workspace, weights: bytes = b"lora", **more: Any) -> Card:
    """An adapter of the agent ``clinic`` for the scripted model; nothing is known of its rows."""
    count = len(workspace.registry.list("clinic"))
    base = weights_sha256(str(workspace.path / "model.gguf"))
    staged = stage(workspace.path / f"staged-{count}", weights)
    return workspace.registry.add("clinic", staged, card(**({"base_sha256": base} | more)))
