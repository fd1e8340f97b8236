"""The log of a place: a hash chain like that of a renovation, of who was given which role there.

An event is written in the transaction of what it tells. The head is locked first, which orders the
events of a place; whoever writes into several logs takes them in the order of their ids.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import DateTime, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PlaceEvent, PlaceLog, RoleGrant
from models.values.actor import Actor
from models.values.refusal import refusal
from proof import chain
from runtime.rows.hashed import hashed_of_place

INSTALLATION = "*"
"""The log of what holds for every place: the administrators."""


async def append(
    session: AsyncSession,
    log_id: str,
    actor: Actor,
    command_id: str,
    request_hash: str,
    kind: str,
    details: Mapping[str, JsonValue],
) -> datetime:
    """Add an event at the end of a place's chain; the moment of the database at which it was added."""
    await session.execute(insert(PlaceLog).values(id=log_id).on_conflict_do_nothing())
    log = await session.get_one(PlaceLog, log_id, with_for_update=True, populate_existing=True)
    now = (await session.execute(select(func.clock_timestamp(type_=DateTime(True))))).scalar_one()
    event = PlaceEvent(
        log_id=log_id,
        seq=log.head_seq + 1,
        command_id=command_id,
        recorded_at=now,
        actor_id=actor.id,
        actor_role=actor.role.value,
        actor_label=actor.label,
        actor_place=actor.place,
        kind=kind,
        details=dict(details),
        request_hash=request_hash,
        prev_hash=log.head_hash,
    )
    event.hash = chain.event_hash(event.prev_hash, hashed_of_place(event))
    session.add(event)
    log.head_seq, log.head_hash = event.seq, event.hash
    await session.flush()
    return now


async def grant_event(
    session: AsyncSession,
    row: RoleGrant,
    actor: Actor,
    key: str,
    request_hash: str,
    kind: str,
    reason: str = "",
) -> None:
    """Write what happened to a grant into the log of its place; ids and the role, no name."""
    await session.flush()
    details: dict[str, JsonValue] = {
        "grant": row.id,
        "person": row.actor_id,
        "role": row.role,
        "place": row.place_id or "",
        "from": None if row.valid_from is None else row.valid_from.isoformat(),
        "until": None if row.valid_until is None else row.valid_until.isoformat(),
        "reason": reason or row.reason,
    }
    log_id = row.place_id or INSTALLATION
    await append(session, log_id, actor, key, request_hash, kind, details)


async def told_before(
    session: AsyncSession, command_id: str, request_hash: str
) -> PlaceEvent | None:
    """The event that a command has written already, None for a new one.

    The same command sent twice at once waits here until the first is through.

    Raises:
        Refused: `journal.command_reused` when it asked for something else.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(command_id, 0))))
    event = await session.scalar(select(PlaceEvent).where(PlaceEvent.command_id == command_id))
    if event is not None and event.request_hash != request_hash:
        raise refusal("journal.command_reused", where="command_id", kind=event.kind)
    return event
