"""The key of a program: who acts with it, and by which doors it may come in."""

from sqlalchemy import ColumnElement, func, select

from models.tables import Account, ApiClient, ApiKey
from models.values.refusal import refusal
from runtime.database import Database
from service.http.callers import came_from
from service.identity.sessions import SignedIn
from service.identity.tokens import token_hash
from service.programs.doors import Door

WAY = "client"


def is_a_persons() -> ColumnElement[bool]:
    """Whether a person with an account is the actor of a client, in a query of `ApiClient`."""
    account = select(Account.id).where(
        Account.actor_id == ApiClient.actor_id,
        Account.only_case.is_(None),
        Account.closed_at.is_(None),
    )
    return account.exists()


async def find_client(database: Database, token: str, door: Door) -> SignedIn:
    """Who acts with this key.

    What an actor has made for itself is good while it has an account; what an administrator has made,
    while nobody has one: who becomes a person is no longer played by a program of somebody else.

    Raises:
        Refused: `credential.wrong` for a key that nobody was given, `credential.key_revoked`,
            `credential.key_replaced`, `credential.key_expired`; `credential.key_scope` where its
            scopes do not name this door.
    """
    query = (
        select(ApiKey, ApiClient, is_a_persons(), func.clock_timestamp())
        .join(ApiClient, ApiClient.id == ApiKey.client_id)
        .where(ApiKey.id == token_hash(token))
    )
    async with database.session() as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        raise refusal("credential.wrong")
    key, client, of_a_person, now = found
    if client.revoked_at is not None or of_a_person != (client.made_by == client.actor_id):
        raise refusal("credential.key_revoked", client=client.id)
    if key.expires_at <= now:
        code = "credential.key_expired" if key.replaced_at is None else "credential.key_replaced"
        raise refusal(code, client=client.id)
    came_from("program", client.id)
    if door.isdisjoint(client.scopes):
        asked = ", ".join(sorted(door)) or "-"
        raise refusal("credential.key_scope", client=client.id, door=asked)
    return SignedIn(
        actor_id=client.actor_id,
        account_id="",
        only_case=None,
        way=WAY,
        expires_at=key.expires_at,
    )
