"""The ballot box of a vote: the only place that knows which one it is.

A vote is a renovation and the number of its attempt. Today it has one box, for all of its motions and
for the whole estate; once a vote has a box for each scope, motion and scope become parameters here,
and nowhere else does anybody look for a box. The running vote is the one that was announced last: its
notice runs, its ballots come in, or its result is published.
"""

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox

RUNNING_VOTE = "SELECT max(attempt) FROM ballot_box WHERE renovation_id = $1"
"""The attempt of the running vote, for the driver's own connections; NULL before the first one."""
COUNTED_VOTE = f"{RUNNING_VOTE} AND tree_head IS NOT NULL"
"""The attempt of the last vote that was counted, here or by an official system."""


def select_box(renovation_id: str, attempt: int | ScalarSelect[int]) -> Select[BallotBox]:
    """The query for the box of a vote, for whoever locks it."""
    return select(BallotBox).where(
        BallotBox.renovation_id == renovation_id, BallotBox.attempt == attempt
    )


def running_vote(renovation_id: str) -> ScalarSelect[int]:
    """The attempt of the running vote, as part of a query."""
    query = select(func.max(BallotBox.attempt)).where(BallotBox.renovation_id == renovation_id)
    return query.correlate(None).scalar_subquery()


async def box_of_vote(session: AsyncSession, renovation_id: str, attempt: int) -> BallotBox | None:
    """The box of one vote; None: there was no such vote."""
    found: BallotBox | None = await session.scalar(select_box(renovation_id, attempt))
    return found


async def box_of_running_vote(session: AsyncSession, renovation_id: str) -> BallotBox | None:
    """The box of the running vote, open or closed; None before the first vote is announced."""
    query = select_box(renovation_id, running_vote(renovation_id))
    found: BallotBox | None = await session.scalar(query)
    return found
