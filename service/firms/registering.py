"""A firm comes in: it registers by itself, is brought by an official, or asks for another place."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Firm, FirmPerson, Person, Place, RoleGrant
from models.values.actor import FIRM, Actor, Role
from models.values.refusal import Refused, refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import acting, covers
from rules.granting import FIRM_ROLES, check_giving
from runtime.database import Database
from runtime.record import place_log
from runtime.record.firms import confirm_firm
from runtime.record.grants import load_grants
from runtime.settings import Settings
from service.bodies import CommandBody
from service.firms.bodies import AskForPlace, EnteredFirm, InviteFirm, NewFirm, RegisterFirm
from service.identity.grants import GIVEN, WAITS, place_at
from service.identity.invitations import Invited, invite_named
from service.identity.sessions import database_now

REGISTERED = "firm.registered"
MOST_WAITING = 200
"""So many firms wait at a place at once: whoever sends more, without an account, waits too."""
SELF = "registered"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One firm that comes in: under which command, by whom, and who will act for it."""

    body: NewFirm
    key: str
    asked: str
    place: Place
    sender: str
    """"" for whoever has no account."""
    person: str

    @property
    def firm(self) -> str:
        return f"{FIRM}{self.body.code}-{self.key[:8]}"

    def actor(self) -> Actor:
        """The person, who has no role yet, as the log names them."""
        return Actor(
            id=self.person,
            role=self.body.role,
            label=self.body.name,
            place=self.place.path,
            on_behalf_of=self.firm,
        )


async def register(database: Database, settings: Settings, body: RegisterFirm) -> EnteredFirm:
    """A firm registers without an account: it waits, and its person gets a link to sign in.

    Raises:
        Refused: `granting.place_unknown`, `firm.too_many_waiting`, `journal.command_reused`.
    """
    return await _enter(database, settings, body, "")


async def bring(
    database: Database, settings: Settings, sender_id: str, body: InviteFirm
) -> EnteredFirm:
    """A signed-in person registers the own firm, or an official invites one for the official's place.

    What the official might confirm begins at once, the own firm never.

    Raises:
        Refused: `firm.not_official`, `firm.other_firm`, and as `register` says.
    """
    return await _enter(database, settings, body, sender_id)


async def ask_for_place(
    database: Database, sender_id: str, firm_id: str, body: AskForPlace
) -> EnteredFirm:
    """A person of a firm asks for another role or place; it waits there.

    Raises:
        Refused: `firm.unknown`, `granting.already_there`, and as `register` says.
    """

    async def work(session: AsyncSession) -> EnteredFirm:
        key, asked = command_of(sender_id, body, firm_id)
        place = await place_at(session, body.place)
        firm = await own_firm(session, sender_id, firm_id)
        if await place_log.told_before(session, key, asked) is not None:
            return await _entered(session, firm.id, body.role, place, sender_id)
        await _refuse_crowd(session, place)
        standing = select(RoleGrant.id).where(
            RoleGrant.actor_id == firm.id,
            RoleGrant.role == body.role,
            RoleGrant.place_id == place.id,
            RoleGrant.valid_until.is_(None),
        )
        if await session.scalar(standing) is not None:
            raise refusal("granting.already_there", where="place", person=firm.id, role=body.role)
        row = _grant(firm, body.role, place)
        session.add(row)
        actor = Actor(
            id=sender_id, role=body.role, label=firm.name, place=place.path, on_behalf_of=firm.id
        )
        await place_log.grant_event(session, row, actor, key, asked, WAITS)
        return await _entered(session, firm.id, body.role, place, sender_id)

    return await database.transaction(work)


async def own_firm(session: AsyncSession, sender_id: str, firm_id: str) -> Firm:
    """The firm, of which the sender is one now; to anybody else there is none.

    Raises:
        Refused: `firm.unknown`.
    """
    found = await session.scalar(
        select(Firm)
        .join(FirmPerson, FirmPerson.firm_id == Firm.id)
        .where(Firm.id == firm_id, FirmPerson.person_id == sender_id, FirmPerson.ended_at.is_(None))
        .with_for_update(of=Firm)
    )
    if found is None:
        raise refusal("firm.unknown")
    return found


def command_of(sender_id: str, body: CommandBody, *of: str) -> tuple[str, str]:
    """The key of a command about firms, and the hash of what it asks."""
    asked = digest({"of": list(of), "body": body.model_dump(mode="json")})
    return command_key(sender_id, "firms", body.command_id), asked


async def invited_person(
    session: AsyncSession, settings: Settings, firm_id: str, name: str, key: str, by: str
) -> tuple[str, str]:
    """A new person who acts for a firm: the id and the link, in the caller's transaction."""
    person = person_of(key)
    who = Invited(actor_id=person, name=name)
    link = await invite_named(session, settings, who, by)
    await add_person(session, firm_id, person, by)
    return person, link


def person_of(key: str) -> str:
    """The id of the person whom a command invites."""
    return f"p-{key[:24]}"


