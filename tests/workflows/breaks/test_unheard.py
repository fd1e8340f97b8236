"""What a comparison of record and engine makes of a workflow that has not heard yet, or cannot be asked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.healing import believing
from activities.healing.comparing import execution_of
from models.messages.ids import renovation_workflow_id
from models.messages.reconciling import OPERATOR, Reconciliation
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from tests.support.breaks.breaking import PATIENCE_S
from tests.support.breaks.faults import Faults
from tests.support.signed.driver import SignedDriver
from tests.workflows.attacks.test_means import ends_well

Begin = Callable[..., Awaitable[SignedDriver]]


@pytest.mark.slow
async def test_a_worker_that_died_after_its_commit_is_no_reason_to_stop_its_workflow(
    journey: Begin, faults: Faults, database: Database
) -> None:
    """The step is under way for the engine until its time is over; meanwhile the record is ahead."""
    j = await journey(SignedDriver)
    await j.until("bids")
    stage = j.client.get_workflow_handle(str((await j.row())["stage_workflow_id"]))
    run_id = (await stage.describe()).run_id
    held = faults.hold(j.rid, "Tenders.open_bids", inside=False, attempts=1, after=True)
    going = asyncio.create_task(j.until("record_evaluation"))
    async with asyncio.timeout(PATIENCE_S):
        await held.reached.wait()
    assert "bidding.bids_opened" in await j.events()
    report = await reconcile(j.client, j.queue, Reconciliation(renovation_id=j.rid, by=OPERATOR))
    assert not report.findings
    await going
    described = await stage.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    assert described.run_id == run_id
    await held.release()
    await ends_well(j, database)


@pytest.mark.slow
async def test_a_workflow_that_cannot_be_asked_is_not_taken_for_a_strange_one(
    env: WorkflowEnvironment, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody polls its queue, as when every worker is away."""
    monkeypatch.setattr(believing, "PATIENCE", timedelta(milliseconds=500))
    handle = await env.client.start_workflow(
        "RenovationWorkflow", id=renovation_workflow_id("alone"), task_queue="empty"
    )
    found = await execution_of(env.client, handle.id)
    assert found.runs
    assert await believing.fault_of(env.client, database, "alone", found, "empty") is None
    await handle.terminate()
