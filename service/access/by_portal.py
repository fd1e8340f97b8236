"""Entering with what a city's portal signs: the assertion gives a session, and the session gives tickets.

From then on the resident does here what a letter's ticket does, by the route "portal". The assertion is used
up; the session ends with the unit's version, and its tickets with the portal's role.
"""

import secrets
from datetime import UTC, datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PortalSession
from models.values.base import Value
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE
from service.access.bodies import Entered
from service.access.letters import token_hash
from service.access.spans import SESSION, TICKET
from service.access.tickets import make_ticket
from service.access.units import version_of
from service.parts import Parts
from service.programs.used import use_up
from service.programs.visits import Visit
from service.situation import load_grants, load_situation

BEGIN = text("""
INSERT INTO portal_session (token_hash, renovation_id, unit_number, version, portal, began_at, expires_at)
SELECT :hash, :renovation, number, :version, :portal, :began, :ends
FROM unit WHERE estate_id = :estate AND number = :unit
RETURNING version
""")
_TOKEN_BYTES = 24


class _Held(Value):
    """What a session lets its holder be: a unit in a version of it, until it ends."""

    renovation_id: str
    unit_number: str
    version: int
    expires_at: datetime


async def enter_by_portal(parts: Parts, visit: Visit) -> Entered:
    """Enter for the unit that the portal vouches for.

    Raises:
        Refused: `assertion.other_case`, `assertion.used`, `credential.replaced`,
            `feedback.unit_unknown`.
    """
    unit = visit.assertion.unit_number
    visit.assertion.must_be_for(visit.renovation_id, unit)
    token, began_at = secrets.token_urlsafe(_TOKEN_BYTES), datetime.now(UTC)
    given = {
        "hash": token_hash(token),
        "renovation": visit.renovation_id,
        "estate": visit.estate_id,
        "unit": unit,
        "portal": visit.portal.id,
        "began": began_at,
        "ends": began_at + SESSION,
    }

    async def work(session: AsyncSession) -> int:
        version = await use_up(session, visit.assertion)
        if await session.scalar(BEGIN, {**given, "version": version}) is None:
            raise refusal("feedback.unit_unknown", where="unit_number", unit=unit)
        return version

    held = _Held(
        renovation_id=visit.renovation_id,
        unit_number=unit,
        version=await parts.database.transaction(work),
        expires_at=began_at + SESSION,
    )
    return _answer(parts, held, token)


async def renew_by_portal(parts: Parts, token: str) -> Entered:
    """Another ticket for a session that goes on.

    Raises:
        Refused: `access.session_over`, for that of an earlier version of the unit too;
            `credential.no_role` where the portal has lost its role.
    """
    async with parts.database.session() as session:
        row = await session.scalar(
            select(PortalSession).where(
                PortalSession.token_hash == token_hash(token),
                PortalSession.ended_at.is_(None),
                PortalSession.expires_at > func.clock_timestamp(),
            )
        )
        if row is None or row.version != await version_of(
            session, row.renovation_id, row.unit_number
        ):
            raise refusal("access.session_over")
    situation = await load_situation(parts.database, row.renovation_id)
    grants = await load_grants(parts.database, row.portal, row.renovation_id)
    situation.in_role(grants, *ROLES_OF_WRITE["cast_for_portal"].roles)
    return _answer(parts, _Held.model_validate(row, from_attributes=True), token)


async def leave_by_portal(session: AsyncSession, token: str) -> None:
    """End a session, known or not, in the caller's transaction."""
    await session.execute(
        update(PortalSession)
        .where(PortalSession.token_hash == token_hash(token), PortalSession.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )


def _answer(parts: Parts, held: _Held, token: str) -> Entered:
    expires_at = datetime.now(UTC) + TICKET
    ticket = make_ticket(
        parts.keys,
        held.renovation_id,
        held.unit_number,
        version=held.version,
        route="portal",
        expires_at=int(expires_at.timestamp()),
    )
    return Entered(
        renovation_id=held.renovation_id,
        kind="unit",
        unit_number=held.unit_number,
        ticket=ticket,
        ticket_expires_at=expires_at,
        session=token,
        session_expires_at=held.expires_at,
    )
