"""Nothing leaves the machine: no connection, no name looked up, no file outside Kilde's folders.

Every command runs in a process of its own with an empty home, under strace, which sees native code
and child processes too. The environment is made from scratch: several libraries report nothing
where CI is set, so that a fault would not show there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.documents.scans import DANISH, make_scan, require_tesseract
from tests.traced import Traced, trace
from tests.tuning.parts import tiny_base
from tests.tuning.places import WITHOUT_RETRIEVAL, clinic, keep, row, some_facts

import kilde
from kilde.models.cache import cache_folder
from kilde.telemetry import DISABLED
from kilde.types import Message

SOURCE = Path(kilde.__file__).parents[1]
KILDE = [sys.executable, "-m", "kilde"]
QUESTION = "When does the library open on Mondays?"

# In a workspace with documents, whose agent "clinic" can be tuned. A new command that reads,
# answers or trains belongs here.
COMMANDS: dict[str, list[str]] = {
    "help": ["--help"],
    "add": ["add", "more", "--collection", "health"],
    "sync": ["sync"],
    "search": ["search", QUESTION],
    "ask with quotes": ["ask", QUESTION, "--agent", "quoting"],
    "ask with a model": ["ask", QUESTION, "--agent", "small"],
    "check": ["check"],
    "tune": ["tune", "clinic", "--max-steps", "1", "--rank", "2", "--force"],
    "demo": ["demo", "--lang", "en"],
}
# onnxruntime first reports nine seconds after it was imported.
SESSION = """
import sys, time, kilde
with kilde.open() as workspace:
    print(workspace.agent("quoting").ask(sys.argv[1]).text)
    time.sleep(12)
"""


@pytest.fixture(scope="module")
def prepared(minilm: str, smollm2: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "workspace" / "more").mkdir(parents=True)
    tiny, _ = tiny_base(folder / "workspace", "llama")
    with clinic(folder / "workspace", tiny.name, WITHOUT_RETRIEVAL) as workspace:
        question = Message("user", "Whom do I call about the broken lift?")
        keep(workspace, some_facts(), test=[row("lift", prompt=(question,))])
        for name, model in (("quoting", "quotes"), ("small", smollm2)):
            text = f'name = "{name}"\ninstructions = "Answer briefly."\nmodel = "{model}"\n'
            (workspace.path / "agents" / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "workspace" / "more" / "ferry.md").write_text(
        "# Ferry\n\nThe ferry leaves at noon.\n", encoding="utf-8"
    )
    return folder / "workspace"


class Place:
    """A workspace beside an empty home and an empty folder for temporary files."""

    def __init__(self, folder: Path, prepared: Path) -> None:
        self.workspace = folder / "workspace"
        self.home, self.temporary, self.traces = (
            folder / name for name in ("home", "temporary", "traces")
        )
        for path in (self.home, self.temporary, self.traces):
            path.mkdir()
        shutil.copytree(prepared, self.workspace)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "USER": "nobody",  # else it is asked from the system's name service
            "LANG": "C.UTF-8",
            "KILDE_CACHE": str(cache_folder().parent),
            "PYTHONPATH": str(SOURCE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def trace(self, *command: str) -> Traced:
        return trace(
            command, environment=self.environment(), cwd=self.workspace, traces=self.traces
        )

    def foreign(self, traced: Traced) -> list[str]:
        """The paths that were written outside the workspace, Kilde's cache and the temporary
        folder."""
        own = [self.workspace, self.temporary, cache_folder().parent]
        return [
            path
            for path in traced.written
            if not any(Path(path).is_relative_to(folder) for folder in own)
        ]


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Place:
    return Place(tmp_path, prepared)


def assert_nothing_leaves(place: Place, traced: Traced) -> None:
    assert traced.code == 0, traced.output
    assert traced.network == (), traced.output
    assert traced.lookups == (), traced.output
    assert place.foreign(traced) == []
    assert list(place.home.rglob("*")) == []


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_command_connects_to_nothing_and_writes_no_foreign_file(
    arguments: list[str], place: Place
) -> None:
    assert_nothing_leaves(place, place.trace(*KILDE, *arguments))


def test_reading_a_scan_connects_to_nothing(place: Place) -> None:
    require_tesseract()
    make_scan(place.workspace / "more" / "notice.pdf", [DANISH])
    traced = place.trace(*KILDE, "add", "more", "--collection", "health")
    assert "2 added" in traced.output
    assert_nothing_leaves(place, traced)


def test_a_program_that_stays_open_connects_to_nothing(place: Place) -> None:
    traced = place.trace(sys.executable, "-c", SESSION, QUESTION)
    assert "9:15" in traced.output
    assert_nothing_leaves(place, traced)


def test_the_trace_shows_what_leaves(place: Place) -> None:
    """Else the tests above would show nothing."""
    program = """
import os, socket, subprocess, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))  # sends nothing
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
os.chdir(os.environ["HOME"])
open("id", "w")
os.mkdir("made")
subprocess.run([sys.executable, "-c", "open('of-a-child', 'w')"])
try:
    socket.getaddrinfo("kilde.invalid", 443)
except OSError:
    pass
"""
    traced = place.trace(sys.executable, "-c", program)
    assert traced.code == 0, traced.output
    (connected,) = traced.network
    assert "192.0.2.1" in connected
    assert any("/etc/resolv.conf" in line for line in traced.lookups)
    assert place.foreign(traced) == [
        str(place.home / name) for name in ("id", "made", "of-a-child")
    ]


def python(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if name not in DISABLED
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "PYTHONPATH": str(SOURCE), **variables},
        capture_output=True,
        text=True,
    )


def test_importing_kilde_disables_telemetry_whatever_the_environment_says() -> None:
    program = "import kilde, os; print(*(os.environ[name] for name in {names}))"
    done = python(program.format(names=list(DISABLED)), **dict.fromkeys(DISABLED, "0"))
    assert done.stdout.split() == ["1"] * len(DISABLED), done.stderr
    assert done.stderr == ""


def test_a_library_that_reports_already_is_named() -> None:
    # With CI set onnxruntime does not report, so that this test does not either.
    program = "import onnxruntime, kilde"
    assert "onnxruntime was imported before kilde" in python(program, CI="1").stderr
    assert python(program, CI="1", ORT_DISABLE_TELEMETRY="1").stderr == ""
    assert python("import kilde, onnxruntime", CI="1").stderr == ""
