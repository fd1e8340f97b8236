"""A renovation stands still, its periods with it, and goes on with the time that each had left (E6)."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver, codes
from tests.support.record.told import assert_the_record_tells_the_rows
from tests.support.slow import some_are_slow
from tests.support.wanderer import assert_agrees, assert_every_wait_has_an_end

Begin = Callable[..., Awaitable[JourneyDriver]]
STOPS: dict[str, Any] = {
    "ground": "court",
    "document": "(2025) no. 7",
    "reason": "a suit was filed",
}
MOMENTS = """
SELECT 'wait ' || w.workflow_id || w.what || w.subject AS name, w.due_at AS at FROM case_wait w
  WHERE w.renovation_id = $1 UNION ALL
SELECT 'case', due_at FROM renovation WHERE id = $1 UNION ALL
SELECT 'opens ' || id, opens_at FROM ballot_box WHERE renovation_id = $1 UNION ALL
SELECT 'closes ' || id, closes_at FROM ballot_box WHERE renovation_id = $1 UNION ALL
SELECT 'posted ' || id, closes_at FROM publication WHERE renovation_id = $1 UNION ALL
SELECT 'bids ' || id, deadline_at FROM tender WHERE renovation_id = $1 UNION ALL
SELECT 'start ' || id, start_by FROM contract WHERE renovation_id = $1 UNION ALL
SELECT 'part ' || unit_number || number, due_at FROM instalment WHERE renovation_id = $1"""
WAITS = "SELECT what, due_at, since FROM case_wait WHERE renovation_id=$1 ORDER BY what"


async def suspend(j: JourneyDriver) -> datetime:
    done = await j.act(a.SuspendRenovation, STREET, **STOPS)
    assert done.kind == "renovation.suspended"
    return await j.now()


async def resume(j: JourneyDriver) -> datetime:
    done = await j.act(a.ResumeRenovation, BUREAU, reason="the suit was withdrawn")
    assert done.kind == "renovation.resumed"
    await j.parts.clocks.settle(j.rid)
    return await j.now()


async def test_a_vote_that_stands_still_takes_no_ballot_and_closes_later(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("ballots")
    await j.move("to", to=(await j.box())["opens_at"].isoformat())
    assert await j.cast("yes", 0.5) > 0
    before = {row["what"]: row["due_at"] for row in await j.db.fetch(WAITS, j.rid)}
    opens_at, closes_at = (await j.box())["opens_at"], (await j.box())["closes_at"]
    since = await suspend(j)
    await assert_every_wait_has_an_end(j)
    assert [row["what"] for row in await j.db.fetch(WAITS, j.rid)] == ["resume_renovation"]
    unit = (await j.units())[-1]
    motions = [motion["id"] for motion in json.loads((await j.box())["motions"])]
    choices = dict.fromkeys(motions, "yes")
    refused = await j.post("/ballots", j.voter(unit), unit_number=unit, choices=choices)
    assert (refused.status_code, refused.json()["code"]) == (409, "voting.box_suspended")
    await j.days(20)
    assert await j.now() > closes_at, "the old close is over, and nothing came of it"
    assert (await j.box())["state"] == "suspended"
    assert (await audit(database, j.rid)).ok
    rested = await resume(j) - since
    assert rested >= timedelta(days=20)
    box = await j.box()
    assert (box["state"], box["opens_at"], box["closes_at"]) == (
        "open",
        opens_at,
        closes_at + rested,
    )
    assert (await audit(database, j.rid)).ok
    after = {row["what"]: row["due_at"] for row in await j.db.fetch(WAITS, j.rid)}
    assert after == {name: due and due + rested for name, due in before.items()}
    await assert_agrees(j)
    await j.until("objections.vote_result")
    closed = await j.value(
        "SELECT happened_at FROM event WHERE renovation_id=$1 AND kind='voting.box_closed'"
    )
    assert closed == closes_at + rested
    await j.until("payments")
    assert (await audit(database, j.rid)).ok


@pytest.mark.parametrize(
    ("word", "further"),
    [
        ("objections.vote_result", "payments"),
        *some_are_slow(
            ("open_vote", "ballots"),
            ("payments", "publish_tender"),
            ("bids", "award_contract"),
            ("objections.candidates", "award_contract"),
            ("sign_contract", "works"),
            ("works", "approve_payment"),
        ),
    ],
)
async def test_whatever_runs_or_is_awaited_in_a_stage_rests(
    journey: Begin, word: str, further: str
) -> None:
    j = await journey()
    await j.until(word)
    before = await moments(j)
    since = await suspend(j)
    await j.days(40)
    await assert_agrees(j)
    rested = await resume(j) - since
    assert await moments(j) == {
        name: at + rested if at > since else at for name, at in before.items()
    }
    await assert_agrees(j)
    await j.until(further)
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id=$1")


async def moments(j: JourneyDriver) -> dict[str, datetime]:
    """Every end of a period that the agenda or a row of the case has."""
    rows = await j.db.fetch(MOMENTS, j.rid)
    return {row["name"]: row["at"] for row in rows if row["at"] is not None}


async def test_nothing_of_the_procedure_is_done_meanwhile(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await suspend(j)
    for act, who, fields, code in (
        (a.OpenVote, COMMITTEE, {}, "renovation.suspended"),
        (a.SuspendRenovation, BUREAU, STOPS, "oversight.suspended"),
    ):
        with pytest.raises(Refused) as refused:
            await j.act(act, who, **fields)
        assert codes(refused.value) == [code]
    await j.act(a.CorrectRenovation, STREET, title="As it is called", reason="mistyped")
    await resume(j)
    with pytest.raises(Refused) as again:
        await j.act(a.ResumeRenovation, STREET, reason="once more")
    assert codes(again.value) == ["oversight.not_suspended"]


@pytest.mark.slow
async def test_while_a_tender_stands_still_no_bid_is_taken(journey: Begin) -> None:
    j = await journey()
    await j.until("bids")
    await suspend(j)
    with pytest.raises(AssertionError, match=r"renovation\.suspended"):
        await j.bid(1_000)


@pytest.mark.slow
async def test_a_renovation_whose_works_are_done_is_not_suspended(journey: Begin) -> None:
    j = await journey()
    await j.until("survey")
    with pytest.raises(Refused) as refused:
        await j.act(a.SuspendRenovation, STREET, **STOPS)
    assert codes(refused.value) == ["oversight.other_stage"]


async def test_whoever_should_resume_it_is_reminded_and_then_the_level_above(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("ballots")
    await suspend(j)
    awaited_until = await j.value("SELECT due_at FROM renovation WHERE id=$1")
    for _ in range(2):
        await j.move("next")
    reminded = await j.details("agenda.reminder_ordered")
    escalated = await j.details("agenda.escalated")
    assert [each["late"][0]["what"] for each in (*reminded, *escalated)] == [
        "resume_renovation"
    ] * 2
    assert reminded[0]["late"][0]["late_since"] == awaited_until.isoformat()
    assert escalated[0]["late"][0]["told"] == ["district_bureau"]


async def test_what_stands_still_may_be_cancelled(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    await suspend(j)
    await j.act(a.CancelRenovation, STREET, reason="the court has annulled it")
    row = await j.until("nothing")
    assert (row["state"], row["suspended_at"]) == ("cancelled", None)
    assert not (await assert_the_record_tells_the_rows(j)).suspended


@pytest.mark.slow
async def test_what_is_paid_up_while_it_stands_still_is_counted_when_it_goes_on(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("payments")
    deadline = (await j.row())["due_at"]
    await suspend(j)
    await j.pay()
    assert "cost_sharing.collection_counted" not in await j.events()
    await resume(j)
    (counted,) = await j.details("cost_sharing.collection_counted")
    assert counted["collected_fen"] == counted["due_fen"]
    assert await j.now() < deadline, "nobody waits for a deadline before which all have paid"
