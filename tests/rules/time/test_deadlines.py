from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.values.timetable import WorkCalendar, calendar_days, working_days
from rules.time.deadlines import (
    deadline,
    extended_end,
    hours_after,
    is_provisional,
    is_working_day,
    last_right_before,
    latest_before,
)

ZONE = "Asia/Shanghai"
# The State Council's notice for 2025, National Day and mid-autumn, and its two make-up days.
AUTUMN = WorkCalendar(
    first_on=date(2025, 1, 1),
    last_on=date(2025, 12, 31),
    holidays=tuple(date(2025, 10, day) for day in (1, 2, 3, 6, 7, 8)),
    make_up=(date(2025, 9, 28), date(2025, 10, 11)),
)
PLAIN = WorkCalendar(first_on=date(2020, 1, 1), last_on=date(2035, 12, 31))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def test_the_day_of_the_event_does_not_count_and_the_last_day_ends_at_midnight() -> None:
    # Monday 3 March 2025 + 3 days: Thursday 6 March, 24:00.
    assert deadline(at(2025, 3, 3, 10), calendar_days(3), PLAIN, ZONE) == at(2025, 3, 7)


def test_the_hour_of_the_event_makes_no_difference() -> None:
    early = deadline(at(2025, 3, 3, 0), calendar_days(3), PLAIN, ZONE)
    late = deadline(at(2025, 3, 3, 23, 59), calendar_days(3), PLAIN, ZONE)
    assert early == late


def test_the_day_is_the_local_one() -> None:
    # 17:00 UTC on 3 March is already 4 March in Shanghai.
    moment = datetime(2025, 3, 3, 17, 0, tzinfo=UTC)
    assert deadline(moment, calendar_days(3), PLAIN, ZONE) == at(2025, 3, 8)


def test_a_last_day_on_a_weekend_moves_to_monday() -> None:
    # Monday 3 March + 5 days is Saturday 8 March: the period ends with Monday 10 March.
    assert deadline(at(2025, 3, 3), calendar_days(5), PLAIN, ZONE) == at(2025, 3, 11)


def test_a_last_day_in_the_national_holiday_moves_behind_it() -> None:
    # 1 October is in the holiday of 1 to 8 October: the last day is Thursday 9 October.
    assert deadline(at(2025, 9, 28), calendar_days(3), AUTUMN, ZONE) == at(2025, 10, 10)


def test_a_last_day_on_a_make_up_saturday_stays() -> None:
    # Saturday 11 October 2025 is worked.
    assert deadline(at(2025, 10, 9), calendar_days(2), AUTUMN, ZONE) == at(2025, 10, 12)


def test_working_days_skip_the_holiday_and_count_the_make_up_days() -> None:
    # From Tuesday 30 September: 9 and 10 October, Saturday 11 (make-up), 13, 14.
    assert deadline(at(2025, 9, 30), working_days(5), AUTUMN, ZONE) == at(2025, 10, 15)


def test_working_days_from_a_friday_begin_on_monday() -> None:
    assert deadline(at(2025, 3, 7, 16), working_days(1), PLAIN, ZONE) == at(2025, 3, 11)


def test_a_period_of_no_days_is_over_at_once() -> None:
    assert deadline(at(2025, 3, 8, 9), calendar_days(0), PLAIN, ZONE) == at(2025, 3, 8, 9)
    assert latest_before(at(2025, 3, 8, 9), calendar_days(0), PLAIN, ZONE) == at(2025, 3, 8, 9)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 9, 28), True),
        (date(2025, 9, 27), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),
        (date(2025, 10, 12), False),
    ],
)
def test_what_was_announced_is_what_counts(day: date, works: bool) -> None:
    assert is_working_day(day, AUTUMN) is works


def test_a_worked_holiday_of_the_announcement_is_not_overruled_by_the_fixed_dates() -> None:
    worked = WorkCalendar(first_on=date(2025, 1, 1), last_on=date(2025, 12, 31))
    assert is_working_day(date(2025, 5, 1), worked)


