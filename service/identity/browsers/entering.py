"""Signing in with a passkey, and from a browser that is signed in to a terminal."""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Passkey, PersonSession
from models.values.refusal import refusal
from runtime.database import Database
from runtime.settings import Settings
from service.identity.bodies import SessionView
from service.identity.browsers.attempts import begin_attempt, new_challenge, used_up
from service.identity.browsers.bodies import PasskeyAsked, SignInWithPasskey, TerminalCode
from service.identity.browsers.party import party_at
from service.identity.browsers.signatures import checked_signature
from service.identity.sessions import begin_session, database_now, session_beside
from service.identity.tokens import ATTEMPT, TERMINAL, new_token, token_hash

log = structlog.get_logger("sign_in")
PASSKEY = "passkey"
AT_TERMINAL = "terminal"
CODE_GOOD_FOR = timedelta(minutes=2)


async def ask_for_passkey(database: Database, settings: Settings) -> PasskeyAsked:
    """What a passkey is to sign; which ones there are is not told to whoever asks.

    Raises:
        Refused: `passkey.no_name`.
    """
    party, attempt, challenge = party_at(settings.address), new_token(ATTEMPT), new_challenge()
    await begin_attempt(database, PASSKEY, attempt, challenge)
    return PasskeyAsked(attempt=attempt, challenge=challenge, rp_id=party.id)


async def sign_in_with_passkey(
    database: Database, settings: Settings, body: SignInWithPasskey
) -> SessionView:
    """Begin a session for whoever's passkey has signed the challenge of this attempt.

    Raises:
        Refused: `passkey.no_name`, `passkey.unknown`, `passkey.refused`, `passkey.copied`,
            `sign_in.attempt_unknown`.
    """
    party = party_at(settings.address)
    attempt = await used_up(database, PASSKEY, body.attempt)

    async def work(session: AsyncSession) -> SessionView:
        passkey = await session.get(Passkey, body.passkey.id, with_for_update=True)
        account = None if passkey is None else await session.get(Account, passkey.account_id)
        if passkey is None or account is None or account.closed_at is not None:
            log.warning("sign_in_refused", account="unknown", reason="passkey")
            raise refusal("passkey.unknown")
        signed = checked_signature(party, attempt.secret, body.passkey, passkey.public_key)
        if goes_back(passkey.sign_count, signed.new_sign_count):
            log.warning("sign_in_refused", account=account.id, reason="sign_count")
            raise refusal("passkey.copied")
        passkey.sign_count = signed.new_sign_count
        passkey.last_used_at = await database_now(session)
        begun = await begin_session(session, account.id, PASSKEY, settings)
        return SessionView(
            actor_id=account.actor_id,
            only_case=account.only_case,
            way=PASSKEY,
            **begun.model_dump(),
        )

    return await database.transaction(work)


def goes_back(before: int, now: int) -> bool:
    """Whether a passkey that counts its signatures does not count on: there are two of it.

    Those that a person's devices share do not count and say 0 always (WebAuthn level 2, 6.1.1).
    """
    return (before > 0 or now > 0) and now <= before


async def code_for_terminal(database: Database, token: str) -> TerminalCode:
    """A code with which the holder of this session begins one at a terminal, once."""
    code = new_token(TERMINAL)
    async with database.session() as session:
        now = await database_now(session)
        row = await session.get_one(PersonSession, token_hash(token))
    await begin_attempt(
        database, AT_TERMINAL, code, row.id, account_id=row.account_id, good_for=CODE_GOOD_FOR
    )
    return TerminalCode(code=code, expires_at=now + CODE_GOOD_FOR)


async def sign_in_with_code(database: Database, code: str) -> SessionView:
    """The session of a terminal; it ends when the browser's would, and not later.

    Raises:
        Refused: `sign_in.attempt_unknown`, also where the browser has signed out since.
    """
    attempt = await used_up(database, AT_TERMINAL, code)

    async def work(session: AsyncSession) -> SessionView:
        row = await session.get_one(PersonSession, attempt.secret, with_for_update=True)
        account = await session.get_one(Account, row.account_id)
        if row.ended_at is not None or account.closed_at is not None:
            raise refusal("sign_in.attempt_unknown")
        begun = await session_beside(session, row)
        return SessionView(
            actor_id=account.actor_id,
            only_case=account.only_case,
            way=row.way,
            **begun.model_dump(),
        )

    return await database.transaction(work)
