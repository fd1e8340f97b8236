"""Every workflow continues as new whenever it waits: what it carries over is all that it needs.

It is suggested after a dozen events, so that hardly any state of a journey is only lived in. The suggestion
is ours: a server that makes it so early stops its own workflows, among them those that know the builds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from service.parts import Parts
from tests.support.breaks.branches import not_cured
from tests.support.estate import scheme_content
from tests.support.journey import (
    COMMITTEE,
    CONTRACTOR,
    STREET,
    codes,
    open_when_allowed,
    planned,
)
from tests.support.limits.runs import runs_of
from tests.support.processes.late_word import LateWord
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving
from tests.support.slow import some_are_slow
from tests.support.wanderer import Begin, assert_agrees, too_dear, wander
from workflows.waiting import CaseWorkflow

MANY = range(60)
PATIENCE_S = 20
A_DOZEN = 12


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CaseWorkflow, "_is_full", after_a_dozen_events)
        async with dev_server() as running:
            yield running


def after_a_dozen_events(running: CaseWorkflow[Any, Any]) -> bool:
    return workflow.info().get_current_history_length() > A_DOZEN and running.heals()


@pytest.fixture(scope="module")
def word() -> LateWord:
    return LateWord()


@pytest.fixture(scope="module")
async def served(
    env: WorkflowEnvironment, database: Database, word: LateWord
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    async with serving(env, database, [word]) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
async def test_a_journey_by_chance_that_moves_on_at_every_wait(
    journey: Begin, database: Database, seed: int
) -> None:
    j = await wander(journey, database, seed)
    halts = "SELECT count(*) FROM event WHERE renovation_id=$1 AND kind='renovation.suspended'"
    # Beside a stage that stands still the workflow of the renovation moves on to nothing.
    assert len(await runs_of(j.client, j.handle.id)) > 1 or await j.value(halts)


@pytest.mark.slow
async def test_a_default_leads_to_a_second_contractor_in_many_runs(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await not_cured(j)
    for word in (
        "measure_works",
        "publish_tender",
        "sign_contract",
        "works",
        "survey",
        "release_retention",
    ):
        await j.until(word)
        await assert_agrees(j)
    await j.until("nothing")
    assert (await j.handle.result()).state == "completed"
    assert (await audit(database, j.rid)).ok


async def times(handle: WorkflowHandle, activity: str) -> tuple[int, int]:
    """How often the run that is on has asked for this activity, and how often that was done."""
    events = (await handle.fetch_history()).events
    asked = [
        each.event_id
        for each in events
        if each.activity_task_scheduled_event_attributes.activity_type.name == activity
    ]
    done = [e.activity_task_completed_event_attributes.scheduled_event_id for e in events]
    return len(asked), sum(each in done for each in asked)


async def held(handle: WorkflowHandle, activity: str) -> None:
    """The run that is on has asked for this activity, and its answer is held back."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            asked, done = await times(handle, activity)
            if asked > done:
                return
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_stage_that_is_about_to_move_on_can_be_cancelled(
    journey: Begin, word: LateWord
) -> None:
    j = await journey()
    row = await j.until("works")
    stage = j.client.get_workflow_handle(str(row["stage_workflow_id"]))
    with word.of("Restoring.restored"):
        # Enough for the server to suggest it; the stage looks into the record first, and waits there.
        item, _ = (await planned(j))[0]
        # Where the stage was moving on already, the report is sent again until the next run takes it.
        report = asyncio.create_task(j.act(a.ReportItem, CONTRACTOR, item_id=item))
        await held(stage, "Restoring.restored")
        await j.act(a.CancelRenovation, STREET, reason="it will be rebuilt")
        await requested(stage)
    with suppress(Refused):
        await report
    await j.until("nothing")
    assert (await j.handle.result()).state == "cancelled"
    assert (await runs_of(j.client, stage.id))[-1].last == "CANCELED"


@pytest.mark.slow
@pytest.mark.parametrize(
    "awaited",
    ["award_contract", *some_are_slow("objections.candidates", "sign_contract", "survey")],
)
async def test_a_stage_that_has_moved_on_can_be_cancelled(
    journey: Begin, database: Database, awaited: str
) -> None:
    j = await journey()
    row = await j.until(awaited)
    stage = str(row["stage_workflow_id"])
    before = len(await runs_of(j.client, stage))
    assert before > 1 or awaited == "survey"
    await j.act(a.CancelRenovation, STREET, reason="it will be rebuilt")
    await j.until("nothing")
    assert (await j.handle.result()).state == "cancelled"
    assert (await runs_of(j.client, stage))[-1].last == "CANCELED"
    assert (await audit(database, j.rid)).ok


async def requested(handle: WorkflowHandle) -> None:
    """The workflow has been asked to stop, and has dealt with it: a query is answered after that."""
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
    async with asyncio.timeout(PATIENCE_S):
        while all(each.event_type != kind for each in (await handle.fetch_history()).events):
            await asyncio.sleep(0.02)
    await handle.query("__stack_trace")


@pytest.mark.slow
async def test_a_renovation_that_was_about_to_move_on_and_is_cancelled_says_so(
    journey: Begin,
) -> None:
    j = await journey(content=too_dear(scheme_content()))
    j.on("open_vote", open_when_allowed)
    await j.until("subsidy")
    await j.act(a.DeclineSubsidy, STREET, reason="no money this year")
    await j.until("revise_scheme")
    await j.act(a.CancelRenovation, STREET, reason="it will be rebuilt")
    await j.until("objections.refunds")
    for kind, who in ((a.CancelRenovation, STREET), (a.ReviseScheme, COMMITTEE)):
        fields = {"title": "smaller"} if kind is a.ReviseScheme else {}
        with pytest.raises(Refused) as refused:
            await j.act(kind, who, reason="once more", **fields)
        assert codes(refused.value) in (["renovation.ended"], ["renovation.revision_not_asked"])
    await j.until("nothing")
