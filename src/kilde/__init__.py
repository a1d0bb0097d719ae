"""Kilde makes assistants from an organisation's own documents, with every source visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilde import telemetry

if TYPE_CHECKING:
    from pathlib import Path

    from kilde.types import Document
    from kilde.workspace import Workspace

__all__ = ["Document", "__version__", "init", "open"]

__version__ = "0.1.0"

# Before any library is imported that would report.
telemetry.disable()


def init(path: str | Path = ".") -> Workspace:
    """Make a workspace in a folder and open it.

    Raises :class:`kilde.errors.WorkspaceError` when the folder holds one already.
    """
    from kilde.workspace import Workspace

    return Workspace.init(path)


def open(path: str | Path = ".") -> Workspace:
    """Open the workspace in a folder.

    Raises :class:`kilde.errors.WorkspaceError` when there is none, and
    :class:`kilde.errors.ConfigError` with all faults when a setting is wrong.
    """
    from kilde.workspace import Workspace

    return Workspace.open(path)


def __getattr__(name: str) -> object:
    # Making the dataclasses takes longer than starting the interpreter; kilde --help needs none.
    if name == "Document":
        from kilde.types import Document

        return Document
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
