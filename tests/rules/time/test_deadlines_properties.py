from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.timetable import Period, WorkCalendar, calendar_days, working_days
from rules.time.deadlines import deadline, is_working_day, latest_before
from tests.support.slow import examples

ZONE = "Asia/Shanghai"
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)

DATES = st.dates(min_value=FIRST, max_value=LAST)
# Beyond both ends of the announcement too: what is provisional must behave as well.
MOMENTS = st.builds(
    lambda seconds: datetime(2024, 6, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    st.integers(0, 4 * 365 * 86_400),
)
PERIODS = st.builds(Period, days=st.integers(1, 60), kind=st.sampled_from(("calendar", "working")))


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    holidays = draw(st.sets(DATES.filter(lambda day: day.weekday() < 5), max_size=40))
    make_up = draw(st.sets(DATES.filter(lambda day: day.weekday() >= 5), max_size=20))
    return WorkCalendar(
        first_on=FIRST, last_on=LAST, holidays=tuple(holidays), make_up=tuple(make_up)
    )


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ZONE)).date()


def worked(after: date, until: date, calendar: WorkCalendar) -> int:
    """Working days after one day, up to and including another."""
    span = (until - after).days
    return sum(is_working_day(after + number * DAY, calendar) for number in range(1, span + 1))


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, PERIODS)
def test_a_deadline_is_the_local_midnight_after_a_working_day(
    calendar: WorkCalendar, start: datetime, period: Period
) -> None:
    end = deadline(start, period, calendar, ZONE)
    local = end.astimezone(ZoneInfo(ZONE))
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    assert is_working_day(local_day(end - TICK), calendar)


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, st.integers(1, 60))
def test_a_working_day_period_holds_exactly_its_working_days(
    calendar: WorkCalendar, start: datetime, days: int
) -> None:
    end = deadline(start, working_days(days), calendar, ZONE)
    assert worked(local_day(start), local_day(end - TICK), calendar) == days


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, st.integers(1, 60))
def test_a_calendar_period_is_moved_only_over_days_off(
    calendar: WorkCalendar, start: datetime, days: int
) -> None:
    nominal = local_day(start) + days * DAY
    last = local_day(deadline(start, calendar_days(days), calendar, ZONE) - TICK)
    assert last >= nominal
    assert worked(nominal - DAY, last, calendar) == 1


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, st.integers(0, 59), st.sampled_from(("calendar", "working")))
def test_a_longer_period_never_ends_earlier(
    calendar: WorkCalendar, start: datetime, days: int, kind: str
) -> None:
    shorter = Period.model_validate({"days": days, "kind": kind})
    longer = Period.model_validate({"days": days + 1, "kind": kind})
    assert deadline(start, shorter, calendar, ZONE) <= deadline(start, longer, calendar, ZONE)


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, st.integers(1, 60))
def test_whoever_acts_at_the_last_moment_before_leaves_the_whole_working_period(
    calendar: WorkCalendar, end: datetime, days: int
) -> None:
    latest = latest_before(end, working_days(days), calendar, ZONE)
    assert deadline(latest - TICK, working_days(days), calendar, ZONE) <= end
    assert worked(local_day(latest), local_day(end) - DAY, calendar) < days


@settings(max_examples=examples(150), deadline=None)
@given(MOMENTS, st.integers(1, 60))
def test_n_calendar_days_before_are_n_whole_days(end: datetime, days: int) -> None:
    every_day_worked = WorkCalendar(
        first_on=date(2024, 1, 1),
        last_on=date(2029, 1, 1),
        make_up=tuple(
            day
            for number in range(366 * 5)
            if (day := date(2024, 1, 1) + number * DAY).weekday() >= 5
        ),
    )
    latest = latest_before(end, calendar_days(days), every_day_worked, ZONE)
    assert deadline(latest - TICK, calendar_days(days), every_day_worked, ZONE) <= end
    assert deadline(latest, calendar_days(days), every_day_worked, ZONE) > end
