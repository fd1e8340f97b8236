"""Who comes by a portal's door: a unit that the portal vouches for, and the portal in its role."""

from sqlalchemy import bindparam, func, select, true

from models.tables import Renovation
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE
from runtime.record.grants import grants_in, held_roles
from service.parts import Parts
from service.programs.assertions import Vouched, vouched
from service.situation import actor_in_role

_HELD = held_roles().subquery()
_VISIT = (
    select(Renovation.estate_id, Renovation.place_path, func.clock_timestamp(), _HELD)
    .outerjoin(_HELD, true())
    .where(Renovation.id == bindparam("renovation"))
    .order_by(_HELD.c.path, _HELD.c.role, _HELD.c.id)
)
"""The case, and the portal's roles in it: a row for each, and one without a role where it has none."""


class Visit(Value):
    """An assertion that holds, in the case that it is shown to; whether it was used is not looked at."""

    renovation_id: str
    estate_id: str
    portal: Actor
    assertion: Vouched


async def load_visit(parts: Parts, renovation_id: str, token: str) -> Visit:
    """The visit of whoever shows this assertion; read in one go, for a whole city may come by here.

    Raises:
        Refused: `renovation.unknown`; `assertion.…`, `credential.wrong`; `credential.no_role`.
    """
    actor = parts.settings.portal_actor
    async with parts.database.reading() as connection:
        found = await connection.execute(_VISIT, {"renovation": renovation_id, "actor": actor})
        rows = [tuple(row) for row in found]
    if not rows:
        raise refusal("renovation.unknown")
    estate_id, place_path, now, *_ = rows[0]
    assertion = await vouched(parts.settings, parts.portal_keys, token, now)
    grants = grants_in(actor, (row[3:] for row in rows))
    portal = actor_in_role(grants, place_path, *ROLES_OF_WRITE["cast_for_portal"].roles)
    return Visit(
        renovation_id=renovation_id, estate_id=estate_id, portal=portal, assertion=assertion
    )
