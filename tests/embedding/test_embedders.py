"""The contract of `Embedder`, run over the table of backends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kilde.embedding import BACKENDS, Embedder, open_embedder
from kilde.errors import ModelError, NotFound
from kilde.models.cache import path_of, sha256_of

# One small model for each suffix in the table.
MODELS = {".onnx": "minilm-l6-int8"}

TEXTS = [
    "The library opens at nine.",
    "Bananas are yellow.",
    "",
    "A long passage about opening hours, " * 60,
    "The library opens at nine.",
    "Fees for a late return are two euros a day, " * 5,
    "Søen er dyb; åen er lav. 日本語 🙂",
    "x",
]


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def embedder(request: pytest.FixtureRequest, minilm: str) -> Iterator[Embedder]:
    opened = open_embedder(MODELS[request.param])
    yield opened
    opened.close()
    opened.close()


def test_it_says_what_it_is(embedder: Embedder) -> None:
    assert isinstance(embedder, Embedder)
    backend, model, digest = embedder.identity.split(":")
    assert backend and model in MODELS.values() and len(digest) == 8
    assert embedder.languages is None or all(len(code) == 2 for code in embedder.languages)


def test_vectors_are_float32_of_length_one_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[4], atol=1e-6)
    assert vectors[0] @ vectors[1] < 0.9


def test_eight_at_once_are_eight_times_one(embedder: Embedder) -> None:
    one_by_one = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(embedder.embed_passages(TEXTS), one_by_one, atol=1e-3)
    np.testing.assert_allclose(embedder.embed_passages(TEXTS[::-1])[::-1], one_by_one, atol=1e-3)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimensions)


def test_a_query_finds_its_passage(embedder: Embedder) -> None:
    query = embedder.embed_query("When can I go to the library?")
    assert query.shape == (embedder.dimensions,)
    assert int(np.argmax(embedder.embed_passages(TEXTS[:4]) @ query)) == 0


def test_the_tokenizer_counts_without_cutting_or_padding(embedder: Embedder) -> None:
    count = len(embedder.tokenizer.encode("word " * 1000).ids)
    assert count > embedder.max_tokens
    assert len(embedder.tokenizer.encode("word").ids) < 8


def test_what_lies_beyond_max_tokens_is_cut(embedder: Embedder) -> None:
    text = "word " * (embedder.max_tokens + 10)
    first, second = embedder.embed_passages([text, text + "something else entirely"])
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_it_may_be_used_from_several_threads(embedder: Embedder) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(embedder.embed_passages, [TEXTS] * 8))
    for result in results:
        np.testing.assert_allclose(result, results[0], atol=1e-3)


def test_the_identity_is_that_of_the_file(minilm: str) -> None:
    assert open_embedder(minilm).identity.endswith(sha256_of(path_of(minilm))[:8])


def test_a_folder_of_files_fetched_by_hand_is_opened_by_its_path(
    minilm: str, tmp_path: Path
) -> None:
    folder = tmp_path / minilm
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_bytes((path_of(minilm).parent / name).read_bytes())
    by_path, by_name = open_embedder(str(folder)), open_embedder(minilm)
    assert by_path.identity == by_name.identity
    np.testing.assert_array_equal(by_path.embed_query("hi"), by_name.embed_query("hi"))


def test_files_that_are_no_model_are_a_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "multilingual-e5-small"
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_text("nonsense")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_embedder(str(folder))


def test_a_generator_is_not_an_embedder(smollm2: str) -> None:
    with pytest.raises(ModelError, match="not an embedder"):
        open_embedder(smollm2)
    with pytest.raises(NotFound):
        open_embedder("no-such-model")


def test_the_table_imports_no_library() -> None:
    program = (
        "import sys, kilde.embedding\n"
        "print({'onnxruntime', 'tokenizers', 'numpy', 'httpx'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "none", done.stderr
