"""Reading the record of a case for the command line, without the models (see `cases`)."""

from datetime import datetime

import asyncpg
from pydantic import Json, JsonValue

from models.values.base import Carried
from rules.disclosure.events import REDACTED

NAMELESS = """
  EXISTS (SELECT FROM private.person p WHERE p.id = {actor}
    AND (p.restricted_until IS NOT NULL OR (p.sealed IS NULL AND p.name IS NULL)))
  AND NOT EXISTS (SELECT FROM role_grant g WHERE g.actor_id = {actor} AND g.only_case IS NULL
    AND g.valid_from <= clock_timestamp() AND (g.valid_until IS NULL OR g.valid_until > clock_timestamp()))"""
"""Whether an actor's name was erased or is restricted; whoever holds an office acts under the name in it."""
_SHOWN = (
    f"CASE WHEN {NAMELESS.format(actor='event.actor_id')} THEN '{REDACTED}' ELSE actor_label END"
)
COLUMNS = f"""seq, kind, happened_at, recorded_at, actor_id, actor_role, {_SHOWN} AS actor_label, actor_place,
  on_behalf_of, command_id, details::text AS details, rule_pack, workflow_id, run_id, prev_hash, hash"""


class EventRow(Carried):
    """One event as it is recorded, with the hashes that prove its place."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: str
    actor_label: str
    actor_place: str
    on_behalf_of: str | None
    command_id: str
    details: Json[dict[str, JsonValue]]
    rule_pack: str
    workflow_id: str
    run_id: str
    prev_hash: str
    hash: str


async def load_events(
    connection: asyncpg.Connection, renovation_id: str, last: int = 0
) -> tuple[EventRow, ...]:
    """The events of a case in their order, only the `last` so many unless that is 0."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM event WHERE renovation_id = $1 ORDER BY seq DESC LIMIT $2",  # noqa: S608
        renovation_id,
        last or None,
    )
    return tuple(EventRow.model_validate(dict(row)) for row in reversed(rows))
