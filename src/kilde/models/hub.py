"""Model files from the model hub or a mirror of it, resumed where a connection broke.

What has arrived is kept beside the model as ``NAME.part``, with the server's ETag: the next
attempt, today or tomorrow, asks for the rest only if the file is still the same one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx

from kilde.errors import ModelError
from kilde.models.catalogue import HubFile, ModelFile
from kilde.protocols import Progress

LABEL = "model hub"

_PUBLIC = "https://huggingface.co"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ATTEMPTS = 4  # in a row without a new byte


def fetch(file: ModelFile, folder: Path, progress: Progress) -> Path:
    """Download the file next to ``folder``.

    The environment variable ``HF_ENDPOINT`` names a mirror. Raises :class:`ModelError` if the hub
    does not give it, and ``OSError`` for the disk.
    """
    assert file.hub is not None
    part = _Part(folder.parent / f"{file.name}.part")
    progress.advance(part.size)
    url = _url(file.hub)
    with httpx.Client(
        follow_redirects=True,
        timeout=httpx.Timeout(30.0),
        event_hooks={"request": [_refuse_plain_http]},
    ) as client:
        failures = 0
        while part.size < file.size:
            before = part.size
            try:
                _continue(client, url, part, file.size, progress)
            except httpx.HTTPStatusError as error:
                raise _refused(file.hub, error.response.status_code) from error
            except httpx.TransportError as error:
                failures = 0 if part.size > before else failures + 1
                if failures == _ATTEMPTS:
                    raise ModelError(
                        f"{LABEL}: no connection to {httpx.URL(url).host} ({error})",
                        hint="Check the network and the proxy (HTTPS_PROXY), or name a mirror "
                        "in HF_ENDPOINT.",
                    ) from error
                time.sleep(0.25 * 2**failures)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise ModelError(
                    f"{LABEL}: {url} cannot be fetched ({error})",
                    hint="If HF_ENDPOINT names a mirror, check it.",
                ) from error
    part.etag = ""
    return part.path


class _Part:
    """The bytes that have arrived so far, and the ETag of the file that they are a part of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._note = path.with_name(path.name + ".etag")
        if not self.etag:
            self.restart()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def etag(self) -> str:
        return self._note.read_text("utf-8") if self._note.exists() else ""

    @etag.setter
    def etag(self, value: str) -> None:
        # A weak ETag does not promise the same bytes, so nothing can be resumed on it.
        if value and not value.startswith("W/"):
            self._note.write_text(value, "utf-8")
        else:
            self._note.unlink(missing_ok=True)

    def restart(self) -> None:
        self.path.write_bytes(b"")


def _continue(client: httpx.Client, url: str, part: _Part, total: int, progress: Progress) -> None:
    """One request for what is missing; a broken connection raises ``httpx.TransportError``."""
    headers = {"Accept-Encoding": "identity"}
    if part.size and not part.etag:
        progress.advance(-part.size)
        part.restart()
    if part.size:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.etag}
    with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        if part.size and response.status_code != httpx.codes.PARTIAL_CONTENT:
            progress.advance(-part.size)
            part.restart()
        part.etag = response.headers.get("ETag", "")
        expected = part.size + int(response.headers.get("Content-Length", total - part.size))
        if expected != total:
            raise ModelError(f"{LABEL}: the file has {expected} bytes, the catalogue says {total}")
        with part.path.open("ab") as stream:
            for chunk in response.iter_raw():
                if stream.tell() + len(chunk) > total:
                    raise ModelError(f"{LABEL}: more than the {total} bytes of the catalogue came")
                stream.write(chunk)
                progress.advance(len(chunk))
    if part.size < total:
        raise httpx.RemoteProtocolError("the connection ended early")


def _url(source: HubFile) -> str:
    endpoint = os.environ.get("HF_ENDPOINT") or _PUBLIC
    return f"{endpoint.rstrip('/')}/{source.repo}/resolve/main/{source.file}"


def _refuse_plain_http(request: httpx.Request) -> None:
    """Runs before every request, redirects included; a mirror on this computer may be plain."""
    if request.url.scheme != "https" and request.url.host not in _LOOPBACK:
        raise ModelError(
            f"{LABEL}: {request.url.host} would be asked without encryption, which is refused",
            hint="Name a mirror with https in HF_ENDPOINT.",
        )


def _refused(source: HubFile, status: int) -> ModelError:
    reasons = {401: "asks for a login", 403: "refuses it", 404: "does not have it"}
    return ModelError(
        f"{LABEL}: it {reasons.get(status, 'failed')} (HTTP {status}): {source.repo}/{source.file}",
        hint="Download the file by hand, and name it by its path in kilde.toml.",
    )
