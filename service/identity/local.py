"""Signing in to a local account: name, password and the code of the second factor, all of them right."""

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account
from models.values.base import Value
from models.values.refusal import Refused, refusal
from runtime.database import Database
from runtime.keys.values import derived, newest
from runtime.settings import Settings
from service.identity.bodies import SessionView, SignInBody
from service.identity.locks import count_try, forget_tries
from service.identity.passwords import (
    TURNS,
    hash_anew,
    opened,
    password_fits,
    secrets_key,
    used_step,
)
from service.identity.sessions import begin_session, database_now

_NAMES = b"gongjian/tried-name\0"
log = structlog.get_logger("sign_in")


class Known(Value):
    """What of an account is compared, as it was when the try was counted."""

    id: str
    password: str | None
    totp: bytes | None


async def sign_in(database: Database, settings: Settings, body: SignInBody) -> SessionView:
    """Begin a session. What was wrong is not told: name, password or code.

    Raises:
        Refused: `sign_in.wrong`, `sign_in.locked`; `service.busy` where too many try at this moment.
    """
    with TURNS.turn():
        known = await _counted(database, body.name, _credential(settings, body.name))
        fits = await password_fits(known.password if known else None, body.password)
    secret = opened(secrets_key(settings), known.totp) if known and known.totp else None
    if known is None or secret is None or not fits:
        raise _wrong(known)

    async def work(session: AsyncSession) -> SessionView:
        account = await session.get_one(Account, known.id, with_for_update=True)
        step = used_step(secret, body.code, await database_now(session), account.totp_step)
        unchanged = (account.password, account.totp) == (known.password, known.totp)
        if step is None or not unchanged or account.closed_at is not None:
            raise _wrong(known)
        account.totp_step = step
        await forget_tries(session, _credential(settings, body.name))
        begun = await begin_session(session, account.id, "password", settings)
        return SessionView(
            actor_id=account.actor_id,
            only_case=account.only_case,
            way="password",
            **begun.model_dump(),
        )

    begun = await database.transaction(work)
    await _hash_anew(database, known, body.password)
    return begun


async def _hash_anew(database: Database, known: Known, password: str) -> None:
    """A hash with the parameters of before is replaced once everything was right: a wrong code takes no longer."""
    anew = await hash_anew(known.password, password)
    if anew == known.password:
        return
    same = update(Account).where(Account.id == known.id, Account.password == known.password)

    async def work(session: AsyncSession) -> None:
        await session.execute(same.values(password=anew))

    await database.transaction(work)


async def _counted(database: Database, name: str, credential: str) -> Known | None:
    """The account of this name, None where there is none; the try is counted either way.

    A name that is nobody's is closed like any other: who tries names learns from no pause whose they are.
    """

    async def work(session: AsyncSession) -> Known | None:
        account = await session.scalar(select(Account).where(Account.name == name))
        there = account is not None and account.closed_at is None
        try:
            await count_try(session, credential)
        except Refused:
            told = account.id if account is not None and there else "unknown"
            log.warning("sign_in_refused", account=told, reason="locked")
            raise
        if account is None or not there:
            return None
        return Known(id=account.id, password=account.password, totp=account.totp)

    return await database.transaction(work)


def _credential(settings: Settings, name: str) -> str:
    """How tries of a name are counted: what was typed may be a password, so only a keyed hash is kept."""
    return f"password:{derived(newest(secrets_key(settings)), _NAMES + name.encode()).hex()}"


def _wrong(known: Known | None) -> Refused:
    # What was typed as a name may be a password: only the id of an account is in the log.
    log.warning("sign_in_refused", account=known.id if known else "unknown", reason="wrong")
    return refusal("sign_in.wrong")
