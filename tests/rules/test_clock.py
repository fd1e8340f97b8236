from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.values.timetable import Clock
from rules.clock import case_time, real_time, sandbox

REAL = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CASE = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
YEAR_S = 365 * 86_400
MOMENTS = st.builds(
    lambda seconds, microseconds: CASE + timedelta(seconds=seconds, microseconds=microseconds),
    st.integers(-YEAR_S, 10 * YEAR_S),
    st.integers(0, 999_999),
)
DAYS = st.fractions(min_value=Fraction(1, 1000), max_value=86_400, max_denominator=10_000)


def test_one_day_of_a_sandbox_case_lasts_a_second() -> None:
    clock = sandbox(REAL, CASE, Fraction(1))
    assert case_time(clock, REAL) == CASE
    assert case_time(clock, REAL + timedelta(seconds=15)) == CASE + timedelta(days=15)
    assert real_time(clock, CASE + timedelta(days=60)) == REAL + timedelta(seconds=60)


def test_a_day_of_86400_seconds_is_real_time() -> None:
    clock = sandbox(REAL, REAL, Fraction(86_400))
    assert clock.rate == 1
    assert case_time(clock, REAL + timedelta(hours=5)) == REAL + timedelta(hours=5)


def test_times_before_the_origin_map_too() -> None:
    clock = sandbox(REAL, CASE, Fraction(1))
    assert case_time(clock, REAL - timedelta(seconds=1)) == CASE - timedelta(days=1)


def test_moments_of_any_zone_are_understood_and_utc_comes_back() -> None:
    clock = sandbox(REAL, CASE, Fraction(1))
    beijing = REAL.astimezone(timezone(timedelta(hours=8)))
    assert case_time(clock, beijing) == CASE
    assert case_time(clock, beijing).utcoffset() == timedelta(0)


@pytest.mark.parametrize("day_s", [Fraction(0), Fraction(-1)])
def test_a_day_lasts_more_than_no_time(day_s: Fraction) -> None:
    with pytest.raises(ValueError, match="more than no time"):
        sandbox(REAL, CASE, day_s)


def test_a_clock_with_a_naive_origin_or_no_rate_is_refused() -> None:
    with pytest.raises(ValidationError, match="aware"):
        Clock(real_origin=REAL.replace(tzinfo=None), case_origin=CASE, rate=Fraction(1))
    with pytest.raises(ValidationError, match="above zero"):
        Clock(real_origin=REAL, case_origin=CASE, rate=Fraction(0))


@settings(max_examples=300)
@given(DAYS, MOMENTS)
def test_at_the_real_moment_the_case_moment_has_come_and_not_a_microsecond_before(
    day_s: Fraction, moment: datetime
) -> None:
    clock = sandbox(REAL, CASE, day_s)
    real = real_time(clock, moment)
    assert case_time(clock, real) >= moment
    assert case_time(clock, real - timedelta(microseconds=1)) < moment


@settings(max_examples=200)
@given(DAYS, MOMENTS, MOMENTS)
def test_the_order_of_moments_is_kept(day_s: Fraction, one: datetime, other: datetime) -> None:
    clock = sandbox(REAL, CASE, day_s)
    first, second = sorted((one, other))
    assert real_time(clock, first) <= real_time(clock, second)
