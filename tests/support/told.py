"""Moves the clock of a told case, for tests that have no workflow to wake."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import CaseClock, Renovation
from models.values.base import Carried
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from service.clock.moving import ADVANCED


class Moved(Carried):
    """Where the clock stands now."""

    to: datetime


async def move_clock(database: Database, rid: str, to: datetime) -> None:
    """The clock of `rid` at `to`, with the event that says so; nothing if it is there already.

    A case that was made without any event gets the one of its opening first.
    """

    async def opening(_session: AsyncSession, now: datetime) -> Recorded[Moved]:
        return Recorded(Moved(to=now), {"clock": "told"})

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Moved]:
        case = await session.get_one(Renovation, rid)
        moved = {"now": to, "moved_seq": case.head_seq + 1}
        clock = CaseClock.renovation_id == rid
        await session.execute(update(CaseClock).where(clock).values(**moved))
        return Recorded(Moved(to=to), {"from": now.isoformat(), "to": to.isoformat()})

    def command(word: str) -> Command:
        return Command(command_id=f"{rid}#{word}", renovation_id=rid)

    async with database.session() as session:
        if (await session.get_one(CaseClock, rid)).now >= to:
            return
        empty = (await session.get_one(Renovation, rid)).head_seq == 0
    journal = Journal(database)
    if empty:
        await journal.record(command("opened"), "renovation.opened", None, opening, Moved)
    await journal.record(command(to.isoformat()), ADVANCED, None, inside, Moved)
