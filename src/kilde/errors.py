"""One error tree; every message says what happened, to what, and what to do next.

    KildeError
    ├── ConfigError           a TOML file or a setting is wrong (lists all faults)
    ├── WorkspaceError        no workspace here, or it cannot be used
    │   └── StoreError        the knowledge base or the adapters cannot be read or written
    │       └── ReindexNeeded the store was built with another embedder or split
    ├── NotFound              an agent, model, tag, collection or document that does not exist
    ├── LoadError             one source could not be read (the others are still indexed)
    │   └── SourceMissing     there is no such file or folder, or no file matches the pattern
    ├── ModelError            a model cannot be pulled, verified or loaded
    │   ├── ModelMissing      not in the cache: pull it
    │   └── LicenceNeeded     the model has terms of its own that nobody accepted yet
    ├── GenerationError       a generator could not answer
    ├── TuningError           rows that cannot be trained on, or a training that failed
    ├── EvaluationError       a test, a comparison or a drill that cannot be made, or would mislead
    └── MissingExtra          an optional dependency is not installed

Errors of third-party libraries are translated where the library is called, so callers need to
catch :class:`KildeError` alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Characters of a name that a message shows.
_MAX_NAME = 200


class KildeError(Exception):
    """Base of all errors raised on purpose. ``hint`` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(KildeError):
    """A TOML file is wrong. ``faults`` lists every fault found, each with file and line."""

    def __init__(self, faults: Iterable[str], *, hint: str = "") -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults), hint=hint or "Correct the file and try again.")


class WorkspaceError(KildeError):
    """No workspace here, or it cannot be used."""


class StoreError(WorkspaceError):
    """The knowledge base or the registry of adapters cannot be read or written."""


class ReindexNeeded(StoreError):
    """The stored passages were made with another embedder or another split setting."""


class NotFound(KildeError):
    """Something was named that does not exist; the message names what is close or what there is."""

    def __init__(self, what: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=3)
        if close:
            advice = f"Did you mean {' or '.join(repr(c) for c in close)}?"
        elif names:
            shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
            advice = f"There is: {shown}."
        else:
            advice = "There is none yet."
        shown = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
        super().__init__(f"No {what} named {shown!r}.", hint=f"{advice} {hint}".strip())
        self.what = what
        self.name = name


class LoadError(KildeError):
    """One source could not be read."""

    def __init__(self, source: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"{source}: {reason}", hint=hint)
        self.source = source
        self.reason = reason


class SourceMissing(LoadError):
    """There is no such file or folder, or no file matches the pattern."""


class ModelError(KildeError):
    """A model cannot be pulled, verified or loaded."""


class ModelMissing(ModelError):
    """A model is not in the cache. ``model`` is its name in the catalogue."""

    def __init__(self, model: str, *, megabytes: int | None = None) -> None:
        size = f" ({megabytes} MB)" if megabytes else ""
        super().__init__(
            f"The model {model!r} is not on this computer yet.",
            hint=f"Fetch it once{size}: kilde model pull {model}",
        )
        self.model = model


class LicenceNeeded(ModelError):
    """The model has terms of its own that have not been accepted on this computer."""

    def __init__(self, model: str, licence: str, url: str) -> None:
        super().__init__(
            f"The model {model!r} comes under terms of its own: {licence} ({url}).",
            hint=f"Read them; if you accept them: kilde model pull {model} --accept-licence",
        )
        self.model = model


class GenerationError(KildeError):
    """A generator could not answer."""


class Unreachable(GenerationError):
    """The endpoint of a generator is away or lets nobody in, which says nothing of its model."""


class TuningError(KildeError):
    """Rows cannot be trained on, or a training failed."""


class EvaluationError(KildeError):
    """A test set, a comparison or a drill cannot be made, or would measure something else."""


class MissingExtra(KildeError):
    """An optional dependency is not installed; the message holds the exact command."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the extra {extra!r}, which is not installed.",
            hint=f'Install it: pip install "kilde[{extra}]"',
        )
        self.extra = extra
