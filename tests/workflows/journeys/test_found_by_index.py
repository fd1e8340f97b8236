"""A whole journey asks for nothing that the database would look for in every row of every case."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from runtime.database import Database
from tests.support.journey import JourneyDriver
from tests.support.pages.statements import Statements
from tests.support.plans import scanned

ASKED = 100
"""At least so many different statements: fewer mean that nobody listened."""


@pytest.mark.slow
async def test_a_journey_reads_no_large_table_from_end_to_end(
    journey: Callable[..., Awaitable[JourneyDriver]], database: Database, owner: str
) -> None:
    statements = Statements(database.engine, of_requests=False)
    j = await journey()
    await j.until("nothing")
    assert len(statements.texts) > ASKED
    connection = await asyncpg.connect(owner)
    found = await scanned(connection, statements.texts)
    await connection.close()
    assert found == []
