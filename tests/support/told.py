"""Moves the clock of a told case, for tests that have no workflow to wake."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.deed import Deed
from models.tables import CaseClock, Renovation
from models.values.base import Carried
from runtime.database import Database
from runtime.journal import Journal, Recorded
from service.clock import ADVANCED
from tests.support.estate import RULE_PACK


class Moved(Carried):
    """Where the clock stands now."""

    to: datetime


async def move_clock(database: Database, rid: str, to: datetime) -> None:
    """The clock of `rid` at `to`, with the event that says so; nothing if it is there already."""

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Moved]:
        case = await session.get_one(Renovation, rid)
        moved = {"now": to, "moved_seq": case.head_seq + 1}
        clock = CaseClock.renovation_id == rid
        await session.execute(update(CaseClock).where(clock).values(**moved))
        return Recorded(Moved(to=to), {"from": now.isoformat(), "to": to.isoformat()})

    async with database.session() as session:
        if (await session.get_one(CaseClock, rid)).now >= to:
            return
    deed = Deed(command_id=f"{rid}#{to.isoformat()}", renovation_id=rid, rule_pack=RULE_PACK)
    await Journal(database).record(deed, ADVANCED, None, inside, Moved)
