"""A wall case: Temporal's timers wake the engine, the tick in the transaction decides.

Here Temporal skips time, and the database's tick is a row that the test sets: two clocks that need
not agree, as on real machines.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from models.messages.ids import publication_workflow_id, renovation_workflow_id
from models.messages.journey import Journey, JourneyOutcome
from models.messages.publication import PublicationClosing, PublicationInput
from runtime.database import Database
from runtime.record.audit import audit
from service.clock.bodies import ClockMoved
from service.parts import Parts
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.processes.servers import time_skipping
from workflows.publication import PublicationWorkflow
from workflows.renovation import RenovationWorkflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENTERED = "renovation.stage_entered"
PATIENCE_S = 60
TICK_OF = """
CREATE OR REPLACE FUNCTION tick_of(of_renovation text) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  SELECT greatest((SELECT now FROM test_time), (
    SELECT e.happened_at FROM event e
    WHERE e.renovation_id = of_renovation ORDER BY e.seq DESC LIMIT 1))
$$
"""


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with time_skipping() as running:
        yield running


@pytest.fixture(scope="module")
async def tick(owner: str, env: WorkflowEnvironment) -> AsyncIterator[asyncpg.Connection]:
    """The database's clock of this module: a row."""
    connection = await asyncpg.connect(owner)
    await connection.execute("CREATE TABLE test_time (now timestamptz)")
    await connection.execute("INSERT INTO test_time VALUES ($1)", await env.get_current_time())
    await connection.execute("GRANT SELECT ON test_time TO gongjian_app")
    await connection.execute(TICK_OF)
    yield connection
    await connection.close()


async def set_tick(tick: asyncpg.Connection, moment: datetime) -> None:
    await tick.execute("UPDATE test_time SET now = $1", moment)


