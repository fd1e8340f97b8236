"""The working-day calendar of China, as far as the State Council has announced it."""

from datetime import date, datetime, timedelta
from functools import cache

from chinese_calendar import constants

from models.values.timetable import Timetable, WorkCalendar
from rules.time import deadlines

SATURDAY = 5


@cache
def chinese_calendar() -> WorkCalendar:
    """The announced years of the package `chinesecalendar`, whole years from the first to the last.

    Later years are provisional in `rules.time.deadlines`; a newer package adds them.
    """
    days_off = {day for day in constants.holidays if day.weekday() < SATURDAY}
    worked = {day for day in constants.workdays if day.weekday() >= SATURDAY}
    years = sorted({day.year for day in constants.holidays})
    return WorkCalendar(
        first_on=date(years[0], 1, 1),
        last_on=date(years[-1] + 1, 1, 1) - timedelta(days=1),
        holidays=tuple(sorted(days_off)),
        make_up=tuple(sorted(worked)),
    )


def is_provisional(end: datetime | None, zone: str | None) -> bool:
    """Whether the last day of a period lies in a year whose holidays are not announced yet.

    `end` is the moment at which it is over, `zone` that of the place, None for the default one.
    """
    if end is None:
        return False
    day = deadlines.last_day(end, zone or Timetable.model_fields["zone"].default)
    return deadlines.is_provisional(day, chinese_calendar())
