"""An office says whose turn it is: another one is awaited and reminded, with the full time."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.timetable import Timetable
from rules.time import lateness
from runtime.calendars import chinese_calendar
from tests.support.journey import COMMITTEE, STREET, JourneyDriver, codes
from tests.support.wanderer import assert_agrees

Begin = Callable[..., Awaitable[JourneyDriver]]
LINE = "SELECT who, due_at, late_since FROM case_wait WHERE renovation_id=$1 AND what='open_vote'"


@pytest.mark.slow
async def test_whoever_it_is_put_to_has_the_full_time_and_is_reminded(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    before = await j.db.fetchrow(LINE, j.rid)
    await j.move("next")
    assert (await j.db.fetchrow(LINE, j.rid))["late_since"] == before["due_at"]
    to = {"act": "open_vote", "role": "residents_committee", "reason": "the committee has resigned"}
    await j.act(a.ReassignAct, STREET, **to)
    line = await j.db.fetchrow(LINE, j.rid)
    assert (line["who"], line["late_since"]) == ("residents_committee", None)
    full = lateness.due("open_vote", await j.now(), Timetable(), chinese_calendar())
    assert line["due_at"] == full
    assert (await j.row())["due_at"] == line["due_at"]
    (said,) = await j.details("renovation.act_reassigned")
    assert said["was_with"] == before["who"].split(", ")
    await j.parts.clocks.settle(j.rid)
    await assert_agrees(j)
    await j.move("next")
    reminded = (await j.details("agenda.reminder_ordered"))[-1]["late"][0]
    assert (reminded["late_since"], reminded["told"]) == (
        line["due_at"].isoformat(),
        ["residents_committee"],
    )
    with pytest.raises(Refused) as refused:
        await j.act(a.ReassignAct, STREET, **to)
    assert codes(refused.value) == ["oversight.awaited_already"]
    await j.act(a.ReassignAct, STREET, **{**to, "role": "owners_committee"})
    await j.act(a.OpenVote, COMMITTEE)
    await j.until("ballots")
    await assert_agrees(j)


@pytest.mark.slow
async def test_it_is_put_to_nobody_who_may_not_do_it(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    for act, role, code in (
        ("open_vote", "district_bureau", "role_may_not"),
        ("stage", "street_office", "role_may_not"),
        ("publish_tender", "street_office", "not_awaited"),
    ):
        with pytest.raises(Refused) as refused:
            await j.act(a.ReassignAct, STREET, act=act, role=role, reason="so")
        assert codes(refused.value) == [f"oversight.{code}"]
