"""Of the values of one test, those that only `make test-slow` tries."""

from typing import Any

import pytest


def some_are_slow(*values: Any) -> list[Any]:
    """Each value as a slow case of a parametrized test; a tuple is one case of several arguments."""
    return [
        pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.slow)
        for each in values
    ]
