from datetime import UTC, date, datetime

from rules.time.deadlines import is_provisional, is_working_day
from runtime import calendars
from runtime.calendars import chinese_calendar


def test_the_announced_holidays_and_make_up_days_are_known() -> None:
    calendar = chinese_calendar()
    # State Council notice for 2025: National Day 1 to 8 October, Sunday 28 September is worked.
    assert not any(is_working_day(date(2025, 10, day), calendar) for day in range(1, 9))
    assert is_working_day(date(2025, 9, 28), calendar)
    assert is_working_day(date(2025, 10, 9), calendar)


def test_only_whole_announced_years_are_certain() -> None:
    calendar = chinese_calendar()
    assert (calendar.first_on.month, calendar.first_on.day) == (1, 1)
    assert (calendar.last_on.month, calendar.last_on.day) == (12, 31)
    assert is_provisional(date(calendar.last_on.year + 1, 1, 1), calendar)


def test_holidays_are_weekdays_and_make_up_days_are_weekends() -> None:
    calendar = chinese_calendar()
    assert all(day.weekday() < 5 for day in calendar.holidays)
    assert all(day.weekday() >= 5 for day in calendar.make_up)


def test_a_period_is_provisional_by_its_last_day_in_the_zone_of_the_place() -> None:
    year = chinese_calendar().last_on.year + 1
    # 24:00 of the last announced day in China belongs to that day.
    end = datetime(year - 1, 12, 31, 16, tzinfo=UTC)
    assert not calendars.is_provisional(end, "Asia/Shanghai")
    assert calendars.is_provisional(datetime(year, 1, 1, 16, tzinfo=UTC), "Asia/Shanghai")
    assert not calendars.is_provisional(None, "Asia/Shanghai")
