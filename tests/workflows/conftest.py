import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.registry import build_activities
from runtime.database import Database
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.servers import plain_client, time_skipping
from workflows.registry import WORKFLOWS

QUEUE = "gongjian-test"


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """One time-skipping server a module: it has a single clock."""
    async with time_skipping() as running:
        yield running


@pytest.fixture(scope="module")
async def client(env: WorkflowEnvironment, database: Database) -> AsyncIterator[Client]:
    plain = await plain_client(env)
    async with Worker(
        plain,
        task_queue=QUEUE,
        workflows=WORKFLOWS,
        activities=build_activities(database, BOX_KEYS),
    ):
        yield plain


@pytest.fixture
async def journey(
    env: WorkflowEnvironment, client: Client, database: Database, owner: str
) -> AsyncIterator[Callable[..., Awaitable[JourneyDriver]]]:
    """Begin a renovation of 12 units; arguments go to `make_renovation`."""
    drivers: list[JourneyDriver] = []

    async def begin(**options: object) -> JourneyDriver:
        rid = f"r{uuid.uuid4().hex[:12]}"
        await make_renovation(database, rid=rid, **options)
        driver = JourneyDriver(env, client, await asyncpg.connect(owner), rid, QUEUE)
        drivers.append(driver)
        await driver.start()
        return driver

    yield begin
    for driver in drivers:
        await driver.db.close()
