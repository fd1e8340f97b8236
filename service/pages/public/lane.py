"""The course of a case as two lanes: how long its timetable gives each stage, and how long each took so far."""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event
from models.values.states import Stage
from rules.time.course import StagePlan, planned_stages
from runtime.calendars import chinese_calendar
from service.situation import Situation

ENTERED, WARRANTED = "renovation.stage_entered", "renovation.warranty_begun"
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


class PlannedSpan(NamedTuple):
    """A stage of the plan, and where it stands in the lane, in thousandths."""

    plan: StagePlan
    begins: int
    width: int


class Lanes(NamedTuple):
    """Plan and course in one scale. Works and what follows them are in no timetable, and in no plan."""

    spans: tuple[StageSpan, ...] = ()
    planned: tuple[PlannedSpan, ...] = ()

    def plan_of(self, stage: Stage) -> StagePlan | None:
        """The plan of a stage, if it has one."""
        return next((each.plan for each in self.planned if each.plan.stage is stage), None)


async def load_lanes(
    session: AsyncSession, situation: Situation, closed_at: datetime | None
) -> Lanes:
    """The stages that were entered, in their order; case time. A stage may be entered again.

    The last one is over with the case, or when its warranty begins, which is no stage.
    """
    rows = await session.execute(
        select(Event.kind, Event.happened_at, Event.details)
        .where(Event.renovation_id == situation.id, Event.kind.in_((ENTERED, WARRANTED)))
        .order_by(Event.seq)
    )
    entered: list[tuple[Stage, datetime]] = []
    for row in rows:
        if row.kind == WARRANTED:
            closed_at = row.happened_at
        else:
            entered.append((Stage(row.details["stage"]), row.happened_at))
    if not entered:
        return Lanes()
    plan = planned_stages(entered[0][1], situation.timetable, chinese_calendar())
    return lanes(entered, plan, closed_at, situation.now, situation.timetable.zone)


def lanes(
    entered: list[tuple[Stage, datetime]],
    plan: tuple[StagePlan, ...],
    closed_at: datetime | None,
    now: datetime,
    zone: str,
) -> Lanes:
    """Both lanes from the entry of the first stage to the end of the longer one."""
    first = entered[0][1]
    last = max(closed_at or now, entered[-1][1])
    ends = [datetime.combine(each.ends_on, time.max, ZoneInfo(zone)) for each in plan]
    whole = max(last - first, A_DAY, *(end - first for end in ends))
    planned, before = [], 0
    for each, end in zip(plan, ends, strict=True):
        after = (end - first) * PERMILLE // whole
        planned.append(PlannedSpan(each, before, after - before))
        before = after
    return Lanes(lane(entered, closed_at, now, whole), tuple(planned))


def lane(
    entered: list[tuple[Stage, datetime]],
    closed_at: datetime | None,
    now: datetime,
    scale: timedelta = A_DAY,
) -> tuple[StageSpan, ...]:
    """Each stage until the next one began; the last one until the case was closed, or until now.

    The lane is as long as that, or as `scale` where it is longer.
    """
    if not entered:
        return ()
    first, last = entered[0][1], max(closed_at or now, entered[-1][1])
    whole = max(last - first, scale)
    found = []
    for place, (stage, began) in enumerate(entered):
        after = entered[place + 1][1] if place + 1 < len(entered) else None
        ended = after or closed_at
        until = ended or last
        begins = (began - first) * PERMILLE // whole
        width = (until - first) * PERMILLE // whole - begins
        found.append(StageSpan(stage, began, ended, (until - began) // A_DAY, begins, width))
    return tuple(found)
