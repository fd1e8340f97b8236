"""Closing an account: every session of its person ends in the same transaction, and nobody signs in by it again."""

from datetime import datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Invitation, PersonSession, Place, RoleGrant
from models.values.actor import Role
from models.values.refusal import refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.granting import check_closing
from runtime.database import Database
from runtime.record import place_log
from runtime.record.grants import load_grants
from service.identity.bodies import CloseAccount, ClosedAccount
from service.identity.sessions import database_now

CLOSED = "account.closed"


async def close(
    database: Database, sender_id: str, person: str, body: CloseAccount
) -> ClosedAccount:
    """Close the accounts of a person, local or of a provider; open invitations are void too.

    Roles are not ended by it: they are events of their places, and who has to act there may need them.

    Raises:
        Refused: `account.unknown`, `account.closed`,
            `granting.last_administrator`, `journal.command_reused`.
    """
    asked = digest({"of": [CLOSED, person], "body": body.model_dump(mode="json")})
    key = command_key(sender_id, "accounts", body.command_id)

    async def work(session: AsyncSession) -> ClosedAccount:
        held = await _held(session, person)
        before = await place_log.told_before(session, key, asked)
        if before is not None:
            ended = int(str(before.details["sessions_ended"]))
            return _closed(person, before.recorded_at, ended, held)
        accounts = (
            await session.scalars(
                select(Account)
                .where(Account.actor_id == person, Account.only_case.is_(None))
                .with_for_update()
            )
        ).all()
        places = [(Role(row.role), path) for row, path in held]
        grants = await load_grants(session, sender_id)
        actor = check_closing(person, sender_id, places, grants)
        if not accounts:
            raise refusal("account.unknown", where="person", person=person)
        if all(each.closed_at is not None for each in accounts):
            raise refusal("account.closed", where="person", person=person)
        now = await database_now(session)
        for each in accounts:
            each.closed_at = each.closed_at or now
        ended = await _end_sessions(session, [each.id for each in accounts], now)
        await session.execute(
            update(Invitation)
            .where(
                Invitation.actor_id == person,
                Invitation.only_case.is_(None),
                Invitation.used_at.is_(None),
                Invitation.expires_at > now,
            )
            .values(expires_at=now)
        )
        details: dict[str, JsonValue] = {
            "person": person,
            "reason": body.reason,
            "sessions_ended": ended,
        }
        log = place_log.INSTALLATION
        at = await place_log.append(session, log, actor, key, asked, CLOSED, details)
        return _closed(person, at, ended, held)

    return await database.transaction(work)


async def _held(session: AsyncSession, person: str) -> list[tuple[RoleGrant, str]]:
    """The roles of a person that are not over, each with the path of its place."""
    rows = await session.execute(
        select(RoleGrant, func.coalesce(Place.path, ""))
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .where(
            RoleGrant.actor_id == person,
            RoleGrant.only_case.is_(None),
            RoleGrant.valid_from.is_not(None),
            or_(
                RoleGrant.valid_until.is_(None),
                RoleGrant.valid_until > func.clock_timestamp(),
            ),
        )
        .order_by(RoleGrant.id)
    )
    return [(row, path) for row, path in rows]


async def _end_sessions(session: AsyncSession, accounts: list[str], now: datetime) -> int:
    ended = await session.execute(
        update(PersonSession)
        .where(PersonSession.account_id.in_(accounts), PersonSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    return cast("CursorResult[object]", ended).rowcount


def _closed(
    person: str, at: datetime, ended: int, held: list[tuple[RoleGrant, str]]
) -> ClosedAccount:
    grants = tuple(row.id for row, _ in held)
    return ClosedAccount(person=person, closed_at=at, sessions_ended=ended, grants=grants)
