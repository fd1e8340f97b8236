"""The worker is killed once in every kind of write, before its commit and right after it.

A trigger holds each write of one kind by a lock that the test has: then the worker is inside the
transaction, and dies there. Right after the commit the database tells the test, and the worker dies
before, or while, it reports to Temporal.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import asyncpg
import pytest

from cli.demo.report import DemoReport
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.stack import LocalStack, Part
from runtime.record.audit import audit
from runtime.settings import LocalSettings
from tests.e2e.test_crash import OUTCOMES, Steps, check_one, travel

pytestmark = pytest.mark.slow
LOCK = 9_001
HOLDING = f"""
CREATE FUNCTION hold_the_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared({LOCK}, hashtext(NEW.kind));
  IF NEW.workflow_id <> '' THEN PERFORM pg_notify('written', NEW.kind); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_the_write BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION hold_the_write();
"""
WAITING = f"""
SELECT objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND classid = {LOCK} AND NOT granted
"""
WRITTEN_BY_WORKFLOWS = """
SELECT DISTINCT kind FROM event WHERE renovation_id = $1 AND workflow_id <> '' ORDER BY 1
"""
LOOK_S = 0.02
Kill = Callable[[LocalStack, asyncpg.Connection, list[str]], Coroutine[object, object, list[str]]]


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning")
    async with LocalStack(local, headless=True) as running:
        yield running


@pytest.fixture
async def owner(stack: LocalStack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(asyncpg_url(stack.owner_url))
    yield connection
    await connection.close()


async def kinds_of_a_journey(stack: LocalStack, owner: asyncpg.Connection) -> list[str]:
    """What the workflows of one journey write, as an undisturbed one shows."""
    report = await travel(stack, 0, Steps())
    rows = await owner.fetch(WRITTEN_BY_WORKFLOWS, report.renovation_id)
    return [str(row["kind"]) for row in rows]


async def kill_inside(stack: LocalStack, owner: asyncpg.Connection, kinds: list[str]) -> list[str]:
    """Hold every kind; whenever a write waits, kill the worker in it, then let that kind go."""
    for kind in kinds:
        await owner.execute(f"SELECT pg_advisory_lock({LOCK}, hashtext($1))", kind)
    number = {await owner.fetchval("SELECT hashtext($1)::bigint & 4294967295", k): k for k in kinds}
    killed: list[str] = []
    while len(killed) < len(kinds):
        for row in await owner.fetch(WAITING):
            kind = number[row["objid"]]
            if kind in killed:
                continue
            await stack.kill(Part.WORKER)
            await owner.execute(f"SELECT pg_advisory_unlock({LOCK}, hashtext($1))", kind)
            await stack.restart(Part.WORKER)
            killed.append(kind)
        await asyncio.sleep(LOOK_S)
    return killed


async def kill_after(stack: LocalStack, owner: asyncpg.Connection, kinds: list[str]) -> list[str]:
    """Whenever a kind is written for the first time, kill the worker at once."""
    written: asyncio.Queue[str] = asyncio.Queue()
    await owner.add_listener("written", lambda *told: written.put_nowait(str(told[-1])))
    killed: list[str] = []
    while len(killed) < len(kinds):
        kind = await written.get()
        if kind in kinds and kind not in killed:
            await stack.kill(Part.WORKER)
            await stack.restart(Part.WORKER)
            killed.append(kind)
    return killed


@pytest.mark.parametrize("kill", [kill_inside, kill_after])
async def test_a_journey_survives_a_kill_in_every_kind_of_write(
    stack: LocalStack, owner: asyncpg.Connection, kill: Kill
) -> None:
    kinds = await kinds_of_a_journey(stack, owner)
    assert len(kinds) > len(OUTCOMES)
    await owner.execute(HOLDING)
    killing = asyncio.create_task(kill(stack, owner, kinds))
    report: DemoReport = await travel(stack, 1, Steps())
    assert sorted(await asyncio.wait_for(killing, 60)) == kinds
    await check_one(owner, 1, report)
    database = Database(stack.settings.database_url.get_secret_value(), 2)
    found = await audit(database, report.renovation_id)
    await database.dispose()
    assert found.ok, found
    left = "SELECT count(*) FROM case_trouble WHERE renovation_id = $1"
    assert not await owner.fetchval(left, report.renovation_id)
