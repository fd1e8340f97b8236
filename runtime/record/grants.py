"""Who holds which role: the one query of it, for the service, the activities and the audit."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Place, RoleGrant
from models.values.actor import Role
from rules.authority import Grant

KNOWN = frozenset(role.value for role in Role)


async def load_grants(
    session: AsyncSession, actor_id: str, renovation_id: str = "", at: datetime | None = None
) -> tuple[Grant, ...]:
    """The roles that an actor holds in a case, each with the path of its place; by place, then role.

    Those that live in this case only are among them, those of other cases are not; without a case
    none of either. `at` is a moment of the database's clock (`recorded_at`), else it is now.
    """
    moment = func.clock_timestamp() if at is None else at
    rows = await session.execute(
        select(RoleGrant, func.coalesce(Place.path, ""))
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .where(
            RoleGrant.actor_id == actor_id,
            or_(RoleGrant.only_case.is_(None), RoleGrant.only_case == renovation_id),
            RoleGrant.valid_from <= moment,
            or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > moment),
        )
        .order_by(func.coalesce(Place.path, ""), RoleGrant.role, RoleGrant.id)
    )
    return tuple(
        Grant(actor_id=row.actor_id, label=row.label, role=Role(row.role), place=path)
        for row, path in rows
        if row.role in KNOWN
    )
