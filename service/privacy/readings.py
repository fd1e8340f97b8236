"""The report of a case's readings: who has read what is not for everybody, how often, about how many."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AccessEntry
from models.values.actor import Role
from models.values.base import Carried


class ReadingCount(Carried):
    """One reader, in one role, by one door: how often, about how many (a box, a person, a home), from when to when.

    Real time, UTC.
    """

    reader: str
    role: Role
    door: str
    readings: int
    subjects: int
    first_at: datetime
    last_at: datetime


class ReadingReport(Carried):
    """All readings of a case in a time, the most frequent first; no bound is None."""

    since: datetime | None
    until: datetime | None
    readings: int
    readers: int
    counts: tuple[ReadingCount, ...]


async def report_readings(
    session: AsyncSession,
    renovation_id: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ReadingReport:
    """Count the readings from `since` on and before `until`, in real time."""
    entry = AccessEntry
    within = [entry.renovation_id == renovation_id]
    within += [] if since is None else [entry.at >= since]
    within += [] if until is None else [entry.at < until]
    rows = await session.execute(
        select(
            entry.reader_id.label("reader"),
            entry.reader_role.label("role"),
            entry.door,
            func.count().label("readings"),
            func.count(entry.subject.distinct()).filter(entry.subject != "").label("subjects"),
            func.min(entry.at).label("first_at"),
            func.max(entry.at).label("last_at"),
        )
        .where(*within)
        .group_by(entry.reader_id, entry.reader_role, entry.door)
        .order_by(func.count().desc(), entry.reader_id, entry.reader_role, entry.door)
    )
    counts = tuple(ReadingCount.model_validate(row, from_attributes=True) for row in rows)
    return ReadingReport(
        since=since,
        until=until,
        readings=sum(each.readings for each in counts),
        readers=len({each.reader for each in counts}),
        counts=counts,
    )
