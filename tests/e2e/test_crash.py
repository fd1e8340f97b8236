"""Whatever dies on the way: the same outcome, a chain that verifies, every acknowledged ballot counted.

Ten renovations at once for each round of kills. Their clocks are told, so that no legal period ends
while a process is away; a kill comes after a random step of the cases, and not after a time.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path

import asyncpg
import pytest

from cli.demo.report import DemoReport
from cli.demo.run import DemoOptions, carry
from cli.demo.stages.ballots import vote_plan
from cli.demo.town.estate import figures_for, make_units
from cli.demo.town.figures import BIDS
from runtime.addresses import asyncpg_url
from runtime.local.stack import LocalStack, Part
from runtime.settings import LocalSettings

UNITS = 60
OUTCOMES = ["adopted", "funded", "signed", "accepted", "evaluated"]
CLOSED_ON = "2028-01-18"
STEPS_OF_A_CASE = 24
"""A case shows some more steps than that."""

pytestmark = pytest.mark.slow


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning")
    async with LocalStack(local, headless=True) as running:
        yield running


class Steps:
    """Counts what the cases show, all of them together."""

    def __init__(self) -> None:
        self.seen = 0
        self.one_more = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()

    def say(self, _text: str) -> None:
        self.seen += 1
        telling = asyncio.create_task(self._tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    def waiting(self, _text: str) -> None:
        """Nothing has happened."""

    async def reached(self, goal: int) -> None:
        async with self.one_more:
            await self.one_more.wait_for(lambda: self.seen >= goal)

    async def _tell(self) -> None:
        async with self.one_more:
            self.one_more.notify_all()


async def travel(stack: LocalStack, number: int, steps: Steps) -> DemoReport:
    options = DemoOptions(units=UNITS, seed=number, case=f"crash{number}")
    return await carry(stack.settings, stack.record.service_url, options, steps, lambda: None)


async def with_kills(
    stack: LocalStack, runs: int, kills: Sequence[Part], rng: random.Random
) -> list[DemoReport]:
    """Carry `runs` renovations at once while the parts are killed one after the other."""
    steps = Steps()
    journeys = [asyncio.create_task(travel(stack, number, steps)) for number in range(runs)]
    try:
        moments = sorted(rng.sample(range(1, runs * STEPS_OF_A_CASE), len(kills)))
        for part, moment in zip(kills, moments, strict=True):
            await first_of(steps.reached(moment), *journeys)
            await stack.kill(part)
            await stack.restart(part)
        return await asyncio.gather(*journeys)
    finally:
        for journey in journeys:
            journey.cancel()


async def first_of(reached: Awaitable[None], *journeys: asyncio.Task[DemoReport]) -> None:
    """Wait for the step; a journey that fails says so at once, and one that has ended is no news."""
    waiting = asyncio.ensure_future(reached)
    try:
        while not waiting.done():
            open_ones = [journey for journey in journeys if not journey.done()]
            assert open_ones, "the journeys ended before the kill: nothing was shown"
            await asyncio.wait([waiting, *open_ones], return_when=asyncio.FIRST_COMPLETED)
            for journey in journeys:
                if journey.done():
                    journey.result()
    finally:
        waiting.cancel()


async def check(stack: LocalStack, reports: list[DemoReport]) -> None:
    connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
    try:
        for number, report in enumerate(reports):
            await check_one(connection, number, report)
    finally:
        await connection.close()


async def check_one(db: asyncpg.Connection, number: int, report: DemoReport) -> None:
    facts, rid, units = report.facts, report.renovation_id, make_units(UNITS, number)
    assert [stage.outcome for stage in facts.stages] == OUTCOMES, rid
    assert facts.closed_on == CLOSED_ON
    assert facts.event_chain_ok
    assert facts.shares.exact
    assert facts.contract_value_fen == figures_for(units).winner_fen
    plan = vote_plan(units, number, rid)
    cast = len(plan.first) + len(plan.changed) + len(plan.second)
    # What was acknowledged, 201 or (after a lost answer) 200, is there once.
    assert report.ballots.accepted == cast
    assert report.ballots.repeated == len(plan.again)
    assert await count(db, "ballot JOIN ballot_box b ON b.id = box_id", rid) == cast
    assert await count(db, "bid JOIN tender b ON b.id = tender_id", rid) == BIDS
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
