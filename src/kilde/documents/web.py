"""Pages from the web, fetched so that nobody can use Kilde to look into the network it runs in.

Every host is resolved once, all of its addresses are checked, and the connection goes to an
address that was checked. A second look-up, which an attacker could answer differently (DNS
rebinding), never happens; redirects and robots.txt pass through the same transport. Proxies named
in the environment are not used, since they would do a look-up of their own.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import NamedTuple
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

import httpx

from kilde import __version__
from kilde.documents.sources import normal_url
from kilde.errors import LoadError

MAX_BYTES = 20_000_000
"""Size of the largest page that is read, unpacked."""

MAX_REDIRECTS = 5
USER_AGENT = f"Kilde/{__version__}"

_TIMEOUT = httpx.Timeout(15.0)
_MAX_SECONDS = 60.0
_ROBOTS_BYTES = 500_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_ISATAP = 0x5EFE  # before an IPv4 address; a bit above it says whether that is unique (RFC 5214)
_DOWNLOAD = "Open it in a browser, save it as a file, and add that."


class Page(NamedTuple):
    """What came back: the bytes, the ``Content-Type`` and the address after redirects."""

    body: bytes
    content_type: str
    url: str


def fetch(url: str, *, allow_private: bool = False) -> Page:
    """Fetch a page as robots.txt allows, following at most ``MAX_REDIRECTS`` redirects.

    ``allow_private`` permits addresses of the own computer and network. Raises
    :class:`LoadError` for refused addresses, HTTP errors, pages above ``MAX_BYTES``, and servers
    that cannot be reached or take too long.
    """
    address = normal_url(url)
    with httpx.Client(
        transport=_CheckedTransport(allow_private=allow_private),
        headers={"User-Agent": USER_AGENT},
        timeout=_TIMEOUT,
        trust_env=False,
        follow_redirects=False,
    ) as client:
        for _ in range(MAX_REDIRECTS + 1):
            _check_robots(client, address)
            status, headers, body = _get(client, address, MAX_BYTES)
            if status in (301, 302, 303, 307, 308) and "location" in headers:
                address = normal_url(urljoin(address, headers["location"]))
                continue
            if status != 200:
                raise LoadError(
                    address,
                    f"the server answered {status} {httpx.codes.get_reason_phrase(status)}".strip(),
                    hint=f"It asks for a login. {_DOWNLOAD}"
                    if status in (401, 403)
                    else "Check the address in a browser.",
                )
            return Page(body, headers.get("content-type", ""), address)
    raise LoadError(
        url, f"it redirects more than {MAX_REDIRECTS} times", hint="Give the final address."
    )


def _get(client: httpx.Client, url: str, limit: int) -> tuple[int, httpx.Headers, bytes]:
    deadline = time.monotonic() + _MAX_SECONDS
    body = bytearray()
    try:
        with client.stream("GET", url) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > limit:
                    raise LoadError(
                        url,
                        f"it is larger than {limit / 1e6:g} MB",
                        hint=f"{_DOWNLOAD} Files may be larger.",
                    )
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("too slow", request=response.request)
            return response.status_code, response.headers, bytes(body)
    except httpx.TimeoutException as error:
        raise LoadError(
            url, "the server takes too long to answer", hint="Try again later."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LoadError(
            url, f"it cannot be fetched ({error})", hint="Check the address and the connection."
        ) from error


def _check_robots(client: httpx.Client, url: str) -> None:
    """Ask robots.txt; a missing one (4xx) allows, a failing one forbids (RFC 9309)."""
    robots = urljoin(url, "/robots.txt")
    for _ in range(MAX_REDIRECTS + 1):
        status, headers, body = _get(client, robots, _ROBOTS_BYTES)
        if not (300 <= status < 400 and "location" in headers):
            break
        robots = normal_url(urljoin(robots, headers["location"]))
    if 300 <= status < 500:
        return
    rules = RobotFileParser()
    rules.parse(body.decode("utf-8", "replace").splitlines())
    if status != 200 or not rules.can_fetch(USER_AGENT, url):
        reason = "forbids it" if status == 200 else f"cannot be read (status {status})"
        raise LoadError(url, f"the site's robots.txt {reason}", hint=_DOWNLOAD)


class _CheckedTransport(httpx.BaseTransport):
    """Connects to checked addresses only; ``Host`` and TLS still speak of the name."""

    def __init__(self, *, allow_private: bool) -> None:
        # No connection is used twice: the pool tells them apart by address, and two names at one
        # address must each show their own certificate.
        self._inner = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._allow_private = allow_private

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        failure: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in _addresses(host, str(request.url), allow_private=self._allow_private):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with the Host of the name
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return self._inner.handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("no address", request=request)

    def close(self) -> None:
        self._inner.close()


def _addresses(host: str, url: str, *, allow_private: bool) -> list[str]:
    """All addresses of a host; raises :class:`LoadError` when one of them is not public."""
    try:
        answers = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LoadError(
            url,
            f"the host {host} is not known",
            hint="Check the address and whether this computer is online.",
        ) from error
    addresses = list(dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise LoadError(
            url,
            f"{host} is an address inside your own network, which is not fetched",
            hint="Allow private addresses if you mean it, or save the page and add the file.",
        )
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, also where it is wrapped in IPv6.

    >>> [is_public(ip) for ip in ("93.184.215.14", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    wrapped = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        wrapped = _last_32_bits(ip)
    if wrapped is not None:
        return is_public(str(wrapped))
    if int(ip) >> 32 & 0xFDFFFFFF == _ISATAP and not is_public(str(_last_32_bits(ip))):
        return False
    # All else is for one host, link, site or group: ::a.b.c.d, 64:ff9b:1::/48, fec0::/10, ff00::/8.
    return ip in _GLOBAL_UNICAST and ip.is_global


def _last_32_bits(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
