"""The example's office files are what `scripts/build_example.py` makes of their sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kilde.demo.example import load_script
from kilde.documents.load import load
from kilde.documents.sources import Found, Source

ROOT = Path(__file__).resolve().parents[2]
CENTRE = ROOT / "src" / "kilde" / "demo" / "centre"
BUILT = {".docx", ".epub", ".pdf", ".pptx", ".xlsx"}
SCANS = {question.document for question in load_script("en").questions if question.scan}


def build(folder: Path) -> dict[str, Path]:
    script = str(ROOT / "scripts" / "build_example.py")
    subprocess.run([sys.executable, script, "--to", str(folder)], check=True, capture_output=True)
    return files(folder)


def files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.suffix in BUILT
    }


def texts(name: str, path: Path) -> list[str]:
    return [one.text for one in load(Found(name, Source("path", name), path.parent, path))]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("built"))


def test_two_builds_give_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again.keys() == built.keys()
    assert [name for name in built if built[name].read_bytes() != again[name].read_bytes()] == []


def test_the_example_holds_what_the_script_makes(built: dict[str, Path]) -> None:
    shipped = files(CENTRE)
    assert shipped.keys() == built.keys()
    readable = [name for name in built if name.split("/", 1)[1] not in SCANS]
    assert len(readable) == len(built) - 2
    assert [
        name for name in readable if texts(name, built[name]) != texts(name, shipped[name])
    ] == []
