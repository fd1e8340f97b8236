"""What only `make test-slow` tries: some values of a test, and most examples of a property."""

import os
from typing import Any

import pytest


def some_are_slow(*values: Any) -> list[Any]:
    """Each value as a slow case of a parametrized test; a tuple is one case of several arguments."""
    return [
        pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.slow)
        for each in values
    ]


THOROUGH = os.environ.get("GONGJIAN_TESTS") == "thorough"


def examples(thorough: int) -> int:
    """The number of examples in this run, of the number that the slow suite tries; else a quarter of it."""
    return thorough if THOROUGH else max(4, thorough // 4)
