"""The erasure of a person's data on request: at once what nothing needs, the rest is restricted and says until when.

A person who is signed in asks for themselves, and it is done. For somebody who has no account their home asks
on its page, or an official of their place, and another official confirms it or says why not (PIPL art. 47, 50;
four eyes).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import (
    ColumnElement,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Account,
    Contact,
    Erasure,
    Invitation,
    Person,
    RoleGrant,
    SensitiveEntry,
    Unit,
    UnitOwner,
)
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE, acting, covers
from rules.retention import KINDS, Retention, period_of, read_periods
from runtime.database import Database
from runtime.privacy.access import note_access
from runtime.record.grants import load_grants
from runtime.record.journal import id_from
from runtime.settings import Settings
from service.privacy.bodies import AskErasure, ConfirmErasure, ErasureView, RefuseErasure
from service.privacy.holds import holds_of, homes_of, kept_in_cases
from service.privacy.keeping import erase, forget_people

OPEN_FOR = timedelta(days=30)
ASKED, CONFIRMED, REFUSED = "erasure.asked", "erasure.confirmed", "erasure.refused"
BY_KIND: Mapping[str, Retention] = {each.kind: each for each in KINDS}
NEVER = datetime.max.replace(tzinfo=UTC)
"""Sorts behind every moment: a period that has not started."""
FOR_NOW: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")
WAITS = and_(
    Erasure.done_at.is_(None),
    Erasure.refused_at.is_(None),
    Erasure.expires_at > func.clock_timestamp(),
)
"""Another person may still decide on it."""
PLACES = """
    SELECT pl.path FROM private.unit_owner o JOIN unit u ON u.id = o.unit_id
      JOIN estate e ON e.id = u.estate_id JOIN place pl ON pl.id = e.place_id WHERE o.person_id = :person
    UNION SELECT pl.path FROM role_grant g JOIN place pl ON pl.id = g.place_id WHERE g.actor_id = :person
    UNION SELECT r.place_path FROM mandate m JOIN ballot_box b ON b.id = m.box_id
      JOIN renovation r ON r.id = b.renovation_id WHERE m.agent_id = :person
    UNION SELECT pl.path FROM private.firm_person f JOIN private.firm w ON w.id = f.firm_id
      JOIN place pl ON pl.id = w.place_id WHERE f.person_id = :person"""
"""Where a person is known: by a home, a role, a mandate, a firm."""


async def ask_erasure(
    database: Database, settings: Settings, sender_id: str, body: AskErasure
) -> ErasureView:
    """Ask for the erasure of a person's data; one's own is done at once.

    Raises:
        Refused: `erasure.unknown` for a person who is not known, or of no place of the sender;
            `journal.command_reused`.
    """

    async def work(session: AsyncSession) -> ErasureView:
        erasure_id = id_from(f"{sender_id}/erasure/{body.command_id}")
        row = await session.get(Erasure, erasure_id)
        if row is None:
            sender = await _who(session, sender_id, body.person, where="person")
            now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
            row = Erasure(
                id=erasure_id,
                person_id=body.person,
                asked_by=sender_id,
                reason=body.reason,
                asked_at=now,
                expires_at=now + OPEN_FOR,
            )
            session.add(row)
            await note_access(session, sender, ASKED, subject=body.person, reason=body.reason)
            await session.flush()
            if sender_id == body.person:
                await _carry_out(session, settings, row, now)
        elif (row.person_id, row.reason) != (body.person, body.reason):
            raise refusal("journal.command_reused", where="command_id", kind=ASKED)
        return _view(row)

    return await database.transaction(work)


async def confirm_erasure(
    database: Database, settings: Settings, sender_id: str, erasure_id: str, body: ConfirmErasure
) -> ErasureView:
    """Confirm what another official asked for: it is done now.

    Raises:
        Refused: `erasure.unknown`, `erasure.own`, `erasure.over`.
    """

    async def work(session: AsyncSession) -> ErasureView:
        row, sender = await _to_decide(session, sender_id, erasure_id)
        if row.confirmed_by == sender_id:
            return _view(row)
        now = await _undecided(session, sender_id, row)
        row.confirmed_by = sender_id
        await note_access(session, sender, CONFIRMED, subject=row.person_id, reason=body.command_id)
        await _carry_out(session, settings, row, now)
        return _view(row)

    return await database.transaction(work)


async def refuse_erasure(
    database: Database, sender_id: str, erasure_id: str, body: RefuseErasure
) -> ErasureView:
    """Refuse what somebody else asked for, with the reason; nothing is erased (PIPL art. 50).

    Raises:
        Refused: `erasure.unknown`, `erasure.own`, `erasure.over`.
    """

    async def work(session: AsyncSession) -> ErasureView:
        row, sender = await _to_decide(session, sender_id, erasure_id)
        if (row.refused_by, row.refusal) == (sender_id, body.reason):
            return _view(row)
        row.refused_at = await _undecided(session, sender_id, row)
        row.refused_by, row.refusal = sender_id, body.reason
        await note_access(session, sender, REFUSED, subject=row.person_id, reason=body.reason)
        return _view(row)

    return await database.transaction(work)


async def _to_decide(
    session: AsyncSession, sender_id: str, erasure_id: str
) -> tuple[Erasure, Actor]:
    """The erasure, locked, and whoever decides on it, as they may."""
    row = await session.get(Erasure, erasure_id, with_for_update=True)
    if row is None:
        raise refusal("erasure.unknown")
    return row, await _who(session, sender_id, row.person_id)


async def _undecided(session: AsyncSession, sender_id: str, row: Erasure) -> datetime:
    """Now, where another person may still decide.

    Raises:
        Refused: `erasure.own`, `erasure.over`.
    """
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    if sender_id in {row.asked_by, row.person_id}:
        raise refusal("erasure.own")
    if row.done_at is not None or row.refused_at is not None or row.expires_at <= now:
        raise refusal("erasure.over")
    return now


async def list_erasures(
    database: Database, sender_id: str, *, undecided: bool = False
) -> tuple[ErasureView, ...]:
    """One's own, and those of the people of one's places, the newest first; of the `undecided` those alone."""
    query = select(Erasure).order_by(Erasure.asked_at.desc())
    if undecided:
        query = query.where(WAITS)
    async with database.session() as session:
        rows = await session.scalars(query)
        return tuple(
            [_view(row) for row in rows if await allowed(session, sender_id, row.person_id)]
        )


async def allowed(session: AsyncSession, sender_id: str, person: str) -> Actor | None:
    """Whoever asks, as they may: the person, an official of a place of theirs, an administrator."""
    if sender_id == person:
        return Actor(id=sender_id, role=Role.RESIDENT, label="")
    paths = list(await session.scalars(text(PLACES), {"person": person}))
    roles = ROLES_OF_WRITE["erase_person"].roles
    for grant in await load_grants(session, sender_id):
        everywhere = grant.role is Role.ADMINISTRATOR
        if grant.role in roles and (everywhere or any(covers(grant.place, path) for path in paths)):
            return acting(grant)
    return None


async def _who(session: AsyncSession, sender_id: str, person: str, where: str = "") -> Actor:
    found = await allowed(session, sender_id, person)
    if found is None or await session.get(Person, person) is None:
        # Ids that are tried tell nothing.
        raise refusal("erasure.unknown", where=where)
    return found


async def _carry_out(
    session: AsyncSession, settings: Settings, row: Erasure, now: datetime
) -> None:
    """Erase what has no basis, restrict the rest, and write down both."""
    periods = read_periods(settings.retention)
    outcome = [
        *await _contacts(session, row.person_id),
        *await _of_homes(session, row.person_id),
        *await _invitations(session, row.person_id),
        *await _account(session, row.person_id, now),
        *await _in_cases(session, row.person_id, periods, now),
        *await _name(session, row.person_id, periods, now),
        *await _labels(session, row.person_id, periods),
    ]
    row.done_at = now
    row.outcome = [each for at, each in enumerate(outcome) if each not in outcome[:at]]


async def _contacts(session: AsyncSession, person: str) -> list[JsonValue]:
    """The consent ends with the request."""
    query = select(Contact.id).where(Contact.actor_id == person, Contact.address != b"")
    found = list(await session.scalars(query))
    await erase(session, "contact", found)
    return [_erased("contact")] if found else []


async def _of_homes(session: AsyncSession, person: str) -> list[JsonValue]:
    """What a home has consented to goes with its last owner; what others of it gave is theirs, a buyer too."""
    homes = await homes_of(session, person)
    erased: list[JsonValue] = []
    for kind, table, content in (
        ("contact", Contact, Contact.address),
        ("sensitive", SensitiveEntry, SensitiveEntry.content),
    ):
        of_home = or_(
            false(),
            *(
                (table.renovation_id == home.renovation_id)
                & (table.unit_number == home.unit_number)
                & (true() if home.sold_at is None else table.consented_at <= home.sold_at)
                for home in homes
            ),
        )
        found = list(await session.scalars(select(table.id).where(of_home, content != b"")))
        await erase(session, kind, found)
        erased += [_erased(kind)] if found else []
    return erased


async def _in_cases(
    session: AsyncSession, person: str, periods: Mapping[str, int], now: datetime
) -> list[JsonValue]:
    """What they said and did stands in the record of a case: who must keep it reads it, by no name."""
    holds = await kept_in_cases(session, person, periods)
    return [
        _restricted(each.kind, each.until)
        for each in holds
        if each.until is None or each.until > now
    ]


async def _invitations(session: AsyncSession, person: str) -> list[JsonValue]:
    gone = update(Invitation).where(Invitation.actor_id == person, Invitation.name != "")
    found = await session.scalars(
        gone.values(
            name="",
            expires_at=func.least(Invitation.expires_at, func.clock_timestamp()),
        ).returning(Invitation.id)
    )
    return [_erased("invitation_name")] if found.all() else []


async def _account(session: AsyncSession, person: str, now: datetime) -> list[JsonValue]:
    """Whoever holds a role keeps the way in until it ends; an account that is closed is none."""
    query = select(Account.id, Account.closed_at.is_(None)).where(
        Account.person_id == person, Account.name != "closed-" + Account.id
    )
    found = dict((await session.execute(query)).all())
    standing = select(RoleGrant.id).where(
        RoleGrant.actor_id == person,
        RoleGrant.only_case.is_(None),
        or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now),
    )
    holds = await session.scalar(standing.limit(1)) is not None
    await erase(
        session, "account", [each for each, is_open in found.items() if not (holds and is_open)]
    )
    if holds and any(found.values()):
        return [_restricted("account", None)]
    return [_erased("account")] if found else []


async def _name(
    session: AsyncSession, person: str, periods: Mapping[str, int], now: datetime
) -> list[JsonValue]:
    holds = await holds_of(session, person, periods)
    standing = [each for each in holds if each.until is None or each.until > now]
    if not standing:
        await forget_people(session, [person])
        return [_erased(each.kind) for each in holds] or [_erased("owner_name")]
    last = max(standing, key=lambda each: each.until or NEVER)
    until = FOR_NOW if last.until is None else last.until
    restricted = update(Person).where(Person.id == person).values(restricted_until=until)
    await session.execute(restricted)
    return [_restricted(each.kind, each.until) for each in standing]


async def _labels(
    session: AsyncSession, person: str, periods: Mapping[str, int]
) -> list[JsonValue]:
    """What an official did stands in the record under the name of that day: a duty, with its end."""
    kept = period_of("grant_label", periods)
    query = select(RoleGrant.valid_until).where(
        RoleGrant.actor_id == person, RoleGrant.label != "", RoleGrant.only_case.is_(None)
    )
    rows = list(await session.scalars(query))
    if not rows:
        return []
    ends = [until + kept for until in rows if until is not None]
    return [_restricted("grant_label", max(ends) if len(ends) == len(rows) else None)]


def _erased(kind: str) -> JsonValue:
    return {"kind": kind, "state": "erased"}


def _restricted(kind: str, until: datetime | None) -> JsonValue:
    rule = BY_KIND[kind]
    return {
        "kind": kind,
        "state": "restricted",
        "basis": rule.basis.value,
        "article": rule.article,
        "starts": rule.starts,
        # Empty: as long as the case, the role or the vote is not over.
        "until": "" if until is None else until.isoformat(timespec="seconds"),
    }


def _view(row: Erasure) -> ErasureView:
    return ErasureView(
        erasure=row.id,
        person=row.person_id,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        reason=row.reason,
        confirmed_by=row.confirmed_by or "",
        done_at=row.done_at,
        expires_at=row.expires_at,
        outcome=tuple(row.outcome or ()),
        renovation_id=row.renovation_id or "",
        refused_by=row.refused_by or "",
        refused_at=row.refused_at,
        refusal=row.refusal or "",
    )


async def people_of_unit(
    session: AsyncSession, estate_id: str, unit_number: str
) -> tuple[str, ...]:
    """The ids of the owners of a unit, in the order of the register."""
    unit = (
        select(UnitOwner.person_id)
        .join(Unit, Unit.id == UnitOwner.unit_id)
        .where(Unit.estate_id == estate_id, Unit.number == unit_number)
    )
    return tuple(await session.scalars(unit.order_by(UnitOwner.position)))
