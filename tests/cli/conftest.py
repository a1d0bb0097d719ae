"""The command line on a real workspace, in this process for speed or in one of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kilde.cli.main import run

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
