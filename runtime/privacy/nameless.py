"""Who has acted and is named to nobody any more but whoever audits."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.record.events import NAMELESS

OF_THESE = text(
    f"SELECT a.id FROM unnest(CAST(:actors AS varchar[])) AS a(id) WHERE {NAMELESS.format(actor='a.id')}"  # noqa: S608 - our own query
)


async def nameless_of(session: AsyncSession, actors: Iterable[str]) -> frozenset[str]:
    """Of these actors those whose names were erased or are restricted, and who hold no role now."""
    asked = sorted(set(actors))
    if not asked:
        return frozenset()
    return frozenset(await session.scalars(OF_THESE, {"actors": asked}))
