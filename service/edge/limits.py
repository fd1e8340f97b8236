"""How long, how much and for whom: the limits of a connection, from the settings."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from runtime.settings import Settings

BODIES = 8
"""A body in pieces of one byte takes so many times its length; more than that is no body."""

LONGEST_HOST = 260
"""A name of the DNS and a port."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may take; times in seconds, lengths in bytes."""

    head_s: float
    """For a whole head, from its first byte, and for the first byte from the connection."""
    body_s: float
    """For the body, from the end of the head."""
    answer_s: float
    """For a client that reads nothing more of its answer."""
    head_bytes: int
    body_bytes: int
    request_bytes: int
    """Of head and body as they come, with what chunks cost."""
    connections: int
    hosts: frozenset[str]
    """Names under which the service is called, beside addresses; all of lower case."""


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings say."""
    named = {urlsplit(settings.address).hostname or "", settings.service_host.lower(), "localhost"}
    return Limits(
        head_s=settings.head_timeout_s,
        body_s=settings.body_timeout_s,
        answer_s=settings.answer_timeout_s,
        head_bytes=settings.max_header_bytes,
        body_bytes=settings.max_body_bytes,
        request_bytes=settings.max_header_bytes + BODIES * settings.max_body_bytes,
        connections=settings.max_connections,
        hosts=frozenset(named - {""}),
    )


@lru_cache(1_000)
def names_us(host: bytes, hosts: frozenset[str]) -> bool:
    """Whether a Host header names this service: one of its names, or an address.

    A page that was loaded from another name and resolves it to this machine (DNS rebinding) sends that
    other name. An address cannot be rebound.
    """
    if len(host) > LONGEST_HOST:
        return False
    try:
        name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
    except ValueError:
        return False
    if name in hosts:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