async def add_person(session: AsyncSession, firm_id: str, person: str, by: str) -> None:
    """Somebody acts for a firm from now on; for one at a time (Tendering Regs art. 40).

    Raises:
        Refused: `firm.other_firm`.
    """
    other = await session.scalar(
        select(FirmPerson.firm_id).where(
            FirmPerson.person_id == person, FirmPerson.ended_at.is_(None)
        )
    )
    if other is not None:
        raise refusal("firm.other_firm", where="person", firm=other)
    now = await database_now(session)
    session.add(FirmPerson(firm_id=firm_id, person_id=person, added_by=by, added_at=now))
    await session.flush()


async def _enter(
    database: Database,
    settings: Settings,
    body: RegisterFirm | InviteFirm,
    sender: str,
) -> EnteredFirm:
    async def work(session: AsyncSession) -> EnteredFirm:
        key, asked = command_of(sender or body.code, body)
        place = await place_at(session, body.place)
        person = sender if body.person is None else person_of(key)
        entry = _Entry(body=body, key=key, asked=asked, place=place, sender=sender, person=person)
        if await place_log.told_before(session, key, asked) is not None:
            return await _entered(session, entry.firm, body.role, place, person)
        if sender and body.person is not None:
            await _refuse_stranger(session, sender, place.path)
        await _refuse_crowd(session, place)
        firm, link = await _written(session, settings, entry)
        await _stands(session, entry, firm, begins=sender not in {"", person})
        entered = await _entered(session, firm.id, body.role, place, person)
        return entered.model_copy(update={"invitation": link})

    return await database.transaction(work)


async def _written(session: AsyncSession, settings: Settings, entry: _Entry) -> tuple[Firm, str]:
    """The row of a firm and its first person; the link for a new one."""
    body, now = entry.body, await database_now(session)
    firm = Firm(
        id=entry.firm,
        code=body.code,
        name=body.name,
        form=body.form,
        contact=body.contact,
        qualification=body.qualification,
        place_id=entry.place.id,
        registered_by=entry.sender or entry.person,
        created_at=now,
    )
    session.add(firm)
    await session.flush()
    link = ""
    if entry.person == entry.sender:
        person = insert(Person).values(id=entry.person, name=entry.person)
        await session.execute(person.on_conflict_do_nothing())
        await add_person(session, firm.id, entry.person, entry.person)
    else:
        by, name = entry.sender or entry.person, str(getattr(body, "person", ""))
        _, link = await invited_person(session, settings, firm.id, name, entry.key, by)
    details = {"firm": firm.id, "code": firm.code, "form": body.form.value, "role": body.role.value}
    log, actor = entry.place.id, entry.actor()
    await place_log.append(
        session, log, actor, entry.key, entry.asked, REGISTERED, {**details, "name": firm.name}
    )
    return firm, link


async def _stands(session: AsyncSession, entry: _Entry, firm: Firm, *, begins: bool) -> None:
    """The role it asks for: it waits, or an official who might confirm it has brought it."""
    row, actor, kind = _grant(firm, entry.body.role, entry.place), entry.actor(), WAITS
    if begins:
        grants = await load_grants(session, entry.sender)
        try:
            actor = check_giving(Role(row.role), entry.place.path, firm.id, grants)
        except Refused:
            official = next(each for each in grants if covers(each.place, entry.place.path))
            actor = acting(official)
        else:
            now = await database_now(session)
            await confirm_firm(session, firm.id, entry.sender, now)
            row.valid_from, row.granted_by, kind = now, actor.id, GIVEN
    session.add(row)
    part = digest({"stands": entry.key})
    await place_log.grant_event(session, row, actor, part, entry.asked, kind)


def _grant(firm: Firm, role: Role, place: Place) -> RoleGrant:
    return RoleGrant(
        actor_id=firm.id,
        label=firm.name,
        role=role.value,
        place_id=place.id,
        only_case=None,
        valid_from=None,
        granted_by="",
        reason=SELF,
        end_reason="",
    )


async def _refuse_stranger(session: AsyncSession, sender: str, place: str) -> None:
    """Other people are invited by an official of the place, or of one above."""
    grants = await load_grants(session, sender)
    if not any(covers(each.place, place) and each.role not in FIRM_ROLES for each in grants):
        raise refusal("firm.not_official", where="person", place=place)


async def _refuse_crowd(session: AsyncSession, place: Place) -> None:
    waiting = await session.scalar(
        select(func.count())
        .select_from(RoleGrant)
        .where(
            RoleGrant.place_id == place.id,
            RoleGrant.role.in_([role.value for role in FIRM_ROLES]),
            RoleGrant.valid_from.is_(None),
            RoleGrant.valid_until.is_(None),
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise refusal("firm.too_many_waiting", where="place", most=MOST_WAITING)


async def _entered(
    session: AsyncSession, firm_id: str, role: Role, place: Place, person: str
) -> EnteredFirm:
    row = await session.scalar(
        select(RoleGrant)
        .where(
            RoleGrant.actor_id == firm_id, RoleGrant.role == role, RoleGrant.place_id == place.id
        )
        .order_by(RoleGrant.id.desc())
        .limit(1)
    )
    if row is None:
        raise refusal("firm.unknown")
    state = "waits" if row.valid_from is None else "confirmed"
    return EnteredFirm(firm=firm_id, grant=row.id, state=state, person=person)
