import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.registry import build_activities
from runtime.database import Database
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.servers import time_skipping
from workflows.registry import WORKFLOWS

QUEUE = "gongjian-test"


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """One time-skipping server a module: it has a single clock."""
    async with time_skipping() as running:
        yield running


@pytest.fixture(scope="module")
async def client(env: WorkflowEnvironment, database: Database) -> AsyncIterator[Client]:
    async with Worker(
        env.client,
        task_queue=QUEUE,
        workflows=WORKFLOWS,
        activities=build_activities(database),
    ):
        yield env.client


@pytest.fixture
async def journey(
    env: WorkflowEnvironment, client: Client, database: Database, owner: str
) -> AsyncIterator[Callable[..., Awaitable[JourneyDriver]]]:
    """Begin a renovation of 12 units; arguments go to `make_renovation`."""
    connections: list[asyncpg.Connection] = []

    async def begin(**options: object) -> JourneyDriver:
        rid = f"r{uuid.uuid4().hex[:12]}"
        await make_renovation(database, rid=rid, **options)
        connection = await asyncpg.connect(owner)
        connections.append(connection)
        driver = JourneyDriver(env, client, connection, rid, QUEUE)
        await driver.start()
        return driver

    yield begin
    await asyncio.gather(*(connection.close() for connection in connections))
