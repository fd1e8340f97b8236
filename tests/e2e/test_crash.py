"""Whatever dies on the way: the same outcome, a chain that verifies, every acknowledged ballot counted.

Ten renovations at once for each round of kills. Their days are long enough that no legal period ends
while a process is away: a deadline that passes during an outage has passed, as it should.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cli.demo.ballots import vote_plan
from cli.demo.estate import PATIENT_TIMETABLE, units_of
from cli.demo.report import DemoReport
from cli.demo.run import DemoOptions, Silent, carry
from runtime.database import asyncpg_url
from runtime.settings import LocalSettings
from runtime.stack import LocalStack, Part

UNITS = 60
DAY_S = "0.8"
OUTCOMES = ["adopted", "funded", "signed", "accepted", "evaluated"]
CONTRACT_FEN = 32_058_693_000

pytestmark = pytest.mark.slow


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning")
    async with LocalStack(local, headless=True) as running:
        yield running


async def travel(stack: LocalStack, number: int) -> DemoReport:
    options = DemoOptions(
        units=UNITS,
        seed=number,
        day_s=DAY_S,
        case=f"crash{number}",
        timetable=PATIENT_TIMETABLE,
        poll_ms=300,
    )
    return await carry(stack.settings, stack.record.service_url, options, Silent(), lambda: None)


async def with_kills(
    stack: LocalStack, runs: int, kills: list[Part], rng: random.Random
) -> list[DemoReport]:
    """Carry `runs` renovations at once while the parts are killed one after the other."""
    journeys = [asyncio.create_task(travel(stack, number)) for number in range(runs)]
    for part in kills:
        await asyncio.sleep(rng.uniform(3, 20))  # the random moment
        if all(journey.done() for journey in journeys):
            pytest.fail(f"the journeys ended before the {part} was killed: nothing was shown")
        await stack.kill(part)
        await asyncio.sleep(rng.uniform(0, 1))
        await stack.restart(part)
    return await asyncio.gather(*journeys)


async def check(stack: LocalStack, reports: list[DemoReport]) -> None:
    connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
    try:
        for number, report in enumerate(reports):
            await check_one(connection, number, report)
    finally:
        await connection.close()


async def check_one(db: asyncpg.Connection, number: int, report: DemoReport) -> None:
    facts, rid = report.facts, report.renovation_id
    assert [stage.outcome for stage in facts.stages] == OUTCOMES, rid
    assert facts.event_chain_ok
    assert facts.shares.exact
    assert facts.contract_value_fen == CONTRACT_FEN
    plan = vote_plan(units_of(UNITS, number), number, rid)
    cast = len(plan.first) + len(plan.changed) + len(plan.second)
    # What was acknowledged, 201 or (after a lost answer) 200, is there once.
    assert report.ballots.accepted + report.ballots.repeated == cast + len(plan.again)
    assert await count(db, "ballot JOIN ballot_box b ON b.id = box_id", rid) == cast
    assert await count(db, "bid JOIN tender b ON b.id = tender_id", rid) == 57
    assert await count(db, "contract b", rid) == 1
    assert await count(db, "ticket b", rid) == 1
    doubled = await db.fetchval(
        "SELECT count(*) FROM (SELECT seq FROM event WHERE renovation_id=$1"
        " GROUP BY seq HAVING count(*) > 1) d",
        rid,
    )
    assert doubled == 0


async def count(db: asyncpg.Connection, source: str, rid: str) -> int:
    return int(await db.fetchval(f"SELECT count(*) FROM {source} WHERE b.renovation_id=$1", rid))


@pytest.mark.parametrize("round_number", [1, 2])
async def test_ten_renovations_survive_ten_kills_of_the_worker(
    stack: LocalStack, round_number: int
) -> None:
    rng = random.Random(round_number)
    await check(stack, await with_kills(stack, 10, [Part.WORKER] * 10, rng))


@pytest.mark.parametrize("part", [Part.SERVICE, Part.TEMPORAL, Part.POSTGRES])
async def test_a_renovation_survives_a_kill_of_any_other_part(
    stack: LocalStack, part: Part
) -> None:
    await check(stack, await with_kills(stack, 2, [part, part], random.Random(part)))
