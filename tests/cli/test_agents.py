"""Agents are listed, shown and checked."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from unicodedata import normalize

import pytest

from .conftest import HEALTH_AGENT, Kilde


def test_list_shows_scope_and_model(kilde: Kilde, workspace: Path) -> None:
    (workspace / "agents" / "broken.toml").write_text("name = ")
    lines = kilde("agent", "list", cwd=workspace).out.splitlines()
    assert lines[0].split() == ["AGENT", "NAME", "COLLECTIONS", "MODEL"]
    assert lines[1].split()[0] == "broken"
    assert lines[2].split() == ["health", "Health", "questions", "health", "quotes"]


def test_list_without_agents_says_how_to_make_one(kilde: Kilde, workspace: Path) -> None:
    (workspace / "agents" / "health.toml").unlink()
    assert "NAME.toml" in kilde("agent", "list", cwd=workspace).out


def test_show_takes_the_file_name_or_the_name_and_shows_defaults(
    kilde: Kilde, workspace: Path
) -> None:
    ended = kilde("agent", "show", "health", cwd=workspace)
    assert ended.code == 0
    assert "strict" in ended.out
    assert ended.out.endswith("\nAnswer briefly.\n")
    assert kilde("agent", "show", "Health questions", cwd=workspace) == ended


def test_check_names_every_fault_of_every_agent(kilde: Kilde, workspace: Path) -> None:
    assert kilde("agent", "check", cwd=workspace).code == 0
    agents = workspace / "agents"
    (agents / "one.toml").write_text('name = "One"\ncolour = "red"\n')
    (agents / "two.toml").write_text(HEALTH_AGENT.replace('"health"', '"helth"'))
    ended = kilde("agent", "check", cwd=workspace)
    assert ended.code == 1
    assert "one.toml:2: colour" in ended.err
    assert "instructions is missing" in ended.err
    assert "'helth' holds no documents" in ended.err
    assert "health: all is well" in ended.out


def test_an_agent_whose_file_name_is_decomposed(kilde: Kilde, workspace: Path) -> None:
    """As macOS writes it; what is typed is composed, or pasted decomposed."""
    composed, decomposed = normalize("NFC", "sundhedsråd"), normalize("NFD", "sundhedsråd")
    (workspace / "agents" / "health.toml").rename(workspace / "agents" / f"{decomposed}.toml")
    for name in (composed, decomposed):
        asked = kilde("ask", "When does the library open?", "--agent", name, cwd=workspace)
        assert asked.code == 0 and "9:15" in asked.out
        shown = json.loads(kilde("agent", "show", name, "--json", cwd=workspace).out)
        assert shown["agent"] == composed and Path(shown["file"]).is_file()
        listed = kilde("adapter", "list", name, cwd=workspace)
        assert (listed.code, listed.err) == (0, "")
    assert kilde("agent", "check", cwd=workspace).out == f"{composed}: all is well\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere refuse such names")
def test_a_file_whose_name_is_not_utf8_is_a_fault_and_else_left_out(
    kilde: Kilde, workspace: Path
) -> None:
    file = os.fsencode(workspace / "agents") + b"/a\xff.toml"
    with open(file, "w", encoding="utf-8") as agent:  # noqa: PTH123  (a name of bytes)
        agent.write(HEALTH_AGENT)
    checked = kilde("agent", "check", "--json", cwd=workspace)
    assert checked.code == 1
    faults = {found["agent"]: found["faults"] for found in json.loads(checked.out)}
    assert faults["health"] == []
    assert "a\\xff.toml" in faults["a\\xff"][0] and "not UTF-8" in faults["a\\xff"][0]
    assert "not UTF-8" in kilde("agent", "check", cwd=workspace).err
    listed = json.loads(kilde("agent", "list", "--json", cwd=workspace).out)
    assert [agent["agent"] for agent in listed] == ["health"]
    assert kilde("agent", "show", "health", "--json", cwd=workspace).code == 0
    answer = kilde("ask", "When does the library open?", "--json", cwd=workspace)
    assert answer.code == 0 and json.loads(answer.out)["agent"] == "health"
