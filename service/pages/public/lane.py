"""The course of a case as one lane: how long each stage took so far, up to now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.journey import Stage
from models.tables import Event
from service.situation import Situation

ENTERED = "renovation.stage_entered"
PERMILLE = 1_000
A_DAY = timedelta(days=1)


class StageSpan(NamedTuple):
    """A stage from when it began, and where it stands in the lane, in thousandths; `ended_at` None goes on."""

    stage: Stage
    began_at: datetime
    ended_at: datetime | None
    days: int
    begins: int
    width: int


async def load_lane(
    session: AsyncSession, situation: Situation, closed_at: datetime | None
) -> tuple[StageSpan, ...]:
    """The stages that were entered, in their order; case time. A stage may be entered again."""
    rows = await session.execute(
        select(Event.happened_at, Event.details)
        .where(Event.renovation_id == situation.id, Event.kind == ENTERED)
        .order_by(Event.seq)
    )
    entered = [(Stage(row.details["stage"]), row.happened_at) for row in rows]
    return lane(entered, closed_at, situation.now)


def lane(
    entered: list[tuple[Stage, datetime]], closed_at: datetime | None, now: datetime
) -> tuple[StageSpan, ...]:
    """Each stage until the next one began; the last one until the case was closed, or until now."""
    if not entered:
        return ()
    first, last = entered[0][1], max(closed_at or now, entered[-1][1])
    whole = max(last - first, A_DAY)
    found = []
    for place, (stage, began) in enumerate(entered):
        after = entered[place + 1][1] if place + 1 < len(entered) else None
        ended = after or closed_at
        until = ended or last
        begins = (began - first) * PERMILLE // whole
        width = (until - first) * PERMILLE // whole - begins
        found.append(StageSpan(stage, began, ended, (until - began) // A_DAY, begins, width))
    return tuple(found)
