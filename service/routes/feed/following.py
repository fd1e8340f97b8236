"""The feed of all events that concern a place, and the addresses that are told of them."""

from fastapi import APIRouter

from models.fields import EventNumber, IdInFile, PlacePath, TicketKind
from models.values.refusal import refusal
from runtime.record import feed
from runtime.record.grants import load_grants
from service.bodies import CommandBody
from service.http.paging import PAGE, Limit, Paged
from service.reading.shaping import until_opening
from service.routes.dependencies import CurrentOfficial, RunningParts
from service.webhooks import hooks
from service.webhooks.bodies import (
    AddWebhook,
    ChangeWebhook,
    DeliveryView,
    Feed,
    RotateSecret,
    WebhookSecret,
    WebhookView,
)
from service.webhooks.messages import feed_events

router = APIRouter(prefix="/v1", tags=["feed"])


@router.get("/feed")
async def read_feed(
    actor_id: CurrentOfficial,
    parts: RunningParts,
    *,
    place: PlacePath = "",
    kind: TicketKind | None = None,
    training: bool = False,
    after: EventNumber = 0,
    limit: Limit = PAGE,
) -> Feed:
    """The events of the cases of your places, in one order; or below one `place`, or of one `kind` only.

    Keep `next` and ask with it as `after`: each event comes once, and none is missed, however long you
    were away. Events of training cases come with `training` only.
    """
    async with parts.database.session() as session:
        grants = await load_grants(session, actor_id)
        if not grants or (place and hooks.grant_over(grants, place) is None):
            raise refusal("feed.other_place", where="place", place=place or "-")
        places = [place] if place else [grant.place for grant in grants]
        await feed.advance(session)
        page = await feed.read_page(
            session,
            places,
            after,
            limit,
            [kind] if kind else (),
            until=await until_opening(session, places, grants),
            training=training,
        )
        events = await feed_events(session, page.lines, grants)
    return Feed(events=events, next=page.next_position, more=page.more)


@router.get("/webhooks")
async def list_webhooks(
    actor_id: CurrentOfficial, parts: RunningParts, page: Paged
) -> tuple[WebhookView, ...]:
    """Your webhooks."""
    found = await hooks.list_webhooks(parts.database, actor_id)
    return page.cut(found, lambda each: (each.webhook,))


@router.post("/webhooks", status_code=201)
async def add_webhook(
    actor_id: CurrentOfficial, command: AddWebhook, parts: RunningParts
) -> WebhookSecret:
    """Have an address told of the events below a place; what signs the messages is told once."""
    return await hooks.add(parts.database, parts.settings, actor_id, command)


@router.post("/webhooks/{webhook}/changes")
async def change_webhook(
    webhook: IdInFile, actor_id: CurrentOfficial, command: ChangeWebhook, parts: RunningParts
) -> WebhookView:
    """Pause it, let it go on (from another position too), or end it for good."""
    return await hooks.change(parts.database, actor_id, webhook, command)


@router.post("/webhooks/{webhook}/rotation")
async def rotate_webhook_secret(
    webhook: IdInFile, actor_id: CurrentOfficial, command: RotateSecret, parts: RunningParts
) -> WebhookSecret:
    """Sign with a new secret, told once; with the one of before too, until the overlap is over."""
    return await hooks.rotate(parts.database, parts.settings, actor_id, webhook, command)


@router.post("/webhooks/{webhook}/tests")
async def try_webhook(
    webhook: IdInFile, actor_id: CurrentOfficial, _command: CommandBody, parts: RunningParts
) -> DeliveryView:
    """Send it a test message now, and say what came of it."""
    return await hooks.try_out(parts.database, parts.settings, actor_id, webhook)


@router.get("/webhooks/{webhook}/deliveries")
async def list_deliveries(
    webhook: IdInFile, actor_id: CurrentOfficial, parts: RunningParts, page: Paged
) -> tuple[DeliveryView, ...]:
    """The attempts to tell it something and what came of them, the newest first."""
    found = await hooks.list_deliveries(parts.database, actor_id, webhook, page.slice)
    return page.first(found, lambda each: (each.number,))
