"""Entering with what a city's portal signs: the assertion gives a session, and the session gives tickets.

From then on the resident does here what a letter's ticket does, by the route "portal". The assertion is used
up; the session ends with the unit's version, and its tickets with the portal's role.
"""

import secrets
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PortalSession, Unit
from models.values.actor import Actor
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE
from service.access.bodies import Entered
from service.access.letters import token_hash
from service.access.spans import SESSION, TICKET
from service.access.tickets import make_ticket
from service.access.units import version_of
from service.parts import Parts
from service.programs.assertions import Vouched
from service.programs.used import use_up
from service.situation import Situation, load_grants, load_situation

_TOKEN_BYTES = 24


async def enter_by_portal(
    parts: Parts, situation: Situation, portal: Actor, assertion: Vouched
) -> Entered:
    """Enter for the unit that the portal vouches for.

    Raises:
        Refused: `assertion.other_case`, `assertion.used`, `credential.replaced`,
            `feedback.unit_unknown`.
    """
    assertion.must_be_for(situation.id, assertion.unit_number)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    began_at = datetime.now(UTC)

    async def work(session: AsyncSession) -> PortalSession:
        unit = select(Unit.id).where(
            Unit.estate_id == situation.estate_id, Unit.number == assertion.unit_number
        )
        if await session.scalar(unit) is None:
            raise refusal("feedback.unit_unknown", where="unit_number", unit=assertion.unit_number)
        row = PortalSession(
            token_hash=token_hash(token),
            renovation_id=situation.id,
            unit_number=assertion.unit_number,
            version=await use_up(session, assertion),
            portal=portal.id,
            began_at=began_at,
            expires_at=began_at + SESSION,
        )
        session.add(row)
        return row

    return _answer(parts, await parts.database.transaction(work), token)


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
    return _answer(parts, row, token)


async def leave_by_portal(session: AsyncSession, token: str) -> None:
    """End a session, known or not, in the caller's transaction."""
    await session.execute(
        update(PortalSession)
        .where(PortalSession.token_hash == token_hash(token), PortalSession.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )


def _answer(parts: Parts, row: PortalSession, token: str) -> Entered:
    expires_at = datetime.now(UTC) + TICKET
    ticket = make_ticket(
        parts.keys,
        row.renovation_id,
        row.unit_number,
        version=row.version,
        route="portal",
        expires_at=int(expires_at.timestamp()),
    )
    return Entered(
        renovation_id=row.renovation_id,
        kind="unit",
        unit_number=row.unit_number,
        ticket=ticket,
        ticket_expires_at=expires_at,
        session=token,
        session_expires_at=row.expires_at,
    )
