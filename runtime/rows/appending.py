"""How a write begins and ends in the record: the moment with an earlier answer, then event, head and receipt.

Each is one statement and one round trip, made once: every write of every process takes this way.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, JsonValue
from sqlalchemy import DateTime, Insert, String, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from models.messages.command import Command
from models.tables import CommandReceipt, Event, Renovation
from models.tables.base import table_of
from proof import chain
from runtime.rows.hashed import hashed_fields

SALT_BYTES = 16


class Moment(NamedTuple):
    """When something is written: by the clock of the case, and by the database's."""

    tick: datetime
    recorded_at: datetime


class Answered(NamedTuple):
    """What stands in the receipt of a command."""

    kind: str
    request_hash: str
    result: JsonValue


MOMENT = select(
    func.tick_of(bindparam("renovation", type_=String), type_=DateTime(timezone=True)).label(
        "tick"
    ),
    func.clock_timestamp(type_=DateTime(timezone=True)).label("recorded_at"),
)
"""When a case is written to; asked after its lock was taken."""
_EVENT, _RENOVATION, _RECEIPT = map(table_of, (Event, Renovation, CommandReceipt))
_NOW = MOMENT.subquery("now")
_STANDING = select(*_NOW.c, *(_RECEIPT.c[each] for each in Answered._fields)).outerjoin_from(
    _NOW, _RECEIPT, _RECEIPT.c.command_id == bindparam("command", type_=String)
)
"""The moment, and what the command was answered if it was: one round trip."""


def _appending() -> Insert:
    """Event, head of the chain and receipt: the end of every write, in one round trip."""
    added = insert(_EVENT).values({each: bindparam(f"event_{each.name}") for each in _EVENT.c})
    moved = (
        update(_RENOVATION)
        .where(_RENOVATION.c.id == bindparam("event_renovation_id", type_=String))
        .values(head_seq=bindparam("event_seq"), head_hash=bindparam("event_hash"))
    )
    answered = insert(_RECEIPT).values(
        {each: bindparam(f"receipt_{each.name}") for each in _RECEIPT.c}
    )
    return answered.add_cte(added.cte("added"), moved.cte("moved"))


_APPENDING = _appending()
_OF_EVENT = {f"event_{each.name}": each.name for each in _EVENT.c}


async def load_standing(session: AsyncSession, command: Command) -> tuple[Moment, Answered | None]:
    """The moment of a write, and what the command was answered before; asked after the lock."""
    given = {"renovation": command.renovation_id, "command": command.command_id}
    row = (await session.execute(_STANDING, given)).one()
    moment = Moment(row.tick, row.recorded_at)
    if row.kind is None:
        return moment, None
    return moment, Answered(row.kind, row.request_hash, row.result)


def next_event(
    renovation: Renovation,
    command: Command,
    kind: str,
    details: Mapping[str, JsonValue],
    moment: Moment,
    hashes: dict[str, JsonValue],
) -> Event:
    """The event that follows the last one in the chain."""
    actor = command.actor
    event = Event(
        renovation_id=renovation.id,
        seq=renovation.head_seq + 1,
        command_id=command.command_id,
        happened_at=moment.tick,
        recorded_at=moment.recorded_at,
        actor_id=actor.id,
        actor_role=actor.role.value,
        actor_label=actor.label,
        actor_place=actor.place,
        on_behalf_of=actor.on_behalf_of,
        kind=kind,
        details=dict(details),
        rule_pack=renovation.rule_pack,
        workflow_id=command.workflow_id,
        run_id=command.run_id,
        signature=command.seal.model_dump(mode="json") if command.seal else None,
        prev_hash=renovation.head_hash,
        row_hashes=hashes or None,
        salt=secrets.token_hex(SALT_BYTES),
    )
    event.hash = chain.event_hash(event.prev_hash, hashed_fields(event))
    return event


async def append_event(
    session: AsyncSession,
    renovation: Renovation,
    event: Event,
    request_hash: str,
    answer: BaseModel,
) -> None:
    """Write the event, the receipt with the answer, and the head of the chain, which the row has then too."""
    row = {name: getattr(event, column) for name, column in _OF_EVENT.items()}
    await session.execute(_APPENDING, {**row, **_receipt(event, request_hash, answer)})
    set_committed_value(renovation, "head_seq", event.seq)
    set_committed_value(renovation, "head_hash", event.hash)


def _receipt(event: Event, request_hash: str, result: BaseModel) -> dict[str, object]:
    """The parameters of the receipt's row."""
    return {
        "receipt_command_id": event.command_id,
        "receipt_renovation_id": event.renovation_id,
        "receipt_seq": event.seq,
        "receipt_kind": event.kind,
        "receipt_request_hash": request_hash,
        "receipt_result": result.model_dump(mode="json"),
        "receipt_recorded_at": event.recorded_at,
    }
