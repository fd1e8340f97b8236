"""Invitations: a link that makes one account, once. Looking at it changes nothing; taking it up uses it."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Invitation, Passkey, Person
from models.values.base import Value
from models.values.refusal import refusal
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, put_person
from runtime.settings import Settings
from runtime.settings.sign_in import SignInSettings
from service.identity.bodies import AccountView, InvitationView
from service.identity.passwords import hash_password, new_totp_secret, sealed, secrets_key, totp_uri
from service.identity.sessions import begin_session, database_now, end_sessions_of
from service.identity.tokens import INVITATION, new_token, token_hash


class Invited(Value):
    """Who is invited: a person, or a player of one told case."""

    actor_id: str
    name: str
    only_case: str | None = None


def invitation_link(settings: Settings, token: str) -> str:
    """The address that is handed to the invited person."""
    return f"{settings.address}/v1/invitations/{token}"


async def invite(session: AsyncSession, who: Invited, invited_by: str, days: int) -> str:
    """Write an invitation, in the caller's transaction; the token of its link.

    An earlier one of the same person that nobody took up is good no more. It has no key for the person's
    name: `invite_named` writes that too.
    """
    now = await database_now(session)
    if who.only_case is None:
        person = insert(Person).values(id=who.actor_id)
        await session.execute(person.on_conflict_do_nothing())
    open_ones = await session.scalars(
        select(Invitation).where(
            Invitation.actor_id == who.actor_id,
            Invitation.only_case.is_not_distinct_from(who.only_case),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
        )
    )
    for each in open_ones:
        each.expires_at = now
    token = new_token(INVITATION)
    session.add(
        Invitation(
            id=token_hash(token),
            actor_id=who.actor_id,
            name=who.name,
            only_case=who.only_case,
            invited_by=invited_by,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    await session.flush()
    return token


async def invite_named(
    session: AsyncSession, settings: Settings, who: Invited, invited_by: str
) -> str:
    """Write the name of a person and an invitation; the address of its link."""
    await put_person(session, PersonKeys.of(settings), who.actor_id, who.name)
    token = await invite(session, who, invited_by, settings.invitation_days)
    return invitation_link(settings, token)


async def look_at(database: Database, token: str) -> InvitationView:
    """What an invitation says.

    Raises:
        Refused: `invitation.unknown`, `invitation.used`, `invitation.expired`.
    """
    query = select(Invitation, func.clock_timestamp()).where(Invitation.id == token_hash(token))
    async with database.session() as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        raise refusal("invitation.unknown")
    row, now = found
    refuse_spent(row, now)
    return InvitationView(
        actor_id=row.actor_id,
        name=row.name,
        only_case=row.only_case,
        expires_at=row.expires_at,
        needs_password=row.only_case is None,
    )


def refuse_spent(row: Invitation, now: datetime) -> None:
    """An invitation is good once, and for some days.

    Raises:
        Refused: `invitation.used`, `invitation.expired`.
    """
    if row.used_at is not None:
        raise refusal("invitation.used")
    if row.expires_at <= now:
        raise refusal("invitation.expired")


async def take_up(session: AsyncSession, token: str) -> Invitation:
    """Use an invitation, in the caller's transaction: a second one waits, and is refused then.

    Raises:
        Refused: `invitation.unknown`, `invitation.used`, `invitation.expired`.
    """
    row = await session.scalar(
        select(Invitation).where(Invitation.id == token_hash(token)).with_for_update()
    )
    if row is None:
        raise refusal("invitation.unknown")
    now = await database_now(session)
    refuse_spent(row, now)
    row.used_at = now
    return row


async def accept(
    database: Database, settings: Settings, token: str, password: str | None
) -> AccountView:
    """Take up an invitation with a password: the account, its second factor, and a first session.

    Whoever has an account already gets new secrets, and is signed out everywhere else.

    Raises:
        Refused: `invitation.unknown`, `invitation.used`, `invitation.expired`,
            `invitation.password_needed`.
    """
    seen = await look_at(database, token)
    if seen.needs_password and password is None:
        raise refusal("invitation.password_needed", where="password")
    hashed = None if password is None else await hash_password(password)
    secret = None if password is None else new_totp_secret()

    async def work(session: AsyncSession) -> AccountView:
        account = await emptied(session, await take_up(session, token))
        account.password = hashed
        account.totp = None if secret is None else sealed(secrets_key(settings), secret)
        uri = "" if secret is None else totp_uri(secret, account.name)
        return await first_session(session, account, settings, uri)

    return await database.transaction(work)


async def first_session(
    session: AsyncSession, account: Account, settings: SignInSettings, totp_uri: str = ""
) -> AccountView:
    """The session that an invitation begins, in the caller's transaction."""
    opened = await begin_session(session, account.id, "invitation", settings)
    return AccountView(
        actor_id=account.actor_id,
        only_case=account.only_case,
        way="invitation",
        name=account.name,
        totp_uri=totp_uri,
        **opened.model_dump(),
    )


async def emptied(session: AsyncSession, invited: Invitation) -> Account:
    """The local account of whoever is invited, without a way in: what they had before is good no more."""
    who = Invited(actor_id=invited.actor_id, name=invited.name, only_case=invited.only_case)
    await disarmed(session, invited)
    return await account_for(session, who)


async def disarmed(session: AsyncSession, invited: Invitation) -> None:
    """Take every way in from whoever is invited: password, second factor, passkeys, sessions, other accounts.

    What a provider says of an account that was theirs opens nothing until they take up an invitation there.
    """
    accounts = await session.scalars(
        select(Account)
        .where(
            Account.actor_id == invited.actor_id,
            Account.only_case.is_not_distinct_from(invited.only_case),
        )
        .order_by(Account.id)
        .with_for_update()
    )
    now = await database_now(session)
    for account in accounts.all():
        account.password = account.totp = None
        account.totp_step = 0
        if account.issuer is not None:
            account.closed_at = account.closed_at or now
        await session.execute(delete(Passkey).where(Passkey.account_id == account.id))
        await end_sessions_of(session, account.id)


async def account_for(session: AsyncSession, invited: Invited) -> Account:
    """The local account of an invited person or player, made where there is none."""
    name = account_name(invited.actor_id, invited.only_case)
    found = await session.scalar(select(Account).where(Account.name == name))
    if found is not None:
        found.closed_at = None  # who closed it voided the invitations of before
        return found
    account = Account(
        id=uuid.uuid4().hex,
        actor_id=invited.actor_id,
        person_id=None if invited.only_case else invited.actor_id,
        only_case=invited.only_case,
        name=name,
        totp_step=0,
        created_at=await database_now(session),
    )
    session.add(account)
    await session.flush()
    return account


def account_name(actor_id: str, only_case: str | None) -> str:
    """What is typed to sign in: the person's id; of a player the case stands before it."""
    return f"{only_case}/{actor_id}" if only_case else actor_id
