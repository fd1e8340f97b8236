"""The calendar that a timetable implies, beside the deadlines of the law one by one."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.values.timetable import Timetable, calendar_days
from rules.time.course import STEPS, course
from rules.time.deadlines import deadline, last_day
from runtime.calendars import chinese_calendar

CALENDAR = chinese_calendar()
OPENS = datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_each_step_begins_when_the_one_before_is_over_and_ends_as_the_law_counts() -> None:
    timetable = Timetable()
    found = course(OPENS, date(2027, 12, 31), timetable, CALENDAR)
    assert [(each.stage, each.period, each.waited_for) for each in found.steps] == list(STEPS)
    start = OPENS
    for each in found.steps:
        end = deadline(start, getattr(timetable, each.period), CALENDAR, timetable.zone)
        assert each.ends_on == last_day(end, timetable.zone)
        start = end
    for before, after in zip(found.steps, found.steps[1:], strict=False):
        assert after.begins_on == before.ends_on + timedelta(days=1)
    assert found.steps[0].article == "Property Management Regs art. 14"


def test_the_window_of_the_vote_is_never_longer_than_the_longest_one() -> None:
    timetable = Timetable(vote_open=calendar_days(20), vote_open_max=calendar_days(10))
    box = course(OPENS, date(2027, 12, 31), timetable, CALENDAR).steps[1]
    assert (box.ends_on - box.begins_on).days + 1 == 10


@given(st.dates(date(2026, 3, 3), date(2030, 1, 1)))
def test_an_end_before_the_works_could_begin_leaves_no_day_for_them(end: date) -> None:
    found = course(OPENS, end, Timetable(), CALENDAR)
    begins = found.steps[-1].ends_on + timedelta(days=1)
    assert found.works.begins_on == begins
    assert (found.days_for_works > 0) == (end >= begins)
    assert found.after[0].begins_on >= max(end, begins)
