"""An attempt that commits after its time limit: whichever comes first is what record and workflow say."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from models.messages import acts as a
from models.messages.reconciling import OPERATOR, Reconciliation
from models.values.refusal import Refused
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from tests.support.breaks.breaking import (
    ANSWERED_S,
    LOOK_S,
    PATIENCE_S,
    agrees_soon,
    ended_well,
)
from tests.support.breaks.faults import Faults
from tests.support.journey import STREET, JourneyDriver, codes
from tests.support.waiting import QUEUED
from workflows import policies

Begin = Callable[..., Awaitable[JourneyDriver]]
SHORT = policies.Profile(attempt=timedelta(seconds=2), altogether=timedelta(seconds=4.2))
"""Time for two attempts."""
MARKED = "SELECT 1 FROM case_trouble WHERE renovation_id=$1"
REAL = (policies.ACT, policies.STEP)
LIMITS = [
    pytest.param(SHORT, id="short"),
    pytest.param(policies.ACT, marks=pytest.mark.slow, id="real"),
]


@contextmanager
def limits(profile: policies.Profile) -> Iterator[None]:
    """These limits, for acts and for steps, until the block ends."""
    policies.ACT = policies.STEP = profile
    try:
        yield
    finally:
        policies.ACT, policies.STEP = REAL


def publish(j: JourneyDriver, name: str) -> a.PublishTender:
    return a.PublishTender(command_id=f"{j.rid}-{name}", actor=STREET)


async def refused(j: JourneyDriver, act: a.Act) -> str:
    """The code with which the act is refused, in time."""
    began = monotonic()
    with pytest.raises(Refused) as answer:
        await j.send(act)
    assert monotonic() - began < ANSWERED_S
    (code,) = codes(answer.value)
    return code


@pytest.mark.slow
@pytest.mark.parametrize("profile", LIMITS)
async def test_an_attempt_that_comes_after_the_act_was_given_up_writes_nothing(
    journey: Begin, faults: Faults, database: Database, profile: policies.Profile
) -> None:
    j = await journey()
    await j.until("publish_tender")
    held = faults.hold(j.rid, "Tenders.publish", inside=False)
    with limits(profile):
        assert await refused(j, publish(j, "late")) == "act.broken"
    before = await j.events()
    assert before[-1] == "act.broken"
    outcomes = await held.release()
    assert len(outcomes) >= 2, "an attempt that hangs is followed by another"
    for outcome in outcomes:
        assert isinstance(outcome, ApplicationError)
        assert outcome.details[0][0]["code"] == "act.broken"
    assert await j.events() == before
    del faults.held[j.rid, "Tenders.publish"]
    await agrees_soon(j, str((await j.row())["stage_workflow_id"]))
    assert await refused(j, publish(j, "late")) == "act.broken"
    await j.send(publish(j, "anew"))
    await j.until("nothing")
    await ended_well(j, database, "completed")


@pytest.mark.slow
@pytest.mark.parametrize("profile", LIMITS)
async def test_an_attempt_that_commits_before_the_act_is_given_up_is_what_was_done(
    journey: Begin, faults: Faults, database: Database, profile: policies.Profile
) -> None:
    """It holds the lock of the case: whoever gives the act up waits, and finds what it has written."""
    j = await journey()
    await j.until("publish_tender")
    held = faults.hold(j.rid, "Tenders.publish", inside=True, attempts=1)
    with limits(profile):
        assert await refused(j, publish(j, "late")) == "service.not_confirmed"
    assert "bidding.tender_published" not in await j.events()
    (outcome,) = await held.release()
    assert not isinstance(outcome, BaseException), outcome
    done = await j.send(publish(j, "late"))
    assert done.kind == "bidding.tender_published"
    assert (await j.events()).count("bidding.tender_published") == 1
    await agrees_soon(j, str((await j.row())["stage_workflow_id"]))
    await j.until("nothing")
    assert "act.broken" not in await j.events()
    await ended_well(j, database, "completed")


@pytest.mark.slow
async def test_an_attempt_that_hangs_is_followed_by_another_and_finds_its_receipt(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    await j.until("publish_tender")
    held = faults.hold(j.rid, "Tenders.publish", inside=False, attempts=1)
    assert (await j.send(publish(j, "late"))).kind == "bidding.tender_published"
    (outcome,) = await held.release()
    assert not isinstance(outcome, BaseException), outcome
    assert (await j.events()).count("bidding.tender_published") == 1
    await j.until("nothing")
    await ended_well(j, database, "completed")


@pytest.mark.slow
@pytest.mark.parametrize("inside", [pytest.param(False, marks=pytest.mark.slow), True])
async def test_a_step_of_the_engine_that_commits_late_is_taken_once(
    journey: Begin, faults: Faults, database: Database, owner: str, *, inside: bool
) -> None:
    """Before its transaction every attempt hangs, and the step is marked; inside only the first one can."""
    j = await journey()
    await j.until("bids")
    held = faults.hold(j.rid, "Tenders.open_bids", inside=inside, attempts=1 if inside else 1000)
    with limits(SHORT):
        going = asyncio.create_task(j.until("record_evaluation"))
        looked = await asyncpg.connect(owner)
        async with asyncio.timeout(PATIENCE_S):
            await held.reached.wait()
            while not await looked.fetchval(*((QUEUED,) if inside else (MARKED, j.rid))):
                await asyncio.sleep(LOOK_S)
        await looked.close()
    outcomes = await held.release()
    assert not isinstance(outcomes[0], BaseException), outcomes
    del faults.held[j.rid, "Tenders.open_bids"]
    await going
    await reconcile(j.client, j.queue, Reconciliation(renovation_id=j.rid, by=OPERATOR))
    await j.until("nothing")
    assert (await j.events()).count("bidding.bids_opened") == 1
    await ended_well(j, database, "completed")
