"""Deadlines as the law counts them (Civil Code art. 201-203), in the zone of the place.

The day of the event is not counted (art. 201); a period ends at 24:00 of its last day (art. 203);
if that day is a statutory day off, the day after the days off is the last one (art. 203). Working
days (工作日) skip weekends and holidays and include the make-up days of the State Council's yearly
announcement. Beyond the announcement only weekends and the holidays with a fixed date are known:
what is computed there is provisional.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.values.timetable import Period, WorkCalendar

_DAY = timedelta(days=1)
_SATURDAY = 5
_MONTHS = 12

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""(month, day) of the holidays with a fixed date: 全国年节及纪念日放假办法 (2024 revision) art. 2.

The spring, tomb-sweeping, dragon-boat and mid-autumn holidays move and are not computed here.
"""


def is_provisional(day: date, calendar: WorkCalendar) -> bool:
    """True where no announcement covers the day: a holiday or make-up day may still be announced."""
    return not calendar.first_on <= day <= calendar.last_on


def is_working_day(day: date, calendar: WorkCalendar) -> bool:
    """True if people work on that day, as far as it is known."""
    if day in calendar.make_up:
        return True
    if day in calendar.holidays or day.weekday() >= _SATURDAY:
        return False
    return not (is_provisional(day, calendar) and (day.month, day.day) in FIXED_HOLIDAYS)


def deadline(start: datetime, period: Period, calendar: WorkCalendar, zone: str) -> datetime:
    """The moment at which a period that an event at `start` sets off is over; UTC.

    It is the midnight that ends the last day, in `zone`. A start at midnight, such as the end of
    another period, belongs to the day that begins with it. A period of no days is over at once.
    """
    if period.days == 0:
        return start.astimezone(UTC)
    last = _last_day(_local_day(start, zone), period, calendar)
    return _midnight(last + _DAY, zone)


def months_after(start: datetime, months: int, calendar: WorkCalendar, zone: str) -> datetime:
    """The moment at which a period of months that an event at `start` sets off is over; UTC.

    It ends with the day of the last month that has the number of the event's day, or with that month's last
    day where it has none (Civil Code art. 202); never on a statutory day off (art. 203).
    """
    begun = _local_day(start, zone)
    years, month = divmod(begun.month - 1 + months, _MONTHS)
    year, month = begun.year + years, month + 1
    last = date(year, month, min(begun.day, monthrange(year, month)[1]))
    while not is_working_day(last, calendar):
        last += _DAY
    return _midnight(last + _DAY, zone)


def last_day(end: datetime, zone: str) -> date:
    """The last day of a period that is over at `end`: the midnight that ends a day belongs to it."""
    return _local_day(end - timedelta(microseconds=1), zone)


def end_of_natural_day(moment: datetime, days: int, zone: str) -> datetime:
    """The midnight that ends the day so many natural days after that of `moment`; UTC.

    Laws that count in natural days (Ley de Propiedad Horizontal art. 17.8) move no end for days off.
    """
    return _midnight(_local_day(moment, zone) + (days + 1) * _DAY, zone)


def hours_after(start: datetime, hours: int) -> datetime:
    """A period of hours: it runs at once and from moment to moment (art. 201(2)); UTC."""
    return start.astimezone(UTC) + timedelta(hours=hours)


def latest_before(end: datetime, period: Period, calendar: WorkCalendar, zone: str) -> datetime:
    """The last moment that is still "at least N days before" `end`, for whoever must leave N days; UTC.

    N whole days lie between it and `end`; neither the day of the act nor the day of `end` counts.
    The moment returned is 24:00 of the last day on which one may act. It is not moved for days
    off: that would shorten the protection. A period of no days gives `end` itself.

    The law has two readings. Bids close on 20 March at 10:00; fifteen days before that is

    - 4 March, when fifteen whole days (5 to 19) must lie between: the one taken here, because
      Tendering Law art. 23 (B-4) gives these days to the bidders, and a notice to the owners (V-CN-8)
      gives them to the owners;
    - 5 March, when the day of the act is the fifteenth of them: `last_right_before`.
    """
    if period.days == 0:
        return end.astimezone(UTC)
    return _midnight(_day_before(end, period, calendar, zone), zone)


def last_right_before(end: datetime, period: Period, calendar: WorkCalendar, zone: str) -> datetime:
    """The last moment of a right that ends "N days before" `end`, for whoever has that right; UTC.

    The day of the act is the last of the N. Whoever may object ten days before bids close on
    20 March (Tendering Regs art. 22, B-5) may do it until 10 March at 24:00; the reading of
    `latest_before` ends on the 9th, and would take a day of the right. A period of no days gives
    `end` itself.
    """
    if period.days == 0:
        return end.astimezone(UTC)
    return _midnight(_day_before(end, period, calendar, zone) + _DAY, zone)


def _day_before(end: datetime, period: Period, calendar: WorkCalendar, zone: str) -> date:
    """The first of the N days before the day of `end`."""
    day, left = _local_day(end, zone), period.days
    while left > 0:
        day -= _DAY
        if period.kind == "calendar" or is_working_day(day, calendar):
            left -= 1
    return day


def extended_end(end: datetime, suspended_from: datetime, resumed_at: datetime) -> datetime:
    """The end of a period that stood still from `suspended_from` to `resumed_at`; UTC.

    A suspension that began after the end, or that never lasted, changes nothing.
    """
    if suspended_from >= end or resumed_at <= suspended_from:
        return end.astimezone(UTC)
    return end.astimezone(UTC) + (resumed_at - suspended_from)


def _last_day(event_day: date, period: Period, calendar: WorkCalendar) -> date:
    if period.kind == "calendar":
        last = event_day + period.days * _DAY
        while not is_working_day(last, calendar):
            last += _DAY
        return last
    last, counted = event_day, 0
    while counted < period.days:
        last += _DAY
        counted += is_working_day(last, calendar)
    return last


def _local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
