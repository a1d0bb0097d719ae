"""What a terminal is sent: nothing that a file name, a document or a model wrote acts on it."""

from __future__ import annotations

import ast
import io
import json
import os
import sys
from contextlib import redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest
from rich.console import Console

import kilde.cli
from kilde.cli.progress import Bar
from kilde.cli.terminal import error_text, escape_json, safe, safe_stream, single_line, style
from kilde.errors import ConfigError, KildeError

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


def on_a_terminal(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; returns its exit code and what the terminal was sent."""
    import pty
    import subprocess

    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        command,
        cwd=folder,
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
    return running.wait(), shown.decode().replace("\r\n", "\n")


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


def test_the_progress_bar_shows_names_safely() -> None:
    out = io.StringIO()
    bar = Bar(Console(file=out, force_terminal=True, width=120))
    bar.start("reading \x1b]0;a\x07", 2, "documents")
    bar.tell("at \x9b5m")
    bar.advance()
    bar.finish()
    assert "reading \\x1b]0;a\\x07" in out.getvalue()
    assert "\x1b]" not in out.getvalue() and "\x9b" not in out.getvalue()


def test_click_finds_no_way_past_a_stream() -> None:
    """Click writes to the ``buffer`` of a stream that names no encoding, or ASCII."""
    for encoding in ("utf-8", "ascii"):
        raw = io.BytesIO()
        stream = safe_stream(io.TextIOWrapper(raw, encoding, errors="replace"))
        with redirect_stdout(stream):
            click.echo("X\x1b[2J\u202e", color=True)
        assert raw.getvalue() == b"X\\x1b[2J\\u202e\n"
        assert not hasattr(stream, "buffer") and not hasattr(stream, "detach")


def test_names_stay_on_one_line() -> None:
    assert single_line("new\nError: line\r\tå\x1b[2J") == "new\\nError: line\\r\\tå\\x1b[2J"


def test_errors_break_lines_only_where_they_have_parts() -> None:
    error = ConfigError(["a\nb: 1", "c: 2"], hint="Do\nthis.")
    assert error_text(error) == "a\\nb: 1\nc: 2\nDo\\nthis."
    assert error_text(KildeError("Two:\n  - x\ny\n  - z")) == "Two:\n  - x\\ny\n  - z"


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
    # Whole, so that no two names look alike.
    assert "health/a\\x1b[2J\\x1b]0;owned\\x07\\u202efdp.md" in kilde("list", cwd=workspace).out
    documents = json.loads(kilde("list", "--json", cwd=workspace).out)
    assert hostile in {document["id"] for document in documents}
    assert not acts(kilde("list", "--json", cwd=workspace).out)


def test_colours_without_a_terminal_and_what_logs_say(workspace: Path, hostile: str) -> None:
    process("sync", cwd=workspace)
    ended = process("-v", "ask", "When does the swimming pool open?", cwd=workspace)
    assert ended.code == 0 and not acts(ended.out + ended.err)


@pytest.mark.skipif(sys.platform == "win32", reason="such names are refused there")
def test_a_name_forges_no_line(kilde: Kilde, workspace: Path) -> None:
    forged = "Error: all is lost"
    text = f"# Cinema\n\n{forged}\n\nThe cinema shows a film at eight in the evening.\n"
    (workspace / "health" / f"cinema\n{forged}.md").write_text(text, "utf-8")
    (workspace / "health" / f"broken\n{forged}.pdf").write_bytes(b"none")
    (workspace / "agents" / f"cook\n{forged}.toml").write_text("name = 1")
    for arguments, shown in (
        (["sync"], f"broken\\n{forged}.pdf"),
        (["list"], f"cinema\\n{forged}.md"),
        (["search", "When does the cinema show a film?"], f"cinema\\n{forged}.md"),
        (["ask", "When does the cinema show a film?", "--agent", "health"], f"cinema\\n{forged}"),
        (["lineage", f"health/cinema\n{forged}.md"], f"cinema\\n{forged}.md"),
        (["agent", "list"], f"cook\\n{forged}"),
        (["agent", "check"], f"cook\\n{forged}"),
        (["agent", "show", f"cook\n{forged}"], f"cook\\n{forged}.toml"),
        (["ask", "Why?", "--agent", "cock"], f"cook\\n{forged}"),
    ):
        ended = kilde(*arguments, cwd=workspace)
        output = ended.out + ended.err
        assert shown in output, arguments
        assert not any(line.startswith(forged) for line in output.splitlines()), arguments


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_what_is_printed_while_a_bar_is_drawn_is_safe(tmp_path: Path) -> None:
    program = """
import sys
from contextlib import redirect_stderr, redirect_stdout
import click
from kilde.cli.progress import Bar
from kilde.cli.terminal import safe_stream, style
with redirect_stdout(safe_stream(sys.stdout)), redirect_stderr(safe_stream(sys.stderr)):
    bar = Bar()
    bar.start("x", 10, "steps")
    for err in (False, True):
        click.echo("X\\x1b[2J\\u202e", err=err)
        click.echo(style("own", fg="red"), err=err)
    bar.finish()
"""
    _, text = on_a_terminal([sys.executable, "-c", program], tmp_path)
    assert text.count("X\\x1b[2J\\u202e\n") == 2
    assert text.count("\x1b[31mown\x1b[0m\n") == 2
    assert "\x1b[2J" not in text and "\u202e" not in text


class Refusing(BaseHTTPRequestHandler):
    """A model that answers every request with an error that would clear the screen."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": {"message": "no\x1b[2J\x1b]0;owned\x07\u202e"}}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_an_error_under_a_bar_is_safe_and_leaves_the_cursor_visible(workspace: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with (workspace / "kilde.toml").open("a") as settings:
            settings.write(
                '\n[models.far]\nbackend = "openai"\nmodel = "m"\n'
                f'base_url = "http://127.0.0.1:{server.server_port}/v1"\n'
            )
        (workspace / "agents" / "health.toml").write_text(
            'name = "Health"\ninstructions = "Be brief."\nmodel = "far"\n'
        )
        code, text = on_a_terminal(
            [*COMMAND, "dataset", "build", "health", "--from", "documents"], workspace
        )
        server.shutdown()
    assert code == 1
    assert "\\x1b[2J\\x1b]0;owned\\x07\\u202e" in text
    assert "\x1b[2J" not in text and "\x1b]" not in text and "\u202e" not in text
    assert "\x1b[?25l" in text, "a bar was drawn"
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rindex("Error:") > text.rindex("\x1b[?25h"), "the bar was gone by then"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_our_colours_work_and_those_of_a_document_do_not(
    workspace: Path, hostile: str
) -> None:
    process("sync", cwd=workspace)
    code, text = on_a_terminal([*COMMAND, "ask", "When does the swimming pool open?"], workspace)
    assert code == 0
    assert "\x1b[1mSources\x1b[0m" in text
    rest = text
    for own in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m"):
        rest = rest.replace(own, "")
    assert not acts(rest)
    assert "\\x1b[2J\\x1b]0;owned" in rest
