"""Databases of before the ticks, and what the migrations make of them."""

import secrets
from collections.abc import AsyncIterator

import pytest

from runtime.migrate import upgrade
from tests.conftest import TestPostgres
from tests.support.files.before import REVISION, Copy, Place, load, opened


@pytest.fixture(scope="module")
async def of_then(postgres: TestPostgres) -> AsyncIterator[Copy]:
    """Makes databases of then, as it was left; returns their names."""
    template = f"before_{secrets.token_hex(4)}"
    made = [template]
    await postgres.create(template)
    upgrade(postgres.at(postgres.urls.owner, template), REVISION)
    await load(postgres.at(postgres.urls.admin, template))

    async def copy() -> str:
        name = f"before_{secrets.token_hex(4)}"
        await postgres.create(name, template)
        made.append(name)
        return name

    yield copy
    for name in reversed(made):
        await postgres.drop(name)


@pytest.fixture(scope="module")
async def today(postgres: TestPostgres, of_then: Copy) -> AsyncIterator[Place]:
    """Brought up to today's revision; its tests only read."""
    name = await of_then()
    upgrade(postgres.at(postgres.urls.owner, name))
    async with opened(postgres, name) as place:
        yield place


@pytest.fixture
async def own(postgres: TestPostgres, of_then: Copy) -> AsyncIterator[Place]:
    """Another one, for a test that writes."""
    name = await of_then()
    upgrade(postgres.at(postgres.urls.owner, name))
    async with opened(postgres, name) as place:
        yield place
