"""Builds of workers, on the real server: who gets tasks, who is waited for, and who is taken over."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from models.messages.ids import bulk_queue
from models.values.refusal import Refused
from runtime.engine.builds import current_build, deployment_of, make_current
from runtime.engine.workers import build_workers, run_together
from runtime.settings import Settings
from tests.support.processes.servers import dev_server, plain_client

SOON = timedelta(seconds=30)


@activity.defn
async def queue_of_mine() -> str:
    return activity.info().task_queue


@workflow.defn(name="Asks", sandboxed=False)
class Asks:
    """Asks on both queues who works there, once it is told to."""

    def __init__(self) -> None:
        self.told = False

    @workflow.signal
    def go(self) -> None:
        self.told = True

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: self.told)
        own = workflow.info().task_queue
        return [
            await workflow.execute_activity(
                queue_of_mine, task_queue=queue, start_to_close_timeout=SOON
            )
            for queue in (own, bulk_queue(own))
        ]


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with dev_server() as running:
        yield running


@pytest.fixture
async def client(env: WorkflowEnvironment) -> Client:
    return await plain_client(env)


@pytest.fixture
def settings() -> Settings:
    """An installation of its own, by its queue."""
    key = "0f" * 32
    return Settings(
        database_url="postgresql://nobody/asks",
        credential_key=key,
        receipt_key=key,
        task_queue=f"queue.{uuid.uuid4().hex[:8]}",
        build_id="one",
    )


def workers(client: Client, settings: Settings, build: str = "one") -> tuple[Worker, Worker]:
    of = settings.model_copy(update={"build_id": build})
    return build_workers(client, of, [Asks], [queue_of_mine])


async def test_a_current_build_works_on_both_queues(client: Client, settings: Settings) -> None:
    queue = settings.task_queue
    async with run_together(workers(client, settings)):
        assert await make_current(client, queue, "one")
        assert not await make_current(client, queue, "one")
        handle = await client.start_workflow(
            Asks.run, id=queue, task_queue=queue, start_signal="go"
        )
        assert await handle.result() == [queue, f"{queue}-bulk"]


async def test_a_build_without_workers_is_not_made_current(
    client: Client, settings: Settings
) -> None:
    queue = settings.task_queue
    async with run_together(workers(client, settings)):
        await make_current(client, queue, "one")
        with pytest.raises(Refused) as refused:
            await make_current(client, queue, "two", timeout_s=1)
        assert await current_build(client, queue) == "one"
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("temporal.build_not_current", "two")


async def test_a_build_whose_bulk_worker_is_missing_is_not_made_current(
    client: Client, settings: Settings
) -> None:
    queue = settings.task_queue
    async with run_together(workers(client, settings)[:1]):
        with pytest.raises(Refused) as refused:
            await make_current(client, queue, "one", timeout_s=3)
    (problem,) = refused.value.problems
    assert str(problem.params["reason"]) == f"no worker polls {queue}-bulk (activity)"


async def test_a_running_workflow_goes_on_with_the_build_that_is_made_current(
    client: Client, settings: Settings
) -> None:
    queue = settings.task_queue
    async with run_together(workers(client, settings, "two")):
        async with run_together(workers(client, settings)):
            await make_current(client, queue, "one")
            handle = await client.start_workflow(Asks.run, id=queue, task_queue=queue)
            await handle.query("__stack_trace")
            await make_current(client, queue, "two")
        await handle.signal(Asks.go)
        assert await handle.result() == [queue, f"{queue}-bulk"]


async def test_a_workflow_of_workers_without_a_build_is_taken_over(
    client: Client, settings: Settings
) -> None:
    queue = settings.task_queue
    before = Worker(
        client,
        task_queue=queue,
        workflows=[Asks],
        activities=[queue_of_mine],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with run_together([before]):
        handle = await client.start_workflow(Asks.run, id=queue, task_queue=queue)
        await handle.query("__stack_trace")
    async with run_together(workers(client, settings)):
        await make_current(client, queue, "one")
        await handle.signal(Asks.go)
        assert await handle.result() == [queue, f"{queue}-bulk"]


def test_the_name_of_a_deployment_has_no_dot_and_no_colon() -> None:
    assert deployment_of("gongjian") == "gongjian"
    assert deployment_of("a.b:c") == "a-b-c"
