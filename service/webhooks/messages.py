"""What a webhook is sent: a CloudEvent 1.0 as JSON, signed as Standard Webhooks 1.0 says."""

import base64
import hmac
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PlaceEvent
from rules.authority import Grant
from runtime.privacy.nameless import nameless_of
from runtime.record.feed import FeedLine
from service.reading.shaping import event_for, viewer_under
from service.webhooks.bodies import FeedEvent

PREFIX = "whsec_"
_SECRET_BYTES = 32
TEST = "gongjian.webhook.test"


def new_secret() -> str:
    """A secret in the form in which Standard Webhooks hands it out."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def feed_events(
    session: AsyncSession, lines: Sequence[FeedLine], grants: Collection[Grant]
) -> tuple[FeedEvent, ...]:
    """Entries of the feed as somebody with these roles may read them."""
    nameless = await nameless_of(session, (each.event.actor_id for each in lines))
    return tuple(_feed_event(each, grants, nameless) for each in lines)


def _feed_event(line: FeedLine, grants: Collection[Grant], nameless: Collection[str]) -> FeedEvent:
    columns = {name: getattr(line.event, name, None) for name in FeedEvent.model_fields}
    if isinstance(line.event, PlaceEvent):
        columns |= {
            "renovation_id": "",
            "estate_id": str(line.event.details["estate"]),
            "happened_at": line.event.recorded_at,
            "rule_pack": "",
            "workflow_id": "",
        }
    else:
        columns["estate_id"] = ""
    event = FeedEvent.model_validate(
        {
            **columns,
            "position": line.position,
            "place_path": line.place_path,
            "sandbox": line.sandbox,
        }
    )
    return event_for(viewer_under(grants, line.place_path), event, nameless)


def cloud_event(address: str, event: FeedEvent) -> bytes:
    """The body for one event; `address` is the public one of the service."""
    return _body(
        f"evt_{event.position}",
        f"{address}/v1/{_room(event)}",
        f"gongjian.{event.kind}",
        event.recorded_at,
        event.model_dump(mode="json"),
    )


def _room(event: FeedEvent) -> str:
    """What it happened to: a case, or an estate that has none."""
    if event.renovation_id:
        return f"renovations/{event.renovation_id}"
    return f"estates/{event.estate_id}/suggestions"


def test_event(address: str, webhook_id: str, now: datetime) -> bytes:
    """The body of a test; nothing has happened."""
    return _body("evt_0", address, TEST, now, {"webhook": webhook_id})


def _body(
    event_id: str, source: str, kind: str, time: datetime, data: Mapping[str, JsonValue]
) -> bytes:
    body = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": kind,
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers(keys: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message: its id is the same in every attempt, the moment is of this one.

    It is signed with each of the secrets; a receiver takes it if it knows one of them.
    """
    moment = str(int(now.timestamp()))
    signed = f"{message_id}.{moment}.".encode() + body
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "gongjian",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(each, signed) for each in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}"
