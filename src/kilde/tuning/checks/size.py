"""Whether there are rows enough. A small set rarely helps, and cannot show whether it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilde.tuning.checks.duplicates import row_key
from kilde.tuning.checks.findings import Finding, count
from kilde.tuning.data.rows import Row

# Fewer leave no row to hold out beside some to learn from (a tenth is held out, at least one).
LEAST = 10
# Fewer hold out five rows or less: chance moves the measured gain by more than any gain seen.
SMALL = 50
# Below this a gain is told apart from chance only where it is large: 20 rows held out place a share
# within 20 points or so. Not yet a figure of runs of our own.
USUAL = 200
# The fewest distinct rows that helped in measured runs, and with what (docs/tuning/); fewer were
# not tried.
MEASURED = (
    "200 thumbs for a style",
    "300 rows for which of 15 intents a command has",
    "520 rows for plans after rules that no prompt names",
    "1,000 rows for one of 77 labels",
)


def check_size(rows: Sequence[Row]) -> Iterator[Finding]:
    """Advice by the number of distinct rows; copies of a row teach nothing new."""
    number = len({row_key(row) for row in rows})
    copies = f" ({count(len(rows))} with the copies)" if number < len(rows) else ""
    if number == 0:
        yield Finding("no-rows", "refuse", "There are no rows.", "Give rows to learn from.")
    elif number < LEAST:
        yield Finding(
            "too-few-rows",
            "refuse",
            f"{count(number)}{copies}: nothing can be learnt and nothing held out.",
            f"Gather at least {LEAST}, better {USUAL}; for so few, put examples into the agent's "
            "file instead.",
        )
    elif number < SMALL:
        yield Finding(
            "few-rows",
            "warn",
            f"{count(number)}{copies}: so small a set rarely helps, and it cannot be measured "
            f"whether it did.{_measured()}",
            f"Gather {USUAL} or more; examples in the agent's file and retrieval need none.",
        )
    elif number < USUAL:
        yield Finding(
            "few-rows",
            "note",
            f"{count(number)}{copies}: enough for a tone or a form, rarely for more.{_measured()}",
            f"As a rule of thumb, not measured yet, a gain is likelier from {USUAL} rows on; see "
            "what the gate says of it.",
        )


def _measured() -> str:
    sets = "; ".join(MEASURED)
    return f" The smallest sets that helped in measured runs ({sets}) were the smallest tried."
