"""The clock on the wall stands where a test says: for what is written by the tick of a wall case."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

DEFINITION = "SELECT pg_get_functiondef('tick_of(text)'::regprocedure)"
WALL = "pg_catalog.clock_timestamp()"
SetWall = Callable[[datetime], Awaitable[None]]


@asynccontextmanager
async def wall_clock(owner: asyncpg.Connection) -> AsyncIterator[SetWall]:
    """The clock on the wall of this database stands where the test says, until the block ends.

    Only what `tick_of` reads of it is replaced: where the database says "now", the moment is meant.
    """
    ours = await owner.fetchval(DEFINITION)
    assert WALL in ours, "tick_of reads another clock: this helper does nothing"

    async def stand_at(moment: datetime) -> None:
        await owner.execute(ours.replace(WALL, f"'{moment.isoformat()}'::timestamptz"))

    try:
        yield stand_at
    finally:
        await owner.execute(ours)
