import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from tests.support.estate import make_renovation
from tests.support.votes.portal import portal_settings

KEY = "0f" * 32
BIDS_KEY = "8b" * 32


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    return Settings(
        database_url=database.url,
        credential_key=KEY,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        bids_key=BIDS_KEY,
        counts_age_s=0,  # what a test has just done is counted
        # Nobody listens there: what these tests are about needs no Temporal.
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
        **portal_settings(),
    )


@pytest.fixture(scope="module")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def sql(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


@pytest.fixture
async def renovation(database: Database) -> Callable[..., Awaitable[str]]:
    async def make(**options: Any) -> str:
        return await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}", **options)

    return make
