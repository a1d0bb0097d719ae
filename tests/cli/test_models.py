"""Models: listed, fetched, removed; and offered where one is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import COMMAND, Kilde, process

TERMINAL_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")


def test_list_says_what_is_here(kilde: Kilde, minilm: str) -> None:
    rows = {line.split()[0]: line for line in kilde("model", "list").out.splitlines()}
    assert " yes " in rows[minilm]
    assert " by hand " in rows["bge-m3"]


def test_pull_of_a_model_that_is_here_costs_nothing(kilde: Kilde, minilm: str) -> None:
    ended = kilde("model", "pull", minilm)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{minilm} is here: ")


def test_remove_deletes_the_files(
    kilde: Kilde, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "models" / "minilm-l6-int8"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"x")
    assert kilde("model", "remove", "minilm-l6-int8").code == 0
    assert not folder.exists()
    assert kilde("model", "remove", "minilm-l6-int8").code == 2


@pytest.mark.parametrize("command", [["reindex"], ["ask", "Why?"], ["search", "x"], ["sync"]])
def test_a_missing_model_is_named_with_the_line_that_fetches_it(
    workspace: Path, tmp_path: Path, command: list[str]
) -> None:
    ended = process(*command, cwd=workspace, KILDE_CACHE=str(tmp_path / "none"))
    assert ended.code == 1
    assert "is not on this computer yet" in ended.err
    assert "kilde model pull minilm-l6-int8\n" in ended.err
    assert ended.out == ""


def test_terms_of_a_model_are_named_with_the_line_that_accepts_them(
    tmp_path: Path,
) -> None:
    cache = {"KILDE_CACHE": str(tmp_path / "none"), "KILDE_OFFLINE": "1"}
    ended = process("model", "pull", "gemma3-270m-q4", cwd=tmp_path, **cache)
    assert ended.code == 1
    assert "https://" in ended.err
    assert "kilde model pull gemma3-270m-q4 --accept-licence" in ended.err
    accepted = process("model", "pull", "gemma3-270m-q4", "--accept-licence", cwd=tmp_path, **cache)
    assert "offline mode is on" in accepted.err


@TERMINAL_ONLY
def test_on_a_terminal_a_missing_model_is_offered(workspace: Path, tmp_path: Path) -> None:
    cache = {"KILDE_CACHE": str(tmp_path / "none"), "KILDE_OFFLINE": "1"}
    code, shown = on_terminal(["search", "library"], "n\n", workspace, **cache)
    assert "Fetch it now (24 MB)? [Y/n]" in shown
    assert "kilde model pull minilm-l6-int8" in shown
    assert code == 1
    code, shown = on_terminal(["search", "library"], "\n", workspace, **cache)
    assert "offline mode is on" in shown, "yes is the default, and then it is fetched"
    assert code == 1


@TERMINAL_ONLY
def test_on_a_terminal_terms_are_asked_about_once(tmp_path: Path) -> None:
    cache = {"KILDE_CACHE": str(tmp_path / "none"), "KILDE_OFFLINE": "1"}
    pull = ["model", "pull", "gemma3-270m-q4"]
    code, shown = on_terminal(pull, "\n", tmp_path, **cache)
    assert "https://" in shown
    assert "do you accept them? [y/N]" in shown
    assert code == 1
    code, shown = on_terminal(pull, "y\n", tmp_path, **cache)
    assert "offline mode is on" in shown
    code, shown = on_terminal(pull, "", tmp_path, **cache)
    assert "accept" not in shown, "the answer was kept"


@TERMINAL_ONLY
def test_a_terminal_shows_colours_a_bar_and_a_prompt_unless_told_otherwise(
    workspace: Path,
) -> None:
    (workspace / "new.md").write_text("# New\n\n" + "Something is written here. " * 4000)
    code, shown = on_terminal(["add", "new.md"], "", workspace)
    assert code == 0
    assert "indexing" in shown
    question = "When does the library open on Mondays?"
    code, shown = on_terminal(["chat"], f"{question}\n/sources\n/quit\n", workspace)
    assert code == 0
    assert "Health questions. Ask a question." in shown
    assert "> " in shown
    assert "\x1b[33m“The library opens at 9:15 on Mondays.”" in shown
    code, shown = on_terminal(["ask", question], "", workspace, NO_COLOR="1")
    assert "9:15" in shown
    assert "\x1b[3" not in shown


def on_terminal(arguments: list[str], typed: str, cwd: Path, **variables: str) -> tuple[int, str]:
    """Run the command line with a terminal for everything; its exit code and all that it shows."""
    import pty

    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **variables},
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return running.wait(timeout=60), shown.decode(errors="replace")
