"""An office gives more time: the agenda, the row and the workflow have the new end, and keep it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.timetable import Timetable, calendar_days
from rules.time.deadlines import deadline
from runtime.calendars import chinese_calendar
from tests.support.journey import STREET, JourneyDriver, codes
from tests.support.slow import some_are_slow
from tests.support.wanderer import assert_agrees

Begin = Callable[..., Awaitable[JourneyDriver]]
WAIT = "SELECT due_at FROM case_wait WHERE renovation_id=$1 AND what=$2"


def ten_days_after(end: datetime) -> datetime:
    last = end - timedelta(microseconds=1)
    return deadline(last, calendar_days(10), chinese_calendar(), Timetable().zone)


@pytest.mark.parametrize(
    ("word", "row", "after"),
    [
        (
            "objections.vote_result",
            "SELECT max(closes_at) FROM publication",
            "voting.result_declared",
        ),
        *some_are_slow(("bids", "SELECT max(deadline_at) FROM tender", "bidding.bids_opened")),
    ],
)
async def test_what_is_posted_or_tendered_ends_later(
    journey: Begin, word: str, row: str, after: str
) -> None:
    j = await journey()
    await j.until(word)
    before = await j.value(WAIT, word)
    done = await j.act(a.ExtendPeriod, STREET, what=word, days=10, reason="the board fell down")
    assert done.kind == "renovation.period_extended"
    later = ten_days_after(before)
    assert later >= before + timedelta(days=10)
    assert await j.value(WAIT, word) == later
    assert await j.value(f"{row} WHERE renovation_id=$1") == later
    await j.parts.clocks.settle(j.rid)
    await assert_agrees(j)
    await j.move("to", to=later.isoformat())
    happened = f"SELECT max(happened_at) FROM event WHERE renovation_id=$1 AND kind='{after}'"
    assert await j.value(happened) == later


async def test_whoever_is_awaited_is_reminded_later(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    before = await j.value(WAIT, "open_vote")
    await j.act(a.ExtendPeriod, STREET, what="open_vote", days=10, reason="the hall burned down")
    await j.parts.clocks.settle(j.rid)
    await assert_agrees(j)
    await j.move("next")
    (reminded,) = await j.details("agenda.reminder_ordered")
    assert reminded["late"][0]["late_since"] == ten_days_after(before).isoformat()


@pytest.mark.slow
async def test_what_has_an_extension_of_its_own_or_is_not_awaited_is_refused(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("ballots")
    for what, code in (("ballots", "not_extendable"), ("sign_contract", "not_awaited")):
        with pytest.raises(Refused) as refused:
            await j.act(a.ExtendPeriod, STREET, what=what, days=3, reason="so")
        assert codes(refused.value) == [f"oversight.{code}"]
