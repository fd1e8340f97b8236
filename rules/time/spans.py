"""Whether something was done within a period: judged by the deadline, told in days."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.values.decisions.decision import Decision
from models.values.timetable import Period, Timetable, WorkCalendar
from rules.checks import check, decide
from rules.time.deadlines import deadline

_MICROSECOND = timedelta(microseconds=1)


def within(
    code: str,
    article: str,
    span: tuple[datetime, datetime],
    period: Period,
    calendar: WorkCalendar,
    zone: str,
    *,
    until: datetime | None = None,
) -> Decision:
    """The second moment of `span` is not after the period that the first one set off.

    The end alone decides: `until`, where it was announced, else `deadline`; the check tells it in days as the
    calendar counts them, days off included.
    """
    start, end = span
    over = until or deadline(start, period, calendar, zone)
    allowed = max(days_from(start, over, zone), 0)
    have = max(days_from(start, end, zone), 0 if end <= over else allowed + 1)
    return decide(check(code, article, have, "<=", allowed, "calendar days"))


def days_from(start: datetime, end: datetime, zone: str) -> int:
    """Calendar days from the day of `start` to the day of `end`; an end at 24:00 belongs to its day."""
    return (_day_of(end - _MICROSECOND, zone) - _day_of(start, zone)).days


def _day_of(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def decision_posted(
    decided_at: datetime,
    posted_at: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
    *,
    until: datetime | None = None,
) -> Decision:
    """The result of a vote is posted in writing within three days of its count (V-CN-10).

    In a case that stood still since, `until` says when they are over.
    """
    return within(
        "voting.decision_posted",
        "Shandong Property Management Regs art. 32",
        (decided_at, posted_at),
        timetable.decision_publication,
        calendar,
        timetable.zone,
        until=until,
    )
