"""Numbers and clock times in one spelling: ``1.500``, ``1,500`` and ``1500`` are the same number.

The point and the comma change roles between Danish and English, so a fact copied from a table into
a sentence may be spelled differently and still be right; a digit that differs never is.
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"\d+(?:[.,:\u00a0\u202f]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?")
_SEPARATORS = re.compile(r"[.,:\u00a0\u202f]")


def canonical(number: str) -> str:
    """The canonical spelling of a number as :data:`NUMBER` finds it.

    Thousands separators are removed, the decimal or clock separator becomes a point, leading zeros
    and an all-zero fraction are dropped.

    >>> [canonical(n) for n in ("1.500", "1,500.00", "08.30", "8:00", "0,5", "007")]
    ['1500', '1500', '8.30', '8', '0.5', '7']
    """
    if _GROUPED.fullmatch(number):
        groups = _SEPARATORS.split(number)
        if len(groups[-1]) < 3:
            whole, fraction = "".join(groups[:-1]), groups[-1]
        else:
            whole, fraction = "".join(groups), ""
    else:
        whole, *rest = _SEPARATORS.split(number)
        fraction = ".".join(rest)
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{fraction}" if fraction.strip("0.") else whole
