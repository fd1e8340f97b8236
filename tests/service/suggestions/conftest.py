from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest

from tests.support.channels import grant_roles
from tests.support.suggestions import Suggestions

Make = Callable[..., Awaitable[str]]


@pytest.fixture
async def case(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Suggestions:
    """A case in real time, before its vote."""
    made = await renovation()
    await grant_roles(sql)
    return Suggestions(http, sql, made, "")


@pytest.fixture
async def estate(case: Suggestions) -> Suggestions:
    """An estate in which no case runs any more."""
    await case.sql.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", case.rid)
    return case
