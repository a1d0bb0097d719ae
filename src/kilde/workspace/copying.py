"""A copy of a workspace to change at will: its files, its index and its adapters, for a while.

What lies outside the workspace is not copied: such documents stay in the copy's index as they are,
and no sync of the copy reads them.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kilde.config import CONFIG_FILE
from kilde.documents.sources import Found, Source, expand, local_path
from kilde.errors import EvaluationError, LoadError
from kilde.knowledge.sources import Listed, SourceList

if TYPE_CHECKING:
    from kilde.workspace import Workspace

SOURCES = "sources.toml"
_PREFIX = "kilde-drill-"
# Of the state, what answers come from. Answers, rows and runs of the original stay with it.
_STATE = (".kilde/knowledge", ".kilde/adapters")
# Left free on the disk beside the copy, in bytes: for a new index and an adapter.
_SPARE = 200_000_000


@contextmanager
def copied(workspace: Workspace, adapter: str = "") -> Iterator[Workspace]:
    """A copy of a workspace in a temporary folder, which is deleted at the end, however it comes.

    ``adapter`` is one that is to be there beside those of the registry and of the agents' files.
    The original is only read. Raises :class:`EvaluationError` where there is no room for it, and
    where documents are indexed meanwhile.
    """
    from kilde.workspace import Workspace

    _sweep(Path(tempfile.gettempdir()))
    # Windows deletes no file that is still mapped; what is left then goes with the next drill.
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True
    ) as made:
        folder = Path(made).resolve() / "workspace"
        before = workspace.knowledge.version
        try:
            _copy(workspace, folder, adapter)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _no_room(folder.parent) from error
            raise EvaluationError(
                f"The workspace cannot be copied: {error.strerror or error}.",
                hint="Check who may read its files, and that nobody moves them meanwhile.",
            ) from error
        if workspace.knowledge.version != before:
            raise EvaluationError(
                "The documents were indexed anew while the workspace was copied.",
                hint="Try again when no other kilde is at work in it.",
            )
        with Workspace.open(folder) as copy:
            yield copy


def outside(workspace: Workspace) -> tuple[Source, ...]:
    """The sources of a workspace that no copy reads: databases, pages and files elsewhere."""
    return tuple(one for one in workspace.knowledge.sources() if not _inside(one, workspace.path))


def answer_with(workspace: Workspace, key: str, model: str) -> None:
    """Write another model into the file of an agent, which loses its comments."""
    import tomli_w

    path = workspace.path / "agents" / f"{key}.toml"
    entry = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    path.write_text(tomli_w.dumps(entry | {"model": model}), encoding="utf-8")


def _copy(workspace: Workspace, folder: Path, adapter: str) -> None:
    root = workspace.path
    kept = [one for one in workspace.knowledge.sources() if _inside(one, root)]
    files = {path for source in kept for path in _files(source, root)}
    files |= {path for path in (root / "agents").glob("*.toml") if path.is_file()}
    files.add(root / CONFIG_FILE)
    # Adapters that are a file of the workspace.
    for name in (adapter, *(workspace.definition(agent).adapter for agent in workspace.agents())):
        path = root / (name or ".")
        if path.suffix == ".gguf" and path.is_file() and path.is_relative_to(root):
            files.add(path)
    for state in _STATE:
        files |= {path for path in (root / state).rglob("*") if path.is_file()}
    needed = sum(path.stat().st_size for path in files)
    if shutil.disk_usage(folder.parent).free < needed + _SPARE:
        raise _no_room(folder.parent, needed + _SPARE)
    for path in sorted(files):
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        # With its time, by which a sync sees that it has not changed.
        shutil.copy2(path, target)
    excluded = SourceList(root / SOURCES).load().excluded
    SourceList(folder / SOURCES).save(Listed(tuple(kept), excluded))


def _sweep(folder: Path) -> None:
    """Delete the copies of processes that were killed."""
    import psutil

    for path in folder.glob(f"{_PREFIX}*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def _files(source: Source, root: Path) -> Iterator[Path]:
    """The files of a source that lie in the workspace; none of one that is gone."""
    try:
        for found in expand(source, root):
            if isinstance(found, Found) and found.path and found.path.is_relative_to(root):
                yield found.path
    except LoadError:
        return


def _inside(source: Source, root: Path) -> bool:
    if source.kind != "path":
        return False
    location = local_path(source.location)
    return not location.is_absolute() and ".." not in location.parts and root.is_dir()


def _no_room(folder: Path, needed: int = 0) -> EvaluationError:
    much = f" of {needed // 1_000_000} MB" if needed else ""
    return EvaluationError(
        f"There is no room for a copy{much} in {folder.parent}.",
        hint="Make room, or name a folder on another disk for temporary files: TMPDIR=FOLDER",
    )
