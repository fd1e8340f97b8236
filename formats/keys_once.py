"""JSON in which a key stands once in its object: of two values the readers keep one and hide the other."""

from collections.abc import Sequence


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
