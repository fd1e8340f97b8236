"""What the record answers for: rows that were changed, added or taken away without an event are named."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from typing import Any

import asyncpg
import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import CaseHold, Payment, Relief, Scheme, Ticket
from models.values.base import Carried
from models.values.states import TicketState
from proof.tables import VERDICTS, Kind
from runtime.database import Database
from runtime.record.audit import audit
from runtime.record.audit.tables import BadRow
from runtime.record.heads import Heads
from runtime.record.journal import Journal, Recorded
from tests.support.estate import make_renovation

NUMBERS = count(1)
ANOTHER = """
INSERT INTO relief SELECT renovation_id, '1-2', kind, amount_fen, approved_by, funded_by
FROM relief WHERE renovation_id = $1
"""


class Done(Carried):
    """A result."""

    ok: bool = True


def a_ticket(rid: str, name: str, now: datetime) -> Ticket:
    return Ticket(
        id=f"{rid}.{name}",
        renovation_id=rid,
        command_id=f"{rid}-{name}",
        kind="noise",
        text="夜间施工",
        unit_number=None,
        confidential=False,
        level="grid",
        state=TicketState.OPEN,
        opened_at=now,
        due_at=now,
        reopened=0,
    )


def a_scheme(rid: str, now: datetime) -> Scheme:
    return Scheme(
        renovation_id=rid,
        version=1,
        title="屋面",
        content={"items": []},
        budget_fen=1,
        created_at=now,
    )


def a_payment(rid: str, number: int, now: datetime) -> dict[str, object]:
    return {
        "id": f"{rid}.p{number}",
        "renovation_id": rid,
        "command_id": f"{rid}-p{number}",
        "unit_number": f"1-{number}",
        "amount_fen": 100 + number,
        "source": "owner",
        "received_at": now,
    }


async def write(
    database: Database, rid: str, kind: str, *rows: Any, heads: Heads | None = None
) -> None:
    """One event with rows: objects are added, of a callable the statements are done."""

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Done]:
        for row in rows:
            made = row(now) if callable(row) else row
            if isinstance(made, list):
                await session.execute(insert(Payment), made)
            elif hasattr(made, "__table__") and hasattr(made, "_sa_instance_state"):
                session.add(made)
            else:
                await session.execute(made)
        return Recorded(Done(), {})

    command = Command(command_id=f"{rid}-{next(NUMBERS)}", renovation_id=rid)
    await Journal(database, heads).record(command, kind, None, inside, Done)


@pytest.fixture
async def tampering(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser with the triggers switched off."""
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture
async def rid(database: Database, tampering: asyncpg.Connection) -> str:
    """A case with a scheme, tickets, payments and a relief, whose record is clean."""
    name = f"t{next(NUMBERS)}"
    await make_renovation(database, rid=name)
    # An opening writes its scheme itself.
    await tampering.execute("DELETE FROM scheme WHERE renovation_id = $1", name)
    await write(database, name, "renovation.opened", lambda now: a_scheme(name, now))
    await write(
        database, name, "test.opened", *(lambda now, n=n: a_ticket(name, n, now) for n in "ab")
    )
    moved = update(Ticket).where(Ticket.renovation_id == name).values(level="street")
    await write(database, name, "test.moved", moved)
    await write(
        database, name, "test.paid", lambda now: [a_payment(name, each, now) for each in (1, 2)]
    )
    relief = Relief(
        renovation_id=name,
        unit_number="1-1",
        kind="reduction",
        amount_fen=5,
        approved_by="a",
        funded_by="b",
    )
    await write(database, name, "test.relieved", relief)
    report = await audit(database, name)
    assert report.ok, report
    assert report.rows == 2 + 1 + 1 + 1
    return name


@pytest.mark.parametrize(
    ("change", "table", "key", "seq", "reason"),
    [
        ("UPDATE ticket SET text = 'x' WHERE id = $1 || '.a'", "ticket", "{}.a", 3, "changed"),
        (
            "UPDATE ticket SET satisfied = true WHERE id = $1 || '.b'",
            "ticket",
            "{}.b",
            3,
            "changed",
        ),
        ("DELETE FROM ticket WHERE id = $1 || '.a'", "ticket", "{}.a", 3, "missing"),
        (
            "UPDATE payment SET amount_fen = 1 WHERE id = $1 || '.p1'",
            *("payment", "", 4, "changed"),
        ),
        ("DELETE FROM payment WHERE renovation_id = $1", "payment", "", 4, "changed"),
        (
            ANOTHER,
            *("relief", "{}/1-2/reduction", 5, "unrecorded"),
        ),
        (
            "UPDATE renovation SET state = 'completed' WHERE id = $1",
            "renovation",
            "state",
            5,
            "told",
        ),
        (
            "UPDATE renovation SET suspended_at = now() WHERE id = $1",
            *("renovation", "suspended_at", 5, "told"),
        ),
        (
            """UPDATE renovation SET rests = '[["2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"]]' WHERE id = $1""",
            *("renovation", "rests", 5, "told"),
        ),
    ],
)
async def test_a_row_without_its_event_is_named(
    database: Database,
    tampering: asyncpg.Connection,
    rid: str,
    change: str,
    table: str,
    key: str,
    seq: int,
    reason: str,
) -> None:
    await tampering.execute(change, rid)
    report = await audit(database, rid)
    named = key.format(rid)
    assert report.bad_rows == (
        BadRow(renovation_id=rid, table=table, key=named, seq=seq, reason=reason),
    )
    assert not report.ok


async def test_a_hash_of_a_row_that_was_changed_in_the_event_breaks_the_chain(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute(
        "UPDATE event SET row_hashes = jsonb_set(row_hashes, '{payment}', to_jsonb(repeat('0', 64)))"
        " WHERE renovation_id = $1 AND seq = 4",
        rid,
    )
    report = await audit(database, rid)
    assert [(bad.seq, bad.reason) for bad in report.bad] == [(4, "hash")]


async def test_a_row_that_was_taken_away_by_an_act_is_not_missed(
    database: Database, rid: str
) -> None:
    await write(database, rid, "test.held", CaseHold(renovation_id=rid, name="h", set_by="a"))

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Done]:
        row = await session.get(CaseHold, (rid, "h"))
        assert row is not None
        await session.delete(row)
        return Recorded(Done(), {})

    command = Command(command_id=f"{rid}-freed", renovation_id=rid)
    await Journal(database).record(command, "test.freed", None, inside, Done)
    report = await audit(database, rid)
    assert report.ok, report


async def test_the_audit_reads_every_table_whose_rows_events_carry(database: Database) -> None:
    async with database.driver() as connection:
        names = await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p') AND n.nspname IN ('public', 'private', 'person_keys')"
        )
    there = {row["relname"] for row in names} - {"alembic_version"}
    assert there == set(VERDICTS)
    assert sum(verdict.kind is Kind.DIGESTED for verdict in VERDICTS.values()) > 30
