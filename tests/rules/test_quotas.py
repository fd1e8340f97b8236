from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.timetable import Timetable
from rules.quotas import Quota, again_at, counted_since, most_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_DAY = Timetable()


def test_who_has_sent_less_may_send_now() -> None:
    assert again_at([NOW - HOUR, NOW], 3, ONE_DAY, NOW) is None


def test_who_has_sent_as_much_as_is_taken_may_send_when_the_oldest_of_it_is_a_day_old() -> None:
    sent = [NOW - 5 * HOUR, NOW - 30 * HOUR, NOW - HOUR, NOW - 3 * HOUR]
    assert again_at(sent, 3, ONE_DAY, NOW) == NOW + 19 * HOUR


def test_a_limit_that_was_lowered_counts_the_youngest() -> None:
    sent = [NOW - hours * HOUR for hours in (1, 2, 3, 4)]
    assert again_at(sent, 2, ONE_DAY, NOW) == NOW + 22 * HOUR


@given(st.lists(st.integers(0, 200)), st.integers(1, 10), st.integers(1, 5))
def test_from_the_moment_that_is_named_one_more_is_taken_and_not_before(
    hours: list[int], most: int, days: int
) -> None:
    timetable = Timetable(quota_days=days)
    sent = [NOW - each * HOUR for each in hours]
    again = again_at(sent, most, timetable, NOW)
    if again is None:
        assert sum(each > counted_since(timetable, NOW) for each in sent) < most
        return
    assert NOW < again <= NOW + timedelta(days=days)
    assert again_at(sent, most, timetable, again) is None
    assert again_at(sent, most, timetable, again - timedelta(seconds=1)) is not None


@pytest.mark.parametrize("what", get_args(Quota))
def test_every_quota_is_a_number_of_the_timetable(what: Quota) -> None:
    assert most_of(Timetable.model_validate({f"quota_{what}": 7}), what) == 7
