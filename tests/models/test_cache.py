"""Only files whose hash is right are handed out, and hashing is not repeated at every start."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from kilde.errors import ModelError, ModelMissing, NotFound
from kilde.models import cache
from kilde.models.catalogue import Model, ModelFile

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path))


@pytest.fixture
def tiny() -> Model:
    """A model whose one file is in the cache."""
    file = ModelFile("tiny.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    folder = cache.model_folder("tiny")
    folder.mkdir(parents=True)
    (folder / file.name).write_bytes(CONTENT)
    return Model("tiny", "generator", "for tests", "Apache-2.0", (file,), context=8)


def test_a_model_that_is_not_here_is_missing_with_its_size_and_the_command() -> None:
    with pytest.raises(ModelMissing) as caught:
        cache.path_of("minilm-l6-int8")
    assert "24 MB" in caught.value.hint
    assert "kilde model pull minilm-l6-int8" in caught.value.hint


def test_a_model_without_a_hash_is_to_be_fetched_by_hand() -> None:
    with pytest.raises(ModelError) as caught:
        cache.path_of("multilingual-e5-small")
    assert not isinstance(caught.value, ModelMissing)
    assert "intfloat/multilingual-e5-small" in caught.value.hint


def test_a_good_file_passes_and_leaves_a_note(tiny: Model) -> None:
    cache.check(tiny, tiny.files[0])
    assert (cache.model_folder("tiny") / "tiny.gguf.verified.json").is_file()


def test_a_file_that_matches_its_note_is_not_hashed_again(tiny: Model) -> None:
    path = cache.model_folder("tiny") / "tiny.gguf"
    path.write_bytes(b"X" * len(CONTENT))
    cache.write_stamp(path, tiny.files[0])  # so reading the file is all that could tell
    cache.check(tiny, tiny.files[0])


def test_a_file_damaged_by_its_disk_is_found_by_reading_it_and_from_then_on(tiny: Model) -> None:
    path = cache.model_folder("tiny") / "tiny.gguf"
    path.write_bytes(b"X" * len(CONTENT))
    cache.write_stamp(path, tiny.files[0])
    for anew in (True, False):
        with pytest.raises(ModelError, match="damaged"):
            cache.check(tiny, tiny.files[0], anew=anew)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of the last change but one")
@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_changed_with_its_size_and_time_kept_is_found(tiny: Model, replaced: bool) -> None:
    path = cache.model_folder("tiny") / "tiny.gguf"
    cache.check(tiny, tiny.files[0])
    verified = path.stat()
    damaged = path.with_name("damaged") if replaced else path
    damaged.write_bytes(b"X" * len(CONTENT))
    os.utime(damaged, ns=(verified.st_atime_ns, verified.st_mtime_ns))
    damaged.replace(path)
    with pytest.raises(ModelError, match="damaged"):
        cache.check(tiny, tiny.files[0])


@pytest.mark.parametrize("damage", [b"X" + CONTENT[1:], CONTENT[:-1], CONTENT + b"X", b""])
def test_a_damaged_file_is_never_handed_out(tiny: Model, damage: bytes) -> None:
    cache.check(tiny, tiny.files[0])
    time.sleep(0.01)
    (cache.model_folder("tiny") / "tiny.gguf").write_bytes(damage)
    for _ in range(2):
        with pytest.raises(ModelError, match="damaged"):
            cache.check(tiny, tiny.files[0])


def test_a_touched_but_equal_file_is_verified_again_and_passes(tiny: Model) -> None:
    path = cache.model_folder("tiny") / "tiny.gguf"
    cache.check(tiny, tiny.files[0])
    os.utime(path, ns=(0, 0))
    cache.check(tiny, tiny.files[0])


def test_a_broken_note_costs_a_hash_and_nothing_else(tiny: Model) -> None:
    (cache.model_folder("tiny") / "tiny.gguf.verified.json").write_text("{")
    cache.check(tiny, tiny.files[0])


def test_a_real_model_is_installed_found_damaged_and_removed(
    tmp_path: Path, minilm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KILDE_CACHE")
    source = cache.path_of(minilm).parent
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path))
    assert cache.installed() == []
    shutil.copytree(source, cache.model_folder(minilm))
    assert [model.name for model in cache.installed()] == [minilm]
    assert cache.path_of(minilm).name == "model.onnx"

    (cache.model_folder(minilm) / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="damaged"):
        cache.path_of(minilm)

    cache.remove(minilm)
    assert cache.installed() == []
    with pytest.raises(NotFound):
        cache.remove(minilm)


@pytest.mark.parametrize("name", ["../elsewhere", ".", ""])
def test_remove_takes_names_of_the_catalogue_only(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(NotFound):
        cache.remove(name)
    assert (tmp_path / "elsewhere").is_dir()


def test_a_local_file_needs_no_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "my.gguf"
    path.write_bytes(b"GGUF")
    assert cache.path_of(str(path)) == path
    assert cache.model_of(str(path)) is None
    with pytest.raises(ModelError, match="no model file"):
        cache.path_of(str(tmp_path / "other.gguf"))


def test_a_local_folder_is_the_model_that_it_is_called_after(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "multilingual-e5-small"
    folder.mkdir(parents=True)
    (folder / "model.onnx").touch()
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        cache.path_of(str(folder))
    (folder / "tokenizer.json").touch()
    assert cache.path_of(str(folder)) == folder / "model.onnx"
    model = cache.model_of(str(folder))
    assert model is not None and model.query_prefix == "query: "
    with pytest.raises(NotFound):
        cache.path_of(str(tmp_path / "mine"))
