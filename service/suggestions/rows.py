"""The rows of suggestions: found and locked, with their support, their wait on the agenda, their notices."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import (
    Renovation,
    Suggestion,
    SuggestionSupport,
    Unit,
)
from models.values.refusal import refusal
from models.values.states import RenovationState, SuggestionState
from rules.feedback.suggestions import reply_due, review_due, support
from runtime.calendars import chinese_calendar
from runtime.outbox import notice_of
from runtime.suggestions.standing import put_on_agenda
from service.suggestions.rooms import Room, case_of


@dataclass(frozen=True)
class Writing:
    """One write about suggestions: where, by which command, at which moment of the room's clock."""

    session: AsyncSession
    room: Room
    key: str
    now: datetime


async def refuse_over(on: Writing) -> None:
    """In a case that has ended nothing is suggested or answered any more.

    Raises:
        Refused: `renovation.over`.
    """
    rid = case_of(on.room)
    if rid is None:
        return
    # The journal has locked the case: nobody ends it before this is written.
    renovation = await on.session.get_one(Renovation, rid)
    if renovation.state is not RenovationState.RUNNING:
        raise refusal("renovation.over", where=rid, state=renovation.state)


async def locked(on: Writing, suggestion_id: str, where: str = "") -> Suggestion:
    """The suggestion, held until the end of the transaction.

    Raises:
        Refused: `suggestion.unknown`, for that of another estate too; `suggestion.moved` where it has come
            into a case, or out of one, since it was looked for.
    """
    row = await on.session.get(
        Suggestion, suggestion_id, with_for_update=True, populate_existing=True
    )
    if row is None or row.estate_id != on.room.estate_id:
        raise refusal("suggestion.unknown", where=where or suggestion_id)
    if row.renovation_id != case_of(on.room):
        raise refusal("suggestion.moved", where=where or suggestion_id)
    return row


async def refuse_strangers(on: Writing, units: Collection[str]) -> None:
    """Every unit is one of the estate's.

    Raises:
        Refused: `feedback.unit_unknown` with the first that is not.
    """
    known = await on.session.scalars(
        select(Unit.number).where(
            Unit.estate_id == on.room.estate_id, Unit.number.in_(sorted(set(units)))
        )
    )
    missing = sorted(set(units) - set(known))
    if missing:
        raise refusal("feedback.unit_unknown", where=missing[0], unit=missing[0])


async def stand_behind(
    on: Writing, suggestion_id: str, units: Collection[str], *, author: bool = False
) -> int:
    """Units join a suggestion, each once; how many of them had not.

    Who joins again after taking support back does so by this command, whoever had joined before.
    """
    if not units:
        return 0
    rows = [
        {
            "suggestion_id": suggestion_id,
            "unit_number": unit,
            "author": author,
            "command_id": on.key,
            "supported_at": on.now,
        }
        for unit in sorted(set(units))
    ]
    before = await count_support(on.session, suggestion_id)
    joined = insert(SuggestionSupport).values(rows)
    new, gone = joined.excluded, SuggestionSupport.withdrawn_at.is_not(None)
    again = joined.on_conflict_do_update(
        index_elements=[SuggestionSupport.suggestion_id, SuggestionSupport.unit_number],
        set_={
            "withdrawn_at": None,
            "author": case((gone, new.author), else_=SuggestionSupport.author | new.author),
            **{
                name: case((gone, new[name]), else_=getattr(SuggestionSupport, name))
                for name in ("command_id", "supported_at")
            },
        },
    )
    await on.session.execute(again)
    return await count_support(on.session, suggestion_id) - before


async def supporting(session: AsyncSession, suggestion_id: str) -> list[SuggestionSupport]:
    """Who stands behind a suggestion now, its authors among them."""
    rows = await session.scalars(
        select(SuggestionSupport)
        .where(
            SuggestionSupport.suggestion_id == suggestion_id,
            SuggestionSupport.withdrawn_at.is_(None),
        )
        .order_by(SuggestionSupport.unit_number)
    )
    return list(rows)


async def count_support(session: AsyncSession, suggestion_id: str) -> int:
    """How many units stand behind a suggestion."""
    query = select(func.count()).where(
        SuggestionSupport.suggestion_id == suggestion_id, SuggestionSupport.withdrawn_at.is_(None)
    )
    return await session.scalar(query) or 0


async def count_units(session: AsyncSession, estate_id: str) -> int:
    """How many units the estate has."""
    return await session.scalar(select(func.count()).where(Unit.estate_id == estate_id)) or 0


async def qualify(on: Writing, row: Suggestion) -> dict[str, JsonValue]:
    """Whether its support is enough now; what the event says of it, with both numbers the first time it is."""
    if row.qualified_at is not None or row.state is SuggestionState.SUBMITTED:
        return {}
    units = await count_units(on.session, row.estate_id)
    decision = support(await count_support(on.session, row.id), units, on.room.timetable)
    if not decision.passed:
        return {}
    row.qualified_at = on.now
    tell(on, "committee", "suggestion_qualified", suggestion=row.id)
    tell(on, "suggestion", "suggestion_supported", suggestion=row.id)
    return {"qualified": True, "checks": decision.record()}


async def set_wait(on: Writing, row: Suggestion) -> None:
    """What the suggestion waits for now: `due_at`, and in a case its line on the agenda."""
    timetable, calendar = on.room.timetable, chinese_calendar()
    row.due_at = None
    if row.state is SuggestionState.SUBMITTED:
        row.due_at = review_due(row.submitted_at, timetable, calendar)
    elif row.state is SuggestionState.OPEN:
        row.due_at = reply_due(row.submitted_at, timetable, calendar)
    rid = case_of(on.room)
    if rid is not None:
        await put_on_agenda(on.session, rid, row, on.now)


def tell(on: Writing, audience: str, template: str, **params: str) -> None:
    """Put a notice into the outbox of the case; before there is one, what became of it is read, not sent."""
    rid = case_of(on.room)
    if rid is not None:
        command = Command(command_id=on.key, renovation_id=rid)
        on.session.add(notice_of(command, audience, template, params, on.now))
