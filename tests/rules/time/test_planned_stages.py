"""The plan of a case's stages: the periods of its timetable, one after the other, each in full."""

import itertools
from datetime import UTC, date, datetime

from models.values.states import Stage
from models.values.timetable import Timetable, calendar_days
from rules.time.course import course, planned_stages
from runtime.calendars import chinese_calendar

ENTERED = datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_stage_begins_when_the_one_before_is_over_and_works_have_no_plan() -> None:
    plan = planned_stages(ENTERED, Timetable(), chinese_calendar())
    assert [each.stage for each in plan] == [Stage.VOTING, Stage.COST_SHARING, Stage.BIDDING]
    assert plan[0].begins_on == date(2026, 3, 2)
    for earlier, later in itertools.pairwise(plan):
        assert 0 <= (later.begins_on - earlier.ends_on).days <= 1
        assert earlier.days > 0


def test_a_longer_period_moves_what_follows_and_nothing_before_it() -> None:
    plan = planned_stages(ENTERED, Timetable(), chinese_calendar())
    slow = Timetable(scheme_publication=calendar_days(37))
    longer = planned_stages(ENTERED, slow, chinese_calendar())
    assert longer[0] == plan[0]
    assert (longer[1].ends_on - plan[1].ends_on).days >= 30
    assert longer[2].begins_on > plan[2].begins_on


def test_the_plan_is_the_calendar_that_a_convener_saw_behind_the_time_to_announce_the_vote() -> (
    None
):
    at_once = Timetable(vote_opening=calendar_days(0))
    seen = course(ENTERED, date(2027, 6, 1), Timetable(), chinese_calendar())
    plan = planned_stages(ENTERED, at_once, chinese_calendar())
    tendered = max(each.ends_on for each in seen.steps if each.stage is Stage.BIDDING)
    assert 0 <= (plan[2].ends_on - tendered).days <= 1
