"""What a terminal is sent: nothing that a file name, a document or a model wrote acts on it."""

from __future__ import annotations

import ast
import io
import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

import kilde.cli
from kilde.cli.progress import Bar
from kilde.cli.terminal import escape_json, safe, safe_stream, style

from .conftest import COMMAND, Kilde, process

HOSTILE = [
    "\x1b[2J",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b]52;c;cm0=\x1b\\",
    "\x9b2J",
    "\x90q\x9c",
    "a\rb",
    "a\x08b",
    "\x7f",
    "\x00",
    "\u202efdp.exe",
    "\u2066x\u2069",
    "\u200e\u200f\u061c",
    "in\u200bvisible",
    "\ufeff",
    "\U000e0041\U000e007f",
    "\u2028",
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def acts(text: str) -> bool:
    """Whether a text holds anything that a terminal would act on, or not show."""
    return any(not character.isprintable() and character not in "\n\t" for character in text)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_control_characters_are_written_out(hostile: str) -> None:
    shown = safe(f"report{hostile}.md\n")
    assert not acts(shown)
    assert "\\" in shown
    assert safe(shown) == shown


@pytest.mark.parametrize("text", ["Åse – “æøå”\n\tx", "می\u200cخواهم", "👩\u200d⚕️", "क्\u200dष"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_only_our_own_styles_are_styles() -> None:
    out = Terminal()
    stream = safe_stream(out)
    stream.write(style("bold \x1b[31mred", bold=True) + " \x1b[1mplain")
    assert out.getvalue() == "\x1b[1mbold \\x1b[31mred\x1b[0m \\x1b[1mplain"
    assert style(f"a {style('b', dim=True)}", bold=True).count("b") == 1


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_json_says_the_same_without_acting_on_a_terminal(hostile: str) -> None:
    dumped = json.dumps({"title": hostile}, ensure_ascii=False, indent=2)
    escaped = escape_json(dumped)
    assert not acts(escaped)
    assert json.loads(escaped) == {"title": hostile}


def test_the_progress_bar_shows_names_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", Terminal())
    before = sys.stdout, sys.stderr
    bar = Bar(Console(file=out, force_terminal=True, width=120))
    bar.start("reading \x1b]0;a\x07", 2, "documents")
    bar.tell("at \x9b5m")
    print("warning: \x1b]0;b\x07\x9b5m", file=sys.stderr)
    bar.advance()
    bar.finish()
    assert "reading \\x1b]0;a\\x07" in out.getvalue()
    assert "warning: \\x1b]0;b\\x07\\x9b5m" in out.getvalue()
    assert "\x1b]" not in out.getvalue() and "\x9b" not in out.getvalue()
    assert (sys.stdout, sys.stderr) == before


def test_styles_are_made_in_one_place() -> None:
    """A style of click's own would be written out as the escape sequence that it is."""
    for path in Path(kilde.cli.__file__).parent.glob("*.py"):
        names = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        if path.name != "terminal.py":
            assert not names & {"click.style", "click.secho", "click.echo_via_pager"}, path


@pytest.fixture
def hostile(workspace: Path) -> str:
    """A document in the workspace whose name would clear the screen, and show a name backwards."""
    name = "health/a\x1b[2J\x1b]0;owned\x07\u202efdp.md"
    (workspace / name).write_text(
        "# Bathing\x1b[31m\n\nThe swimming pool \x1b[5mopens\x9b0m at noon\u202e.\n", "utf-8"
    )
    return name


def test_hostile_names_in_every_kind_of_output(kilde: Kilde, workspace: Path, hostile: str) -> None:
    agent = 'name = "\\u001b[31mRed\\u202e"\ninstructions = "\\u001b]0;x\\u0007"\n'
    (workspace / "agents" / "health.toml").write_text(agent)
    (workspace / "site" / "bad\x1b[2J.pdf").write_bytes(b"none")
    for arguments in (
        ["sync"],
        ["list"],
        ["search", "swimming pool"],
        ["ask", "When does the swimming pool open?", "--show-prompt"],
        ["agent", "list"],
        ["agent", "show", "health"],
        ["agent", "check"],
        ["remove", "\x1b[2Jnothing"],
        ["ask", "Why?", "--agent", "\x1b[2J\u202e"],
        ["\x1b[2J"],
        ["history"],
    ):
        ended = kilde(*arguments, cwd=workspace)
        assert not acts(ended.out + ended.err), arguments
    # click takes whole colour and cursor codes out of what goes to no terminal.
    assert "health/a\\x1b]0;owned\\x07\\u202efdp.md" in kilde("list", cwd=workspace).out
    documents = json.loads(kilde("list", "--json", cwd=workspace).out)
    assert hostile in {document["id"] for document in documents}
    assert not acts(kilde("list", "--json", cwd=workspace).out)


def test_colours_without_a_terminal_and_what_logs_say(workspace: Path, hostile: str) -> None:
    process("sync", cwd=workspace)
    ended = process("-v", "ask", "When does the swimming pool open?", cwd=workspace)
    assert ended.code == 0 and not acts(ended.out + ended.err)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_our_colours_work_and_those_of_a_document_do_not(
    workspace: Path, hostile: str
) -> None:
    import pty
    import subprocess

    process("sync", cwd=workspace)
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, "ask", "When does the swimming pool open?"],
        cwd=workspace,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
    os.close(ours)
    assert running.wait() == 0
    text = shown.decode().replace("\r\n", "\n")
    assert "\x1b[1mSources\x1b[0m" in text
    rest = text
    for own in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m"):
        rest = rest.replace(own, "")
    assert not acts(rest)
    assert "\\x1b[2J\\x1b]0;owned" in rest
