"""What the record says of who may act: the roles that people hold, and since when acts are signed."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, Place, RoleGrant
from models.values.actor import Role
from rules.authority import Grant

SIGNED_BY = "acts_signed_by"
"""In the event that opens a case: the id of the key by which its acts are signed."""


async def load_grants(session: AsyncSession, actor_id: str) -> tuple[Grant, ...]:
    """The roles that an actor holds, each with the path of its place; ordered by place, then role."""
    rows = (
        await session.execute(
            select(RoleGrant, Place.path)
            .join(Place, Place.id == RoleGrant.place_id)
            .where(RoleGrant.actor_id == actor_id)
            .order_by(Place.path, RoleGrant.role)
        )
    ).all()
    known = {role.value for role in Role}
    return tuple(
        Grant(actor_id=row.actor_id, label=row.label, role=Role(row.role), place=path)
        for row, path in rows
        if row.role in known
    )


async def load_signed_since(session: AsyncSession, renovation_id: str) -> str:
    """The id of the key by which the acts of a case were signed first; "" for a case of before."""
    details = await session.scalar(
        select(Event.details).where(Event.renovation_id == renovation_id, Event.seq == 1)
    )
    return str((details or {}).get(SIGNED_BY, ""))
