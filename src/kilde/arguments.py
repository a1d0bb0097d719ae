"""One value or several: how a public argument that takes many values reads a single one."""

from __future__ import annotations

from typing import Any


def as_tuple(values: Any, *single: type) -> tuple[Any, ...]:
    """The values as a tuple; one value of a ``single`` type is a tuple of one.

    A text is iterable, so without this its letters would be taken for values.

    >>> as_tuple("docs/", str), as_tuple(["a", "b"], str)
    (('docs/',), ('a', 'b'))
    """
    return (values,) if isinstance(values, single) else tuple(values)
