"""Closes and counts a box as the closing activity does, without its workflow."""

from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.count import CountedBox, count_out
from models.tables import BallotBox
from models.values.states import BoxState
from rules import voting as law
from runtime.database import Database
from tests.support.box import BOX_KEYS


async def close_and_count(database: Database, box_id: str) -> CountedBox:
    """Close a box now; what was committed is counted."""

    async def work(session: AsyncSession) -> CountedBox:
        box = await session.get_one(BallotBox, box_id, with_for_update=True)
        box.state, box.closed_at = BoxState.CLOSED, box.closes_at
        await session.flush()
        counted = await count_out(session, box, law.pack_for("CN-2021"), BOX_KEYS)
        box.tally, box.tree_head = dict(counted.record), counted.head
        return counted

    return await database.transaction(work)
