"""How residents, banks and bidders write: through the journal, as who they are, at the case's tick."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from fastapi import Request
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Unit
from models.values.actor import Actor, Role
from models.values.refusal import Refused, problem, refusal
from runtime.record.journal import Recorded
from service.http.credentials import actor_of, voter_of
from service.parts import Parts
from service.residents.commands import Accepted, CommandBody
from service.situation import Situation, grants_of

Change = Callable[[AsyncSession, datetime], Awaitable[tuple[str, Mapping[str, JsonValue]]]]
"""Writes the rows, given the tick; returns the id of what was written and the details of its event."""


async def write(
    parts: Parts,
    situation: Situation,
    actor: Actor,
    command: CommandBody,
    kind: str,
    change: Change,
) -> Accepted:
    """One transaction with the rows, the event `kind` and the receipt; a retry gets the receipt.

    Raises:
        Refused: what `change` refuses, and `journal.command_reused`.
    """

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Accepted]:
        name, details = await change(session, now)
        accepted = Accepted(
            command_id=command.command_id,
            id=name,
            kind=kind,
            happened_at=now.isoformat(),
        )
        return Recorded(accepted, details)

    written = situation.command(command.command_id, actor)
    return await parts.journal.record(written, kind, command, inside, Accepted)


def voter_actor(parts: Parts, situation: Situation, request: Request, unit_number: str) -> Actor:
    """The holder of the unit's credential, who acts for this unit and no other.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.other_unit`.
    """
    key = parts.settings.credential_key
    voter = voter_of(key, situation.id, request.headers.get("authorization"))
    if voter.unit_number != unit_number:
        raise refusal("credential.other_unit", where="unit_number", unit=unit_number)
    return situation.owner(unit_number)


async def role_actor(parts: Parts, situation: Situation, request: Request, *roles: Role) -> Actor:
    """The holder of an actor's credential in one of the roles (any, if none is named) here.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.no_role`.
    """
    actor_id = actor_of(parts.settings.credential_key, request.headers.get("authorization"))
    return situation.in_role(await grants_of(parts.database, actor_id), *roles)


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
    missing = sorted(numbers - set(rows))
    if missing:
        raise Refused(*(problem(code, where=number, unit=number) for number in missing))
