"""How fast complaints were answered, month by month."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.situation import Situation

MONTHS = text("""
SELECT to_char(opened_at AT TIME ZONE :zone, 'YYYY-MM') AS month,
       count(*) AS came, count(resolved_at) AS answered,
       count(*) FILTER (WHERE reopened > 0) AS reopened,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY resolved_at - opened_at)
         FILTER (WHERE resolved_at IS NOT NULL) AS half,
       max(resolved_at - opened_at) AS longest
FROM ticket WHERE renovation_id = :rid GROUP BY 1 ORDER BY 1 DESC LIMIT 24
""")
"""By the month in which they came, in the place of the case; the latest two years."""
HOUR = timedelta(hours=1)
TWO_DAYS_H = 48


class Lasted(NamedTuple):
    """How long something took, rounded up: `number` of "hours" below two days, else of "days"."""

    unit: str
    number: int


class Month(NamedTuple):
    """The complaints of one month: of those that are answered half took no longer than `half`."""

    month: str
    came: int
    answered: int
    reopened: int
    half: Lasted | None
    longest: Lasted | None


async def load_months(session: AsyncSession, situation: Situation) -> tuple[Month, ...]:
    """The history of the answers, the latest month first; case time."""
    given = {"rid": situation.id, "zone": situation.timetable.zone}
    rows = await session.execute(MONTHS, given)
    return tuple(
        Month(
            row.month, row.came, row.answered, row.reopened, lasted(row.half), lasted(row.longest)
        )
        for row in rows
    )


def lasted(took: timedelta | None) -> Lasted | None:
    """A time in words that people use; None stays None."""
    if took is None:
        return None
    hours = -(-took // HOUR)
    if hours < TWO_DAYS_H:
        return Lasted("hours", max(hours, 1))
    return Lasted("days", -(-hours // 24))
