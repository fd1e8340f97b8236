"""Who is awaited in which case: until when, late since when, and what happens then.

Plain SQL on the driver's own connection, like `runtime.record.cases`.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from models.values.base import Carried
from models.values.waits import Consequence
from runtime.calendars import is_provisional

AWAITED = """
SELECT w.renovation_id, w.what, w.subject, w.who, w.since, w.due_at, w.consequence, w.level,
  coalesce(w.late_since, CASE WHEN w.due_at < tick_of(w.renovation_id) THEN w.due_at END)
    AS late_since, r.timetable ->> 'zone' AS zone
FROM case_wait w JOIN renovation r ON r.id = w.renovation_id
WHERE w.renovation_id = ANY($1) AND w.who <> ''
ORDER BY coalesce(w.late_since, w.due_at) NULLS LAST, w.what, w.subject"""


class AwaitedLine(Carried):
    """Somebody (`who`: roles or an audience) who is awaited in a case, from `since` on; case time.

    `due_at` is the next moment, `consequence` what happens then. Whoever has missed one is late since
    then, and `level` is the role that was told last. `provisional`: a holiday that is not announced
    yet may still move `due_at`.
    """

    what: str
    subject: str
    who: str
    since: datetime
    due_at: datetime | None
    late_since: datetime | None
    consequence: Consequence
    level: str
    provisional: bool


async def load_awaited(
    connection: asyncpg.Connection, renovation_ids: Sequence[str]
) -> dict[str, tuple[AwaitedLine, ...]]:
    """Everybody who is awaited in each of these cases, the latest first; no entry where nobody is."""
    rows = await connection.fetch(AWAITED, list(renovation_ids))
    found: dict[str, tuple[AwaitedLine, ...]] = {}
    for row in rows:
        fields = dict(row)
        case, zone = fields.pop("renovation_id"), fields.pop("zone")
        fields["provisional"] = is_provisional(fields["due_at"], zone)
        found[case] = (*found.get(case, ()), AwaitedLine.model_validate(fields))
    return found
