"""Where models lie on this computer, and the promise that none is loaded unless its hash is right.

Hashing a gigabyte at every start would cost seconds, so what the file system says of a file is
noted beside it once it has been verified: whoever writes to the file or replaces it changes that,
and only a file that no longer matches its note is hashed again. A failing disk changes nothing of
it; ``kilde model pull`` therefore reads the whole file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import platformdirs

from kilde.errors import ModelError, ModelMissing, NotFound
from kilde.models.catalogue import Model, ModelFile, find, load_catalogue

_STAMP = ".verified.json"


def cache_folder() -> Path:
    """The per-user folder of all models; the environment variable ``KILDE_CACHE`` moves it."""
    chosen = os.environ.get("KILDE_CACHE")
    base = Path(chosen) if chosen else platformdirs.user_cache_path("kilde", appauthor=False)
    return base / "models"


def model_folder(name: str) -> Path:
    """The folder that holds the files of one model of the catalogue."""
    return cache_folder() / name


def is_local(name: str) -> bool:
    """Whether ``name`` is a path (a ``.gguf`` file, or a folder) rather than a catalogue name."""
    return name.endswith(".gguf") or "/" in name or "\\" in name


def model_of(name: str) -> Model | None:
    """The catalogue's entry for a model; ``None`` for a file of the user's own.

    A local folder belongs to the entry that it is called after: ``models/multilingual-e5-small``.
    Raises :class:`NotFound` if there is no such entry.
    """
    if not is_local(name):
        return find(name)
    return None if name.endswith(".gguf") else find(Path(name).name)


def path_of(name: str) -> Path:
    """The path of a model's first file; its other files lie beside it.

    ``name`` is a name of the catalogue, whose files are then verified, or a path as in
    :func:`model_of`. Raises :class:`NotFound` for a name that means nothing,
    :class:`ModelMissing` for a model that has not been pulled, and :class:`ModelError` for a path
    that is not there or a cached file that is not what was pulled.
    """
    model = model_of(name)
    if is_local(name):
        path = Path(name).expanduser()
        return _present([path / file.name for file in model.files] if model else [path])
    assert model is not None
    folder = model_folder(name)
    if not all((folder / file.name).is_file() for file in model.files):
        if not model.pullable:
            raise by_hand(model)
        raise ModelMissing(name, megabytes=model.megabytes)
    for file in model.files:
        check(model, file)
    return folder / model.files[0].name


def _present(paths: list[Path]) -> Path:
    missing = [str(path) for path in paths if not _is_file(path)]
    if missing:
        raise ModelError(
            f"There is no model file {' or '.join(missing)}.",
            hint="Check the path; a relative path starts at the current folder.",
        )
    return paths[0]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it may not be looked at, or is too long to be the name of a file
        return False


def by_hand(model: Model) -> ModelError:
    """What to tell somebody who wants a model that is listed without a hash."""
    places = ", ".join(f"{file.hub.repo}: {file.hub.file}" for file in model.files if file.hub)
    named = (
        f'a folder called "{model.name}" (the files called '
        f"{', '.join(file.name for file in model.files)}) and name that folder"
        if model.role == "embedder"
        else "a folder of yours and name the file"
    )
    return ModelError(
        f"The model {model.name!r} is listed, but Kilde knows no hash of its files to check a "
        "download against, so it does not fetch it.",
        hint=f"Download it by hand ({places}) into {named} by its path in kilde.toml.",
    )


def check(model: Model, file: ModelFile, *, anew: bool = False) -> None:
    """Raise :class:`ModelError` if the cached file is not the one of the catalogue.

    ``anew`` reads the file whatever its note says.
    """
    path = model_folder(model.name) / file.name
    if not anew and _read_stamp(path) == _stamp(path, file):
        return
    if sha256_of(path) != file.sha256:
        with suppress(OSError):  # as where the note is written
            _stamp_path(path).unlink(missing_ok=True)
        raise ModelError(
            f"The cached file {path} is damaged: its SHA-256 is not that of {model.name!r}.",
            hint=f"Fetch it again, which replaces it: kilde model pull {model.name}",
        )
    write_stamp(path, file)


def installed() -> list[Model]:
    """The catalogue's models whose files are all here, in the catalogue's order."""
    return [
        model
        for model in load_catalogue().values()
        if all((model_folder(model.name) / file.name).is_file() for file in model.files)
    ]


def remove(name: str) -> None:
    """Delete a model's files; raises :class:`NotFound` if none are here."""
    here = [model.name for model in load_catalogue().values() if model_folder(model.name).is_dir()]
    if name not in here:
        raise NotFound("pulled model", name, here)
    try:
        shutil.rmtree(model_folder(name))
    except OSError as error:
        raise ModelError(
            f"The files of {name!r} cannot be removed: {error}.",
            hint="Close programs that use the model, or check the folder's permissions.",
        ) from error


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file; raises :class:`ModelError` if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror or error}.",
            hint="Check that your user may read it.",
        ) from error


def state_of(path: Path) -> tuple[int, ...]:
    """What changes when a file is written to or replaced, also if its time is set back.

    Size (bytes), times of the last change of content and of anything (ns; on Windows the second is
    that of its creation), and the file's number on its disk.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def write_stamp(path: Path, file: ModelFile) -> None:
    """Note that the file at ``path`` has just been verified."""
    # A read-only cache (a container image, a shared drive) works without the note, only slower.
    with suppress(OSError):
        temporary = path.with_name(f"{path.name}{_STAMP}.{os.getpid()}")
        temporary.write_text(json.dumps(_stamp(path, file)), "utf-8")
        temporary.replace(_stamp_path(path))


def _stamp_path(path: Path) -> Path:
    return path.with_name(path.name + _STAMP)


def _stamp(path: Path, file: ModelFile) -> dict[str, object]:
    return {"sha256": file.sha256, "state": list(state_of(path))}


def _read_stamp(path: Path) -> object:
    try:
        return json.loads(_stamp_path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return None
