"""Finding the ballot box of a vote; every other module asks here.

A vote is a renovation and the number of its attempt. Today it has one box, for all of its motions and
for the whole estate. If votes get a box for each scope, motion and scope become parameters here. The
running vote is the one that was announced last, whether its notice runs, its ballots come in, or its
result is published.
"""

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox

RUNNING_VOTE = "SELECT max(attempt) FROM ballot_box WHERE renovation_id = $1"
"""SQL for asyncpg: the attempt of the running vote; NULL before the first one."""
COUNTED_VOTE = f"{RUNNING_VOTE} AND tree_head IS NOT NULL"
"""SQL for asyncpg: the attempt of the last vote that was counted, here or by an official system."""


def select_box(renovation_id: str, attempt: int | ScalarSelect[int]) -> Select[BallotBox]:
    """The query for the box of a vote, for a caller who locks the row."""
    return select(BallotBox).where(
        BallotBox.renovation_id == renovation_id, BallotBox.attempt == attempt
    )


def running_vote(renovation_id: str) -> ScalarSelect[int]:
    """The attempt of the running vote as a subquery, for `select_box`."""
    query = select(func.max(BallotBox.attempt)).where(BallotBox.renovation_id == renovation_id)
    return query.correlate(None).scalar_subquery()


async def load_box(session: AsyncSession, renovation_id: str, attempt: int) -> BallotBox | None:
    """The box of one vote; None: there was no such vote."""
    found: BallotBox | None = await session.scalar(select_box(renovation_id, attempt))
    return found


async def load_running_box(session: AsyncSession, renovation_id: str) -> BallotBox | None:
    """The box of the running vote, open or closed; None before the first vote is announced."""
    query = select_box(renovation_id, running_vote(renovation_id))
    found: BallotBox | None = await session.scalar(query)
    return found
