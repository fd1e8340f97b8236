"""Writes of the service that are no official acts: rows, event and receipt in one transaction."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Unit
from models.values.actor import Actor
from models.values.refusal import Problem, problem, refuse_if_any
from rules.quotas import Quota
from runtime.record.journal import Inside, Journal, Recorded
from service.access.tickets import Voter
from service.access.units import refuse_replaced
from service.bodies import Accepted, CommandBody
from service.quotas import use_quota
from service.situation import Situation

T = TypeVar("T", bound=BaseModel)
Details = Mapping[str, JsonValue]
Change = Callable[[AsyncSession, datetime, str], Awaitable[tuple[str, Details]]]
"""Writes the rows, given the tick and the command's key, of which their ids are made.

Returns the id of what was written and the details of its event.
"""


async def record(
    journal: Journal,
    situation: Situation,
    actor: Actor,
    key: str,
    kind: str,
    request: BaseModel,
    inside: Inside[T],
    into: type[T],
    *,
    busy: str = "",
) -> T:
    """`Journal.record` in a renovation that is known, in the name of an actor.

    `key` is that of `Journal.key_of`.

    Raises:
        Refused: what `inside` refuses, `journal.command_reused`, and `busy` if it is given.
    """
    command = situation.command(key, actor)
    return await journal.record(command, kind, request, inside, into, busy=busy)


async def accept(
    journal: Journal,
    situation: Situation,
    actor: Actor,
    command: CommandBody,
    kind: str,
    change: Change,
    request: BaseModel | None = None,
    caller: str = "",
    *,
    quota: Quota | None = None,
    voter: Voter | None = None,
) -> Accepted:
    """Record what somebody sent: the rows of `change`, the event `kind`, the receipt.

    `request` is what may be kept of the command, where not all of it may. `caller` is the sender
    where the record names the actor by less (`Journal.key_of`). `quota` is what it counts as, where only
    so many of a sender are taken. `voter` is whose ticket was shown, if one was: asked again under the
    lock, so that nothing of it comes after its replacement.

    Raises:
        Refused: what `change` refuses, `quota.used_up`, and `journal.command_reused`.
    """
    key = await journal.key_of(command.command_id, situation.id, actor.id, caller)

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Accepted]:
        if voter is not None:
            await refuse_replaced(session, voter)
        if quota is not None:
            await use_quota(session, situation, quota, caller or actor.id, key, now)
        name, details = await change(session, now, key)
        accepted = Accepted(
            command_id=command.command_id, id=name, kind=kind, happened_at=now.isoformat()
        )
        return Recorded(accepted, details)

    kept = request or command
    return await record(journal, situation, actor, key, kind, kept, inside, Accepted)


async def refuse_unknown_units(
    session: AsyncSession, situation: Situation, numbers: set[str], code: str
) -> None:
    """Every unit must be one of the estate's.

    Raises:
        Refused: `code`, once for each number that is not.
    """
    rows = await session.scalars(
        select(Unit.number).where(Unit.estate_id == situation.estate_id, Unit.number.in_(numbers))
    )
    refuse_if_any(unknown_unit(code, number) for number in sorted(numbers - set(rows)))


def unknown_unit(code: str, number: str) -> Problem:
    """What is said of a unit that the estate does not have."""
    return problem(code, where=number, unit=number)
