"""The hash chain of the event log: canonical JSON under SHA-256.

Anybody can recompute it; nothing here is secret.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

from pydantic import JsonValue

from proof.canonical import canonical_text, digest

GENESIS = "0" * 64
"""`prev_hash` of the first event of a renovation."""


class Link(NamedTuple):
    """One event as its chain sees it: its number, its two hashes, and what the hash covers."""

    seq: int
    prev_hash: str
    hash: str
    fields: Mapping[str, JsonValue]


def event_hash(prev_hash: str, fields: Mapping[str, JsonValue]) -> str:
    """The hash of an event: of its fields and of the hash of the event before it."""
    return digest({**fields, "prev_hash": prev_hash})


def fault(link: Link, after_seq: int, after_hash: str) -> str | None:
    """Why a link does not follow the one before it: "gap", "prev_hash" or "hash"; None if it does.

    The fields are as they were read, without the floats that no event was written with: whoever reads
    makes Decimals of them (`runtime.rows`), which are no canonical JSON.
    """
    if link.seq != after_seq + 1:
        return "gap"
    if link.prev_hash != after_hash:
        return "prev_hash"
    try:
        # Looking for floats in what was read would take three times as long as the hash.
        text = canonical_text({**link.fields, "prev_hash": link.prev_hash})
        expected = sha256(text.encode()).hexdigest()
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
