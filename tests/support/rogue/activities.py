"""Whoever polls the queues of activities at Temporal's frontend, beside our workers or in their place.

It gives itself out for our build: what polls as another one, or as none, gets no task of ours. It has the
engine and nothing else: neither database nor keys.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.deployment.v1 import WorkerDeploymentOptions
from temporalio.api.enums.v1 import WorkerVersioningMode
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
    RecordActivityTaskHeartbeatRequest,
    RespondActivityTaskCanceledRequest,
    RespondActivityTaskCompletedRequest,
    RespondActivityTaskFailedRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from models.messages.ids import bulk_queue
from runtime.engine.builds import deployment_of

ROGUE = "rogue"
POLLERS = 16
"""So many tasks it asks for at once."""
AT_ONCE = timedelta(milliseconds=20)
"""After that what it gives back comes again, to whomever asks then."""
Task = PollActivityTaskQueueResponse
Answer = Callable[[Client, Task], Awaitable[None]]
"""What is done with a task that was taken."""


class Taken:
    """The tasks that it got, by the names of their activities."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._one = asyncio.Event()

    def note(self, task: Task) -> None:
        self.names.append(task.activity_type.name)
        self._one.set()

    async def one(self) -> None:
        """Return when it has got and answered one."""
        async with asyncio.timeout(60):
            await self._one.wait()


def answered(**extra: Any) -> dict[str, Any]:
    return {"identity": ROGUE, **extra}


def says(result: object) -> Answer:
    """It is done, and this came of it."""

    async def answer(client: Client, task: Task) -> None:
        payloads = await client.data_converter.encode([result])
        await complete(client, task, payloads)

    return answer


async def says_rubbish(client: Client, task: Task) -> None:
    """It is done, and what came of it nobody can read."""
    rubbish = Payload(metadata={"encoding": b"json/plain"}, data=b"{not json")
    await complete(client, task, [rubbish])


async def complete(client: Client, task: Task, payloads: list[Payload]) -> None:
    asked = RespondActivityTaskCompletedRequest(
        **answered(namespace=client.namespace, task_token=task.task_token),
        result=Payloads(payloads=payloads),
    )
    await client.workflow_service.respond_activity_task_completed(asked)


def fails(type_: str, message: str, details: object = None) -> Answer:
    """An error that is not to be tried again, of this type: "Refused", "Broken", "NotYet", or none of ours."""

    async def answer(client: Client, task: Task) -> None:
        said = [] if details is None else await client.data_converter.encode([details])
        info = ApplicationFailureInfo(
            type=type_, non_retryable=True, details=Payloads(payloads=said)
        )
        await fail(client, task, Failure(message=message, application_failure_info=info))

    return answer


async def fail(client: Client, task: Task, failure: Failure) -> None:
    asked = RespondActivityTaskFailedRequest(
        **answered(namespace=client.namespace, task_token=task.task_token), failure=failure
    )
    await client.workflow_service.respond_activity_task_failed(asked)


async def gives_back(client: Client, task: Task) -> None:
    """An error that is tried again: the next worker gets the task."""
    info = ApplicationFailureInfo(type="Later")
    info.next_retry_delay.FromTimedelta(AT_ONCE)
    await fail(client, task, Failure(message="later", application_failure_info=info))


async def beats(client: Client, task: Task) -> None:
    """It says that it is at work, and never that it is done, for as long as the engine believes it."""
    asked = RecordActivityTaskHeartbeatRequest(
        **answered(namespace=client.namespace, task_token=task.task_token),
        details=Payloads(payloads=await client.data_converter.encode(["nearly there"])),
    )
    try:
        while True:
            await client.workflow_service.record_activity_task_heartbeat(asked)
            await asyncio.sleep(0.5)
    except RPCError:
        return


async def says_cancelled(client: Client, task: Task) -> None:
    """It was cancelled, though nobody has asked for that."""
    asked = RespondActivityTaskCanceledRequest(
        **answered(namespace=client.namespace, task_token=task.task_token)
    )
    await client.workflow_service.respond_activity_task_canceled(asked)


@asynccontextmanager
async def answering(
    client: Client,
    queue: str,
    build: str,
    answer: Answer,
    of: Callable[[Task], bool],
    *,
    bulk: bool = False,
) -> AsyncIterator[Taken]:
    """Take activity tasks as `build` and answer those that are `of` interest; give the others back.

    `bulk` is for those of a row per resident, which have a queue of their own.
    """
    options = WorkerDeploymentOptions(
        deployment_name=deployment_of(queue),
        build_id=build,
        worker_versioning_mode=WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED,
    )
    taken = Taken()

    async def work() -> None:
        while True:
            task = await client.workflow_service.poll_activity_task_queue(
                PollActivityTaskQueueRequest(
                    namespace=client.namespace,
                    task_queue=TaskQueue(name=bulk_queue(queue) if bulk else queue),
                    identity=ROGUE,
                    deployment_options=options,
                )
            )
            if not task.task_token:
                continue
            if not of(task):
                await gives_back(client, task)
                continue
            await answer(client, task)
            taken.note(task)

    working = [asyncio.create_task(work()) for _ in range(POLLERS)]
    try:
        yield taken
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
