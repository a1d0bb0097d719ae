"""Whether what trains models is installed: told before minutes are spent on preparing rows."""

from __future__ import annotations

from importlib.util import find_spec

from kilde.errors import MissingExtra

# The libraries of the extra "tune" by the names they are imported by.
LIBRARIES = (
    "accelerate",
    "datasets",
    "datasketch",
    "gguf",
    "matplotlib",
    "peft",
    "safetensors",
    "torch",
    "transformers",
    "trl",
)


def need_extra() -> None:
    """Raises :class:`MissingExtra` unless all of it can be imported; none of it is."""
    for name in LIBRARIES:
        found = find_spec(name)
        # A mere folder of that name, such as datasets/ beside the user's documents, is no library.
        if found is None or found.origin is None:
            raise MissingExtra("tune", "Tuning")
