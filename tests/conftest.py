"""The two small models that the tests run, fetched once through the code under test.

They stay in the per-user cache, so only the first run of a computer needs a connection. A pull
that fails is a failure, for it is the first thing that a new user would see.
"""

from __future__ import annotations

import os

import pytest

from kilde.models.pull import pull

# PEFT asks there for a tiny model, checkpoint by checkpoint. The library reads this once, so it is
# set before any test imports it.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def minilm() -> str:
    """The name of the small embedder, which is in the cache."""
    pull("minilm-l6-int8")
    return "minilm-l6-int8"


@pytest.fixture(scope="session")
def smollm2() -> str:
    """The name of the small generator, which is in the cache."""
    pull("smollm2-135m-instruct-q4")
    return "smollm2-135m-instruct-q4"
