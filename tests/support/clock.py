"""Time for tests of what is written by the tick: the clock of a told case, and everybody's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.deed import Deed
from models.tables import CaseClock, Renovation
from models.values.base import Carried
from runtime.database import Database
from runtime.journal import Journal, Recorded
from tests.support.estate import RULE_PACK

DEFINITION = "SELECT pg_get_functiondef('tick_of(text)'::regprocedure)"
WALL = "clock_timestamp()"
SetWall = Callable[[datetime], Awaitable[None]]


class Moved(Carried):
    """A clock that was told on."""

    to: datetime


async def clock_at(database: Database, rid: str, moment: datetime) -> None:
    """Tell the clock of a case on to a moment, on record as the product does; there it may be already.

    Nobody is woken and nothing that falls due on the way is done.
    """

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Moved]:
        row = await session.get_one(Renovation, rid)
        await session.execute(
            update(CaseClock)
            .where(CaseClock.renovation_id == rid)
            .values(now=moment, moved_seq=row.head_seq + 1)
        )
        details = {"from": now.isoformat(), "to": moment.isoformat(), "why": "to"}
        return Recorded(Moved(to=moment), details)

    async with database.session() as session:
        if (await session.get_one(CaseClock, rid)).now == moment:
            return
    key = f"{rid}#clock-{moment.isoformat()}"
    deed = Deed(command_id=key, renovation_id=rid, rule_pack=RULE_PACK)
    await Journal(database).record(deed, "clock.advanced", None, inside, Moved)


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
