"""Agent files that nobody writes by accident: each is named, and stops nobody else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kilde
from kilde.errors import ConfigError, KildeError
from kilde.types import Document
from kilde.workspace import Workspace

_GOOD = 'name = "Good"\ninstructions = "Answer briefly."\n'
_QUESTION = "When does the clinic open?"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, minilm: str) -> Iterator[Workspace]:
    with kilde.init(tmp_path_factory.mktemp("place") / "centre") as workspace:
        hours = Document.from_text("The clinic opens at 8 every day.", id="hours", language="en")
        workspace.knowledge.add_documents([hours])
        (workspace.path / "agents" / "good.toml").write_text(_GOOD)
        yield workspace


FAULTY: dict[str, str | bytes] = {
    "empty": "",
    "blank": "\ufeff \n\n",
    "no text": bytes(range(256)) * 16,
    "zeros": bytes(10_000),
    "UTF-16": _GOOD.encode("utf-16"),
    "Latin-1": 'name = "Blåbær"\ninstructions = "x"'.encode("latin-1"),
    "bare carriage returns": _GOOD.replace("\n", "\r"),
    "nested arrays": _GOOD + "x = " + "[" * 100_000,
    "nested closed arrays": _GOOD + "x = " + "[" * 5_000 + "]" * 5_000,
    "nested tables": _GOOD + "x = " + "{a=" * 5_000 + "1" + "}" * 5_000,
    "deep key": _GOOD + ".".join(["a"] * 2_000) + " = 1\n",
    "deep table": _GOOD + "[" + ".".join(["a"] * 2_000) + "]\n",
    "number of 10,000 digits": _GOOD + "max_words = " + "9" * 10_000,
    "number beyond 64 bits": _GOOD + "max_words = 99999999999999999999",
    "not a number": _GOOD + "max_words = nan",
    "infinity": _GOOD + "max_words = inf",
    "impossible date": _GOOD + "x = 2026-02-31",
    "key twice": _GOOD + 'name = "Other"\n',
    "table over a value": _GOOD + "[name]\nx = 1\n",
    "string never closed": 'name = "Good\ninstructions = """',
    "surrogate": _GOOD + 'model = "\\ud800"\n',
    "control character": 'name = "a\x1b[2Jb"\ninstructions = "x"\n',
    "unknown keys by the thousand": _GOOD + "".join(f"k{n} = {n}\n" for n in range(5_000)),
    "dunder": _GOOD + '__class__ = "x"\n__init__ = 1\nmodel_config = {}\n',
    "blank name": 'name = " "\ninstructions = "\\t"\n',
    "types": 'name = 1\ninstructions = ["x"]\nexamples = "none"\nretrieval = "maybe"\n',
    "collection as a path": _GOOD + 'collections = ["../other", "a b", "x\'; --"]\n',
    "language as a path": _GOOD + 'language = "../../etc"\n',
    "model as a path": _GOOD + 'model = "../../etc/passwd"\n',
    "adapter as a path": _GOOD + 'adapter = "/etc/passwd"\nmodel = "smollm2-135m-instruct-q4"\n',
    "adapter outside": _GOOD + 'adapter = "../outside.gguf"\nmodel = "smollm2-135m-instruct-q4"\n',
    "adapter as a number": _GOOD + 'adapter = "../good@1"\nmodel = "smollm2-135m-instruct-q4"\n',
    "schema that is none": _GOOD + '[output.schema]\ntype = "nonsense"\n',
    "schema from elsewhere": _GOOD + '[output.schema]\n"$ref" = "http://127.0.0.1:9/x"\n',
    "schema from a file": _GOOD + '[output.schema]\n"$ref" = "file:///etc/passwd"\n',
    "schema of itself": _GOOD + '[output.schema]\n"$ref" = "#"\n',
    "schema with a faulty pattern": _GOOD + '[output.schema]\npattern = "("\n',
    "ten megabytes in a line": _GOOD + 'x = "' + "y" * 10_000_000 + '"\n',
}


@pytest.mark.parametrize("kind", FAULTY)
def test_a_hostile_file_is_named_and_stops_nobody_else(place: Workspace, kind: str) -> None:
    path = place.path / "agents" / "hostile.toml"
    content = FAULTY[kind]
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        faults = place.check_agents()
        assert faults["good"] == ()
        assert faults["hostile"]
        assert all(str(path) in fault and len(fault) < 2_000 for fault in faults["hostile"])
        assert place.agents() == ("good", "hostile")
        assert "at 8" in place.agent("good").ask(_QUESTION).text
        with pytest.raises(KildeError) as caught:
            place.agent("hostile").ask(_QUESTION)
        assert caught.value.hint
    finally:
        path.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and devices")
@pytest.mark.parametrize(
    "kind", ["folder", "pipe", "device", "link to itself", "link to nothing", "unreadable"]
)
def test_what_is_no_file_is_not_read(place: Workspace, kind: str) -> None:
    path = place.path / "agents" / "hostile.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "unreadable":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        path.write_text(_GOOD)
        path.chmod(0)
    else:
        targets: dict[str, str | Path] = {"device": "/dev/zero", "link to itself": path}
        path.symlink_to(targets.get(kind, place.path / "nothing"))
    try:
        assert place.check_agents()["hostile"]
        assert place.check_agents()["good"] == ()
        assert "at 8" in place.agent("good").ask(_QUESTION).text
        with pytest.raises(ConfigError, match=r"hostile\.toml"):
            place.agent("hostile")
    finally:
        path.rmdir() if kind == "folder" else path.unlink()


def test_odd_names_of_files_are_names(place: Workspace) -> None:
    """A file name is a key and nothing more: no path, no pattern, no option."""
    names = ["-v", "--help", "a b", "*", "[x]", "..", "good@1", "a\x1b[2J", "\u202egood", "x" * 200]
    paths = [place.path / "agents" / f"{name}.toml" for name in names]
    for path in paths:
        path.write_text(_GOOD.replace("Good", "Odd"))
    try:
        assert set(place.agents()) == {"good", *names}
        for name in names:
            answer = place.agent(name).ask(_QUESTION)
            assert (answer.agent, "at 8" in answer.text) == (name, True)
    finally:
        for path in paths:
            path.unlink()
