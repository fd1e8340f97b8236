"""JSON in which a key stands once in its object: of two values the readers keep one and hide the other."""

import json
from collections.abc import Sequence

from models.values.refusal import refusal


class KeyTwiceError(ValueError):
    """Raised by `keys_once` at the first key that stands twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r} stands twice")
        self.key = key


def keys_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """The `object_pairs_hook` of `json.loads` that takes every key once.

    Raises:
        KeyTwiceError: with the first key that came before.
    """
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise KeyTwiceError(key)
        found[key] = value
    return found


def refuse_repeated_keys(text: bytes | str) -> None:
    """Refuse JSON with a key twice in one object; what is no JSON is left to who reads it.

    Raises:
        Refused: `service.key_twice`.
    """
    try:
        json.loads(text, object_pairs_hook=keys_once)
    except KeyTwiceError as twice:
        key = twice.key[:80]
        raise refusal("service.key_twice", where=key, key=key) from None
    except (ValueError, RecursionError):
        return
