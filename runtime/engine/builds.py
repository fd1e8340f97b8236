"""Which build of the workers works: Temporal gives tasks to the current one only.

A worker says its build at every poll. Until a build is made current, no workflow task reaches it: so
whoever starts workers (`gongjian up`, the deploy step) calls `make_current` when they poll.
"""

import asyncio

from temporalio.api.deployment.v1 import WorkerDeploymentInfo, WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentVersionRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.messages.ids import bulk_queue
from models.values.refusal import refusal

LOOK_S = 0.1
"""Pause between two looks at what the server knows of a build."""
NOT_YET = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION})
"""The server has not heard of the build, or misses a queue of it: workers are still starting."""
KINDS = ("", "workflow", "activity")


def deployment_of(task_queue: str) -> str:
    """The name under which the builds of a task queue's workers are known to the server.

    Installations that share a namespace have queues of their own, and switch apart from each other.
    A "." or ":" in the name would end a worker (server 1.32).
    """
    return task_queue.replace(".", "-").replace(":", "-")


async def make_current(
    client: Client, task_queue: str, build_id: str, timeout_s: float = 60
) -> bool:
    """Send new and running workflows to the workers of this build; False: they go there already.

    Waits for workers of the build on the task queue and on its bulk queue, because without them
    every workflow would wait; returns when the server has told all queues. Workflows that ran on
    workers without a build are taken over. A build that lacks a queue of the current one is refused
    by the server, and no flag of ours overrides that: what is scheduled there would never be done.
    Another build that was given a share of the work beside it gets none any more.

    Raises:
        Refused: `temporal.build_not_current` when `timeout_s` passed; the reason is the last obstacle.
    """
    reason = "?"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    reason = await _obstacle(client, task_queue, build_id)
                    if not reason:
                        changed = await _set_current(client, task_queue, build_id)
                        changed |= await _end_shares(client, task_queue)
                        await _until_told(client, task_queue)
                        return changed
                except RPCError as error:
                    if error.status not in NOT_YET:
                        raise
                    reason = error.message
                await asyncio.sleep(LOOK_S)
    except TimeoutError as error:
        raise refusal(
            "temporal.build_not_current", where=build_id, build=build_id, reason=reason
        ) from error


async def current_build(client: Client, task_queue: str) -> str:
    """The build that works now; empty when it is the workers without one.

    Raises:
        RPCError: not found, when no worker with a build ever polled.
    """
    info = await _deployment(client, task_queue)
    return info.routing_config.current_deployment_version.build_id


async def builds_at_work(client: Client, task_queue: str) -> set[str]:
    """The builds that are given work: the current one, and one that was given a share beside it.

    Raises:
        RPCError: not found, when no worker with a build ever polled.
    """
    routes = (await _deployment(client, task_queue)).routing_config
    shares = routes.ramping_version_percentage > 0
    ramping = {routes.ramping_deployment_version.build_id} if shares else set()
    return {routes.current_deployment_version.build_id, *ramping}


async def _obstacle(client: Client, task_queue: str, build_id: str) -> str:
    """The queues of the build that no worker polls yet; empty when it may be made current."""
    version = WorkerDeploymentVersion(deployment_name=deployment_of(task_queue), build_id=build_id)
    answer = await client.workflow_service.describe_worker_deployment_version(
        DescribeWorkerDeploymentVersionRequest(
            namespace=client.namespace, deployment_version=version
        )
    )
    polled = {(queue.name, queue.type) for queue in answer.version_task_queues}
    wanted = (
        (task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (task_queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        (bulk_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    )
    missing = [f"{name} ({KINDS[kind]})" for name, kind in wanted if (name, kind) not in polled]
    return f"no worker polls {', '.join(missing)}" if missing else ""


async def _set_current(client: Client, task_queue: str, build_id: str) -> bool:
    """Set it, whether it is or not; whether anything changed."""
    answer = await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment_of(task_queue),
            build_id=build_id,
            identity=client.identity,
        )
    )
    return answer.previous_deployment_version.build_id != build_id


async def _end_shares(client: Client, task_queue: str) -> bool:
    """All work goes to the current build; whether another one had a share of it."""
    routes = (await _deployment(client, task_queue)).routing_config
    if not routes.ramping_version_percentage:
        return False
    await client.workflow_service.set_worker_deployment_ramping_version(
        SetWorkerDeploymentRampingVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment_of(task_queue),
            build_id="",
            percentage=0,
            identity=client.identity,
        )
    )
    return True


async def _until_told(client: Client, task_queue: str) -> None:
    """Return when every partition of the queues sends its tasks by the new rule."""
    telling = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
    while True:
        told = await _deployment(client, task_queue)
        if told.routing_config_update_state != telling:
            return
        await asyncio.sleep(LOOK_S)


async def _deployment(client: Client, task_queue: str) -> WorkerDeploymentInfo:
    answer = await client.workflow_service.describe_worker_deployment(
        DescribeWorkerDeploymentRequest(
            namespace=client.namespace, deployment_name=deployment_of(task_queue)
        )
    )
    return answer.worker_deployment_info
