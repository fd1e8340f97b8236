"""What a webhook is sent: a CloudEvent 1.0 as JSON, signed as Standard Webhooks 1.0 says."""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from pydantic import JsonValue

from runtime.record.feed import FeedLine
from service.webhooks.bodies import FeedEvent

PREFIX = "whsec_"
_SECRET_BYTES = 32
TEST = "gongjian.webhook.test"


def new_secret() -> str:
    """A secret in the form in which Standard Webhooks hands it out."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def feed_event(line: FeedLine) -> FeedEvent:
    """An entry of the feed as it is shown."""
    columns = {name: getattr(line.event, name, None) for name in FeedEvent.model_fields}
    return FeedEvent.model_validate(
        {
            **columns,
            "position": line.position,
            "place_path": line.place_path,
            "sandbox": line.sandbox,
        }
    )


def cloud_event(address: str, event: FeedEvent) -> bytes:
    """The body for one event; `address` is the public one of the service."""
    return _body(
        f"evt_{event.position}",
        f"{address}/v1/renovations/{event.renovation_id}",
        f"gongjian.{event.kind}",
        event.recorded_at,
        event.model_dump(mode="json"),
    )


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


def headers(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message: its id is the same in every attempt, the moment is of this one."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    moment = str(int(now.timestamp()))
    signed = f"{message_id}.{moment}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "gongjian",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{signature}",
    }
