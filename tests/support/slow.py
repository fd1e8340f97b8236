"""What only `make test-slow` tries: some values of a test, and most examples of a property."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from zlib import crc32

import pytest


def some_are_slow(*values: Any) -> list[Any]:
    """Each value as a slow case of a parametrized test; a tuple is one case of several arguments."""
    return [
        pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.slow)
        for each in values
    ]


T = TypeVar("T")
THOROUGH = os.environ.get("GONGJIAN_TESTS") == "thorough"


def examples(thorough: int) -> int:
    """The number of examples in this run, of the number that the slow suite tries; else a quarter of it."""
    return thorough if THOROUGH else max(4, thorough // 4)


def some(values: Iterable[T], of: str, most: int = 2) -> Sequence[T]:
    """All values in the slow suite, else `most` of them: which ones differs from `of` to `of`, and is always the same."""
    every = tuple(values)
    if THOROUGH or len(every) <= most:
        return every
    first = crc32(of.encode()) % len(every)
    return [every[(first + step) % len(every)] for step in range(most)]
