"""A real server on this computer, reached only where private addresses are allowed."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from kilde.documents.load import load
from kilde.documents.sources import Found, Source, expand
from kilde.documents.web import MAX_BYTES, USER_AGENT, fetch, is_public
from kilde.errors import LoadError

from .conftest import make_pdf

PAGE = "<title>Side</title><h1>Åbningstider</h1><p>Vi har åbent hver dag.</p>".encode()


class Site(BaseHTTPRequestHandler):
    """Answers from a table: path -> (status, headers, body)."""

    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    seen: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Host"], self.headers["User-Agent"]))
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client had enough
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.answers = {"/page": (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE)}
    Site.seen = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_page_with_the_name_as_host_and_our_user_agent(site: str) -> None:
    page = fetch(f"{site}/page", allow_private=True)
    assert page == (PAGE, "text/html; charset=utf-8", f"{site}/page")
    host = site.removeprefix("http://")
    assert Site.seen == [("/robots.txt", host, USER_AGENT), ("/page", host, USER_AGENT)]


def test_pages_become_documents_by_their_content_type(site: str, tmp_path: Path) -> None:
    make_pdf(tmp_path / "a.pdf")
    Site.answers["/file"] = (
        200,
        {"Content-Type": "application/pdf"},
        (tmp_path / "a.pdf").read_bytes(),
    )
    Site.answers["/priser.csv"] = (200, {"Content-Type": "text/plain"}, b"vare;pris\nBrod;2\n")
    Site.answers["/image"] = (200, {"Content-Type": "image/png"}, b"x")

    def read(path: str) -> object:
        (found,) = expand(Source("url", f"{site}{path}"), tmp_path)
        assert isinstance(found, Found)
        (document,) = load(found, allow_private=True)
        return document.id, document.title, len(document.pages), len(document.rows)

    assert read("/page#part") == (f"{site}/page", "Åbningstider", 0, 0)
    assert read("/file") == (f"{site}/file", "Natursti", 2, 0)
    assert read("/priser.csv") == (f"{site}/priser.csv", "priser", 0, 1)
    with pytest.raises(LoadError, match="image/png"):
        read("/image")


def test_own_network_is_refused_by_default(site: str) -> None:
    for url in (f"{site}/page", site.replace("localhost", "127.0.0.1"), "http://[::1]/"):
        with pytest.raises(LoadError, match="inside your own network"):
            fetch(url)
    assert Site.seen == []


NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "0.0.0.0", "0.1.2.3", "255.255.255.255"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("240.0.0.1", "239.255.255.250"),
    *("::", "::1", "::2", "fe80::1", "febf::1", "fec0::1", "feff::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "5f00::1", "8000::1"),
    # IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
    *("::ffff:169.254.169.254", "::ffff:127.0.0.1", "::127.0.0.1", "::169.254.169.254"),
    *("::8.8.8.8", "::ffff:0:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::127.0.0.1"),
    *("64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff::10.0.0.1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    *("2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1"),
]
PUBLIC = [
    *("93.184.215.14", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "223.255.255.1"),
    *("2606:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001:81b::200e"),
    *("64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2002:808:808::1", "2606:4700::5efe:8.8.8.8"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


ODD_SPELLINGS = [
    *("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.1", "127.0.1", "2130706433"),
    *("0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "017700000001", "0177.0.0.1", "0177.0x0.1"),
    *("0", "0.0.0.0", "10.1", "167772161", "192.168.257", "0xA9FEA9FE", "2852039166"),
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[fec0::1]"),
    *("127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1"),
]


@pytest.mark.parametrize("host", ODD_SPELLINGS)
def test_odd_spellings_of_private_addresses_are_refused(site: str, host: str) -> None:
    port = site.rpartition(":")[2]
    for url in (f"http://{host}:{port}/page", f"http://public.example@{host}:{port}/page"):
        with pytest.raises(LoadError):
            fetch(url)
    assert Site.seen == []


PRIVATE_TARGETS = [
    "http://127.0.0.1:{port}/page",
    "http://localhost:{port}/page",
    "//127.0.0.1:{port}/page",
    "http://2130706433:{port}/page",
    "http://[::1]:{port}/page",
    "http://[::ffff:127.0.0.1]:{port}/page",
    "http://[::127.0.0.1]:{port}/page",
    "http://[64:ff9b:1::7f00:1]:{port}/page",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://0.0.0.0:{port}/page",
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "http://inside.example:{port}/page",
]


@pytest.mark.parametrize("by_robots", [False, True], ids=["page", "robots"])
@pytest.mark.parametrize("target", PRIVATE_TARGETS)
def test_a_public_page_cannot_redirect_into_the_own_network(
    site: str, monkeypatch: pytest.MonkeyPatch, target: str, by_robots: bool
) -> None:
    """The network is played: a public address leads to the test's server, and is the only one
    that may be connected to."""
    import socket

    port = int(site.rpartition(":")[2])
    public, names = (
        "93.184.215.14",
        {"public.example": "93.184.215.14", "inside.example": "10.9.8.7"},
    )
    look_up, connect = socket.getaddrinfo, socket.create_connection
    connected: list[str] = []

    def looking_up(host: str, *args: object, **options: object) -> object:
        return look_up(names.get(host, host), *args, **options)  # type: ignore[arg-type]

    def connecting(address: tuple[str, int], *args: object, **options: object) -> object:
        connected.append(address[0])
        return connect(("127.0.0.1", port), *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    monkeypatch.setattr(socket, "create_connection", connecting)
    moved = (302, {"Location": target.format(port=port)}, b"")
    Site.answers["/robots.txt" if by_robots else "/moved"] = moved
    Site.answers.setdefault("/moved", (200, {"Content-Type": "text/plain"}, b"Hello"))
    with pytest.raises(LoadError):
        fetch(f"http://public.example:{port}/moved")
    assert connected and set(connected) == {public}
    assert "/page" not in {path for path, _, _ in Site.seen}


def test_redirects_are_followed_and_checked_again(site: str) -> None:
    Site.answers["/old"] = (301, {"Location": "/page"}, b"")
    assert fetch(f"{site}/old", allow_private=True).url == f"{site}/page"
    Site.answers["/out"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(LoadError, match="only http and https"):
        fetch(f"{site}/out", allow_private=True)
    Site.answers["/loop"] = (302, {"Location": "/loop"}, b"")
    with pytest.raises(LoadError, match="more than 5 times"):
        fetch(f"{site}/loop", allow_private=True)


def test_robots_txt_is_honoured(site: str) -> None:
    Site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /page\nAllow: /\n")
    Site.answers["/free"] = (200, {"Content-Type": "text/plain"}, b"Hej")
    assert fetch(f"{site}/free", allow_private=True).body == b"Hej"
    with pytest.raises(LoadError, match=r"robots\.txt forbids"):
        fetch(f"{site}/page", allow_private=True)
    Site.answers["/robots.txt"] = (503, {}, b"")
    with pytest.raises(LoadError, match=r"robots\.txt cannot be read"):
        fetch(f"{site}/free", allow_private=True)


def test_a_page_above_the_limit_is_not_read_to_its_end(site: str) -> None:
    Site.answers["/big"] = (200, {"Content-Type": "text/plain"}, b"x" * (MAX_BYTES + 1))
    with pytest.raises(LoadError, match="larger than 20 MB"):
        fetch(f"{site}/big", allow_private=True)


def test_a_packed_page_counts_unpacked(site: str) -> None:
    import gzip

    bomb = gzip.compress(bytes(MAX_BYTES + 1))
    Site.answers["/bomb"] = (200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(LoadError, match="larger than 20 MB"):
        fetch(f"{site}/bomb", allow_private=True)


@pytest.mark.parametrize(("status", "words"), [(404, "Not Found"), (401, "login"), (500, "500")])
def test_answers_of_the_server_are_passed_on(site: str, status: int, words: str) -> None:
    Site.answers["/x"] = (status, {}, b"")
    with pytest.raises(LoadError, match=words):
        fetch(f"{site}/x", allow_private=True)


def test_unknown_host_and_closed_port() -> None:
    with pytest.raises(LoadError, match="not known"):
        fetch("http://kilde-test.invalid/")
    with pytest.raises(LoadError, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/", allow_private=True)


def test_a_host_is_looked_up_once_so_that_its_answer_cannot_change(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer would be another address; it is never asked for."""
    import socket

    real = socket.getaddrinfo
    asked: list[object] = []

    def resolver(host: object, *args: object, **options: object) -> object:
        asked.append(host)
        return real("127.0.0.1" if host == "rebind.example" else host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    port = site.rpartition(":")[2]
    fetch(f"http://rebind.example:{port}/page", allow_private=True)
    assert asked.count("rebind.example") == 2  # once for robots.txt, once for the page
    assert Site.seen[0][1] == f"rebind.example:{port}"


def test_tls_speaks_of_the_name_and_checks_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-keyout", str(key), "-out", str(certificate)),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl is not installed")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.answers = {"/page": (200, {"Content-Type": "text/html"}, PAGE)}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    port = server.server_address[1]
    try:
        with pytest.raises(LoadError, match="certificate"):
            fetch(f"https://localhost:{port}/page", allow_private=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetch(f"https://localhost:{port}/page", allow_private=True).body == PAGE
        with pytest.raises(LoadError, match="certificate"):
            fetch(f"https://127.0.0.1:{port}/page", allow_private=True)
    finally:
        server.shutdown()
        server.server_close()
