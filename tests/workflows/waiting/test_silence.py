"""Nobody does anything: whoever is awaited is reminded, the levels above hear of it, nothing is decided."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from models.messages import acts as a
from rules.time.lateness import LADDER
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import (
    BUREAU,
    COMMITTEE,
    CONTRACTOR,
    REACTIONS,
    STREET,
    JourneyDriver,
    complain,
    inspect,
    planned,
)
from tests.support.wanderer import too_dear

Begin = Callable[..., Awaitable[JourneyDriver]]


async def late(j: JourneyDriver) -> list[dict[str, Any]]:
    """What the record says of whoever was late, in order."""
    kinds = ("agenda.reminder_ordered", "agenda.escalated")
    found = [each for kind in kinds for each in await j.details(kind)]
    return [line for details in found for line in details["late"]]


async def waits(j: JourneyDriver, what: str) -> list[dict[str, Any]]:
    rows = await j.db.fetch(
        "SELECT * FROM case_wait WHERE renovation_id=$1 AND what=$2", j.rid, what
    )
    return [dict(row) for row in rows]


async def audiences(j: JourneyDriver, template: str) -> list[str]:
    rows = await j.db.fetch(
        "SELECT audience FROM notice WHERE renovation_id=$1 AND template=$2 ORDER BY created_at",
        j.rid,
        template,
    )
    return [str(row["audience"]) for row in rows]


async def test_a_vote_that_nobody_opens_is_reminded_of_and_goes_up_to_the_district(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("open_vote")
    (first,) = await waits(j, "open_vote")
    assert (first["consequence"], first["late_since"], first["level"]) == ("reminded", None, "")
    moved = await j.days(200)
    said = await late(j)
    assert [line["told"] for line in said] == [
        ["owners_committee"],
        ["residents_committee"],
        ["street_office"],
        ["district_bureau"],
    ]
    assert {line["late_since"] for line in said} == {first["due_at"].isoformat()}
    assert [step.to for step in moved.moves][:4] == [
        first["due_at"],
        *(datetime.fromisoformat(line["next_at"]) for line in said[:3]),
    ]
    assert await audiences(j, "act_reminded") == ["owners_committee"]
    assert await audiences(j, "act_escalated") == [
        "residents_committee",
        "street_office",
        "district_bureau",
    ]
    (last,) = await waits(j, "open_vote")
    assert (last["due_at"], last["consequence"]) == (None, "")
    assert (last["late_since"], last["level"]) == (first["due_at"], "district_bureau")
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_whoever_comes_late_still_comes(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await j.days(40)
    assert await late(j)
    await j.act(a.OpenVote, COMMITTEE)
    assert (await j.until("ballots"))["waiting_for"] == "ballots"
    assert not await waits(j, "open_vote")
    before = await late(j)
    await j.days(14)
    assert await late(j) == before, "nobody is reminded of what is done"


LONG_DAYS = 150
"""By then every level has been told."""
IN_VAIN = (
    "open_vote",
    "publish_tender",
    "record_evaluation",
    "award_contract",
    "works",
    "accept_works",
    "approve_payment",
)


async def wait_in_vain(j: JourneyDriver, what: str) -> None:
    """Nobody comes for what is awaited now, until the last level has been told."""
    before = await waits(j, what)
    assert before, what
    assert {row["consequence"] for row in before} == {"reminded"}, what
    await j.days(LONG_DAYS)
    for row in await waits(j, what):
        said = [line for line in await late(j) if line["what"] == what]
        assert (row["due_at"], row["consequence"]) == (None, ""), "nothing more happens by itself"
        assert row["level"] == LADDER[-1], what
        assert said[-1]["told"] == [LADDER[-1]], what
        assert row["late_since"].isoformat() in {line["late_since"] for line in said}


def in_vain_first(what: str) -> Callable[[JourneyDriver], Awaitable[None]]:
    async def react(j: JourneyDriver) -> None:
        await wait_in_vain(j, what)
        await REACTIONS[what](j)

    return react


@pytest.mark.slow
async def test_every_official_is_silent_at_every_wait_and_each_time_the_levels_above_hear_of_it(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    seen: list[str] = []
    for what in IN_VAIN:
        j.on(what, in_vain_first(what))
    row = await j.until("nothing")
    assert row["state"] == "completed", "whoever comes late still comes"
    for line in await late(j):
        if line["what"] not in seen:
            seen.append(line["what"])
    # A contractor who never begins is in default meanwhile, and nobody decides what follows (E36).
    awaited = [*IN_VAIN[:5], "terminate_contract", *IN_VAIN[5:]]
    assert seen == awaited
    assert len(await j.details("agenda.reminder_ordered")) == len(awaited), "each wait once"
    assert len(await j.details("inspection.standstill_noticed")) == 1
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_an_objection_that_nobody_answers_goes_up_and_the_publication_stays_open(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("objections.vote_result")
    publication, objection = await j.object_to("vote_result")
    (row,) = await waits(j, "answers")
    assert (row["subject"], row["workflow_id"].endswith(publication)) == (objection, True)
    await wait_in_vain(j, "answers")
    fields = {"publication_id": publication, "objection_id": objection, "upheld": False}
    await j.act(a.AnswerObjection, STREET, **fields, answer="it was counted twice")
    assert (await j.until("objections.share_table"))["stage"] == "cost_sharing"


@pytest.mark.slow
async def test_an_answer_in_tender_matters_is_due_in_three_days(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.candidates")
    await j.object_to("candidates")
    (row,) = await waits(j, "answers")
    assert row["due_at"] - await j.now() <= (row["due_at"] - row["since"])
    assert 3 <= (row["due_at"] - row["since"]).days <= 5, "three days, and the weekend after them"
    await wait_in_vain(j, "answers")


@pytest.mark.slow
async def test_an_item_that_nobody_inspects_is_reminded_of(journey: Begin) -> None:
    j = await journey()
    await j.until("works")
    (item, _), *_others = await planned(j)
    await j.act(a.ReportItem, CONTRACTOR, item_id=item)
    await wait_in_vain(j, "record_inspection")
    await wait_for_works(j)


@pytest.mark.slow
async def test_a_default_that_is_not_cured_awaits_a_word_and_then_a_measure(journey: Begin) -> None:
    j = await journey()
    await j.until("works")
    (item, concealed), *_others = await planned(j)
    await j.act(a.ReportItem, CONTRACTOR, item_id=item)
    if concealed:
        await inspect(j, item, "PASS", kind="concealed")
    await inspect(j, item, "FAIL")
    j.on("works", nobody)
    await j.until("terminate_contract")
    await wait_in_vain(j, "terminate_contract")
    await j.act(a.TerminateContract, BUREAU, reason="it still leaks")
    await j.until("measure_works")
    await wait_in_vain(j, "measure_works")


async def wait_for_works(j: JourneyDriver) -> None:
    (row,) = await waits(j, "works")
    assert row["level"] == LADDER[-1], "the works stood still all that time"


@pytest.mark.slow
async def test_a_gap_that_nobody_decides_on_starts_with_those_who_may(journey: Begin) -> None:
    j = await journey(content=too_dear(scheme_content()))
    await j.until("subsidy")
    await wait_in_vain(j, "subsidy")
    told = [line["told"] for line in await late(j) if line["what"] == "subsidy"]
    assert told == [["street_office"], ["district_bureau"]]
    await j.act(a.GrantSubsidy, BUREAU, amount_fen=500, reason="late, but still")
    assert (await j.until("objections.share_table"))["stage"] == "cost_sharing"


@pytest.mark.slow
async def test_a_collection_that_nobody_decides_on_goes_up(journey: Begin) -> None:
    j = await journey()
    j.on("payments", nobody)
    await j.until("decide_collection")
    await wait_in_vain(j, "decide_collection")


# carries E1
async def test_a_scheme_that_nobody_revises_is_shelved_when_no_vote_could_follow(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("ballots", everyone_says_no)
    await j.until("revise_scheme")
    (end,) = await waits(j, "votes")
    await wait_in_vain(j, "revise_scheme")
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    assert row["closed_at"] == end["due_at"]
    (closed,) = await j.details("renovation.closed")
    assert closed["reason"] == "vote_limit_reached"


@pytest.mark.slow
async def test_two_tenders_that_nobody_wants_await_an_approval_that_nobody_gives(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("bids", nobody)
    await j.until("approve_direct_award")
    await wait_in_vain(j, "approve_direct_award")


@pytest.mark.slow
async def test_a_complaint_that_no_level_answers_is_late_at_the_top(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    ticket = await complain(j)
    await j.days(LONG_DAYS)
    (row,) = [row for row in await waits(j, "answer") if row["subject"] == ticket]
    assert (row["who"], row["due_at"], row["consequence"]) == ("level_city", None, "")
    assert row["late_since"] is not None
    assert await audiences(j, "act_reminded") == ["level_city", "owners_committee"]


async def nobody(_j: JourneyDriver) -> None:
    """Nothing is done."""


async def everyone_says_no(j: JourneyDriver) -> None:
    await j.cast("no")
