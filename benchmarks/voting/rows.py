"""(b) PostgreSQL alone with the same row, and (i) the intake without HTTP."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
from pydantic import SecretStr

from benchmarks.voting.estate import COLUMNS, ballot_rows, body_of
from runtime.addresses import asyncpg_url
from runtime.gc import calm_collector
from runtime.local.postgres import Urls
from service.ballots.intake import Intake
from service.bodies import CastBallot

ROWS = 256
WRITERS = 2
CALLERS = 1024
TYPES = (
    "text", "text", "text", "text", "text", "bytea", "text", "text", "int", "bigint", "text",
    "bytea", "bytea", "bytea", "text", "bigint", "timestamptz", "timestamptz",
)  # fmt: skip


async def unnest_rate(urls: Urls, owner: asyncpg.Connection, box: str, ballots: int) -> float:
    """Rows per second of `INSERT … SELECT FROM unnest`, 256 at once on two connections."""
    rows = await ballot_rows(owner, box, range(ballots, 2 * ballots))
    places = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(TYPES, start=1))
    statement = f"INSERT INTO ballot ({', '.join(COLUMNS)}) SELECT * FROM unnest({places})"
    pieces = [list(zip(*rows[at : at + ROWS], strict=True)) for at in range(0, len(rows), ROWS)]
    shared = iter(pieces)

    async def write(connection: asyncpg.Connection) -> None:
        for piece in shared:
            await connection.execute(statement, *piece)

    writers = [await asyncpg.connect(asyncpg_url(urls.owner)) for _ in range(WRITERS)]
    begun = time.perf_counter()
    await asyncio.gather(*(write(each) for each in writers))
    wall = time.perf_counter() - begun
    for each in writers:
        await each.close()
    return ballots / wall


async def intake_rate(urls: Urls, rid: str, ballots: int, receipt_key: SecretStr) -> float:
    """Ballots per second through `Intake.cast`, so many callers at once, receipts included."""
    calm_collector()  # as `gongjian serve` does
    intake = Intake(urls.app, receipt_key, queue=10_000)
    await intake.start()
    given: Sequence[CastBallot] = [
        CastBallot.model_validate(body_of(number, "intake")) for number in range(ballots)
    ]
    shared = iter(given)

    async def call() -> None:
        for ballot in shared:
            await intake.cast(rid, ballot)

    try:
        await intake.boxes.load(rid)
        begun = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLERS)))
        return ballots / (time.perf_counter() - begun)
    finally:
        await intake.stop()