def test_beyond_the_announcement_only_weekends_and_fixed_holidays_are_known() -> None:
    assert not is_provisional(date(2025, 12, 31), AUTUMN)
    assert is_provisional(date(2026, 1, 1), AUTUMN)
    assert is_provisional(date(2024, 12, 31), AUTUMN)
    assert not is_working_day(date(2026, 10, 1), AUTUMN)  # Thursday, National Day
    assert not is_working_day(date(2026, 1, 1), AUTUMN)  # Thursday, New Year
    assert not is_working_day(date(2026, 10, 10), AUTUMN)  # Saturday, perhaps a make-up day
    assert is_working_day(date(2026, 10, 5), AUTUMN)  # Monday, perhaps a holiday


def test_a_provisional_deadline_skips_the_fixed_holidays() -> None:
    # From Wednesday 30 September 2026: 1 and 2 October are fixed holidays, 3 and 4 a weekend.
    assert deadline(at(2026, 9, 30), working_days(1), AUTUMN, ZONE) == at(2026, 10, 6)
    assert deadline(at(2026, 9, 30), calendar_days(1), AUTUMN, ZONE) == at(2026, 10, 6)


def test_hours_run_from_moment_to_moment() -> None:
    assert hours_after(at(2025, 3, 7, 16, 30), 48) == at(2025, 3, 9, 16, 30)


def test_fifteen_days_before_a_deadline_leaves_fifteen_whole_days() -> None:
    # Bids close on 20 March at 10:00: 5 to 19 March are the fifteen days, 4 March is the last day.
    assert latest_before(at(2025, 3, 20, 10), calendar_days(15), PLAIN, ZONE) == at(2025, 3, 5)


def test_of_two_readings_the_one_is_taken_that_shortens_nobodys_right() -> None:
    closing = at(2025, 3, 20, 10)
    # Whoever must leave ten days acts by the end of the 9th, whoever has a right by the end of the 10th.
    assert latest_before(closing, calendar_days(10), PLAIN, ZONE) == at(2025, 3, 10)
    assert last_right_before(closing, calendar_days(10), PLAIN, ZONE) == at(2025, 3, 11)
    assert last_right_before(closing, working_days(2), PLAIN, ZONE) == at(2025, 3, 19)
    assert last_right_before(closing, calendar_days(0), PLAIN, ZONE) == closing


def test_fifteen_days_of_notice_are_whole_days_between_the_notice_and_the_vote() -> None:
    # Told on Monday 3 March: the vote opens on the 19th, not on the 18th, the fifteenth day.
    assert deadline(at(2025, 3, 3, 9), calendar_days(15), PLAIN, ZONE) == at(2025, 3, 19)


def test_a_deadline_at_midnight_gives_the_same_last_day() -> None:
    assert latest_before(at(2025, 3, 20), calendar_days(15), PLAIN, ZONE) == at(2025, 3, 5)


def test_working_days_before_a_deadline_skip_the_weekend() -> None:
    # Two working days before Tuesday 11 March: Monday 10 and Friday 7.
    assert latest_before(at(2025, 3, 11, 9), working_days(2), PLAIN, ZONE) == at(2025, 3, 7)


def test_a_suspended_period_gets_the_time_back() -> None:
    end = at(2025, 3, 10)
    assert extended_end(end, at(2025, 3, 5, 9), at(2025, 3, 7, 12)) == end + timedelta(hours=51)


def test_a_suspension_after_the_end_or_of_no_length_changes_nothing() -> None:
    end = at(2025, 3, 10)
    assert extended_end(end, end, at(2025, 3, 12)) == end
    assert extended_end(end, at(2025, 3, 7), at(2025, 3, 7)) == end
    assert extended_end(end, at(2025, 3, 7), at(2025, 3, 6)) == end
