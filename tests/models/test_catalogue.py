"""The catalogue is data: these are the promises that a new entry has to keep."""

from __future__ import annotations

import re

import pytest

from kilde.errors import NotFound
from kilde.models.catalogue import Model, find, load_catalogue

MODELS = list(load_catalogue().values())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_an_entry_is_complete(model: Model) -> None:
    assert model.licence and model.about and model.context > 0
    assert model.files and all(file.packages or file.hub for file in model.files)
    for file in model.files:
        assert file.size > 0
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        assert "/" not in file.name and "\\" not in file.name
    assert model.needs_acceptance == bool(model.terms_url)
    if model.role == "embedder":
        assert model.dimensions > 0
        assert "tokenizer.json" in {file.name for file in model.files}
        assert model.files[0].name.endswith(".onnx")
    else:
        assert model.files[0].name.endswith(".gguf")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_kilde_calls_tested_can_be_pulled(model: Model) -> None:
    assert model.pullable == model.tested


def test_sizes_and_languages() -> None:
    assert find("minilm-l6-int8").megabytes == 24
    assert find("minilm-l6-int8").languages == frozenset({"en"})
    assert find("multilingual-e5-small").languages is None
    assert len(find("gemma3-270m-q4").files[0].packages) == 4


def test_a_misspelt_name_is_answered_with_the_close_one() -> None:
    with pytest.raises(NotFound, match="minilm-l6-int8"):
        find("minilm-l6")
