"""Where nothing can be written, what can be read is read, and an answer is given all the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import disks

from .conftest import Kilde

QUESTION = "When does the library open on Mondays?"


@pytest.fixture
def disk(kilde: Kilde, workspace: Path, tmp_path: Path) -> Iterator[disks.Disk]:
    """A small disk with a workspace in which an answer was rated."""
    kilde("ask", QUESTION, cwd=workspace)
    kilde("feedback", "add", "last", "--up", cwd=workspace)
    kilde("tag", "v1", cwd=workspace)
    with disks.mounted(tmp_path / "disk") as made:
        shutil.copytree(workspace, made.folder, dirs_exist_ok=True)
        yield made


def read_everything(kilde: Kilde, folder: Path, warnings: pytest.LogCaptureFixture) -> None:
    for command in (
        ["search", "library"],
        ["list"],
        ["history"],
        ["check"],
        ["agent", "list"],
        ["adapter", "list"],
        ["dataset", "list"],
    ):
        ended = kilde(*command, cwd=folder)
        assert (ended.code, ended.err) == (0, ""), command
    listed = kilde("feedback", "list", "--json", cwd=folder)
    assert (listed.code, listed.err) == (0, "")
    assert [one["feedback"]["rating"] for one in json.loads(listed.out)] == ["up"]
    for when in ([], ["--as-of", "v1"]):
        asked = kilde("ask", QUESTION, *when, cwd=folder)
        assert asked.code == 0
        assert "The library opens at 9:15" in asked.out
        assert "could not be kept" in warnings.text
        warnings.clear()
        assert "feedback add" not in asked.out  # what is not kept cannot be rated


def test_a_read_only_disk(kilde: Kilde, disk: disks.Disk, caplog: pytest.LogCaptureFixture) -> None:
    with disk.read_only():
        read_everything(kilde, disk.folder, caplog)
        for command in (
            ["add", "site"],
            ["sync"],
            ["remove", "health/library.md"],
            ["tag", "v2"],
            ["reindex"],
            ["check", "--repair"],
            ["feedback", "add", "last", "--down"],
        ):
            ended = kilde(*command, cwd=disk.folder)
            assert ended.code == 1, command
            assert "fault of Kilde" not in ended.err
            assert "writ" in ended.err.splitlines()[-1], ended.err  # be written, writable
    assert kilde("check", cwd=disk.folder).code == 0
    assert "feedback add" in kilde("ask", QUESTION, cwd=disk.folder).out


@pytest.mark.parametrize("free", [0, 4_096])
def test_a_full_disk(
    kilde: Kilde, disk: disks.Disk, free: int, caplog: pytest.LogCaptureFixture
) -> None:
    with disk.full(free):
        read_everything(kilde, disk.folder, caplog)
        ended = kilde("feedback", "add", "last", "--correction", "x" * 9_000, cwd=disk.folder)
        assert ended.code == 1
        assert "Make room" in ended.err
    assert kilde("feedback", "add", "last", "--down", cwd=disk.folder).code == 0
    assert "feedback add" in kilde("ask", QUESTION, cwd=disk.folder).out
    assert kilde("check", cwd=disk.folder).code == 0


def test_lost_and_damaged_records(kilde: Kilde, workspace: Path) -> None:
    kilde("ask", QUESTION, cwd=workspace)
    kilde("feedback", "add", "last", "--up", cwd=workspace)
    records = workspace / ".kilde" / "records.db"
    records.write_bytes(b"no database" * 1000)
    for command in (["feedback", "list"], ["feedback", "add", "last", "--down"]):
        ended = kilde(*command, cwd=workspace)
        assert ended.code == 1
        assert "records.db" in ended.err and "Move it away" in ended.err
    asked = kilde("ask", QUESTION, cwd=workspace)
    assert asked.code == 0 and "The library opens at 9:15" in asked.out
    records.unlink()
    assert "No feedback yet" in kilde("feedback", "list", cwd=workspace).out
    assert kilde("feedback", "add", "last", "--up", cwd=workspace).code == 2
    kilde("ask", QUESTION, cwd=workspace)
    assert kilde("feedback", "add", "last", "--up", cwd=workspace).code == 0
    assert "library open" in kilde("feedback", "list", cwd=workspace).out
