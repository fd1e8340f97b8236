"""The sender: tells each webhook the events that concern it, one after the other, until it takes them.

Its position moves on when the address has taken a message (2xx), so that nothing is lost; a message that
was taken just before a crash is sent again under the same `webhook-id`. Several processes may send: each
takes a webhook for itself for a while (`service.outbox`).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import FeedEntry, Webhook, WebhookDelivery
from models.tables.base import spelled
from rules.sending import WEBHOOKS, next_try
from runtime.database import Database
from runtime.record import feed
from runtime.record.grants import load_grants
from runtime.settings import Settings
from service.identity.sessions import database_now
from service.outbox.sender import Hand, OutboxSender
from service.reading.shaping import until_opening
from service.webhooks.bodies import FeedEvent
from service.webhooks.calling import Outcome, call
from service.webhooks.hooks import grant_over, secrets_of
from service.webhooks.messages import cloud_event, feed_events, headers
from service.webhooks.pausing import pause

TOGETHER = 16
"""Webhooks that are told at the same time."""
PAGE = 20
"""Messages that one webhook is told before its turn is over."""
TAKEN_FOR_S = 300.0
"""Longer than a page of messages that all come to nothing."""
GONE = 410
KEPT = timedelta(days=30)
"""So long the log of deliveries is kept."""

ACTIVE = Webhook.state == spelled("active")
ANY_DUE = select(exists().where(ACTIVE, Webhook.next_at <= func.clock_timestamp()))


class WebhookSender(OutboxSender[Webhook]):
    """Tells each webhook that has something to be told a page of it."""

    name = "webhooks"

    def __init__(self, database: Database, settings: Settings, poll_s: float = 1.0) -> None:
        super().__init__(database, lanes=TOGETHER, taken_for_s=TAKEN_FOR_S, poll_s=poll_s)
        self._settings = settings

    def any_due(self) -> Select[bool] | None:
        """A process without the key of their secrets leaves them to those that have it."""
        return ANY_DUE if self._settings.person_key is not None else None

    async def take(self, session: AsyncSession) -> Sequence[str]:
        """Take webhooks that are behind; the feed is only moved on where there is one to tell."""
        await feed.advance(session)
        newest = select(func.coalesce(func.max(FeedEntry.position), 0)).scalar_subquery()
        mine = self.claim(Webhook, (ACTIVE, Webhook.position < newest), TOGETHER)
        return (await session.scalars(mine)).all()

    async def load(self, ids: Sequence[str]) -> Sequence[Webhook]:
        """The webhooks that were taken."""
        async with self._database.session() as session:
            return (await session.scalars(select(Webhook).where(Webhook.id.in_(ids)))).all()

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[Hand[Webhook]]:
        """One webhook is told its page; each call has a connection of its own."""
        yield self._tell

    async def _tell(self, hook: Webhook) -> None:
        found = await self._page(hook)
        if found is None:
            await self._pause(hook, "no_role")
            return
        events, next_position = found
        for event in events:
            now, came = await self._send(hook, event)
            if not await self._note(hook, event.position, now, came):
                return
        await self._rest(hook, next_position)

    async def _page(self, hook: Webhook) -> tuple[Sequence[FeedEvent], int] | None:
        """What it is told next, and the position behind it; None where its keeper has no role there any more."""
        async with self._database.session() as session:
            grants = await load_grants(session, hook.actor_id)
            if grant_over(grants, hook.place_path) is None:
                return None
            page = await feed.read_page(
                session,
                [hook.place_path],
                hook.position,
                PAGE,
                hook.kinds,
                until=await until_opening(session, [hook.place_path], grants),
                training=hook.training,
            )
            events = await feed_events(session, page.lines, grants)
            return events, page.next_position

    async def _send(self, hook: Webhook, event: FeedEvent) -> tuple[datetime, Outcome]:
        async with self._database.session() as session:
            now = await database_now(session)
        body = cloud_event(self._settings.address, event)
        keys = secrets_of(self._settings, hook, now)
        if not keys:
            return now, Outcome(None, "secret", 0)
        named = headers(keys, f"evt_{event.position}", now, body)
        own_network = self._settings.webhooks_to_own_network
        return now, await call(hook.url, named, body, own_network=own_network)

    async def _note(self, hook: Webhook, position: int, now: datetime, came: Outcome) -> bool:
        """Write down an attempt; whether the next message may go."""

        async def work(session: AsyncSession) -> bool:
            row = await session.get_one(
                Webhook, hook.id, with_for_update=True, populate_existing=True
            )
            session.add(
                WebhookDelivery(
                    webhook_id=row.id,
                    position=position,
                    attempt=row.failures + 1,
                    sent_at=now,
                    milliseconds=came.milliseconds,
                    status=came.status,
                    error=came.error,
                )
            )
            if row.position != hook.position:
                return False  # whoever keeps it has moved it meanwhile
            if came.taken:
                row.position, row.failures, row.failing_since = position, 0, None
            else:
                await _failed(session, row, now, came)
            return came.taken and row.state == "active"

        goes_on = await self._database.transaction(work)
        if came.taken:
            hook.position = position
        return goes_on

    async def _rest(self, hook: Webhook, position: int) -> None:
        """Its turn is over: what does not concern it is behind it too."""

        async def work(session: AsyncSession) -> None:
            rested = update(Webhook).where(Webhook.id == hook.id, Webhook.position == hook.position)
            await session.execute(rested.values(position=position, next_at=func.clock_timestamp()))
            old = WebhookDelivery.sent_at < func.clock_timestamp() - KEPT
            await session.execute(
                delete(WebhookDelivery).where(WebhookDelivery.webhook_id == hook.id, old)
            )

        await self._database.transaction(work)

    async def _pause(self, hook: Webhook, error: str) -> None:
        async def work(session: AsyncSession) -> None:
            row = await session.get_one(
                Webhook, hook.id, with_for_update=True, populate_existing=True
            )
            if row.state == "active":
                await pause(session, row, error, await database_now(session))

        await self._database.transaction(work)


async def _failed(session: AsyncSession, row: Webhook, now: datetime, came: Outcome) -> None:
    row.failures += 1
    row.failing_since = row.failing_since or now
    again = next_try(WEBHOOKS, row.failures, row.failing_since, now)
    row.next_at = again or now
    if came.status == GONE or again is None:
        await pause(session, row, "gone" if came.status == GONE else "given_up", now)
