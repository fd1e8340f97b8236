"""What is hashed or signed is written in one way: canonical JSON, and moments as one UTC text.

Canonical JSON is UTF-8, keys sorted by code point, no spaces, no floats. Anybody can write it with
a few lines of any language.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

canonical_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""Canonical JSON without the search for floats and NULs: for values that cannot have any."""


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> bytes:
    """The one way to write a JSON value that is hashed or signed.

    Raises:
        ValueError: the value holds a float, a NUL character or half a surrogate pair, which
            PostgreSQL and other languages would not give back unchanged.
        TypeError: it is no JSON value.
    """
    _refuse_inexact(value)
    return canonical_text(value).encode()


def digest(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """SHA-256 of the canonical JSON, as 64 lower-case hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def utc_text(moment: datetime) -> str:
    """A moment with microseconds and offset, like 2026-03-02T01:00:00.000000+00:00.

    `moment` has a time zone; whichever it is, the text is that of UTC, so equal moments have equal
    texts and the texts sort like the moments.
    """
    # Every receipt and every event comes by here, and asking for the same zone again takes time.
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


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
