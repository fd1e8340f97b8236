"""A unit that was sold: what its owner before has said is not the buyer's, neither to read nor to act on.

A home is known by its unit, and the unit stays; so whatever shows or changes what a home has said asks when
the unit was sold last.
"""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, OwnerReplacement, RollImport


def last_sale(renovation_id: str, unit_number: str) -> Select[datetime]:
    """The question when a unit was sold last, alone or inside another one."""
    return select(func.max(OwnerReplacement.recorded_at)).where(
        OwnerReplacement.renovation_id == renovation_id,
        OwnerReplacement.unit_number == unit_number,
    )


async def sold_at(session: AsyncSession, renovation_id: str, unit_number: str) -> datetime | None:
    """When a unit was sold last, by the database's clock; None where it was not."""
    return await session.scalar(last_sale(renovation_id, unit_number))


async def sold_since_roll(
    session: AsyncSession, renovation_id: str, estate_id: str, unit_number: str
) -> bool:
    """Whether the roll names owners of before: the unit was sold since it was imported last."""
    imported = select(func.max(RollImport.imported_at)).where(RollImport.estate_id == estate_id)
    sold, rolled = (
        await session.execute(
            select(
                last_sale(renovation_id, unit_number).scalar_subquery(),
                imported.scalar_subquery(),
            )
        )
    ).one()
    return sold is not None and (rolled is None or sold > rolled)


async def sold_in_case(
    session: AsyncSession, renovation_id: str, unit_number: str
) -> datetime | None:
    """The same by the clock of the case: what fell due until then is the seller's debt (E18)."""
    return await session.scalar(
        select(func.max(Event.happened_at))
        .join(OwnerReplacement, OwnerReplacement.command_id == Event.command_id)
        .where(
            OwnerReplacement.renovation_id == renovation_id,
            OwnerReplacement.unit_number == unit_number,
        )
    )


async def is_sellers(
    session: AsyncSession, renovation_id: str, unit_number: str, command_id: str
) -> bool:
    """Whether it was the owner before who has sent this command of the unit."""
    since = await sold_at(session, renovation_id, unit_number)
    if since is None:
        return False
    said = await session.scalar(
        select(Event.recorded_at).where(
            Event.renovation_id == renovation_id, Event.command_id == command_id
        )
    )
    return said is None or said <= since
