"""Starting is cheap: nothing heavy is loaded before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

HEAVY = [
    "httpx", "huggingface_hub", "lancedb", "numpy", "onnxruntime", "openai", "pyarrow",
    "pydantic", "pypdfium2", "rich", "sqlalchemy", "tokenizers", "torch", "transformers",
    "xllamacpp",
]  # fmt: skip
HELP = "from kilde.cli.main import run; run(['--help'])"
# How many times the start of a bare interpreter the help may take.
MOST = 8


@pytest.mark.parametrize(
    "code",
    [
        "import kilde",
        HELP,
        *(
            f"from kilde.cli.main import run; run([*{words!r}.split(), '--help'])"
            for words in ("add", "ask", "chat", "check", "demo", "agent show", "model pull")
        ),
    ],
)
def test_no_heavy_library_is_loaded(code: str) -> None:
    script = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded.isdisjoint(HEAVY)
    assert "kilde" in loaded


def test_the_help_starts_quickly() -> None:
    def shortest(code: str) -> float:
        return min(seconds(code) for _ in range(10))

    # The shortest of many runs is what it takes on a computer that has nothing else to do; this
    # one may have, so that a bad ratio is measured again.
    ratios = []
    for _ in range(5):
        ratios.append(shortest(HELP) / shortest("pass"))
        if ratios[-1] <= MOST:
            return
    pytest.fail(f"kilde --help took {ratios} times a bare interpreter")


def seconds(code: str) -> float:
    """How long a new interpreter takes for a piece of code."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return time.perf_counter() - began
