"""Who acts for a firm: several people may, each of them for one firm, until it is ended."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Firm, FirmPerson, Place, RoleGrant
from models.values.actor import Actor, Role
from models.values.refusal import Refused, refusal
from rules.granting import check_giving
from runtime.database import Database
from runtime.record import place_log
from runtime.record.grants import load_grants
from runtime.settings import Settings
from service.firms.bodies import AddedPerson, AddFirmPerson, EndFirmPerson, FirmPersonView
from service.firms.registering import command_of, invited_person, person_of
from service.identity.sessions import database_now
from service.programs.clients import revoke_of_leaver

ADDED, PERSON_ENDED = "firm.person_added", "firm.person_ended"


async def add(
    database: Database, settings: Settings, sender_id: str, firm_id: str, body: AddFirmPerson
) -> AddedPerson:
    """Invite another person of a firm, by one of its people or by whoever might confirm it.

    Raises:
        Refused: `firm.unknown`, `journal.command_reused`.
    """

    async def work(session: AsyncSession) -> AddedPerson:
        key, asked = command_of(sender_id, body, firm_id, "person")
        firm, actor = await _keeper(session, sender_id, firm_id)
        if await place_log.told_before(session, key, asked) is not None:
            return AddedPerson(person=person_of(key))
        person, link = await invited_person(session, settings, firm.id, body.name, key, sender_id)
        details = {"firm": firm.id, "person": person}
        await place_log.append(session, firm.place_id, actor, key, asked, ADDED, details)
        return AddedPerson(person=person, invitation=link)

    return await database.transaction(work)


async def end(
    database: Database, sender_id: str, firm_id: str, person_id: str, body: EndFirmPerson
) -> FirmPersonView:
    """A person acts for a firm no more, from now on; one may leave by oneself.

    The programs of the firm whose keys that person has are revoked.

    Raises:
        Refused: `firm.unknown`, `firm.nobody`, `journal.command_reused`.
    """

    async def work(session: AsyncSession) -> FirmPersonView:
        key, asked = command_of(sender_id, body, firm_id, person_id, "end")
        if await place_log.told_before(session, key, asked) is None:
            firm, actor = await _keeper(session, sender_id, firm_id)
            row = await session.scalar(
                select(FirmPerson)
                .where(
                    FirmPerson.firm_id == firm.id,
                    FirmPerson.person_id == person_id,
                    FirmPerson.ended_at.is_(None),
                )
                .with_for_update()
            )
            if row is None:
                raise refusal("firm.nobody", where="person", person=person_id)
            row.ended_at = await database_now(session)
            details = {"firm": firm.id, "person": person_id, "reason": body.reason}
            await place_log.append(session, firm.place_id, actor, key, asked, PERSON_ENDED, details)
            await revoke_of_leaver(session, firm.id, person_id, actor, key, body.reason)
        return FirmPersonView(person=person_id, name="")

    return await database.transaction(work)


async def _keeper(session: AsyncSession, sender_id: str, firm_id: str) -> tuple[Firm, Actor]:
    """The firm, and the sender as one of its people, or as who might confirm one of its roles."""
    firm = await session.get(Firm, firm_id, with_for_update=True)
    if firm is None:
        raise refusal("firm.unknown")
    own = await session.scalar(
        select(FirmPerson.id).where(
            FirmPerson.firm_id == firm_id,
            FirmPerson.person_id == sender_id,
            FirmPerson.ended_at.is_(None),
        )
    )
    rows = await session.execute(
        select(RoleGrant.role, Place.path)
        .join(Place, Place.id == RoleGrant.place_id)
        .where(RoleGrant.actor_id == firm_id)
        .order_by(RoleGrant.id)
    )
    standings = [(Role(role), path) for role, path in rows]
    if own is not None:
        role, path = standings[0]
        return firm, Actor(
            id=sender_id, role=role, label=firm.name, place=path, on_behalf_of=firm_id
        )
    grants = await load_grants(session, sender_id)
    for role, path in standings:
        try:
            return firm, check_giving(role, path, firm_id, grants)
        except Refused:
            continue
    raise refusal("firm.unknown")
