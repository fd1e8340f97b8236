"""A case that opens takes the suggestions of its estate along, and gives back what it leaves undecided.

What was left of a time by the one clock is left of it by the other one.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Suggestion
from models.values.states import SuggestionState
from rules.feedback.suggestions import moved
from runtime.suggestions.standing import load_standing, put_on_agenda


async def attach(
    session: AsyncSession, estate_id: str, renovation_id: str, real: datetime, now: datetime
) -> dict[str, JsonValue]:
    """Give the undecided suggestions of an estate to the case that opens there; what the event says of it.

    `real` is the time by which they were due, `now` the case's. The caller holds the estate and decides
    whether the case may have them: a training case takes nothing of a real estate.
    """
    found = await session.scalars(
        select(Suggestion)
        .where(Suggestion.estate_id == estate_id, Suggestion.renovation_id.is_(None))
        .order_by(Suggestion.submitted_at, Suggestion.id)
        .with_for_update()
    )
    rows = [row for row in found if await is_undecided(session, row)]
    await move(session, rows, renovation_id, real, now)
    for row in rows:
        await put_on_agenda(session, renovation_id, row, now)
    return {"suggestions": [row.id for row in rows]} if rows else {}


async def is_undecided(session: AsyncSession, row: Suggestion) -> bool:
    """Whether there is still something to do with it."""
    return row.state is SuggestionState.SUBMITTED or (await load_standing(session, row)).undecided


async def move(
    session: AsyncSession,
    rows: Sequence[Suggestion],
    renovation_id: str | None,
    there: datetime,
    here: datetime,
) -> None:
    """Make suggestions those of a case, or of no case, with what was joined to them; moments by the clock there is."""
    for row in rows:
        row.renovation_id = renovation_id
        row.submitted_at = moved(row.submitted_at, there, here)
        row.due_at = row.due_at and moved(row.due_at, there, here)
        row.qualified_at = row.qualified_at and moved(row.qualified_at, there, here)
    await session.flush()
    repeats = update(Suggestion).where(Suggestion.merged_into.in_([row.id for row in rows]))
    await session.execute(repeats.values(renovation_id=renovation_id))
