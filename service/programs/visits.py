"""Who comes by a portal's door: a unit that the portal vouches for, and the portal in its role."""

from sqlalchemy import bindparam, func, select

from models.tables import Renovation
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE
from runtime.record.grants import load_grants
from service.parts import Parts
from service.programs.assertions import Vouched, vouched
from service.situation import actor_in_role

_CASE = select(Renovation.estate_id, Renovation.place_path, func.clock_timestamp()).where(
    Renovation.id == bindparam("renovation")
)


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
    async with parts.database.session() as session:
        found = (await session.execute(_CASE, {"renovation": renovation_id})).one_or_none()
        grants = await load_grants(session, parts.settings.portal_actor, renovation_id)
    if found is None:
        raise refusal("renovation.unknown")
    estate_id, place_path, now = found
    assertion = await vouched(parts.settings, parts.portal_keys, token, now)
    portal = actor_in_role(grants, place_path, *ROLES_OF_WRITE["cast_for_portal"].roles)
    return Visit(
        renovation_id=renovation_id, estate_id=estate_id, portal=portal, assertion=assertion
    )
