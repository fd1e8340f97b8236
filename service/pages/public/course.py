"""Turnout against the quorum over time, as the points of a chart with its table beside it; never how anybody voted."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox
from models.values.timetable import Timetable
from service.pages.results import Bar

DAYS = text("""
SELECT (cast_at AT TIME ZONE coalesce(r.timetable ->> 'zone', :zone))::date AS day,
       count(*) AS heads, sum(area_dm2)::bigint AS area_dm2
FROM (SELECT DISTINCT ON (entry_id) entry_id, cast_at, area_dm2 FROM ballot WHERE box_id = :box
      ORDER BY entry_id, seq) first, renovation r
WHERE r.id = :rid
GROUP BY 1 ORDER BY 1
""")
"""On which day each entry of the roll cast its first ballot; one that is contested is drawn too."""
WIDE, HIGH = 1_000, 600


class TurnoutDay(NamedTuple):
    """What had come in by the end of a day: so many owners and so much area (0.01 m2) in all."""

    day: date
    heads: int
    area_dm2: int


class TurnoutCourse(NamedTuple):
    """A chart: lines in a field of `WIDE` by `HIGH`, and the height at which the law puts each quorum."""

    days: tuple[TurnoutDay, ...]
    heads_line: str
    area_line: str
    heads_need: int | None
    area_need: int | None


async def load_days(session: AsyncSession, box: BallotBox) -> tuple[TurnoutDay, ...]:
    """Day by day in the place of the case, added up."""
    heads = area = 0
    found = []
    given = {"box": box.id, "rid": box.renovation_id, "zone": Timetable().zone}
    for row in await session.execute(DAYS, given):
        heads, area = heads + row.heads, area + row.area_dm2
        found.append(TurnoutDay(row.day, heads, area))
    return tuple(found)


def course_of(
    days: tuple[TurnoutDay, ...],
    opens_at: datetime,
    closes_at: datetime,
    bars: tuple[Bar, Bar],
    zone: str,
) -> TurnoutCourse | None:
    """The lines from the opening to the last day on which something came; None before anything did."""
    if not days:
        return None
    local = ZoneInfo(zone)
    first = min(opens_at.astimezone(local).date(), days[0].day)
    last = max(closes_at.astimezone(local).date(), days[-1].day)
    span = (last - first).days + 1
    heads, area = bars

    def line(values: list[int], whole: int) -> str:
        points, level = [(0, HIGH)], HIGH
        for each, value in zip(days, values, strict=True):
            # A day's ballots stand at its end; until then the line stays where it was.
            right = ((each.day - first).days + 1) * WIDE // span
            points.append((right - WIDE // span, level))
            level = HIGH - min(value, whole) * HIGH // whole if whole else HIGH
            points.append((right, level))
        return " ".join(f"{x},{y}" for x, y in points)

    return TurnoutCourse(
        days,
        line([each.heads for each in days], heads.whole),
        line([each.area_dm2 for each in days], area.whole),
        _height(heads),
        _height(area),
    )


def _height(bar: Bar) -> int | None:
    return None if bar.need is None or not bar.whole else HIGH - bar.need * HIGH // bar.whole
