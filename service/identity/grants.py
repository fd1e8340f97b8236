"""Roles with a life: given, confirmed and ended by whoever may, each an event of the place's own log."""

from collections.abc import Callable, Collection
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import DateTime, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Account,
    ApiClient,
    FirmPerson,
    Mandate,
    Place,
    RoleGrant,
    UnitOwner,
)
from models.values.actor import FIRM, Actor, Role
from models.values.refusal import Refused, refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import Grant, acting, acts_as, covers
from rules.disclosure.readers import Circle, roles_in
from rules.granting import check_firm_role, check_giving, might_give_all
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, put_person
from runtime.privacy.nameless import nameless_of
from runtime.record import place_log
from runtime.record.firms import confirm_firm
from runtime.record.grants import load_grants
from runtime.settings import Settings
from service.bodies import CommandBody
from service.identity.bodies import EndGrant, GivenRole, GiveRole, GrantView
from service.identity.invitations import Invited, invite_named

RESERVED = frozenset({"engine", "operator", "resident"})
"""Names by which the record calls those who are nobody's account."""
GIVEN, WAITS, CONFIRMED, ENDED = "grant.given", "grant.waits", "grant.confirmed", "grant.ended"
REFUSED = "grant.refused"
"""What ends before it has begun."""
READING = roles_in(Circle.OFFICIALS)
"""Who reads the roles of their places; the administrators read all of them."""
NOW = select(func.clock_timestamp(type_=DateTime(timezone=True)))


async def give(database: Database, settings: Settings, sender_id: str, body: GiveRole) -> GivenRole:
    """Give somebody a role for a place; who has no account yet is invited.

    The link of the invitation is told once: the same command again has none.

    Raises:
        Refused: `granting.…`, `journal.command_reused`.
    """

    async def work(session: AsyncSession) -> GivenRole:
        key, asked = _command(sender_id, body)
        place = await place_at(session, body.place) if body.place else None
        before = await place_log.told_before(session, key, asked)
        if before is not None:
            row = await _row(session, int(str(before.details["grant"])))
            return GivenRole(grant=await _view(session, row))
        check_firm_role(body.role)
        own = await load_grants(session, sender_id)
        giver = check_giving(body.role, body.place or "", body.person, own)
        await put_person(session, PersonKeys.of(settings), body.person, body.name)
        row = await _standing(session, body, place, giver)
        await place_log.grant_event(session, row, giver, key, asked, GIVEN)
        link = await _invited(session, settings, body, giver, own)
        return GivenRole(grant=await _view(session, row), invitation=link)

    return await database.transaction(work)


async def confirm(
    database: Database, sender_id: str, grant_id: int, body: CommandBody
) -> GrantView:
    """Put a grant in force that waits, by whoever might give it.

    Raises:
        Refused: `granting.unknown`, `granting.not_waiting`, `granting.…`, `journal.command_reused`; of a
            firm also `firm.own`, `firm.code_taken`.
    """
    return await _changed(database, sender_id, grant_id, body, CONFIRMED)


async def end(database: Database, sender_id: str, grant_id: int, body: EndGrant) -> GrantView:
    """End a grant now, by whoever might give it; everybody may lay down the own role.

    Raises:
        Refused: `granting.unknown`, `granting.over`, `granting.last_administrator`, `granting.…`,
            `journal.command_reused`.
    """
    return await _changed(database, sender_id, grant_id, body, ENDED)


async def _changed(
    database: Database, sender_id: str, grant_id: int, body: CommandBody, kind: str
) -> GrantView:
    async def work(session: AsyncSession) -> GrantView:
        key, asked = _command(sender_id, body, kind, grant_id)
        row = await _row(session, grant_id)
        if await place_log.told_before(session, key, asked) is None:
            grants = await load_grants(session, sender_id)
            await _refuse_unseen(session, row, sender_id, grants)
            now = (await session.execute(NOW)).scalar_one()
            reason, done = getattr(body, "reason", ""), kind
            if kind == ENDED:
                actor = await _ender(session, row, sender_id, grants)
                done = REFUSED if row.valid_from is None else ENDED
                _end(row, now, reason)
            else:
                path = await path_of(session, row)
                actor = check_giving(Role(row.role), path, row.actor_id, grants)
                await confirm_firm(session, row.actor_id, sender_id, now)
                _begin(row, actor, now)
            await place_log.grant_event(session, row, actor, key, asked, done, reason)
        return await _view(session, row)

    return await database.transaction(work)


async def _refuse_unseen(
    session: AsyncSession, row: RoleGrant, sender_id: str, grants: tuple[Grant, ...]
) -> None:
    """A grant that `list_seen` would not show is unknown: numbers that are tried tell nothing."""
    own = {sender_id} | acts_as(grants)
    if row.actor_id not in own and not _sees(grants, await path_of(session, row)):
        raise refusal("granting.unknown")


