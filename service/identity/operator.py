"""What the operator of the machine does beside the rules, and says so on the record.

Whoever holds the database and the keys can do anything; what they do through these commands is named.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Person, RoleGrant
from models.values.actor import Actor, Role
from models.values.base import Carried, Value
from models.values.refusal import refusal
from proof.canonical import digest
from proof.seals import BROKE_GLASS
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of
from runtime.record import place_log
from runtime.record.journal import Journal, Recorded
from runtime.settings import Settings
from service.identity.cast import Player
from service.identity.invitations import Invited, invite_named
from service.identity.sessions import database_now
from service.identity.tokens import new_token
from service.situation import Situation

OPERATOR = "operator"
ADMINISTRATOR = "administrator"
OPEN_FOR = timedelta(minutes=15)


class BrokenGlass(Carried):
    """What the operator took: a role in one case, for minutes."""

    role: Role
    until: datetime


class BreakGlass(Value):
    """Why, for which act, in which role, and under which account of the machine."""

    act: str
    role: Role
    reason: str
    account: str


def operator_of(account: str, place: str = "") -> Actor:
    """The operator as the record names them."""
    label = f"运维 / operator {account}"
    return Actor(id=OPERATOR, role=Role.OPERATOR, label=label, place=place)


async def invite_administrator(database: Database, settings: Settings, account: str) -> str:
    """The link for an administrator of the whole installation; the role is on the installation's log."""

    async def work(session: AsyncSession) -> str:
        who = Invited(actor_id=ADMINISTRATOR, name=ADMINISTRATOR)
        link = await invite_named(session, settings, who, OPERATOR)
        held = await session.scalar(
            select(RoleGrant.id).where(
                RoleGrant.actor_id == ADMINISTRATOR,
                RoleGrant.role == Role.ADMINISTRATOR,
                RoleGrant.valid_until.is_(None),
            )
        )
        if held is None:
            await _make_administrator(session, account)
        return link

    return await database.transaction(work)


async def _make_administrator(session: AsyncSession, account: str) -> None:
    row = RoleGrant(
        actor_id=ADMINISTRATOR,
        label=ADMINISTRATOR,
        role=Role.ADMINISTRATOR.value,
        place_id=None,
        only_case=None,
        valid_from=await database_now(session),
        granted_by=OPERATOR,
        reason="invited by the operator",
    )
    session.add(row)
    command = digest({"administrator": new_token("c1")})
    await place_log.grant_event(
        session, row, operator_of(account), command, digest({"of": command}), "grant.given"
    )


async def has_administrator(database: Database) -> bool:
    """Whether somebody administers this installation who has signed in once."""
    async with database.session() as session:
        found = await session.scalar(
            select(Account.id)
            .join(RoleGrant, RoleGrant.actor_id == Account.actor_id)
            .where(
                RoleGrant.role == Role.ADMINISTRATOR,
                RoleGrant.valid_until.is_(None),
                Account.only_case.is_(None),
            )
            .limit(1)
        )
    return found is not None


async def invite_person(database: Database, settings: Settings, person: str, name: str) -> str:
    """The link for a person who has no way in, or has lost it; what they had is good no more then.

    Raises:
        Refused: `invitation.nobody` for a person of whom nothing is known, not even a name.
    """

    async def work(session: AsyncSession) -> str:
        known = await session.get(Person, person)
        if known is None and not name:
            raise refusal("invitation.nobody", where=person, person=person)
        before = (await names_of(session, PersonKeys.of(settings), [person])).get(person)
        who = Invited(actor_id=person, name=name or before or person)
        return await invite_named(session, settings, who, OPERATOR)

    return await database.transaction(work)


async def break_glass(
    journal: Journal, situation: Situation, command_id: str, asked: BreakGlass
) -> str:
    """Take a role in one case for fifteen minutes; the case's own record names it, and why.

    `journal` signs, as it does for whatever else the service writes: the audit asks for it.

    The id of the actor who holds it then.
    """
    actor = operator_of(asked.account, situation.place_path)
    key = await journal.key_of(f"{command_id}.glass", situation.id, actor.id)

    async def inside(session: AsyncSession, _tick: datetime) -> Recorded[BrokenGlass]:
        now = await database_now(session)
        until = now + OPEN_FOR
        session.add(
            RoleGrant(
                actor_id=actor.id,
                label=actor.label,
                role=asked.role.value,
                place_id=situation.place_path.rpartition("/")[2],
                only_case=situation.id,
                valid_from=now,
                valid_until=until,
                granted_by=actor.id,
                reason=asked.reason,
            )
        )
        details: dict[str, JsonValue] = {
            "act": asked.act,
            "role": asked.role.value,
            "reason": asked.reason,
            "until": until.isoformat(),
        }
        return Recorded(BrokenGlass(role=asked.role, until=until), details)

    command = situation.command(key, actor)
    await journal.record(command, BROKE_GLASS, asked, inside, BrokenGlass)
    return actor.id


async def invite_new(
    database: Database, settings: Settings, people: Iterable[Player]
) -> Mapping[str, str]:
    """The links for those of these people who have no account yet, by their ids."""

    async def work(session: AsyncSession) -> dict[str, str]:
        links = {}
        for each in people:
            account = select(Account.id).where(
                Account.actor_id == each.id, Account.only_case.is_(None)
            )
            if await session.scalar(account) is None:
                who = Invited(actor_id=each.id, name=each.label)
                links[each.id] = await invite_named(session, settings, who, OPERATOR)
        return links

    return await database.transaction(work)
