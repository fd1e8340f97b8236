"""Calling an address that a stranger has named: never one of the own network, and never for long.

The name is resolved here, the addresses are looked at, and the connection goes to the one that was looked at: a
name that answers differently the second time (DNS rebinding) leads nowhere. Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from models.values.refusal import refusal

LIMIT_S = 10.0
"""For the whole call."""
READ_BYTES = 1_024
"""Of the answer; nothing in it is used."""
HTTPS, HTTP = 443, 80
V4_COMPATIBLE = ipaddress.IPv6Network("::/96")
"""Written by nobody any more, read by some as the IPv4 address in it (RFC 4291, 2.5.5.1)."""
TRANSLATED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
"""A translator (NAT64) sends what goes there to the IPv4 address at its end (RFC 6052, 8215)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the status, or None and why there is none."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def taken(self) -> bool:
        """Whether the address has said that it has the message."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


def check_url(url: str, *, own_network: bool) -> None:
    """An address may be told to people's programs only over TLS, but for an own network that is allowed.

    Raises:
        Refused: `webhook.url`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refusal("webhook.url", where="url") from None
    plain = parts.scheme == "http" and not own_network
    if not parts.hostname or parts.username or parts.fragment or plain or port == 0:
        raise refusal("webhook.url", where="url")


def is_of_the_internet(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is somebody's on the internet, and so is the one that a translator would make of it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in V4_COMPATIBLE or address.is_site_local:
            return False
        within = next((address for net in TRANSLATED if address in net), None)
        if within is not None:
            address = ipaddress.IPv4Address(int(within) & 0xFFFF_FFFF)
        elif address.sixtofour is not None:
            address = address.sixtofour
    return address.is_global and not address.is_multicast


async def call(url: str, headers: dict[str, str], body: bytes, *, own_network: bool) -> Outcome:
    """Send a message once. Whatever goes wrong is an outcome, with a word for it."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            status, error = await _sent(url, headers, body, own_network=own_network)
    except TimeoutError:
        status, error = None, "timeout"
    except (OSError, UnicodeError):
        status, error = None, "unreachable"
    except (httpx.HTTPError, httpx.InvalidURL):
        status, error = None, "connection"
    return Outcome(status, error, int(1000 * (time.monotonic() - begun)))


@lru_cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of the machine."""
    return httpx.create_ssl_context(trust_env=False)


async def _sent(
    url: str, headers: dict[str, str], body: bytes, *, own_network: bool
) -> tuple[int | None, str]:
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or (HTTPS if parts.scheme == "https" else HTTP)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(each[4][0]) for each in found]
    if not own_network and not all(map(is_of_the_internet, addresses)):
        return None, "own_network"
    target = httpx.URL(url).copy_with(host=str(addresses[0]))
    named = {**headers, "host": parts.netloc}
    async with httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=LIMIT_S) as http:
        request = http.build_request(
            "POST", target, content=body, headers=named, extensions={"sni_hostname": name}
        )
        answer = await http.send(request, stream=True, follow_redirects=False)
        try:
            async for _ in answer.aiter_raw(READ_BYTES):
                break
        finally:
            await answer.aclose()
    return answer.status_code, "" if answer.is_success else "status"