def _begin(row: RoleGrant, actor: Actor, now: datetime) -> None:
    if row.valid_from is not None or row.valid_until is not None:
        raise refusal("granting.not_waiting")
    row.valid_from, row.granted_by = now, actor.id


def _end(row: RoleGrant, now: datetime, reason: str) -> None:
    if row.valid_until is not None and row.valid_until <= now:
        raise refusal("granting.over")
    row.valid_until, row.end_reason = now, reason


async def _ender(
    session: AsyncSession, row: RoleGrant, sender_id: str, grants: tuple[Grant, ...]
) -> Actor:
    """Whoever might give it, or the holder or a person of that firm; an administrator's is ended by another one only."""
    path = await path_of(session, row)
    for each in grants:
        if each.on_behalf_of == row.actor_id and each.role == row.role and each.place == path:
            return acting(each)
    if row.actor_id != sender_id:
        return check_giving(Role(row.role), path, row.actor_id, grants)
    if row.role == Role.ADMINISTRATOR:
        raise refusal("granting.last_administrator")
    return Actor(id=row.actor_id, role=Role(row.role), label=row.label, place=path)


async def list_grants(database: Database, sender_id: str, place: str) -> tuple[GrantView, ...]:
    """The roles of a place, of those above it and of those below that an official of one of these reads.

    Raises:
        Refused: `granting.nothing_to_see`.
    """
    async with database.session() as session:
        own = await load_grants(session, sender_id)
        if not _sees(own, place):
            raise refusal("granting.nothing_to_see", where="place", place=place or "-")
        return await _views(
            session,
            lambda _, path: (not path or not place or _touch(path, place)) and _sees(own, path),
        )


async def list_seen(database: Database, grants: Collection[Grant]) -> tuple[GrantView, ...]:
    """The own roles of somebody with these, and every other role that they may read."""
    own = acts_as(grants)
    async with database.session() as session:
        return await _views(session, lambda row, path: row.actor_id in own or _sees(grants, path))


async def _views(
    session: AsyncSession, shown: Callable[[RoleGrant, str], bool]
) -> tuple[GrantView, ...]:
    rows = await session.execute(
        select(RoleGrant, func.coalesce(Place.path, ""))
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .where(RoleGrant.only_case.is_(None))
        .order_by(func.coalesce(Place.path, ""), RoleGrant.role, RoleGrant.id)
    )
    found = [(row, path) for row, path in rows if shown(row, path)]
    nameless = await nameless_of(session, (row.actor_id for row, _ in found))
    return tuple(view_of(row, path, nameless) for row, path in found)


def _sees(grants: Collection[Grant], place: str) -> bool:
    """Whether whoever holds these roles may read who holds which at a place: no firm, no bank, no portal."""
    return any(
        each.role is Role.ADMINISTRATOR
        or (each.role in READING and (not place or _touch(each.place, place)))
        for each in grants
    )


def _touch(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


async def give_from_file(
    session: AsyncSession,
    people: PersonKeys,
    actor: Actor,
    key: str,
    rows: list[tuple[RoleGrant, str]],
) -> list[RoleGrant]:
    """Write the grants of a renovation's file, each with its path; those that wait for somebody above.

    What the opener might give is given; the rest is written down and is nobody's until it is confirmed.
    """
    grants = await load_grants(session, actor.id)
    waiting = []
    for row, path in sorted(rows, key=lambda each: str(each[0].place_id)):
        await put_person(session, people, row.actor_id, row.label)
        if await _has(session, row):
            continue
        try:
            row.granted_by = check_giving(Role(row.role), path, row.actor_id, grants).id
            row.valid_from = (await session.execute(NOW)).scalar_one()
        except Refused:
            row.valid_from = None
            waiting.append(row)
        session.add(row)
        part = f"{key}.{row.actor_id}.{row.role}.{row.place_id}"
        kind = WAITS if row.valid_from is None else GIVEN
        await place_log.grant_event(
            session, row, actor, digest({"part": part}), digest({"of": key}), kind
        )
    return waiting


async def _has(session: AsyncSession, row: RoleGrant) -> bool:
    """Whether somebody holds this role for this place already, or waits for it."""
    found = await session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.actor_id == row.actor_id,
            RoleGrant.role == row.role,
            RoleGrant.place_id.is_not_distinct_from(row.place_id),
            RoleGrant.only_case.is_(None),
            RoleGrant.valid_until.is_(None),
        )
    )
    return found is not None


