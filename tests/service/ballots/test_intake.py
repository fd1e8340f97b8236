"""The hot path by itself: group commit, receipts after the commit, limits, a server that is away."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr

from models.values.refusal import Refused
from runtime.ballots.sealing import Sealer
from runtime.database import Database
from service.ballots.intake import Intake
from service.ballots.receipts import IssuedReceipt
from service.bodies import CastBallot
from tests.support.box import open_box
from tests.support.estate import make_renovation

RECEIPT_KEY = SecretStr("1e" * 32)
UNITS = 40
Answer = tuple[IssuedReceipt, bool]


@pytest.fixture
async def box(database: Database, sql: asyncpg.Connection) -> tuple[str, str, list[str]]:
    """An open box: renovation, box and the unit numbers of its roll."""
    rid = f"r{uuid.uuid4().hex[:10]}"
    await make_renovation(database, rid=rid, units=UNITS)
    name = await open_box(sql, rid)
    rows = await sql.fetch("SELECT unit_number FROM roll_unit WHERE box_id=$1", name)
    return rid, name, [str(row["unit_number"]) for row in rows]


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    running = Intake(database.url, RECEIPT_KEY, queue=1_000)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def holder(owner: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else who locks the box."""
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


def ballot(unit: str, command_id: str = "") -> CastBallot:
    return CastBallot.model_validate(
        {
            "command_id": command_id or f"c-{unit}",
            "unit_number": unit,
            "choices": {"works": "yes"},
        }
    )


async def warm(intake: Intake, rid: str) -> None:
    """The roll is read and the seal is made before anybody locks the box."""
    vote = await intake.boxes.load(rid)
    (box,) = vote.boxes.values()
    await box.seals.current()


async def until_blocked(sql: asyncpg.Connection, writers: int) -> None:
    """Return when so many statements wait for the box's lock."""
    waiting = 0
    async with asyncio.timeout(20):
        while waiting < writers:
            waiting = await sql.fetchval(
                "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
            )


async def count(sql: asyncpg.Connection, box_id: str) -> int:
    return int(await sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", box_id))


async def test_nobody_has_a_receipt_before_the_commit_and_the_queue_goes_in_at_once(
    intake: Intake,
    sql: asyncpg.Connection,
    holder: asyncpg.Connection,
    box: tuple[str, str, list[str]],
) -> None:
    rid, name, units = box
    await warm(intake, rid)  # so that all of them are in the queue before the lock is released
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", name)
        casting = [asyncio.create_task(intake.cast(rid, ballot(unit))) for unit in units]
        await until_blocked(sql, 1)
        assert not any(task.done() for task in casting)
        assert await count(sql, name) == 0
    answers = await asyncio.gather(*casting)
    assert all(fresh for _, fresh in answers)
    # The transaction that wrote a row is in its xmin; each of the two writers had at most one.
    transactions = await sql.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM ballot WHERE box_id=$1", name
    )
    assert await count(sql, name) == UNITS
    assert transactions <= 2


async def test_voters_who_use_one_command_id_at_once_have_a_ballot_each(
    intake: Intake,
    sql: asyncpg.Connection,
    holder: asyncpg.Connection,
    box: tuple[str, str, list[str]],
) -> None:
    rid, name, units = box
    await warm(intake, rid)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", name)
        # Twice each: a voter's second sending is the same ballot.
        sent = [unit for unit in units for _ in range(2)]
        casting = [asyncio.create_task(intake.cast(rid, ballot(unit, "one-id"))) for unit in sent]
        await until_blocked(sql, 1)
    answers = await asyncio.gather(*casting)
    assert [receipt.stored.unit_number for receipt, _ in answers] == sent
    assert sum(fresh for _, fresh in answers) == UNITS
    assert len({receipt.stored.ballot_id for receipt, _ in answers}) == UNITS
    assert await count(sql, name) == UNITS


async def test_when_too_many_wait_the_next_one_is_told_to_come_again(
    database: Database,
    sql: asyncpg.Connection,
    holder: asyncpg.Connection,
    box: tuple[str, str, list[str]],
) -> None:
    rid, name, units = box
    small = Intake(database.url, RECEIPT_KEY, queue=1, writers=1)
    await small.start()
    await warm(small, rid)
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", name)
            first = asyncio.create_task(small.cast(rid, ballot(units[0])))
            await until_blocked(sql, 1)
            rest = [asyncio.create_task(small.cast(rid, ballot(unit))) for unit in units[1:3]]
            done, waiting = await asyncio.wait(rest, return_when=asyncio.FIRST_COMPLETED)
            (refused,) = done
            error = refused.exception()
            assert isinstance(error, Refused)
            assert error.problems[0].code == "service.busy"
        await asyncio.gather(first, *waiting)
        assert await count(sql, name) == 2
    finally:
        await small.stop()


