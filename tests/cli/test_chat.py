"""A conversation through a pipe, and on a terminal."""

from __future__ import annotations

from pathlib import Path

from .conftest import process


def test_follow_ups_use_the_conversation_and_sources_can_be_asked_for(workspace: Path) -> None:
    typed = "How long may I borrow books?\n/sources\n\nAnd how many?\n/quit\nMore?\n"
    ended = process("chat", "--agent", "health", cwd=workspace, typed=typed)
    assert (ended.code, ended.err) == (0, "")
    answer, _, rest = ended.out.partition("\nSources: Library\n\n")
    assert answer.startswith("You may borrow twelve books for four weeks.")
    sources, _, follow_up = rest.partition("\n\n")
    assert "  1  Library · health/library.md" in sources
    assert "You may borrow twelve books" in follow_up
    alone = process("chat", "--agent", "health", cwd=workspace, typed="And how many?\n")
    assert "twelve" not in alone.out


def test_the_last_line_needs_no_end(workspace: Path) -> None:
    ended = process("chat", cwd=workspace, typed="Which volcano erupted in Iceland?")
    assert ended.code == 0
    assert "could not find that" in ended.out


def test_sources_before_any_answer_and_unknown_commands_are_explained(workspace: Path) -> None:
    ended = process("chat", cwd=workspace, typed="/sources\n/dance\n")
    assert ended.out.startswith("There is no answer yet.\n")
    assert "/quit ends" in ended.out


def test_a_question_that_fails_is_named_and_the_conversation_goes_on(workspace: Path) -> None:
    (workspace / "agents" / "health.toml").write_text(
        'name = "Form"\ninstructions = "Fill in."\noutput.schema = {type = "object"}\n'
    )
    typed = "When does the library open?\n/sources\n"
    ended = process("chat", cwd=workspace, typed=typed)
    assert ended.code == 1
    assert "Error: The agent 'health' fills in a form" in ended.err
    assert "There is no answer yet." in ended.out
