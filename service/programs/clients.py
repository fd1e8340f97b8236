"""Programs with keys of their own: added, rotated and revoked; each is an event of the installation's log."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import ApiClient, ApiKey, PlaceEvent
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import Grant, acts_as
from rules.granting import check_client
from runtime.database import Database
from runtime.record import place_log
from runtime.record.grants import load_grants
from service.bodies import CommandBody
from service.identity.grants import RESERVED
from service.identity.sessions import database_now
from service.identity.tokens import CLIENT, new_token, token_hash
from service.programs.bodies import AddClient, ClientKey, ClientView, RevokeClient, RotateKey
from service.programs.keys import is_a_persons

ADDED, ROTATED, REVOKED = "client.added", "client.rotated", "client.revoked"
Change = Callable[[AsyncSession, datetime], Awaitable[str]]
"""What a command does to the rows; the new key, or ""."""


async def add(
    database: Database, sender_id: str, scopes: frozenset[str], body: AddClient
) -> ClientKey:
    """Add a program; its roles are those that its actor is given.

    `scopes` are all that there are.

    Raises:
        Refused: `client.scope_unknown`, `client.there`, `client.of_a_person`, `client.not_yours`,
            `client.no_role`, `granting.reserved`, `journal.command_reused`.
    """

    async def change(session: AsyncSession, now: datetime) -> str:
        client = insert(ApiClient).values(
            id=body.client,
            actor_id=body.actor,
            scopes=sorted(set(body.scopes)),
            made_by=sender_id,
            created_at=now,
        )
        made = client.on_conflict_do_nothing().returning(ApiClient.id)
        if await session.scalar(made) is None:
            raise refusal("client.there", where="client", client=body.client)
        if body.actor != sender_id and await _is_a_persons(session, body.client):
            raise refusal("client.of_a_person", where="actor", actor=body.actor)
        return _new_key(session, body.client, now, body.days)

    unknown = sorted(set(body.scopes) - scopes)
    if unknown:
        raise refusal("client.scope_unknown", where="scopes", scopes=", ".join(unknown))
    if body.actor in RESERVED:
        raise refusal("granting.reserved", where="actor", person=body.actor)
    return await _recorded(database, sender_id, body.client, body, ADDED, change, body.actor)


async def rotate(database: Database, sender_id: str, client_id: str, body: RotateKey) -> ClientKey:
    """Give a program a new key; those of before end after the overlap, or when they would have.

    Raises:
        Refused: `client.unknown`, `client.over`, `client.no_role`,
            `journal.command_reused`.
    """

    async def change(session: AsyncSession, now: datetime) -> str:
        ends = now + timedelta(hours=body.overlap_hours)
        await session.execute(
            update(ApiKey)
            .where(ApiKey.client_id == client_id, ApiKey.expires_at > now)
            .values(
                expires_at=func.least(ApiKey.expires_at, ends),
                replaced_at=func.coalesce(ApiKey.replaced_at, now),
            )
        )
        return _new_key(session, client_id, now, body.days)

    return await _recorded(database, sender_id, client_id, body, ROTATED, change)


async def revoke(
    database: Database, sender_id: str, client_id: str, body: RevokeClient
) -> ClientView:
    """Take a program's keys away for good; its name is not given to another one.

    Raises:
        Refused: `client.unknown`, `client.over`, `client.no_role`,
            `journal.command_reused`.
    """

    async def change(session: AsyncSession, now: datetime) -> str:
        client = await session.get_one(ApiClient, client_id)
        client.revoked_at = now
        return ""

    return (await _recorded(database, sender_id, client_id, body, REVOKED, change)).client


async def revoke_of_leaver(
    session: AsyncSession, firm_id: str, person: str, actor: Actor, key: str, reason: str
) -> None:
    """Revoke the programs of a firm whose keys somebody has who acts for it no more: made or rotated by them.

    `key` is the command's by which they leave, in whose transaction it is done.
    """
    rotated = select(PlaceEvent.details["client"].astext).where(
        PlaceEvent.log_id == place_log.INSTALLATION,
        PlaceEvent.kind == ROTATED,
        PlaceEvent.actor_id == person,
    )
    rows = await session.scalars(
        select(ApiClient)
        .where(
            ApiClient.actor_id == firm_id,
            ApiClient.revoked_at.is_(None),
            or_(ApiClient.made_by == person, ApiClient.id.in_(rotated)),
        )
        .order_by(ApiClient.id)
        .with_for_update()
    )
    now = await database_now(session)
    for row in rows.all():
        row.revoked_at = now
        part = digest({"of": key, "client": row.id})
        await _log(session, row, actor, part, part, REVOKED, reason)


async def list_clients(database: Database, sender_id: str) -> tuple[ClientView, ...]:
    """The programs of the sender and of the firm for which they act; for an administrator all of them."""
    async with database.session() as session:
        grants = await load_grants(session, sender_id)
        query = select(ApiClient).order_by(ApiClient.id)
        if not _sees_all(grants):
            query = query.where(ApiClient.actor_id.in_({sender_id} | acts_as(grants)))
        rows = (await session.scalars(query)).all()
        return tuple([await _view(session, row) for row in rows])


async def _recorded(
    database: Database,
    sender_id: str,
    client_id: str,
    body: CommandBody,
    kind: str,
    change: Change,
    of_actor: str = "",
) -> ClientKey:
    """Do a change once, with its event; `of_actor` is whose a program is that is not there yet."""

    async def work(session: AsyncSession) -> ClientKey:
        key = command_key(sender_id, "clients", body.command_id)
        asked = digest({"of": [kind, client_id], "body": body.model_dump(mode="json")})
        if await place_log.told_before(session, key, asked) is not None:
            return ClientKey(client=await _view(session, await _row(session, client_id)))
        grants = await load_grants(session, sender_id)
        actor_id = of_actor or await _own(session, client_id, sender_id, grants)
        actor = check_client(actor_id, sender_id, grants)
        made = await change(session, await database_now(session))
        await session.flush()
        row = await _row(session, client_id)
        await _log(session, row, actor, key, asked, kind, getattr(body, "reason", ""))
        return ClientKey(client=await _view(session, row), key=made)

    return await database.transaction(work)


async def _log(
    session: AsyncSession,
    row: ApiClient,
    actor: Actor,
    key: str,
    asked: str,
    kind: str,
    reason: str,
) -> None:
    details: dict[str, JsonValue] = {
        "client": row.id,
        "actor": row.actor_id,
        "scopes": list(row.scopes),
        "reason": reason,
    }
    await place_log.append(session, place_log.INSTALLATION, actor, key, asked, kind, details)


def _new_key(session: AsyncSession, client_id: str, now: datetime, days: int) -> str:
    token = new_token(CLIENT)
    session.add(
        ApiKey(
            id=token_hash(token),
            client_id=client_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    return token


async def _own(
    session: AsyncSession, client_id: str, sender_id: str, grants: tuple[Grant, ...]
) -> str:
    """The actor of a program that goes on, which `list_clients` shows to the sender.

    Raises:
        Refused: `client.unknown`, for somebody else's too: names that are tried tell nothing;
            `client.over`.
    """
    row = await _row(session, client_id)
    if row.actor_id not in {sender_id} | acts_as(grants) and not _sees_all(grants):
        raise refusal("client.unknown", client=client_id)
    if row.revoked_at is not None:
        raise refusal("client.over", client=client_id)
    return row.actor_id


def _sees_all(grants: tuple[Grant, ...]) -> bool:
    return any(grant.role is Role.ADMINISTRATOR for grant in grants)


async def _row(session: AsyncSession, client_id: str) -> ApiClient:
    """The client, locked: of two commands at once the second sees what the first has done."""
    row = await session.get(ApiClient, client_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise refusal("client.unknown", client=client_id)
    return row


async def _is_a_persons(session: AsyncSession, client_id: str) -> bool:
    query = select(is_a_persons()).select_from(ApiClient).where(ApiClient.id == client_id)
    return bool(await session.scalar(query))


async def _view(session: AsyncSession, row: ApiClient) -> ClientView:
    ends = select(ApiKey.expires_at).where(
        ApiKey.client_id == row.id, ApiKey.expires_at > func.clock_timestamp()
    )
    keys = await session.scalars(ends.order_by(ApiKey.expires_at.desc()))
    return ClientView(
        client=row.id,
        actor=row.actor_id,
        scopes=tuple(row.scopes),
        made_by=row.made_by,
        keys_until=() if row.revoked_at is not None else tuple(keys),
        revoked=row.revoked_at is not None,
    )
