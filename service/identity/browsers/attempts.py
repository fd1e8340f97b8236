"""What is under way in a browser: a sign-in or a new passkey, known by a token that only it holds.

A row is used up by the first answer, right or wrong: nothing is answered twice.
"""

import base64
import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Invitation, SignInAttempt
from models.values.refusal import refusal
from runtime.database import Database
from service.identity.invitations import refuse_spent
from service.identity.sessions import database_now
from service.identity.tokens import token_hash

GOOD_FOR = timedelta(minutes=10)
_BYTES = 32


async def begin_attempt(
    database: Database,
    kind: str,
    token: str,
    secret: str,
    *,
    state: str = "",
    account_id: str | None = None,
    invitation: str = "",
    goes_to: str = "/",
    good_for: timedelta = GOOD_FOR,
) -> None:
    """Write down what the answer must prove; attempts that are over are forgotten.

    Raises:
        Refused: `invitation.unknown`, `invitation.used`, `invitation.expired`.
    """

    async def work(session: AsyncSession) -> None:
        now = await database_now(session)
        await session.execute(delete(SignInAttempt).where(SignInAttempt.expires_at < now))
        session.add(
            SignInAttempt(
                id=token_hash(token),
                kind=kind,
                state=state,
                secret=secret,
                account_id=account_id,
                invitation_id=(await unspent(session, invitation)).id if invitation else None,
                goes_to=goes_to,
                expires_at=now + good_for,
            )
        )

    await database.transaction(work)


async def used_up(database: Database, kind: str, token: str) -> SignInAttempt:
    """The attempt of a token; nobody finds it a second time.

    Raises:
        Refused: `sign_in.attempt_unknown`.
    """

    async def work(session: AsyncSession) -> SignInAttempt | None:
        gone = delete(SignInAttempt).where(
            SignInAttempt.id == token_hash(token), SignInAttempt.kind == kind
        )
        row = await session.scalar(gone.returning(SignInAttempt))
        now = await database_now(session)
        return row if row is not None and row.expires_at > now else None

    found = await database.transaction(work)
    if found is None:
        raise refusal("sign_in.attempt_unknown")
    return found


async def unspent(session: AsyncSession, invitation: str) -> Invitation:
    """An invitation of a person that is still good.

    Raises:
        Refused: `invitation.unknown`, `invitation.used`, `invitation.expired`.
    """
    row = await session.get(Invitation, token_hash(invitation))
    if row is None or row.only_case is not None:
        raise refusal("invitation.unknown")
    refuse_spent(row, await database_now(session))
    return row


def new_challenge() -> str:
    """Random bytes that a passkey signs, base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).rstrip(b"=").decode()
