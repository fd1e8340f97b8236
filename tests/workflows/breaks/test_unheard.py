"""What a comparison of record and engine makes of a workflow that has not heard yet, or cannot be asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.healing import believing, reconciling
from activities.healing.comparing import execution_of
from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey
from models.messages.reconciling import OPERATOR, Fault, Reconciliation
from runtime.database import Database
from runtime.engine.builds import deployment_of
from runtime.engine.reconciliation import reconcile
from runtime.engine.starting import start_renovation
from tests.support.breaks.breaking import PATIENCE_S
from tests.support.breaks.faults import Faults
from tests.support.signed.driver import SignedDriver
from tests.workflows.attacks.test_means import ends_well
from workflows.renovation import RenovationWorkflow

Begin = Callable[..., Awaitable[SignedDriver]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "step", "written", "then"),
    [
        ("bids", "Tenders.open_bids", "bidding.bids_opened", "record_evaluation"),
        (
            "objections.candidates",
            "Publications.close",
            "publication.close_looked_at",
            "award_contract",
        ),
    ],
    ids=["its own", "of its publication"],
)
async def test_a_worker_that_died_after_its_commit_is_no_reason_to_stop_its_workflow(
    journey: Begin,
    faults: Faults,
    database: Database,
    before: str,
    step: str,
    written: str,
    then: str,
) -> None:
    """The step is under way for the engine until its time is over; meanwhile the record is ahead."""
    j = await journey(SignedDriver)
    await j.until(before)
    so_far = (await j.events()).count(written)
    stage = j.client.get_workflow_handle(str((await j.row())["stage_workflow_id"]))
    run_id = (await stage.describe()).run_id
    held = faults.hold(j.rid, step, inside=False, attempts=1, after=True)
    going = asyncio.create_task(j.until(then))
    async with asyncio.timeout(PATIENCE_S):
        await held.reached.wait()
    assert (await j.events()).count(written) == so_far + 1
    report = await reconcile(j.client, j.queue, Reconciliation(renovation_id=j.rid, by=OPERATOR))
    assert not report.findings
    await going
    described = await stage.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    assert described.run_id == run_id
    await held.release()
    await ends_well(j, database)


@pytest.mark.slow
async def test_a_repair_that_dies_before_the_start_is_finished_by_the_next_try(
    journey: Begin, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has stopped the workflow and has said so on the record: the next one finds one that was stopped."""
    j = await journey(SignedDriver)
    await j.until("works")
    start, fault_of = start_renovation, believing.fault_of
    died = list[str]()

    async def differs_at_first(*given: Any) -> Fault | None:
        return await fault_of(*given) if died else Fault.DIFFERS

    async def dies_at_first(*given: Any) -> None:
        if not died:
            died.append("the worker is gone")
            raise ConnectionError(died[0])
        await start(*given)

    monkeypatch.setattr(reconciling, "fault_of", differs_at_first)
    monkeypatch.setattr(reconciling, "start_renovation", dies_at_first)
    report = await reconcile(j.client, j.queue, Reconciliation(renovation_id=j.rid, by=OPERATOR))
    assert died
    assert Fault.NOT_MENDED not in {each.fault for each in report.findings}, report.findings
    assert (await j.events()).count("case.repaired") == 1
    await ends_well(j, database)


async def taken_for_current(client: Client, version: WorkerDeploymentVersion) -> None:
    """Tasks go to this worker, as soon as the server has heard of it."""
    asked = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace,
        deployment_name=version.deployment_name,
        build_id=version.build_id,
        ignore_missing_task_queues=True,
    )
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(RPCError):
                await client.workflow_service.set_worker_deployment_current_version(asked)
                return
            await asyncio.sleep(0.1)


@workflow.defn(name="RenovationWorkflow")
class LostTask:
    """Of our name; each of its tasks fails, as those of a worker that is killed again and again."""

    @workflow.run
    async def run(self, _given: Journey) -> None:
        raise RuntimeError("its worker is gone")


@asynccontextmanager
async def worker_of(env: WorkflowEnvironment, carried: type, build: str) -> AsyncIterator[None]:
    """A worker that is the current one of the queue `late`."""
    version = WorkerDeploymentVersion(deployment_of("late"), build)
    async with Worker(
        env.client,
        task_queue="late",
        workflows=[carried],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=WorkerDeploymentConfig(
            version=version,
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        ),
    ):
        await taken_for_current(env.client, version)
        yield


async def refuses_queries(handle: WorkflowHandle[Any, Any]) -> None:
    """Return when Temporal answers no query of it, as its task has failed too often."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await handle.query("progress_now", rpc_timeout=timedelta(seconds=1))
            except RPCError as error:
                if error.status is RPCStatusCode.FAILED_PRECONDITION:
                    return
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["it comes late", "its task was lost before"])
async def test_a_workflow_whose_worker_comes_late_is_not_taken_for_a_strange_one(
    env: WorkflowEnvironment, database: Database, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    short = timedelta(milliseconds=300)
    monkeypatch.setattr(believing, "LOOKS", (short, short, timedelta(seconds=PATIENCE_S)))
    monkeypatch.setattr(believing, "BETWEEN_S", 0.1)
    handle = await env.client.start_workflow(
        RenovationWorkflow.run,
        Journey(renovation_id="alone"),
        id=renovation_workflow_id("alone"),
        task_queue="late",
    )
    if lost:
        async with worker_of(env, LostTask, "a"):
            await refuses_queries(handle)
    found = await execution_of(env.client, handle.id)
    looking = asyncio.create_task(believing.fault_of(env.client, database, "alone", found, "late"))
    await asyncio.sleep(1)
    assert not looking.done()
    async with worker_of(env, RenovationWorkflow, "b"):
        assert await looking is None
    await handle.terminate()
