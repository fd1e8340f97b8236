"""The audit of money: every event answers for its transfers, and there are no others."""

from sqlalchemy.ext.asyncio import AsyncSession

from runtime.ledger.check import load_case, wrong_groups


async def first_bad_transfers(session: AsyncSession, renovation_id: str) -> int | None:
    """The first event whose transfers are not those that it was written with; None: there is none."""
    booked = await load_case(session, renovation_id)
    return min(await wrong_groups(session, renovation_id, booked), default=None)
