"""The same means against what is beside the journey: publications, complaints, the schedule, and who works."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace as changed
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.command.v1 import Command, CompleteWorkflowExecutionCommandAttributes
from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentOptions, WorkerDeploymentVersion
from temporalio.api.enums.v1 import CommandType, VersioningBehavior, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentVersionRequest,
    PollWorkflowTaskQueueRequest,
    RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskFailedRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import (
    Client,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.messages.feedback import TicketInput
from models.messages.ids import publication_workflow_id, ticket_workflow_id
from models.messages.reconciling import Fault, Reconciliation
from models.values.actor import Role
from runtime.database import Database
from runtime.engine.builds import deployment_of, make_current
from runtime.engine.reconciliation import schedule_name, schedule_reconciliation
from runtime.engine.routing import other_builds, schedule_finding
from tests.support.journey import BUREAU, actor, complain
from tests.support.processes.servers import plain_client
from tests.support.signed.driver import SignedDriver
from tests.support.waiting import begun
from tests.workflows.attacks.test_means import MAYOR, at, ends_well, repaired, replace, reset

ROGUE = "rogue"
POLLERS = 8
"""So many tasks a rogue asks for at once where others ask too."""
Means = Callable[[SignedDriver, WorkflowHandle[Any, Any]], Awaitable[object]]


async def ended(
    handle: WorkflowHandle[Any, Any], *, woken: bool = False
) -> WorkflowExecutionStatus:
    """How it ended; `woken` gives it something to do until then: queues hear later who works."""
    async with asyncio.timeout(60):
        while True:
            if woken:
                with suppress(RPCError):
                    await handle.signal("go_on")
            status = (await handle.describe()).status
            if status is not None and status is not WorkflowExecutionStatus.RUNNING:
                return status
            await asyncio.sleep(0.2)


async def terminated(_j: SignedDriver, handle: WorkflowHandle[Any, Any]) -> None:
    await handle.terminate("mine now")


async def cancelled(_j: SignedDriver, handle: WorkflowHandle[Any, Any]) -> None:
    await handle.cancel()
    await ended(handle)


async def started_elsewhere(j: SignedDriver, handle: WorkflowHandle[Any, Any]) -> None:
    await replace(j, "TicketWorkflow", None, handle.id, "nobodys")


async def was_reset(j: SignedDriver, handle: WorkflowHandle[Any, Any]) -> None:
    """It begins from the record, where all stands that it has done: nothing is to be healed."""
    await reset(j.client, handle.id)


@pytest.mark.slow
@pytest.mark.parametrize("means", [terminated, cancelled, started_elsewhere, was_reset])
async def test_a_complaint_goes_on_whatever_is_done_to_its_workflow(
    journey: Any, database: Database, means: Means
) -> None:
    j = await at(journey, "open_vote")
    ticket = await complain(j)
    await means(j, j.client.get_workflow_handle(ticket_workflow_id(j.rid, ticket)))
    found = await repaired(j)
    if means is not was_reset:
        fault = Fault.IMPOSTOR if means is started_elsewhere else Fault.LOST
        assert (f"/ticket/{ticket}", fault) in found
    await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
    resident = actor(Role.OWNER, "unit:101")
    await j.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=True)
    assert await j.value("SELECT state FROM ticket WHERE renovation_id=$1") == "closed"
    await ends_well(j, database)


@pytest.mark.slow
@pytest.mark.parametrize("means", [terminated, cancelled, started_elsewhere, was_reset])
async def test_a_publication_goes_on_whatever_is_done_to_its_workflow(
    journey: Any, database: Database, means: Means
) -> None:
    j = await at(journey, "objections.share_table")
    name = await j.value("SELECT id FROM publication WHERE renovation_id=$1 AND state='open'")
    workflow_id = publication_workflow_id(j.rid, str(name))
    await means(j, j.client.get_workflow_handle(workflow_id))
    faults = dict(await repaired(j))
    if means is not was_reset:
        assert faults.get(f"/publication/{name}") in {Fault.LOST, Fault.IMPOSTOR}, faults
    await ends_well(j, database)
    assert (await j.events()).count("publication.opened") >= 1


@pytest.mark.slow
async def test_a_complaint_of_nobody_is_started_in_vain(journey: Any, database: Database) -> None:
    j = await at(journey, "open_vote")
    before = await j.seq()
    given = TicketInput(renovation_id=j.rid, ticket_id="t-invented", clock="told")
    handle = await j.client.start_workflow(
        "TicketWorkflow", given, id=ticket_workflow_id(j.rid, "t-invented"), task_queue=j.queue
    )
    with pytest.raises(Exception, match=r"."):
        await handle.execute_update(
            a.ResolveTicket.name,
            a.ResolveTicket(
                command_id="x", actor=MAYOR, ticket_id="t-invented", answer="it is done"
            ),
            id="x",
        )
    assert await j.seq() == before
    await handle.terminate()
    await ends_well(j, database)


@asynccontextmanager
async def rogue_worker(
    client: Client, queue: str, build: str = ROGUE, said: object = None, to: str = ""
) -> AsyncIterator[None]:
    """Takes workflow tasks as a build, and answers each: the workflow has ended, and well.

    `said` is its result; what is not of a workflow whose id begins with `to` is given back.
    """
    options = WorkerDeploymentOptions(
        deployment_name=deployment_of(queue),
        build_id=build,
        worker_versioning_mode=WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED,
    )
    service, namespace = client.workflow_service, client.namespace
    payloads = [] if said is None else await client.data_converter.encode([said])
    done = Command(
        command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
        complete_workflow_execution_command_attributes=CompleteWorkflowExecutionCommandAttributes(
            result=Payloads(payloads=payloads)
        ),
    )

    async def work() -> None:
        while True:
            task = await service.poll_workflow_task_queue(
                PollWorkflowTaskQueueRequest(
                    namespace=namespace,
                    task_queue=TaskQueue(name=queue),
                    identity=ROGUE,
                    deployment_options=options,
                )
            )
            if not task.task_token:
                continue
            answer: dict[str, Any] = {
                "namespace": namespace,
                "task_token": task.task_token,
                "identity": ROGUE,
            }
            if not task.workflow_execution.workflow_id.startswith(to):
                await service.respond_workflow_task_failed(
                    RespondWorkflowTaskFailedRequest(**answer, deployment_options=options)
                )
                continue
            await service.respond_workflow_task_completed(
                RespondWorkflowTaskCompletedRequest(
                    **answer,
                    commands=[done],
                    deployment_options=options,
                    versioning_behavior=VersioningBehavior.VERSIONING_BEHAVIOR_AUTO_UPGRADE,
                )
            )

    working = [asyncio.create_task(work()) for _ in range(POLLERS if to else 1)]
    try:
        await until_known(client, queue, build)
        yield
    finally:
        for each in working:
            each.cancel()


def rogue_version(queue: str, build: str = ROGUE) -> WorkerDeploymentVersion:
    return WorkerDeploymentVersion(deployment_name=deployment_of(queue), build_id=build)


async def until_known(client: Client, queue: str, build: str) -> None:
    asked = DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace, deployment_version=rogue_version(queue, build)
    )
    async with asyncio.timeout(30):
        while True:
            try:
                found = await client.workflow_service.describe_worker_deployment_version(asked)
            except RPCError:
                found = None
            if found is not None and found.version_task_queues:
                return
            await asyncio.sleep(0.1)


async def current(j: SignedDriver, _workflow_id: str) -> None:
    await j.client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=j.client.namespace,
            deployment_name=deployment_of(j.queue),
            build_id=ROGUE,
            ignore_missing_task_queues=True,
        )
    )


async def a_share(j: SignedDriver, _workflow_id: str) -> None:
    await j.client.workflow_service.set_worker_deployment_ramping_version(
        SetWorkerDeploymentRampingVersionRequest(
            namespace=j.client.namespace,
            deployment_name=deployment_of(j.queue),
            build_id=ROGUE,
            percentage=100,
            ignore_missing_task_queues=True,
        )
    )


async def pinned(j: SignedDriver, workflow_id: str) -> None:
    asked = UpdateWorkflowExecutionOptionsRequest(
        namespace=j.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id),
        workflow_execution_options=WorkflowExecutionOptions(
            versioning_override=VersioningOverride(
                pinned=VersioningOverride.PinnedOverride(
                    behavior=VersioningOverride.PinnedOverrideBehavior.PINNED_OVERRIDE_BEHAVIOR_PINNED,
                    version=rogue_version(j.queue),
                )
            )
        ),
    )
    asked.update_mask.paths.append("versioning_override")
    await j.client.workflow_service.update_workflow_execution_options(asked)


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["journey", "stage"])
@pytest.mark.parametrize("way", [current, a_share, pinned])
async def test_work_that_was_given_to_a_rogue_build_is_taken_back_and_healed(
    journey: Any,
    database: Database,
    way: Callable[[SignedDriver, str], Awaitable[None]],
    whose: str,
) -> None:
    j = await at(journey, "open_vote")
    before, build = await j.seq(), j.parts.settings.build_id
    name = j.handle.id if whose == "journey" else str((await j.row())["stage_workflow_id"])
    handle = j.client.get_workflow_handle(name)
    await begun(handle)
    try:
        async with rogue_worker(j.client, j.queue):
            await way(j, name)
            assert await ended(handle, woken=True) is WorkflowExecutionStatus.COMPLETED
            told = await other_builds(j.client, j.queue, build)
            assert told == (() if way is pinned else (ROGUE,))
        assert await j.seq() == before
    finally:
        await make_current(j.client, j.queue, build)
    assert await other_builds(j.client, j.queue, build) == ()
    faults = [fault for _, fault in await repaired(j)]
    assert {Fault.LOST, Fault.DIFFERS} & set(faults), faults
    await ends_well(j, database)


async def deleted(client: Client, queue: str) -> Fault:
    await client.get_schedule_handle(schedule_name(queue)).delete()
    return Fault.LOST


async def paused(client: Client, queue: str) -> Fault:
    await client.get_schedule_handle(schedule_name(queue)).pause(note="a slip")
    return Fault.DIFFERS


async def seldom(client: Client, queue: str) -> Fault:
    def later(given: ScheduleUpdateInput) -> ScheduleUpdate:
        (when,) = given.description.schedule.spec.intervals
        given.description.schedule.spec.intervals = [changed(when, every=timedelta(days=365))]
        return ScheduleUpdate(schedule=given.description.schedule)

    await client.get_schedule_handle(schedule_name(queue)).update(later)
    return Fault.DIFFERS


async def elsewhere(client: Client, queue: str) -> Fault:
    def there(given: ScheduleUpdateInput) -> ScheduleUpdate:
        given.description.schedule.action.task_queue = "nobodys"  # type: ignore[attr-defined]
        return ScheduleUpdate(schedule=given.description.schedule)

    await client.get_schedule_handle(schedule_name(queue)).update(there)
    return Fault.DIFFERS


async def only_told(client: Client, queue: str) -> Fault:
    def dry(given: ScheduleUpdateInput) -> ScheduleUpdate:
        given.description.schedule.action.args = [Reconciliation(dry_run=True)]  # type: ignore[attr-defined]
        return ScheduleUpdate(schedule=given.description.schedule)

    await client.get_schedule_handle(schedule_name(queue)).update(dry)
    return Fault.DIFFERS


async def test_a_schedule_that_was_touched_is_found_and_made_anew(env: WorkflowEnvironment) -> None:
    client, queue = await plain_client(env), "touched"
    await schedule_reconciliation(client, queue)
    assert await schedule_finding(client, queue, dry_run=True) == ()
    for touch in (deleted, paused, seldom, elsewhere, only_told):
        fault = await touch(client, queue)
        for dry_run in (True, False):
            (found,) = await schedule_finding(client, queue, dry_run=dry_run)
            assert (found.workflow_id, found.fault) == (schedule_name(queue), fault), touch
        assert await schedule_finding(client, queue, dry_run=True) == (), touch
    await client.get_schedule_handle(schedule_name(queue)).delete()