async def _standing(
    session: AsyncSession, body: GiveRole, place: Place | None, giver: Actor
) -> RoleGrant:
    """The new row of a grant.

    Raises:
        Refused: `granting.already_there`, `granting.ends_before`, `granting.reserved`,
            `granting.place_of_role`.
    """
    if body.person in RESERVED or body.person.startswith(FIRM):
        raise refusal("granting.reserved", where="person", person=body.person)
    if (place is None) != (body.role is Role.ADMINISTRATOR):
        raise refusal("granting.place_of_role", where="place", role=body.role)
    now = (await session.execute(NOW)).scalar_one()
    begins = body.begins or now
    if body.until is not None and body.until <= begins:
        raise refusal("granting.ends_before", where="until")
    row = RoleGrant(
        actor_id=body.person,
        label=body.name,
        role=body.role.value,
        place_id=None if place is None else place.id,
        only_case=None,
        valid_from=begins,
        valid_until=body.until,
        granted_by=giver.id,
        reason=body.reason,
    )
    if await _has(session, row):
        raise refusal("granting.already_there", where="person", person=body.person, role=body.role)
    session.add(row)
    return row


async def _invited(
    session: AsyncSession,
    settings: Settings,
    body: GiveRole,
    giver: Actor,
    grants: tuple[Grant, ...],
) -> str:
    """The link for a person who has no account; whoever has one keeps it, and gets no new secrets.

    An actor whom a program plays is nobody's, and needs none. Who is more than the giver could have made
    them keeps the link that they have: whoever held a new one would sign in as them.
    """
    account = select(Account.id).where(
        Account.actor_id == body.person, Account.only_case.is_(None), Account.closed_at.is_(None)
    )
    program = select(ApiClient.id).where(
        ApiClient.actor_id == body.person, ApiClient.revoked_at.is_(None)
    )
    if await session.scalar(select(account.exists() | program.exists())):
        return ""
    held = await _held(session, body.person)
    if held is None or not might_give_all(body.person, held, grants):
        return ""
    who = Invited(actor_id=body.person, name=body.name)
    return await invite_named(session, settings, who, giver.id)


async def _held(session: AsyncSession, person: str) -> list[tuple[Role, str]] | None:
    """What somebody holds or waits for, by themselves or for a firm; None for an owner or an agent.

    Those are known by a home, whose letter is their way in.
    """
    home = select(UnitOwner.person_id).where(UnitOwner.person_id == person)
    mandate = select(Mandate.id).where(Mandate.agent_id == person)
    if await session.scalar(select(home.exists() | mandate.exists())):
        return None
    firms = select(FirmPerson.firm_id).where(
        FirmPerson.person_id == person, FirmPerson.ended_at.is_(None)
    )
    rows = await session.execute(
        select(RoleGrant.role, func.coalesce(Place.path, ""))
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .where(
            or_(RoleGrant.actor_id == person, RoleGrant.actor_id.in_(firms)),
            RoleGrant.only_case.is_(None),
            or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > func.clock_timestamp()),
        )
    )
    return [(Role(role), path) for role, path in rows]


async def place_at(session: AsyncSession, path: str) -> Place:
    """The place with this path.

    Raises:
        Refused: `granting.place_unknown`.
    """
    place = await session.scalar(select(Place).where(Place.path == path))
    if place is None:
        raise refusal("granting.place_unknown", where="place", place=path)
    return place


async def path_of(session: AsyncSession, row: RoleGrant) -> str:
    """The path of the place for which a role holds, "" for the whole installation."""
    return "" if row.place_id is None else (await session.get_one(Place, row.place_id)).path


async def _row(session: AsyncSession, grant_id: int) -> RoleGrant:
    row = await session.scalar(
        select(RoleGrant)
        .where(RoleGrant.id == grant_id, RoleGrant.only_case.is_(None))
        .with_for_update()
    )
    if row is None:
        raise refusal("granting.unknown")
    return row


async def _view(session: AsyncSession, row: RoleGrant) -> GrantView:
    path = await path_of(session, row)
    return view_of(row, path, await nameless_of(session, [row.actor_id]))


def view_of(row: RoleGrant, path: str, nameless: Collection[str] = ()) -> GrantView:
    """A grant as those who may see it read it; whose name is erased or restricted has none."""
    return GrantView(
        id=row.id,
        person=row.actor_id,
        name="" if row.actor_id in nameless else row.label,
        role=Role(row.role),
        place=path,
        begins=row.valid_from,
        until=row.valid_until,
        waits=row.valid_from is None and row.valid_until is None,
        granted_by=row.granted_by,
        reason=row.reason,
        end_reason=row.end_reason,
    )


def _command(sender_id: str, body: BaseModel, *of: str | int) -> tuple[str, str]:
    """The key of a command about grants, and the hash of what it asks."""
    asked = digest({"of": list(of), "body": body.model_dump(mode="json")})
    command_id = str(getattr(body, "command_id", ""))
    return command_key(sender_id, "grants", command_id), asked
