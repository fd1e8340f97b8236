"""Temporal's whole data are lost: every case is rebuilt from the record, and ends as if nothing had been."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from models.messages.reconciling import OPERATOR, Fault, Reconciliation
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from runtime.record.audit import audit
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving
from tests.workflows.conftest import OPENED_AT
from tests.workflows.healing.test_repair import WAITS


@asynccontextmanager
async def fresh_engine(
    database: Database, owner: asyncpg.Connection, rids: Sequence[str]
) -> AsyncIterator[list[JourneyDriver]]:
    """A Temporal server that knows nothing, and a driver of each case on it."""
    async with dev_server() as env, serving(env, database) as (parts, http):
        yield [JourneyDriver(parts, http, owner, rid) for rid in rids]


async def lose_and_rebuild(database: Database, url: str, number: int) -> None:
    owner = await asyncpg.connect(url)
    rids = [f"l{uuid.uuid4().hex[:12]}" for _ in range(number)]
    heads: dict[str, asyncpg.Record] = {}
    async with fresh_engine(database, owner, rids) as drivers:
        for at, j in enumerate(drivers):
            await make_renovation(database, rid=j.rid, told_at=OPENED_AT)
            await j.start()
            await j.until(WAITS[at % len(WAITS)])
            heads[j.rid] = await j.row()
    acts = [j.acts for j in drivers]
    async with fresh_engine(database, owner, rids) as drivers:
        for j, sent in zip(drivers, acts, strict=True):
            j.acts = sent  # people go on counting their commands
        given = Reconciliation(everything=True, by=OPERATOR)
        report = await reconcile(drivers[0].client, drivers[0].queue, given)
        lost = {each.renovation_id for each in report.findings if each.fault is Fault.LOST}
        assert lost >= set(rids)
        for j in drivers:
            head = heads[j.rid]
            same = "SELECT hash FROM event WHERE renovation_id=$1 AND seq=$2"
            assert await j.value(same, head["head_seq"]) == head["head_hash"]
            await j.until("nothing")
            assert (await j.row())["state"] == "completed", j.rid
            found = await audit(database, j.rid)
            assert found.ok, found
            kinds = await j.events()
            assert kinds.count("voting.box_closed") == 1, kinds
            assert kinds.count("case.repaired") == 1, kinds
    await owner.close()


@pytest.mark.slow
async def test_cases_go_on_after_the_engines_data_were_lost(database: Database, owner: str) -> None:
    await lose_and_rebuild(database, owner, 2)


@pytest.mark.slow
async def test_fifty_cases_go_on_after_the_engines_data_were_lost(
    database: Database, owner: str
) -> None:
    await lose_and_rebuild(database, owner, 50)
