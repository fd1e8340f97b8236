"""Passkeys of local accounts: made in a browser, several for an account, listed and removed."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Passkey, PersonSession
from models.values.refusal import refusal
from runtime.database import Database
from runtime.settings import Settings
from service.identity.bodies import AccountView
from service.identity.browsers.attempts import (
    begin_attempt,
    new_challenge,
    unspent,
    used_up,
)
from service.identity.browsers.bodies import (
    AcceptWithPasskey,
    AddPasskey,
    NewPasskeyAsked,
    PasskeyView,
)
from service.identity.browsers.party import RelyingParty, party_at
from service.identity.browsers.signatures import ALGORITHMS, checked_new
from service.identity.invitations import account_name, emptied, first_session, take_up
from service.identity.sessions import SignedIn, database_now
from service.identity.tokens import ATTEMPT, new_token, token_hash

KIND = "passkey_new"
MOST = 10
FRESH_FOR = timedelta(minutes=15)
"""After a sign-in one may add a passkey: a session that somebody found open gives no lasting way in."""


async def ask_for_invited(
    database: Database, settings: Settings, invitation: str
) -> NewPasskeyAsked:
    """For what the passkey of an invited person is to be made.

    Raises:
        Refused: `passkey.no_name`, `invitation.unknown`, `invitation.used`, `invitation.expired`.
    """
    party, attempt, challenge = party_at(settings.address), new_token(ATTEMPT), new_challenge()
    await begin_attempt(database, KIND, attempt, challenge, invitation=invitation)
    async with database.session() as session:
        row = await unspent(session, invitation)
    return _asked(party, attempt, challenge, account_name(row.actor_id, None), row.name, ())


async def accept_with_passkey(
    database: Database, settings: Settings, invitation: str, body: AcceptWithPasskey
) -> AccountView:
    """Take up an invitation with a passkey; whoever had an account loses every other way into it.

    Raises:
        Refused: `passkey.…`, `sign_in.attempt_unknown`, `invitation.…`.
    """
    party = party_at(settings.address)
    attempt = await used_up(database, KIND, body.attempt)
    if attempt.invitation_id != token_hash(invitation):
        raise refusal("sign_in.attempt_unknown")

    async def work(session: AsyncSession) -> AccountView:
        account = await emptied(session, await take_up(session, invitation))
        await _add(session, account, party, attempt.secret, body)
        return await first_session(session, account, settings)

    return await database.transaction(work)


async def ask_for_account(
    database: Database, settings: Settings, signed_in: SignedIn, token: str
) -> NewPasskeyAsked:
    """For what another passkey of the sender's account is to be made.

    Raises:
        Refused: `passkey.no_name`, `passkey.of_provider`, `passkey.sign_in_again`, `passkey.too_many`.
    """
    party, attempt, challenge = party_at(settings.address), new_token(ATTEMPT), new_challenge()
    async with database.session() as session:
        account = await session.get_one(Account, signed_in.account_id)
        await _refuse_stale(session, account, token)
        known = await _of(session, account.id)
    _refuse_more(known)
    await begin_attempt(database, KIND, attempt, challenge, account_id=account.id)
    ids = tuple(each.id for each in known)
    return _asked(party, attempt, challenge, account.name, account.name, ids)


async def add_passkey(
    database: Database, settings: Settings, signed_in: SignedIn, token: str, body: AddPasskey
) -> PasskeyView:
    """Add a passkey to the sender's account.

    Raises:
        Refused: `passkey.…`, `sign_in.attempt_unknown`.
    """
    party = party_at(settings.address)
    attempt = await used_up(database, KIND, body.attempt)
    if attempt.account_id != signed_in.account_id:
        raise refusal("sign_in.attempt_unknown")

    async def work(session: AsyncSession) -> PasskeyView:
        account = await session.get_one(Account, signed_in.account_id, with_for_update=True)
        await _refuse_stale(session, account, token)
        _refuse_more(await _of(session, account.id))
        return await _add(session, account, party, attempt.secret, body)

    return await database.transaction(work)


async def list_passkeys(database: Database, account_id: str) -> tuple[PasskeyView, ...]:
    """The passkeys of an account, the oldest first."""
    async with database.session() as session:
        return tuple(_view(each) for each in await _of(session, account_id))


async def remove_passkey(
    database: Database, signed_in: SignedIn, token: str, passkey: str
) -> tuple[PasskeyView, ...]:
    """Take a passkey from the sender's account, which is signed out everywhere else; those that stay.

    Raises:
        Refused: `passkey.unknown`, `passkey.last_way`.
    """

    async def work(session: AsyncSession) -> tuple[PasskeyView, ...]:
        account = await session.get_one(Account, signed_in.account_id, with_for_update=True)
        known = await _of(session, account.id)
        left = [each for each in known if each.id != passkey]
        if len(left) == len(known):
            raise refusal("passkey.unknown")
        if not left and account.password is None:
            raise refusal("passkey.last_way")
        await session.execute(delete(Passkey).where(Passkey.id == passkey))
        await session.execute(
            update(PersonSession)
            .where(
                PersonSession.account_id == account.id,
                PersonSession.id != token_hash(token),
                PersonSession.ended_at.is_(None),
            )
            .values(ended_at=func.clock_timestamp())
        )
        return tuple(map(_view, left))

    return await database.transaction(work)


async def _add(
    session: AsyncSession, account: Account, party: RelyingParty, challenge: str, body: AddPasskey
) -> PasskeyView:
    made = checked_new(party, challenge, body.passkey)
    added = await session.scalar(
        insert(Passkey)
        .values(
            id=body.passkey.id,
            account_id=account.id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=await database_now(session),
            label=body.label,
        )
        .on_conflict_do_nothing()
        .returning(Passkey)
    )
    if added is None:
        raise refusal("passkey.there")
    return _view(added)


async def _of(session: AsyncSession, account_id: str) -> Sequence[Passkey]:
    query = select(Passkey).where(Passkey.account_id == account_id)
    return (await session.scalars(query.order_by(Passkey.created_at, Passkey.id))).all()


async def _refuse_stale(session: AsyncSession, account: Account, token: str) -> None:
    if account.issuer is not None:
        raise refusal("passkey.of_provider")
    begun = await session.get_one(PersonSession, token_hash(token))
    if begun.created_at + FRESH_FOR < await database_now(session):
        raise refusal("passkey.sign_in_again")


def _refuse_more(known: Sequence[Passkey]) -> None:
    if len(known) >= MOST:
        raise refusal("passkey.too_many", most=MOST)


def _asked(
    party: RelyingParty,
    attempt: str,
    challenge: str,
    name: str,
    label: str,
    excluded: tuple[str, ...],
) -> NewPasskeyAsked:
    # Of the same account it is always the same, so that a device keeps one passkey for it.
    handle = hashlib.sha256(f"{party.id}\0{name}".encode()).hexdigest()[:32]
    return NewPasskeyAsked(
        attempt=attempt,
        challenge=challenge,
        rp_id=party.id,
        user_id=handle,
        user_name=name,
        user_label=label,
        algorithms=tuple(int(each) for each in ALGORITHMS),
        excluded=excluded,
    )


def _view(row: Passkey) -> PasskeyView:
    return PasskeyView(
        id=row.id, label=row.label, created_at=row.created_at, last_used_at=row.last_used_at
    )
