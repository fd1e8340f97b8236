"""Webhooks: added, changed and tried by whoever acts for the place; each is an event of the installation's log."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import FeedEntry, Webhook, WebhookDelivery
from models.values.actor import Actor
from models.values.refusal import refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import Grant, covers
from runtime.database import Database
from runtime.record import feed, place_log
from runtime.record.grants import load_grants
from runtime.settings import Settings
from service.bodies import CommandBody
from service.http.keysets import before
from service.http.paging import Slice
from service.identity.passwords import opened, sealed, secrets_key
from service.identity.sessions import database_now
from service.showing import shown
from service.webhooks.bodies import (
    AddWebhook,
    ChangeWebhook,
    DeliveryView,
    RotateSecret,
    WebhookSecret,
    WebhookView,
)
from service.webhooks.calling import call, check_url
from service.webhooks.messages import headers, new_secret, test_event

ADDED, CHANGED, ROTATED = "webhook.added", "webhook.changed", "webhook.rotated"
Change = Callable[[AsyncSession, datetime], Awaitable[str]]


def grant_over(grants: Iterable[Grant], place: str) -> Grant | None:
    """A grant under which somebody follows what happens in a place; an administrator's is for all of them."""
    over = (each for each in grants if not each.place or covers(each.place, place))
    return next(over, None)


async def add(
    database: Database, settings: Settings, sender_id: str, body: AddWebhook
) -> WebhookSecret:
    """Add a webhook; its secret is told once.

    Raises:
        Refused: `webhook.url`, `webhook.there`, `feed.other_place`, `journal.command_reused`.
    """
    check_url(body.url, own_network=settings.webhooks_to_own_network)

    async def change(session: AsyncSession, now: datetime) -> str:
        secret = new_secret()
        begins = body.after if body.after is not None else await _newest(session)
        row = insert(Webhook).values(
            id=body.webhook,
            actor_id=sender_id,
            place_path=body.place,
            kinds=sorted(set(body.kinds)),
            training=body.training,
            url=body.url,
            secret=sealed(secrets_key(settings), secret),
            state="active",
            position=begins,
            next_at=now,
            created_at=now,
        )
        made = row.on_conflict_do_nothing().returning(Webhook.id)
        if await session.scalar(made) is None:
            raise refusal("webhook.there", where="webhook", webhook=body.webhook)
        return secret

    return await _recorded(database, sender_id, body.webhook, body, ADDED, change, body.place)


async def rotate(
    database: Database, settings: Settings, sender_id: str, webhook_id: str, body: RotateSecret
) -> WebhookSecret:
    """Give a webhook a new secret, which is told once; the one of before signs too until the overlap is over.

    Raises:
        Refused: `webhook.unknown`, `webhook.over`, `feed.other_place`, `journal.command_reused`.
    """

    async def work(session: AsyncSession, now: datetime) -> str:
        row = await _row(session, sender_id, webhook_id)
        if row.state == "ended":
            raise refusal("webhook.over", where=webhook_id)
        secret = new_secret()
        row.previous_secret, row.previous_until = None, None
        if body.overlap_hours:
            row.previous_secret = row.secret
            row.previous_until = now + timedelta(hours=body.overlap_hours)
        row.secret = sealed(secrets_key(settings), secret)
        return secret

    return await _recorded(database, sender_id, webhook_id, body, ROTATED, work)


def secrets_of(settings: Settings, row: Webhook, now: datetime) -> tuple[str, ...]:
    """What messages are signed with now, the newest secret first; none where our key does not open it."""
    stored = [row.secret]
    if row.previous_secret is not None and row.previous_until and now < row.previous_until:
        stored.append(row.previous_secret)
    found = (opened(secrets_key(settings), each) for each in stored)
    return tuple(each for each in found if each is not None)


async def change(
    database: Database, sender_id: str, webhook_id: str, body: ChangeWebhook
) -> WebhookView:
    """Pause a webhook, let it go on, end it, or let it go on from another position.

    Raises:
        Refused: `webhook.unknown`, `webhook.over`, `feed.other_place`, `journal.command_reused`.
    """

    async def work(session: AsyncSession, now: datetime) -> str:
        row = await _row(session, sender_id, webhook_id)
        if row.state == "ended":
            raise refusal("webhook.over", where=webhook_id)
        row.state, row.next_at, row.failures = body.state, now, 0
        row.failing_since, row.error = None, ""
        if body.after is not None:
            row.position = body.after
        return ""

    return (await _recorded(database, sender_id, webhook_id, body, CHANGED, work)).webhook


