"""Since when the acts of a case are signed, as its record says."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event
from proof.seals import SIGNED_BY


async def load_signed_since(session: AsyncSession, renovation_id: str) -> str:
    """The id of the key by which the acts of a case were signed first; "" for a case of before."""
    details = await session.scalar(
        select(Event.details).where(Event.renovation_id == renovation_id, Event.seq == 1)
    )
    return str((details or {}).get(SIGNED_BY, ""))
