import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.counter import Counter
from tests.support.box import BOX_KEY
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.servers import dev_server
from worker import build_worker

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
"""A Monday, nine in the morning in China."""


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server for the module."""
    async with dev_server() as running:
        yield running


@pytest.fixture(scope="module")
def settings(env: WorkflowEnvironment, database: Database) -> Settings:
    return Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        box_key=BOX_KEY,
        temporal_address=env.client.service_client.config.target_host,
    )


@pytest.fixture(scope="module")
async def http(
    env: WorkflowEnvironment, database: Database, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    """The whole service, and the worker as the product runs it."""
    app = create_app(settings)
    api = app.api  # type: ignore[attr-defined]
    async with (
        build_worker(env.client, database, settings),
        api.router.lifespan_context(api),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", timeout=60
        ) as client,
    ):
        client.counter = api.state.counter  # type: ignore[attr-defined]
        yield client


@pytest.fixture(scope="module")
def counter(http: httpx.AsyncClient) -> Counter:
    return http.counter  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
async def journey(
    counter: Counter, http: httpx.AsyncClient, database: Database, owner: str
) -> AsyncIterator[Callable[..., Awaitable[JourneyDriver]]]:
    """Begin a told case of 12 units; arguments go to `make_renovation`."""
    drivers: list[JourneyDriver] = []

    async def begin(**options: object) -> JourneyDriver:
        rid = f"r{uuid.uuid4().hex[:12]}"
        await make_renovation(database, rid=rid, **{"told_at": OPENED_AT, **options})
        driver = JourneyDriver(counter, http, await asyncpg.connect(owner), rid)
        drivers.append(driver)
        await driver.start()
        return driver

    yield begin
    for driver in drivers:
        await driver.db.close()
