import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.database import Database
from service.parts import Parts
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
"""A Monday, nine in the morning in China."""


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A real Temporal server for the module."""
    async with dev_server() as running:
        yield running


Served = tuple[Parts, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def served(env: WorkflowEnvironment, database: Database) -> AsyncIterator[Served]:
    """The whole service, and the worker as the product runs it."""
    async with serving(env, database) as opened:
        yield opened


@pytest.fixture(scope="module")
def parts(served: Served) -> Parts:
    return served[0]


@pytest.fixture(scope="module")
def http(served: Served) -> httpx.AsyncClient:
    return served[1]


@pytest.fixture
async def journey(
    parts: Parts, http: httpx.AsyncClient, database: Database, owner: str
) -> AsyncIterator[Callable[..., Awaitable[JourneyDriver]]]:
    """Begin a told case of 12 units; arguments go to `make_renovation`."""
    drivers: list[JourneyDriver] = []

    async def begin(
        kind: Callable[..., JourneyDriver] = JourneyDriver, **options: Any
    ) -> JourneyDriver:
        rid = f"r{uuid.uuid4().hex[:12]}"
        await make_renovation(database, rid=rid, **{"told_at": OPENED_AT, **options})
        driver = kind(parts, http, await asyncpg.connect(owner), rid)
        drivers.append(driver)
        await driver.start()
        return driver

    yield begin
    for driver in drivers:
        await driver.db.close()
