"""Whether a worker works: it has no port to ask, so it touches a file, whose age others look at."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

BEAT_S = 2.0
LOOK_S = 0.05
STALE_S = 15.0
"""A file older than this means that the worker's event loop stands still."""


async def beat(path: Path, working: Callable[[], bool]) -> None:
    """Touch `path` every two seconds while `working()`; runs until it is cancelled."""
    try:
        while True:
            if working():
                path.touch()  # noqa: ASYNC240 - a thread would cost more than the call
                await asyncio.sleep(BEAT_S)
            else:
                await asyncio.sleep(LOOK_S)
    finally:
        path.unlink(missing_ok=True)  # noqa: ASYNC240


def is_fresh(path: Path) -> bool:
    """Whether the worker touched the file lately."""
    try:
        return time.time() - path.stat().st_mtime < STALE_S
    except FileNotFoundError:
        return False
