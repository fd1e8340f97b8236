"""What a payment asks about homes that have joined an item later (E19): nothing where none has."""

import json

import asyncpg
import pytest
from sqlalchemy import event

from runtime.database import Database
from runtime.ledger.payments import NewPayment
from service.residents.joinings import credit_on
from service.residents.payments import refuse_nothing_due
from service.situation import load_situation
from tests.service.residents.test_residents_write import NOW, UNIT, instalments, rid

__all__ = ["rid"]
OTHER = "1-102"


async def joined_by(sql: asyncpg.Connection, rid: str, *units: str) -> None:
    """The last version of the scheme names those who have joined its first item."""
    content = json.loads(
        await sql.fetchval(
            "SELECT content FROM scheme WHERE renovation_id = $1 ORDER BY version DESC LIMIT 1", rid
        )
    )
    content["items"][0]["payers"] = {"scope": "building", "building": "1", "joined": units}
    await sql.execute(
        "INSERT INTO scheme (renovation_id, version, title, content, budget_fen, created_at)"
        " VALUES ($1, 9, 'later', $2, 1, now())",
        *(rid, json.dumps(content)),
    )


@pytest.mark.parametrize(
    ("joined", "asked"), [((), 1), ((OTHER,), 1), ((UNIT,), 2), ((UNIT, OTHER), 2)]
)
async def test_only_the_payment_of_a_home_that_has_joined_asks_what_it_owes(
    database: Database, sql: asyncpg.Connection, rid: str, joined: tuple[str, ...], asked: int
) -> None:
    await instalments(sql, rid)
    await joined_by(sql, rid, *joined)
    situation = await load_situation(database, rid)
    payment = NewPayment(id="p", command_id="p", unit_number=UNIT, amount_fen=1, source="owner")
    statements: list[str] = []

    def noted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", noted)
    try:
        async with database.session() as session:
            found = await refuse_nothing_due(session, situation)
            await credit_on(session, situation, "p", NOW, [payment], found)
    finally:
        event.remove(engine, "before_cursor_execute", noted)
    assert found == frozenset(joined)
    assert len(statements) == asked, statements
