"""Sessions of people: a row each, found by the hash of a random token; short, and ended at will."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, ApiClient, PersonSession
from models.values.base import Value
from models.values.refusal import refusal
from runtime.database import Database
from runtime.settings.sign_in import SignInSettings
from service.identity.tokens import SESSION, new_token, token_hash

SEEN_TIMES = 10
NOW = select(func.clock_timestamp(type_=DateTime(timezone=True)))
OF_TOKEN = (
    select(
        *(PersonSession.id, PersonSession.way, PersonSession.ended_at, PersonSession.expires_at),
        *(PersonSession.seen_at, PersonSession.idle_minutes),
        *(Account.actor_id, Account.id.label("account_id"), Account.only_case, Account.closed_at),
        func.clock_timestamp(type_=DateTime(timezone=True)).label("now"),
    )
    .join(Account, Account.id == PersonSession.account_id)
    .where(PersonSession.id == bindparam("token"))
)
"""The session of a token and its account; made once, for every request of an official asks it."""


class SignedIn(Value):
    """Who sent a request, as the session knows them.

    `only_case` is the told case of a player, None of a person. `way` is how they signed in.
    """

    actor_id: str
    account_id: str
    only_case: str | None
    way: str
    expires_at: datetime


class Opened(Value):
    """A session that has just begun; its token is known to nobody else, and nowhere stored."""

    token: str
    expires_at: datetime


async def database_now(session: AsyncSession) -> datetime:
    """Now by the clock of the database, by which sessions, links and grants end."""
    return (await session.execute(NOW)).scalar_one()


async def begin_session(
    session: AsyncSession, account_id: str, way: str, settings: SignInSettings
) -> Opened:
    """Begin a session in the caller's transaction; it ends as the settings say."""
    token = new_token(SESSION)
    now = await database_now(session)
    expires_at = now + timedelta(hours=settings.session_hours)
    session.add(
        PersonSession(
            id=token_hash(token),
            account_id=account_id,
            way=way,
            created_at=now,
            expires_at=expires_at,
            seen_at=now,
            idle_minutes=settings.session_idle_minutes,
        )
    )
    await session.flush()
    return Opened(token=token, expires_at=expires_at)


async def session_beside(session: AsyncSession, of: PersonSession) -> Opened:
    """A second session of whoever has this one, that ends when it does, in the caller's transaction.

    It counts as begun with it: nobody becomes freshly signed in by having been so before.
    """
    token = new_token(SESSION)
    session.add(
        PersonSession(
            id=token_hash(token),
            account_id=of.account_id,
            way=of.way,
            created_at=of.created_at,
            expires_at=of.expires_at,
            idle_minutes=of.idle_minutes,
        )
    )
    await session.flush()
    return Opened(token=token, expires_at=of.expires_at)


async def find_session(database: Database, token: str) -> SignedIn:
    """Who holds this token.

    Raises:
        Refused: `credential.wrong` for one that nobody was given, `credential.ended` for one that was
            revoked or whose account is closed, `credential.expired`, and `credential.idle` for one that
            nobody has used for too long.
    """
    async with database.reading() as reading:
        row = (await reading.execute(OF_TOKEN, {"token": token_hash(token)})).one_or_none()
    if row is None:
        raise refusal("credential.wrong")
    if row.ended_at is not None or row.closed_at is not None:
        raise refusal("credential.ended")
    if row.expires_at <= row.now:
        raise refusal("credential.expired")
    await _seen(database, row)
    return SignedIn(
        actor_id=row.actor_id,
        account_id=row.account_id,
        only_case=row.only_case,
        way=row.way,
        expires_at=row.expires_at,
    )


async def _seen(database: Database, row: Row[*tuple[Any, ...]]) -> None:
    """Somebody has come with the session. That is written down a few times within the idle time, no more."""
    now = row.now
    idle, most = now - row.seen_at, timedelta(minutes=row.idle_minutes)
    if idle >= most:
        raise refusal("credential.idle", minutes=row.idle_minutes)
    if idle < most / SEEN_TIMES:
        return

    async def work(session: AsyncSession) -> None:
        mine = update(PersonSession).where(PersonSession.id == row.id)
        await session.execute(mine.values(seen_at=func.greatest(PersonSession.seen_at, now)))

    await database.transaction(work)


async def end_session(database: Database, token: str) -> None:
    """Sign out: the token opens nothing any more. One that opens nothing stays as it is."""

    async def work(session: AsyncSession) -> None:
        await session.execute(
            update(PersonSession)
            .where(PersonSession.id == token_hash(token), PersonSession.ended_at.is_(None))
            .values(ended_at=func.clock_timestamp())
        )

    await database.transaction(work)


async def end_sessions_of(session: AsyncSession, account_id: str) -> None:
    """Sign an account out everywhere, in the caller's transaction; its own programs too.

    Whoever was in it without right may have added one.
    """
    of_account = select(Account.actor_id).where(Account.id == account_id).scalar_subquery()
    await session.execute(
        update(ApiClient)
        .where(
            ApiClient.actor_id == of_account,
            ApiClient.made_by == of_account,
            ApiClient.revoked_at.is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
    )
    await session.execute(
        update(PersonSession)
        .where(PersonSession.account_id == account_id, PersonSession.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )
