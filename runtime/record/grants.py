"""Who holds which role: the one query of it, for the service, the activities and the audit."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    String,
    any_,
    bindparam,
    func,
    or_,
    select,
)

from models.tables import FirmPerson, Place, RoleGrant
from models.values.actor import Role
from rules.authority import Grant
from runtime.database import Executor

NAMES = ARRAY(String)
KNOWN = frozenset(role.value for role in Role)


def in_force(
    at: datetime | ColumnElement[datetime] | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """Whether a grant has begun and not ended, in a query of `RoleGrant`; `at` as in `load_grants`."""
    moment = func.clock_timestamp() if at is None else at
    return (
        RoleGrant.valid_from <= moment,
        or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > moment),
    )


async def load_grants(
    session: Executor, actor_id: str, renovation_id: str = "", at: datetime | None = None
) -> tuple[Grant, ...]:
    """The roles that an actor holds in a case, each with the path of its place; by place, then role.

    Those of the firm for which a person acts are among them, and say so. Those that live in this case
    only are among them too, those of other cases are not; without a case none of either. `at` is a moment of the database's clock (`recorded_at`), else it is now.
    """
    given = {"actor": actor_id, "renovation": renovation_id, "at": at}
    held = await session.execute(held_roles(now=at is None), given)
    return grants_in(actor_id, held.all())


@cache
def held_roles(*, now: bool = True) -> Select[str, str, str, str | None, int]:
    """The query of `load_grants`, made once: every request of an official asks it."""
    actor: ColumnElement[str] = bindparam("actor", type_=String)
    moment: ColumnElement[datetime] = (
        func.clock_timestamp() if now else bindparam("at", type_=DateTime(timezone=True))
    )
    firms = select(FirmPerson.firm_id).where(FirmPerson.person_id == actor)
    path = func.coalesce(Place.path, "").label("path")
    return (
        select(RoleGrant.label, RoleGrant.role, path, FirmPerson.firm_id, RoleGrant.id)
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .outerjoin(
            FirmPerson,
            (FirmPerson.firm_id == RoleGrant.actor_id)
            & (FirmPerson.person_id == actor)
            & (FirmPerson.added_at <= moment)
            & or_(FirmPerson.ended_at.is_(None), FirmPerson.ended_at > moment),
        )
        .where(
            # One array, and not "the actor or one of these": so an index finds the rows.
            RoleGrant.actor_id
            == any_(
                func.array_append(
                    func.array(firms.scalar_subquery(), type_=NAMES), actor, type_=NAMES
                )
            ),
            or_(RoleGrant.actor_id == actor, FirmPerson.firm_id.is_not(None)),
            or_(
                RoleGrant.only_case.is_(None),
                RoleGrant.only_case == bindparam("renovation", type_=String),
            ),
            *in_force(moment),
        )
        .order_by(path, RoleGrant.role, RoleGrant.id)
    )


def grants_in(
    actor_id: str, rows: Iterable[tuple[str, str, str, str | None, int]]
) -> tuple[Grant, ...]:
    """The grants of an actor in the rows of `held_roles`."""
    return tuple(
        Grant(
            actor_id=actor_id,
            label=label,
            role=Role(role),
            place=path,
            on_behalf_of=firm,
        )
        for label, role, path, firm, _ in rows
        if role in KNOWN
    )
