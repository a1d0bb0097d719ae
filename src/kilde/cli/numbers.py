"""Numbers on the command line: fractions in a range, where "nan" and "inf" are none."""

from __future__ import annotations

import math
from typing import Any

import click


class Fraction(click.FloatRange):
    """A finite number between two others."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Fails where it is none, or out of range."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number
