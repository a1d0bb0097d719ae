"""History, tags, health and reindexing."""

from __future__ import annotations

from pathlib import Path

from .conftest import Kilde


def test_history_shows_states_tags_and_what_made_them(
    kilde: Kilde, workspace: Path, minilm: str
) -> None:
    kilde("tag", "spring", cwd=workspace)
    (workspace / "site" / "new.md").write_text("# New\n\nSomething was added.\n")
    kilde("sync", cwd=workspace)
    lines = kilde("history", cwd=workspace).out.splitlines()
    assert lines[0].split() == ["VERSION", "AT", "DOCUMENTS", "PASSAGES", "TAGS", "WHAT"]
    tagged = [line for line in lines if "spring" in line]
    assert len(tagged) == 1
    assert "sync" in lines[-1]
    kilde("init", "empty")
    assert "Nothing was stored yet" in kilde("-w", "empty", "history").out


def test_a_healthy_store_passes(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("check", cwd=workspace)
    assert (ended.code, ended.out) == (0, "All is well.\n")


def test_a_damaged_store_is_reported_and_repaired(kilde: Kilde, workspace: Path) -> None:
    files = (workspace / ".kilde" / "knowledge").rglob("*.lance")
    victim = min(path for path in files if path.is_file() and "data" in path.parts)
    victim.write_bytes(b"\x00" * victim.stat().st_size)
    ended = kilde("check", cwd=workspace)
    assert ended.code == 1
    assert "kilde check --repair" in ended.err
    repaired = kilde("check", "--repair", cwd=workspace)
    assert (repaired.code, repaired.out.startswith("Repaired.")) == (0, True)
    assert kilde("sync", cwd=workspace).code == 0
    assert "9:15" in kilde("ask", "When does the library open on Mondays?", cwd=workspace).out


def test_another_split_is_refused_until_reindex(kilde: Kilde, workspace: Path) -> None:
    settings = workspace / "kilde.toml"
    settings.write_text(settings.read_text() + "passage_tokens = 40\n")
    refused = kilde("ask", "When does the library open?", cwd=workspace)
    assert refused.code == 1
    assert "kilde reindex" in refused.err
    done = kilde("reindex", cwd=workspace)
    assert (done.code, done.out) == (0, "0 added, 3 replaced, 0 removed, 0 unchanged.\n")
    assert kilde("ask", "When does the library open?", cwd=workspace).code == 0
