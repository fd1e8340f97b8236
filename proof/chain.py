"""The hash chain of the event log: canonical JSON under SHA-256.

Canonical JSON is UTF-8, keys sorted by code point, no spaces, no floats. Anybody can recompute it
with a few lines of any language; nothing here is secret.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import JsonValue

GENESIS = "0" * 64
"""`prev_hash` of the first event of a renovation."""


class Link(NamedTuple):
    """One event as its chain sees it: its number, its two hashes, and what the hash covers."""

    seq: int
    prev_hash: str
    hash: str
    fields: Mapping[str, JsonValue]


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> bytes:
    """The one way to write a JSON value.

    Raises:
        ValueError: the value holds a float, a NUL character or half a surrogate pair, which
            PostgreSQL and other languages would not give back unchanged.
        TypeError: it is no JSON value.
    """
    _refuse_inexact(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def digest(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """SHA-256 of the canonical JSON, as 64 lower-case hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def event_hash(prev_hash: str, fields: Mapping[str, JsonValue]) -> str:
    """The hash of an event: of its fields and of the hash of the event before it."""
    return digest({**fields, "prev_hash": prev_hash})


def fault(link: Link, after_seq: int, after_hash: str) -> str | None:
    """Why a link does not follow the one before it: "gap", "prev_hash" or "hash"; None if it does."""
    if link.seq != after_seq + 1:
        return "gap"
    if link.prev_hash != after_hash:
        return "prev_hash"
    try:
        expected = event_hash(link.prev_hash, link.fields)
    except (TypeError, ValueError):
        return "hash"
    return None if link.hash == expected else "hash"


def verify(events: Iterable[Link]) -> int | None:
    """The number of the first event that does not fit, None when the chain is whole.

    The events are those of one renovation from the first on; a missing one is named by the one
    that comes after it.
    """
    seq, head = 0, GENESIS
    for link in events:
        if fault(link, seq, head) is not None:
            return link.seq
        seq, head = link.seq, link.hash
    return None


def _refuse_inexact(value: object) -> None:
    if isinstance(value, float):
        raise ValueError("a float has no place in the log: use an integer or a string")  # noqa: TRY004
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a NUL character has no place in the log")
    if isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str):
                raise TypeError("the names of a JSON object are strings")
            _refuse_inexact(name)
            _refuse_inexact(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_inexact(part)
