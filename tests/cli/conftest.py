"""The command line on a real workspace, in this process for speed or in one of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kilde.cli.main import run

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "json"
COMMAND = [sys.executable, "-c", "from kilde.cli.main import main; main()"]

DOCUMENTS = {
    "health/library.md": "# Library\n\n## Opening hours\n\nThe library opens at 9:15 on Mondays. "
    "On Sundays it is closed.\n\n## Loans\n\nYou may borrow twelve books for four weeks.\n",
    "health/pharmacy.md": "# Pharmacy\n\nThe pharmacy renews a prescription within 3 days. "
    "Bring your health card with you.\n",
    "site/badeanstalt.md": "# Badeanstalten\n\nBadeanstalten på Åvej åbner klokken 6.30. "
    "En billet koster 45 kr. for voksne.\n",
}
HEALTH_AGENT = (
    'name = "Health questions"\ninstructions = "Answer briefly."\ncollections = ["health"]\n'
)


# Questions that are no near duplicates of each other, with their answers.
ROWS = (
    ("When does the library open on Mondays?", "At a quarter past nine."),
    ("Is the library open on Sundays?", "No, it is closed then."),
    ("How many books may I borrow?", "Twelve books."),
    ("For how long may loans be kept?", "For four weeks."),
    ("How quickly are prescriptions renewed?", "Within three days."),
    ("What should I bring to the pharmacy?", "Your health card."),
    ("Who repairs the lift?", "The caretaker does."),
    ("Where do visitors park?", "Behind the house."),
    ("May dogs come along?", "Guide dogs may."),
    ("What does lunch cost?", "Fifty kroner."),
    ("Which bus goes to the centre?", "Line seven."),
    ("Can I pay by card?", "Yes, everywhere."),
)


def write_rows(path: Path, count: int, **more: object) -> Path:
    """A file with some rows to imitate; ``more`` stands in each of them."""
    lines = [json.dumps({"prompt": q, "completion": a, **more}) + "\n" for q, a in ROWS[:count]]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def validated(command: str, text: str) -> Any:
    """The JSON that a command printed, which is what its schema says."""
    name = f"{command.replace(' ', '-')}.schema.json"
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    found = json.loads(text)
    Draft202012Validator(schema).validate(found)
    return found


@dataclass(frozen=True)
class Ended:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


Kilde = Callable[..., Ended]


@pytest.fixture(scope="session")
def _indexed(tmp_path_factory: pytest.TempPathFactory, minilm: str) -> Path:
    folder = tmp_path_factory.mktemp("indexed") / "centre"
    assert run(["init", str(folder)]) == 0
    for name, text in DOCUMENTS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for collection in ("health", "site"):
        added = [str(folder / collection), "--collection", collection]
        assert run(["-w", str(folder), "add", *added]) == 0
    (folder / "agents" / "health.toml").write_text(HEALTH_AGENT, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(_indexed: Path, tmp_path: Path) -> Path:
    """A workspace with three documents in two collections and one agent, to be changed at will."""
    folder = tmp_path / "centre"
    shutil.copytree(_indexed, folder)
    return folder


@pytest.fixture
def kilde(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Kilde:
    """Run ``kilde ARGUMENTS`` in this process, in a folder (an empty one by default)."""

    def call(*arguments: str | Path, cwd: Path | None = None) -> Ended:
        monkeypatch.chdir(cwd or tmp_path)
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call


def process(*arguments: str | Path, cwd: Path, typed: str | None = None, **variables: str) -> Ended:
    """Run ``kilde ARGUMENTS`` in a process of its own; ``typed`` is piped into it."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
