"""Temporal's history of a vote of a hundred households beside one of a million: the same events.

The real workflows and activities on a real server, in a told case: the roll is frozen by `open_vote`, the
ballots come by COPY (sealed as the intake seals them), the box is closed and counted when the clock has come to its close.
"""

import argparse
import json
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import uvloop
from temporalio.service import RPCError

from benchmarks.voting.__main__ import MIB, RESULTS, show
from models.messages.ids import stage_workflow_id
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving
from tests.support.votes.by_copy import everybody_votes, insert_units

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)


async def main(sizes: list[int]) -> None:
    """Hold a vote of each size and write the numbers of events."""
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            figures = {str(size): await held(urls, size) for size in sizes}
        finally:
            postgres.stop()
    name = f"history-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    (RESULTS / name).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name}")


async def held(urls: Urls, size: int) -> dict[str, object]:
    """One vote from `open_vote` to the published result."""
    database, owner = Database(urls.app), await asyncpg.connect(asyncpg_url(urls.owner))
    rid = f"r{secrets.token_hex(5)}"
    await make_renovation(database, rid=rid, units=0, told_at=OPENED_AT)
    await insert_units(owner, rid, size)
    async with dev_server() as env, serving(env, database) as (parts, http):
        driver = PatientDriver(parts, http, owner, rid)
        await driver.start()
        begun = time.perf_counter()
        driver.on("ballots", lambda j: vote(j, owner))
        await driver.until("objections.vote_result")
        wall = time.perf_counter() - begun
        (closed,) = await driver.details("voting.box_closed")
        events = 0
        handle = parts.client.get_workflow_handle(stage_workflow_id(rid, "voting", 1))
        async for _ in handle.fetch_history_events():
            events += 1
    figures = {
        "history_events_up_to_the_publication": events,
        "ballots": closed["ballots"],
        "roll_heads": closed["motions"]["works"]["tally"]["roll_heads"],
        "adopted": closed["adopted"],
        "wall_s": round(wall, 1),
        "rss_mib": round(psutil.Process().memory_info().rss / MIB),
    }
    show(f"history {size:,}", json.dumps(figures))
    await database.dispose()
    await owner.close()
    return figures


class PatientDriver(JourneyDriver):
    """Goes on when the server's clock does not move for a while: it waits for a long activity."""

    async def until(self, word: str) -> asyncpg.Record:
        while True:
            try:
                return await super().until(word)
            except RPCError:
                show("still counting", word)


async def vote(driver: JourneyDriver, owner: asyncpg.Connection) -> None:
    await everybody_votes(owner, await driver.box_id())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[100, 1_000_000])
    uvloop.run(main(parser.parse_args().sizes))