async def list_webhooks(database: Database, sender_id: str) -> tuple[WebhookView, ...]:
    """The webhooks of the sender."""
    async with database.session() as session:
        rows = await session.scalars(
            select(Webhook).where(Webhook.actor_id == sender_id).order_by(Webhook.id)
        )
        return tuple(_view(row) for row in rows)


async def list_deliveries(
    database: Database, sender_id: str, webhook_id: str, part: Slice
) -> tuple[DeliveryView, ...]:
    """The attempts of a webhook, the newest first; `part` by their numbers.

    Raises:
        Refused: `webhook.unknown`, `service.cursor_invalid`.
    """
    async with database.session() as session:
        await _row(session, sender_id, webhook_id)
        rows = await session.scalars(
            select(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == webhook_id, *before((WebhookDelivery.id,), part))
            .order_by(WebhookDelivery.id.desc())
            .limit(part.limit)
        )
        return tuple(shown(DeliveryView, row) for row in rows)


async def try_out(
    database: Database, settings: Settings, sender_id: str, webhook_id: str
) -> DeliveryView:
    """Send a test message now; nothing else waits for it or comes of it.

    Raises:
        Refused: `webhook.unknown`, `webhook.over`.
    """
    async with database.session() as session:
        row, now = await _row(session, sender_id, webhook_id), await database_now(session)
    if row.state == "ended":
        raise refusal("webhook.over", where=webhook_id)
    body = test_event(settings.address, webhook_id, now)
    named = headers(secrets_of(settings, row, now), "evt_0", now, body)
    came = await call(row.url, named, body, own_network=settings.webhooks_to_own_network)
    tried = WebhookDelivery(
        webhook_id=webhook_id,
        position=0,
        attempt=1,
        sent_at=now,
        milliseconds=came.milliseconds,
        status=came.status,
        error=came.error,
    )

    async def note(session: AsyncSession) -> DeliveryView:
        session.add(tried)
        await session.flush()
        return shown(DeliveryView, tried)

    return await database.transaction(note)


async def _newest(session: AsyncSession) -> int:
    await feed.advance(session)
    return await session.scalar(select(func.max(FeedEntry.position))) or 0


async def _recorded(
    database: Database,
    sender_id: str,
    webhook_id: str,
    body: CommandBody,
    kind: str,
    change: Change,
    place: str | None = None,
) -> WebhookSecret:
    """Do a change once, with its event; `place` is that of a webhook that is not there yet."""

    async def work(session: AsyncSession) -> WebhookSecret:
        key = command_key(sender_id, "webhooks", body.command_id)
        asked = digest({"of": [kind, webhook_id], "body": body.model_dump(mode="json")})
        if await place_log.told_before(session, key, asked) is not None:
            return WebhookSecret(webhook=_view(await _row(session, sender_id, webhook_id)))
        path = (await _row(session, sender_id, webhook_id)).place_path if place is None else place
        grant = grant_over(await load_grants(session, sender_id), path)
        if grant is None:
            raise refusal("feed.other_place", where="place", place=path)
        secret = await change(session, await database_now(session))
        await session.flush()
        row = await _row(session, sender_id, webhook_id)
        actor = Actor(id=sender_id, role=grant.role, label=grant.label, place=grant.place)
        details: dict[str, JsonValue] = {
            "webhook": webhook_id,
            "state": row.state,
            "place": row.place_path,
            "after": row.position,
        }
        await place_log.append(session, place_log.INSTALLATION, actor, key, asked, kind, details)
        return WebhookSecret(webhook=_view(row), secret=secret)

    return await database.transaction(work)


async def _row(session: AsyncSession, sender_id: str, webhook_id: str) -> Webhook:
    """The webhook of the sender, locked; somebody else's is as unknown as none."""
    row = await session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
    if row is None or row.actor_id != sender_id:
        raise refusal("webhook.unknown", where=webhook_id)
    return row


def _view(row: Webhook) -> WebhookView:
    columns = {name: getattr(row, name, None) for name in WebhookView.model_fields}
    named = {"webhook": row.id, "actor": row.actor_id, "place": row.place_path}
    return WebhookView.model_validate({**columns, **named})