class WallDriver(JourneyDriver):
    """Carries a wall case: Temporal's time is skipped, and the database's follows."""

    env: WorkflowEnvironment
    tick: asyncpg.Connection

    async def start(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        self.handle = await self.client.start_workflow(
            RenovationWorkflow.run,
            Journey(renovation_id=self.rid),
            id=renovation_workflow_id(self.rid),
            task_queue=self.queue,
        )
        while not (await self.row())["stage_workflow_id"]:
            await asyncio.sleep(0.02)
        return self.handle

    async def go_on(self) -> None:
        """A day, or half of the way to the next deadline; the engine gets real time to follow."""
        row = await self.row()
        now = await self.env.get_current_time()
        left = (row["due_at"] - now) / 2 if row["due_at"] else HOUR
        await self.env.sleep(max(HOUR, left))
        await set_tick(self.tick, await self.env.get_current_time())
        await asyncio.sleep(0.02)

    async def days(self, days: int) -> ClockMoved:
        raise NotImplementedError("nobody tells the clock of a wall case")


@pytest.mark.slow
async def test_a_wall_case_goes_through_all_stages(
    env: WorkflowEnvironment,
    parts: Parts,
    http: httpx.AsyncClient,
    database: Database,
    owner: str,
    tick: asyncpg.Connection,
) -> None:
    await set_tick(tick, await env.get_current_time())
    rid = await make_renovation(database, rid=f"w{uuid.uuid4().hex[:12]}")
    db = await asyncpg.connect(owner)
    driver = WallDriver(parts, http, db, rid)
    driver.env, driver.tick = env, tick
    try:
        await driver.start()
        row = await driver.until("nothing")
        assert row["state"] == "completed"
        assert (await driver.handle.result()).state == "completed"
        report = await audit(database, rid)
        assert report.ok, report
        left = await db.fetch("SELECT * FROM case_wait WHERE renovation_id=$1", rid)
        assert left == []
    finally:
        await db.close()


async def ordered(driver: WallDriver) -> list[str]:
    """What has happened, without the moments at which a notice had arrived: those come when they come."""
    return [kind for kind in await driver.events() if not kind.endswith("_delivered")]


async def test_whoever_is_late_is_told_on_the_wall_clock_too_and_again_by_each_level(
    env: WorkflowEnvironment,
    parts: Parts,
    http: httpx.AsyncClient,
    database: Database,
    owner: str,
    tick: asyncpg.Connection,
) -> None:
    await set_tick(tick, await env.get_current_time())
    rid = await make_renovation(database, rid=f"w{uuid.uuid4().hex[:12]}")
    db = await asyncpg.connect(owner)
    driver = WallDriver(parts, http, db, rid)
    driver.env, driver.tick = env, tick
    wait = "SELECT due_at, late_since FROM case_wait WHERE renovation_id=$1 AND what='open_vote'"
    try:
        await driver.start()
        told: list[str] = []
        while (row := await db.fetchrow(wait, rid))["due_at"] is not None:
            # Temporal's timer comes first here, the tick a minute later: the reminder waits for it.
            left = row["due_at"] - await env.get_current_time()
            await env.sleep(max(left, HOUR))
            assert await ordered(driver) == [ENTERED, *told]
            await set_tick(tick, row["due_at"])
            await env.sleep(timedelta(minutes=1))
            told.append("agenda.escalated" if told else "agenda.reminder_ordered")
            async with asyncio.timeout(PATIENCE_S):
                while await ordered(driver) != [ENTERED, *told]:
                    await env.sleep(timedelta(seconds=1))
        assert told == ["agenda.reminder_ordered", *["agenda.escalated"] * 3]
        assert row["late_since"] is not None
        assert (await driver.until("ballots"))["waiting_for"] == "ballots", "late, but still"
        assert (await audit(database, rid)).ok
    finally:
        await driver.handle.terminate()
        await db.close()


async def test_a_step_that_comes_too_early_by_the_tick_waits_for_the_time_that_is_left(
    env: WorkflowEnvironment,
    parts: Parts,
    database: Database,
    tick: asyncpg.Connection,
    http: httpx.AsyncClient,
) -> None:
    """Temporal's clock is ahead of the database's by the whole window: nothing is written."""
    del http  # the worker runs with it
    await set_tick(tick, await env.get_current_time())
    rid = await make_renovation(database, rid=f"w{uuid.uuid4().hex[:12]}")
    given = PublicationInput(renovation_id=rid, publication_id=f"{rid}.p", subject="vote_result")
    handle = await parts.client.start_workflow(
        PublicationWorkflow.run,
        given,
        id=publication_workflow_id(rid, given.publication_id),
        task_queue=parts.settings.task_queue,
    )
    closes_at = await posted(tick, given.publication_id)
    window = closes_at - await env.get_current_time()
    await env.sleep(window + HOUR)
    attempts = await close_attempts(handle)
    assert attempts == 1, "the timer fired and the engine asked"
    assert await written(tick, rid) == ["publication.opened"]
    assert await tick.fetchval("SELECT count(*) FROM receipt WHERE renovation_id=$1", rid) == 1
    await set_tick(tick, closes_at)
    await env.sleep(window)
    closing = await handle.result()
    assert closing.closed
    assert await written(tick, rid) == ["publication.opened", "publication.close_looked_at"]
    assert await close_attempts(handle) == 2


async def posted(tick: asyncpg.Connection, publication_id: str) -> datetime:
    while True:
        found = await tick.fetchval("SELECT closes_at FROM publication WHERE id=$1", publication_id)
        if found is not None:
            return found
        await asyncio.sleep(0.02)


async def written(tick: asyncpg.Connection, rid: str) -> list[str]:
    rows = await tick.fetch("SELECT kind FROM event WHERE renovation_id=$1 ORDER BY seq", rid)
    return [str(row["kind"]) for row in rows]


async def close_attempts(handle: WorkflowHandle[PublicationWorkflow, PublicationClosing]) -> int:
    history = await handle.fetch_history()
    names = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
    ]
    return names.count("Publications.close")
