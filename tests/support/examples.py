"""How many examples a property test tries: a quarter of them in `make test`, all in `make test-slow`."""

import os

THOROUGH = os.environ.get("GONGJIAN_TESTS") == "thorough"


def examples(thorough: int) -> int:
    """The number of examples in this run, of the number that the slow suite tries."""
    return thorough if THOROUGH else max(4, thorough // 4)
