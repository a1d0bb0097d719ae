"""Programs that tests need and pip does not install: without them a test is skipped, but not in CI.

``scripts/install-test-deps`` installs them. In CI, and where KILDE_REQUIRE_TEST_DEPS is set, a
missing one is a failure.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where the programs are required."""
    message = f"{what}: run scripts/install-test-deps"
    if os.environ.get("CI") or os.environ.get("KILDE_REQUIRE_TEST_DEPS"):
        pytest.fail(message)
    pytest.skip(message)