async def test_a_row_that_cannot_be_written_does_not_hurt_the_others_of_its_batch(
    intake: Intake,
    sql: asyncpg.Connection,
    holder: asyncpg.Connection,
    box: tuple[str, str, list[str]],
) -> None:
    rid, name, units = box
    # Longer than the column; the endpoints refuse it, so it is made without their validation.
    await warm(intake, rid)
    bad = ballot(units[0]).model_copy(update={"command_id": "x" * 500})
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", name)
        casting = [asyncio.create_task(intake.cast(rid, ballot(unit))) for unit in units[1:20]]
        casting.insert(10, asyncio.create_task(intake.cast(rid, bad)))
        await until_blocked(sql, 1)
    answers: list[Answer | BaseException] = await asyncio.gather(*casting, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [error.problems[0].code for error in refused] == ["voting.ballot_unwritable"]
    assert await count(sql, name) == 19


async def test_a_command_of_an_earlier_vote_is_answered_from_there_and_not_cast_again(
    intake: Intake, sql: asyncpg.Connection, box: tuple[str, str, list[str]]
) -> None:
    rid, name, units = box
    receipt, _ = await intake.cast(rid, ballot(units[0]))
    await sql.execute("UPDATE ballot_box SET state='closed', closed_at=now() WHERE id=$1", name)
    second = await open_box(sql, rid, attempt=2)
    again, fresh = await intake.cast(rid, ballot(units[0]))
    assert (again.stored.leaf, fresh) == (receipt.stored.leaf, False)
    assert await count(sql, second) == 0
    new, fresh = await intake.cast(rid, ballot(units[0], "c-second"))
    assert (new.stored.box_id, fresh) == (second, True)


async def test_an_excluded_entry_is_refused_with_the_reason(
    intake: Intake, sql: asyncpg.Connection, box: tuple[str, str, list[str]]
) -> None:
    rid, name, units = box
    await sql.execute(
        "UPDATE roll_entry SET excluded_reason='parking' WHERE box_id=$1 AND entry_id=$2",
        name,
        units[0],
    )
    with pytest.raises(Refused) as refused:
        await intake.cast(rid, ballot(units[0]))
    assert refused.value.problems[0].code == "voting.unit_excluded"
    assert await count(sql, name) == 0


async def test_on_tables_that_nobody_has_analysed_each_ballot_is_looked_up_by_its_key(
    database: Database, sql: asyncpg.Connection
) -> None:
    rid = f"r{uuid.uuid4().hex[:10]}"
    await make_renovation(database, rid=rid, units=500)
    name = await open_box(sql, rid)
    seal = Sealer(await sql.fetchval("SELECT public_key FROM ballot_box WHERE id=$1", name))
    await sql.execute(
        "INSERT INTO ballot_seal VALUES ($1, $2, $3, now())", seal.id, name, seal.public
    )
    units = [
        row["unit_number"]
        for row in await sql.fetch("SELECT unit_number FROM roll_unit WHERE box_id=$1", name)
    ]
    async with sql.transaction():
        before = await scans(sql)
        taken = 0
        # More often than the five times after which PostgreSQL keeps one plan for all.
        for number in range(8):
            unit = units[number]
            taken += await sql.fetchval(
                "SELECT cardinality(leaves) FROM cast_ballots($1, repeat('0', 64), 'web', $2, 'test',"
                " 1, $3, $3, ARRAY[sha256('x')], ARRAY['\\x00'::bytea], ARRAY[sha256('x')], $4)",
                name,
                seal.id,
                [unit],
                [hashlib.sha256(unit.encode()).digest()],
            )
        after = await scans(sql)
    # A unit, its entry, and the entry once more for the foreign key.
    assert (taken, after[0] - before[0], after[1] - before[1]) == (8, 0, 3 * 8)


async def scans(sql: asyncpg.Connection) -> tuple[int, int]:
    """How often this session went through the roll, and looked something up in it."""
    whole, lookups = await sql.fetchrow(
        "SELECT sum(seq_scan), sum(idx_scan) FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('roll_unit', 'roll_entry')"
    )
    return int(whole), int(lookups)
