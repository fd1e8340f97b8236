"""An act of oversight that is under way when a stage ends: what it did can be gone on from, or undone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.breaks.breaking import PATIENCE_S, agrees_soon
from tests.support.breaks.faults import Faults
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver
from tests.support.journeys.reactions import everyone_pays, first_candidate, record_evaluation
from tests.workflows.oversight.test_annulled import BY
from tests.workflows.oversight.test_suspended import STOPS
from tests.workflows.works.test_default import refused

Begin = Callable[..., Awaitable[JourneyDriver]]


async def nobody_pays(_: JourneyDriver) -> None:
    pass


async def shelved_meanwhile(
    j: JourneyDriver, faults: Faults, step: str, act: Awaitable[a.Done]
) -> None:
    """The act is let in and holds the turn; the stage ends, and the journey hears of that before it is written."""
    held = faults.hold(j.rid, step, inside=False, attempts=1)
    going = asyncio.ensure_future(act)
    async with asyncio.timeout(PATIENCE_S):
        await held.reached.wait()
        await j.act(a.DecideCollection, COMMITTEE, decision="shelve", reason="not wanted")
        while not (await j.handle.query("progress_now"))["left"]:
            await asyncio.sleep(0.05)
        await held.release()
        await going


@pytest.mark.slow
async def test_what_stands_still_at_the_end_of_its_stages_is_resumed_and_settled(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    j.on("payments", lambda driver: driver.pay(300))
    await j.until("decide_collection")
    suspending = j.act(a.SuspendRenovation, STREET, **STOPS)
    await shelved_meanwhile(j, faults, "Oversight.suspend", suspending)
    assert (await j.row())["suspended_at"] is not None
    cancelling = j.act(a.CancelRenovation, STREET, reason="it has ended")
    assert await refused(cancelling) == ["renovation.ended"]
    await j.act(a.ResumeRenovation, STREET, reason="nothing was found")
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_what_was_annulled_at_the_end_of_its_stages_is_put_to_another_vote(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    j.on("payments", nobody_pays)
    await j.until("decide_collection")
    await shelved_meanwhile(j, faults, "Annulments.annul", j.act(a.AnnulVote, BUREAU, **BY))
    await j.until("revise_scheme")
    await j.act(a.ReviseScheme, COMMITTEE, title="a smaller scheme", reason="asked for")
    j.on("payments", everyone_pays)
    assert (await j.until("nothing"))["state"] == "completed"
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_a_candidate_that_leaves_before_the_list_is_posted_splits_nothing(
    journey: Begin, faults: Faults, database: Database
) -> None:
    """The list that is posted is without it, so the contract is awarded after one publication."""
    j = await journey()
    await j.until("record_evaluation")
    held = faults.hold(j.rid, "Publications.open", inside=False, attempts=1)
    await record_evaluation(j)
    async with asyncio.timeout(PATIENCE_S):
        await held.reached.wait()
        first = await first_candidate(j)
        await j.act(a.WithdrawCandidate, STREET, bidder_id=first, reason="no capacity")
    await held.release()
    await j.until("award_contract")
    await agrees_soon(j, str((await j.row())["stage_workflow_id"]))
    opened = [each for each in await j.details("publication.opened") if "candidates" in str(each)]
    assert len(opened) == 1
    assert (await j.until("nothing"))["state"] == "completed"
    assert (await audit(database, j.rid)).ok
