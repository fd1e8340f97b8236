from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.refusal import Refused
from models.values.waits import Wait
from rules.time.told_clock import (
    awaited_now,
    days_after,
    fell_due,
    next_moment,
    parse_moment,
    refuse_going_back,
    refuse_going_too_far,
)

ZONE = "Asia/Shanghai"
NOW = datetime(2025, 3, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.integers(-5, 20).map(lambda days: NOW + days * DAY)
WAITS = st.lists(
    st.builds(
        Wait,
        what=st.sampled_from(["ballots", "answer", "rectification"]),
        since=st.none() | MOMENTS,
        due_at=st.none() | MOMENTS,
        who=st.sampled_from(["", "owners"]),
        consequence=st.sampled_from(["", "box_closed"]),
    ),
    max_size=6,
)


@given(WAITS)
def test_a_move_to_the_next_moment_passes_nothing(waits: list[Wait]) -> None:
    goal = next_moment(waits, NOW)
    moments = [m for wait in waits for m in (wait.since, wait.due_at) if m and m > NOW]
    if goal is None:
        assert not moments
        return
    assert goal == min(moments)
    between = [m for m in moments if NOW < m < goal]
    assert not between
    assert fell_due(waits, NOW, goal), "something ends or begins where the clock stops"


@given(WAITS)
def test_moving_on_and_on_comes_to_every_moment_and_to_an_end(waits: list[Wait]) -> None:
    now, seen = NOW, []
    while (goal := next_moment(waits, now)) is not None:
        now = goal
        seen.append(goal)
    wanted = {m for wait in waits for m in (wait.since, wait.due_at) if m and m > NOW}
    assert seen == sorted(wanted)


def test_a_box_that_opens_is_awaited_from_its_opening_on() -> None:
    box = Wait(what="ballots", since=NOW + DAY, due_at=NOW + 9 * DAY, who="owners")
    assert awaited_now([box], NOW) is None
    assert awaited_now([box], NOW + DAY) == box
    assert next_moment([box], NOW) == NOW + DAY
    assert fell_due([box], NOW, NOW + DAY) == (box,)


def test_nobody_is_awaited_by_an_objection_window() -> None:
    window = Wait(what="objections.candidates", due_at=NOW + DAY, consequence="publication_closed")
    assert awaited_now([window], NOW) is None


def test_a_date_is_nine_in_the_morning_there() -> None:
    assert parse_moment("2025-03-03", ZONE) == NOW
    assert parse_moment("2025-03-03T18:00+08:00", ZONE) == datetime(2025, 3, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2025-02-30", "2025-13-01", "20250303", "2025-03-03T18:00", "9" * 40]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_moment(text, ZONE)
    assert [problem.code for problem in refused.value.problems] == ["clock.date_invalid"]


def test_days_keep_the_time_of_day_of_the_place() -> None:
    assert days_after(NOW, 3, ZONE) == NOW + 3 * DAY
    # Summer time begins in Madrid on 30 March 2025: three days are an hour shorter there.
    before = datetime(2025, 3, 29, 8, tzinfo=UTC)
    assert days_after(before, 3, "Europe/Madrid") == datetime(2025, 4, 1, 7, tzinfo=UTC)


def test_a_clock_does_not_go_back() -> None:
    refuse_going_back(NOW, NOW, ZONE)
    with pytest.raises(Refused) as refused:
        refuse_going_back(NOW - DAY, NOW, ZONE)
    (problem,) = refused.value.problems
    assert problem.code == "clock.backwards"
    assert problem.params == {"now": "2025-03-03 09:00", "to": "2025-03-02 09:00"}


def test_a_clock_stays_in_the_years_in_which_periods_can_be_added() -> None:
    refuse_going_too_far(parse_moment("2200-12-31", ZONE))
    with pytest.raises(Refused) as refused:
        refuse_going_too_far(parse_moment("2201-01-02", ZONE))
    assert refused.value.problems[0].code == "clock.too_far"
