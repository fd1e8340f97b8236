"""Under load a box closes while 64 clients cast: acknowledged means counted, the rest is refused.

The naive way (look whether the box is open, then insert) is in this file too, and fails.
"""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import asyncpg
import pytest
from pydantic import SecretStr

from models.values.refusal import Refused
from runtime.addresses import asyncpg_url
from runtime.database import Database
from service.ballots.intake import Intake
from service.bodies import CastBallot
from tests.support.box import CLOSE, open_box
from tests.support.estate import make_renovation

CLIENTS = 64
LIMIT = 2_000
Cast = Callable[[CastBallot], Awaitable[bool]]


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    running = Intake(database.url, SecretStr("1e" * 32), queue=10_000)
    await running.start()
    yield running
    await running.stop()


async def prepared(database: Database, owner: asyncpg.Connection) -> tuple[str, str, list[str]]:
    rid = f"r{uuid.uuid4().hex[:10]}"
    await make_renovation(database, rid=rid, units=CLIENTS)
    box = await open_box(owner, rid)
    numbers = await owner.fetch("SELECT unit_number FROM roll_unit WHERE box_id=$1", box)
    return rid, box, [str(row["unit_number"]) for row in numbers]


async def close_and_count(connection: asyncpg.Connection, box: str) -> int:
    """Close as the activity does, and count in the same transaction what then counts."""
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", box)
        await connection.execute(CLOSE, box)
        counted = await connection.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", box)
    return int(counted)


async def race(units: list[str], cast: Cast, close: Callable[[], Awaitable[int]]) -> list[int]:
    """64 clients vote and change their vote until they are refused, while the box closes.

    Returns how many ballots were acknowledged, refused and counted.
    """
    outcome = [0, 0]
    enough = asyncio.Event()

    async def client(unit: str) -> None:
        for number in range(LIMIT):
            ballot = CastBallot.model_validate(
                {
                    "command_id": f"c-{unit}-{number}",
                    "unit_number": unit,
                    "choices": {"works": "yes"},
                }
            )
            if not await cast(ballot):
                outcome[1] += 1
                return
            outcome[0] += 1
            if outcome[0] >= CLIENTS * 2:
                enough.set()

    async def closing() -> int:
        await enough.wait()
        return await close()

    closed = asyncio.create_task(closing())
    await asyncio.gather(*(client(unit) for unit in units[:CLIENTS]))
    return [*outcome, await closed]


async def run(
    database: Database, owner: asyncpg.Connection, closer: asyncpg.Connection, intake: Intake
) -> list[int]:
    rid, box, units = await prepared(database, owner)

    codes: set[str] = set()

    async def cast(ballot: CastBallot) -> bool:
        try:
            await intake.cast(rid, ballot)
        except Refused as refused:
            codes.add(refused.problems[0].code)
            return False
        return True

    result = await race(units, cast, lambda: close_and_count(closer, box))
    assert codes == {"voting.box_closed"}
    return result


async def proof(database: Database, owner: str, intake: Intake, times: int) -> None:
    connection = await asyncpg.connect(owner)
    closer = await asyncpg.connect(asyncpg_url(database.url))
    try:
        for _ in range(times):
            acknowledged, refused, counted = await run(database, connection, closer, intake)
            assert acknowledged == counted
            # Every client went on until it was refused: the box closed in the middle of the load.
            assert refused == CLIENTS
    finally:
        await closer.close()
        await connection.close()


async def test_every_acknowledged_ballot_is_counted_and_every_other_refused(
    database: Database, owner: str, intake: Intake
) -> None:
    await proof(database, owner, intake, 5)


@pytest.mark.slow
async def test_every_acknowledged_ballot_is_counted_fifty_times(
    database: Database, owner: str, intake: Intake
) -> None:
    await proof(database, owner, intake, 50)


async def test_checking_first_and_inserting_then_loses_acknowledged_ballots(
    database: Database, owner: str
) -> None:
    connection = await asyncpg.connect(owner)
    # As the owner: the application's role has no other way in than the function.
    pool = await asyncpg.create_pool(owner, min_size=8, max_size=8)
    closer = await asyncpg.connect(asyncpg_url(database.url))
    lost = 0
    try:
        for _ in range(20):
            _, box, units = await prepared(database, connection)
            naive = naive_cast(pool, box)
            acknowledged, _, counted = await race(
                units, naive, partial(close_and_count, closer, box)
            )
            lost += acknowledged - counted
            if lost:
                break
    finally:
        await pool.close()
        await closer.close()
        await connection.close()
    assert lost > 0, "the naive version was lucky twenty times; the race test proves nothing"


def naive_cast(pool: asyncpg.Pool, box: str) -> Cast:
    """What one would write first."""

    async def cast(ballot: CastBallot) -> bool:
        async with pool.acquire() as connection:
            state = await connection.fetchval("SELECT state FROM ballot_box WHERE id=$1", box)
            if state != "open":
                return False
            name = hashlib.sha256(f"{box}{ballot.command_id}".encode()).hexdigest()
            await connection.execute(
                "INSERT INTO ballot (id, box_id, entry_id, unit_number, command_id, request_hash,"
                " channel, pseudonym, heads, area_dm2, seal_id, sealed, commitment, leaf, intake,"
                " batch, cast_at, recorded_at) SELECT $1::text, box_id, entry_id, entry_id, $2::text,"
                " sha256('x'), 'web', pseudonym, 1, area_dm2, 'none', '', sha256('x'), sha256('x'),"
                " 'naive', 1, now(), now() FROM roll_entry WHERE box_id=$3 AND entry_id=$4",
                name,
                ballot.command_id,
                box,
                ballot.unit_number,
            )
            return True

    return cast
