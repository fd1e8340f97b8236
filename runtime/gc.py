"""Python's garbage collector in a process that reads large rolls or answers in milliseconds."""

import gc

YOUNG = 200_000
"""New objects between two looks at the young ones; at the usual 700 a fifth of the time went there."""
MIDDLE, OLD = 50, 100


def calm_collector() -> None:
    """Look rarely, and never at what was there at the start: imported modules and the like."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
