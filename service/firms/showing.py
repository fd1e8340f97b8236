"""The firms of a place: read by its officials, and each firm by its own people."""

from collections import defaultdict
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Firm, FirmPerson, Place, RoleGrant
from models.values.actor import Role
from rules.authority import Grant, covers
from rules.disclosure.readers import Circle, roles_in
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of
from runtime.record.grants import load_grants
from service.firms.bodies import FirmPersonView, FirmStanding, FirmView
from service.identity.sessions import database_now

READERS = roles_in(Circle.OFFICIALS) | {Role.ADMINISTRATOR}
"""Who reads of other firms in what these are reached by and who their people are."""


async def list_firms(
    database: Database, keys: PersonKeys, sender_id: str, place: str
) -> tuple[FirmView, ...]:
    """The sender's own firm, and those with a role at, above or below a place of the sender's office.

    `place` narrows it to roles that touch this place.
    """
    async with database.session() as session:
        now = await database_now(session)
        own = await session.scalar(
            select(FirmPerson.firm_id).where(
                FirmPerson.person_id == sender_id, FirmPerson.ended_at.is_(None)
            )
        )
        grants = await load_grants(session, sender_id)
        sees = [each for each in grants if each.role in READERS]
        standings = await _standings(session, now)
        shown = {
            firm
            for firm, held in standings.items()
            if any(not place or _touch(each.place, place) for each in held)
            and (firm == own or any(_seen(each, sees) for each in held))
        }
        people = await _people(session, keys)
        rows = await session.scalars(
            select(Firm).where(Firm.id.in_(shown)).order_by(Firm.name, Firm.id)
        )
        return tuple(_view(row, tuple(people[row.id]), tuple(standings[row.id])) for row in rows)


def _seen(standing: FirmStanding, sees: list[Grant]) -> bool:
    return any(
        each.role is Role.ADMINISTRATOR or _touch(each.place, standing.place) for each in sees
    )


def _touch(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


async def _standings(session: AsyncSession, now: datetime) -> dict[str, list[FirmStanding]]:
    rows = await session.execute(
        select(RoleGrant, Place.path)
        .join(Place, Place.id == RoleGrant.place_id)
        .join(Firm, Firm.id == RoleGrant.actor_id)
        .order_by(RoleGrant.id)
    )
    found: dict[str, list[FirmStanding]] = defaultdict(list)
    for row, path in rows:
        found[row.actor_id].append(
            FirmStanding(
                grant=row.id,
                role=Role(row.role),
                place=path,
                state=_state(row, now),
                begins=row.valid_from,
                until=row.valid_until,
                confirmed_by=row.granted_by,
                reason=row.end_reason,
            )
        )
    return found


def _state(row: RoleGrant, now: datetime) -> Literal["waits", "confirmed", "refused", "ended"]:
    over = row.valid_until is not None and row.valid_until <= now
    if row.valid_from is None:
        return "refused" if over else "waits"
    return "ended" if over else "confirmed"


async def _people(session: AsyncSession, keys: PersonKeys) -> dict[str, list[FirmPersonView]]:
    rows = await session.execute(
        select(FirmPerson.firm_id, FirmPerson.person_id)
        .where(FirmPerson.ended_at.is_(None))
        .order_by(FirmPerson.id)
    )
    of_firms = [(firm, person) for firm, person in rows]
    names = await names_of(session, keys, {person for _, person in of_firms})
    found: dict[str, list[FirmPersonView]] = defaultdict(list)
    for firm, person in of_firms:
        found[firm].append(FirmPersonView(person=person, name=names.get(person, "")))
    return found


def _view(
    row: Firm, people: tuple[FirmPersonView, ...], standings: tuple[FirmStanding, ...]
) -> FirmView:
    return FirmView(
        id=row.id,
        code=row.code,
        name=row.name,
        form=row.form,
        contact=row.contact,
        qualification=row.qualification,
        people=people,
        standings=standings,
    )
