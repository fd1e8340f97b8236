"""A webhook that is told nothing any more: in the installation's log, and as a notice to whoever keeps it."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Notice, Webhook
from models.values.actor import ENGINE
from proof.canonical import digest
from proof.commands import command_key
from runtime.record import place_log

PAUSED = "webhook.paused"
TEMPLATE = "webhook_paused"


async def pause(session: AsyncSession, row: Webhook, error: str, now: datetime) -> None:
    """Stop telling a webhook, whose row is locked; its position is kept. `error` is why."""
    row.state, row.error = "paused", error
    details: dict[str, JsonValue] = {
        "webhook": row.id,
        "state": row.state,
        "place": row.place_path,
        "after": row.position,
    }
    asked = digest({"of": [PAUSED, row.id], "at": now.isoformat()})
    key = command_key(ENGINE.id, "webhooks", asked)
    await place_log.append(session, place_log.INSTALLATION, ENGINE, key, asked, PAUSED, details)
    session.add(
        Notice(
            id=asked,
            renovation_id=None,
            command_id=key,
            audience="person",
            audience_id=row.actor_id,
            template=TEMPLATE,
            params={"webhook": row.id, "stopped_by": error},
            created_at=now,
        )
    )
