"""The benchmarks stand beside the package, so the project's folder has to be importable."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
