"""Whether money may go out of a case: not while its account is blocked (E17). Wages go out all the same."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseWait
from models.values.waits import BLOCKED


async def is_blocked(session: AsyncSession, renovation_id: str) -> bool:
    """Whether somebody is awaited to free the payments: as long as that is so, they are blocked."""
    found = select(CaseWait.what).where(
        CaseWait.renovation_id == renovation_id, CaseWait.what == BLOCKED
    )
    return await session.scalar(found.limit(1)) is not None
