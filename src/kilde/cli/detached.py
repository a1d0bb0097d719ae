"""A training that outlives its terminal: the same command, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kilde.errors import StoreError

if TYPE_CHECKING:
    from kilde.cli.results import Detached
    from kilde.workspace import Workspace

LOG = "tune.log"


def start(workspace: Workspace, arguments: Sequence[str]) -> Detached:
    """Start ``kilde ARGUMENTS`` on the workspace, and let go of it; what it says goes into a log.

    Raises :class:`StoreError` where the log cannot be written.
    """
    from kilde.cli.results import Detached

    log = workspace.runs.folder(LOG)
    command = [sys.executable, "-P", "-m", "kilde", "-w", str(workspace.path), *arguments]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as said:
            process = subprocess.Popen(  # noqa: S603  (this very Python)
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
    except OSError as error:
        raise StoreError(
            f"{log} cannot be written: {error.strerror}.",
            hint="Make the folder writable, and see that the disk is not full.",
        ) from error
    process.returncode = 0  # nobody waits for it, on purpose; Python would warn of that
    return Detached(process.pid, str(log))
