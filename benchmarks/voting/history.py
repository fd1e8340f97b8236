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
from benchmarks.voting.estate import COLUMNS
from models.messages.ids import stage_workflow_id
from models.values.voting import Motion
from proof.ballots import Leaves, ballot_id_of
from rules.ballots.ballot import padded_length, plain_ballot
from runtime.addresses import asyncpg_url
from runtime.ballots.sealing import SealedBallot, Sealer
from runtime.ballots.times import leaf_times
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
PIECE = 4_096


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
    await owner.copy_records_to_table(
        "unit",
        records=(
            (
                f"{rid}.{n}",
                f"{rid}.estate",
                f"u{n:07d}",
                "1",
                "1",
                1,
                "flat",
                5000 + n % 7000,
                f"o{n}",
            )
            for n in range(size)
        ),
        columns=(
            "id",
            "estate_id",
            "number",
            "building",
            "entrance",
            "floor",
            "kind",
            "area_dm2",
            "owner_key",
        ),
    )
    async with dev_server() as env, serving(env, database) as (parts, http):
        driver = PatientDriver(parts, http, owner, rid)
        await driver.start()
        begun = time.perf_counter()
        driver.on("ballots", lambda j: everybody_votes(j, owner))
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


async def everybody_votes(driver: JourneyDriver, owner: asyncpg.Connection) -> None:
    """Every entry of the roll says yes, once."""
    box = await driver.box_id()
    if await owner.fetchval("SELECT EXISTS (SELECT 1 FROM ballot WHERE box_id = $1)", box):
        return
    row = await owner.fetchrow(
        "SELECT public_key, motions, format, opens_at FROM ballot_box WHERE id = $1", box
    )
    at = row["opens_at"], datetime.now(UTC)
    leaves, times = Leaves(box, row["format"]), leaf_times(*at)
    length = padded_length([Motion.model_validate(each) for each in json.loads(row["motions"])])
    said = plain_ballot({"works": "yes", "costs": "yes"})
    last = ""
    while True:
        entries = await owner.fetch(
            "SELECT entry_id, pseudonym, area_dm2 FROM roll_entry"
            " WHERE box_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3",
            box,
            last,
            PIECE,
        )
        if not entries:
            return
        last = entries[-1]["entry_id"]
        seal = Sealer(row["public_key"])
        await owner.execute(
            "INSERT INTO ballot_seal VALUES ($1, $2, $3, now())", seal.id, box, seal.public
        )
        rows = []
        for each in entries:
            words = seal.seal(said, length)
            content_hash = leaves.content_hash(
                pseudonym=each["pseudonym"],
                channel="web",
                commitment=words.commitment,
                heads=1,
                area_dm2=each["area_dm2"],
                shares=None,
            )
            leaf = leaves.leaf(content_hash, times)
            rows.append((*_row(box, seal, words, leaf, each), *at))
        await owner.copy_records_to_table("ballot", records=rows, columns=COLUMNS)


def _row(
    box: str, seal: Sealer, words: SealedBallot, leaf: bytes, entry: asyncpg.Record
) -> tuple[object, ...]:
    unit = entry["entry_id"]
    return (
        ballot_id_of(leaf), box, unit, unit, f"h-{unit}", bytes(32), "web", entry["pseudonym"], 1,
        entry["area_dm2"], seal.id, words.sealed, words.commitment, leaf, "filled", 1,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[100, 1_000_000])
    uvloop.run(main(parser.parse_args().sizes))
