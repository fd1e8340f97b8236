"""Two readings of "N days before", and a signature that is judged by its deadline."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue

from models.values.timetable import Timetable, calendar_days, working_days
from rules.bidding import clocks
from rules.bidding.award import signature
from rules.oversight import counted_from, rested
from rules.time.deadlines import deadline
from runtime.calendars import chinese_calendar

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = chinese_calendar()
CLOSING = datetime(2026, 4, 21, 10, tzinfo=CHINA)


def test_a_change_leaves_the_bidders_fifteen_whole_days() -> None:
    assert clocks.clarify_until(CLOSING, Timetable(), CALENDAR) == datetime(
        2026, 4, 6, tzinfo=CHINA
    ), "the end of the 5th; by the other reading the 6th would do"


def test_an_objection_may_come_on_the_tenth_day_before_the_deadline() -> None:
    assert clocks.object_until(CLOSING, Timetable(), CALENDAR) == datetime(
        2026, 4, 12, tzinfo=CHINA
    ), "the end of the 11th; the other reading would take that day from the bidders"


@pytest.mark.parametrize(
    ("day", "hour", "passed"), [(12, 23, True), (13, 1, False)], ids=["last day", "day after"]
)
def test_a_signature_within_working_days_is_judged_by_its_deadline(
    day: int, hour: int, passed: bool
) -> None:
    # Awarded on Tuesday 28 April 2026; the holidays of May are no working days, 9 May is one.
    decision = signature(
        value_fen=100,
        bid_fen=100,
        performance_bond_fen=0,
        retention_permille=0,
        awarded_at=datetime(2026, 4, 28, 10, tzinfo=CHINA),
        signed_at=datetime(2026, 5, day, hour, tzinfo=CHINA),
        timetable=Timetable(contract_signing=working_days(8)),
        calendar=CALENDAR,
    )
    (found,) = [check for check in decision.checks if check.code == "bidding.contract_signing"]
    assert (found.passed, decision.passed) == (passed, passed)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        # Counted from ten days later the thirty days end after the national holiday, else in it.
        (datetime(2026, 9, 8, 9, tzinfo=CHINA), datetime(2026, 9, 18, 9, tzinfo=CHINA)),
        # Only a part of a day: the announced end is no midnight.
        (datetime(2026, 9, 8, 9, tzinfo=CHINA), datetime(2026, 9, 8, 19, tzinfo=CHINA)),
        (datetime(2026, 9, 8, 9, tzinfo=CHINA), datetime(2026, 9, 9, 12, tzinfo=CHINA)),
    ],
    ids=["over-a-holiday", "ten-hours", "a-day-and-three-hours"],
)
@pytest.mark.parametrize("late", [False, True])
def test_after_a_suspension_what_was_announced_decides_whether_a_signature_is_late(
    since: datetime, until: datetime, late: bool
) -> None:
    awarded_at, calendar = datetime(2026, 9, 3, 10, tzinfo=CHINA), chinese_calendar()
    timetable = Timetable(contract_signing=calendar_days(30))
    rests: list[JsonValue] = [[since.isoformat(), until.isoformat()]]
    announced = rested(
        deadline(awarded_at, timetable.contract_signing, calendar, timetable.zone),
        awarded_at,
        rests,
    )
    decision = signature(
        value_fen=100,
        bid_fen=100,
        performance_bond_fen=0,
        retention_permille=0,
        awarded_at=counted_from(awarded_at, rests),
        signed_at=announced + timedelta(seconds=late),
        timetable=timetable,
        calendar=calendar,
        sign_until=announced,
    )
    assert decision.passed is not late
