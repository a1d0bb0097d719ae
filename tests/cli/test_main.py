"""Every way a run can end has its exit code and its words, and never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kilde as package

from .conftest import COMMAND, Kilde, process


def test_help_names_every_command(kilde: Kilde) -> None:
    ended = kilde("--help")
    assert ended.code == 0
    for name in (
        "adapter add agent ask chat check dataset demo feedback history init lineage list model "
        "reindex remove runs search sync tag tune"
    ).split():
        assert f"\n  {name} " in ended.out


def test_version(kilde: Kilde) -> None:
    assert kilde("--version").out == f"kilde {package.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["ask"],
        ["ask", "  "],
        ["list", "--no-such-option"],
        ["search", "x", "-k", "0"],
        ["add"],
        ["add", "x", "--table", "t"],
        ["add", "--sql", "sqlite:///x.db"],
        ["add", "--sql", "sqlite:///x.db", "--table", "t", "--query", "select 1"],
        ["add", "x", "--collection", "not one word"],
        ["add", "x", "--collection", ""],
        ["ask", "\udcff"],
        ["ask", "Why?", "--as-of", "0001-01-01"],
        ["ask", "Why?", "--as-of", "1" * 5000],
        ["ask", "Why?", "--adapter", "a\x00.gguf"],
        ["feedback", "add", "last", "--correction", "\udcff"],
        ["--workspace", "nowhere", "list"],
        ["ask", "Why?", "--agent", "nobody"],
        ["ask", "Why?", "--as-of", "never"],
        ["search", "Why?", "--collection", "nothing"],
        ["remove", "nothing"],
        ["model", "pull", "nothing"],
        ["model", "remove", "nothing"],
        ["agent", "show", "nobody"],
        ["demo", "--lang", "xx"],
        ["feedback", "add", "last", "--up"],
        ["feedback", "add", "123456"],
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[1:40],
)
def test_wrong_use_is_said_and_exits_with_2(
    kilde: Kilde, workspace: Path, arguments: list[str]
) -> None:
    ended = kilde(*arguments, cwd=workspace)
    assert ended.code == 2
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_no_command_shows_the_help_as_wrong_use(kilde: Kilde) -> None:
    ended = kilde()
    assert "Commands:" in ended.out + ended.err


def test_without_a_workspace_the_user_is_told_how_to_make_one(kilde: Kilde) -> None:
    ended = kilde("list")
    assert ended.code == 2
    assert "kilde init" in ended.err


def test_the_nearest_workspace_above_is_used(kilde: Kilde, workspace: Path) -> None:
    below = workspace / "health" / "deep"
    below.mkdir()
    assert "health/library.md" in kilde("list", cwd=below).out


def test_the_workspace_can_be_named(
    kilde: Kilde, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = kilde("-w", workspace, "list")
    assert (named.code, named.out.count("\n")) == (0, 4)
    monkeypatch.setenv("KILDE_WORKSPACE", str(workspace))
    assert kilde("list").out == named.out


def test_all_faults_of_the_settings_are_told_with_their_lines(
    kilde: Kilde, workspace: Path
) -> None:
    (workspace / "kilde.toml").write_text("passage_tokens = 5\ncolour = 'red'\n")
    ended = kilde("list", cwd=workspace)
    assert ended.code == 2
    assert "kilde.toml:1: passage_tokens" in ended.err
    assert "kilde.toml:2: colour" in ended.err


def test_an_unexpected_error_is_one_line_unless_its_place_is_asked_for(
    workspace: Path,
) -> None:
    broken = "import kilde.workspace as w; w.Workspace.agents = lambda self: 1 / 0\n"
    script = [sys.executable, "-c", broken + COMMAND[-1], "agent", "list"]
    quiet = subprocess.run(script, cwd=workspace, capture_output=True, text=True)
    assert quiet.returncode == 1
    assert quiet.stderr.startswith("Error: ZeroDivisionError: division by zero\n")
    assert "KILDE_TRACEBACK=1" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    asked = {**os.environ, "KILDE_TRACEBACK": "1"}
    loud = subprocess.run(script, cwd=workspace, capture_output=True, text=True, env=asked)
    assert loud.returncode == 1
    assert "Traceback" in loud.stderr


def test_a_reader_that_goes_away_is_no_error_to_talk_about(workspace: Path) -> None:
    running = subprocess.Popen(
        [*COMMAND, "list"], cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    running.stdout.close()
    _, err = running.communicate(timeout=60)
    assert err == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_quietly(workspace: Path) -> None:
    running = subprocess.Popen(
        [*COMMAND, "chat"],
        cwd=workspace,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs, of which this may be one, are started deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write("When does the library open on Mondays?\n")
    running.stdin.flush()
    # The answer is there while the input is still open.
    assert "9:15" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == ""


def test_letters_that_a_console_lacks_do_not_fail(workspace: Path) -> None:
    ended = process("search", "badeanstalt", cwd=workspace, PYTHONIOENCODING="koi8-r")
    assert ended.code == 0
    assert "Badeanstalten p? ?vej" in ended.out


def test_json_is_utf8_whatever_the_console_speaks(workspace: Path) -> None:
    ended = process("search", "badeanstalt", "--json", cwd=workspace, PYTHONIOENCODING="koi8-r")
    assert "Badeanstalten på Åvej" in ended.out


def test_colours_are_for_terminals(workspace: Path) -> None:
    assert "\x1b[" not in process("ask", "When does the library open?", cwd=workspace).out


def test_verbose_logs_on_stderr(workspace: Path) -> None:
    ended = process("-v", "ask", "Why?", "--agent", "nobody", cwd=workspace)
    assert ended.code == 2
    assert "DEBUG kilde" in ended.err
