"""(d) close, open, count and Merkle root of n ballots, beside the plain SQL count and hashing alone."""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence

import asyncpg
import psutil
from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.count import count_out
from benchmarks.voting.estate import BOX_KEYS, fill_box, make_box
from models.tables import BallotBox
from models.values.states import BoxState
from proof.merkle import root_of
from rules import voting as law
from runtime.database import Database

MIB = 1024 * 1024


async def closing_figures(
    owner: asyncpg.Connection,
    database: Database,
    sizes: Sequence[int],
    show: Callable[[str, str], None],
) -> dict[str, dict[str, float]]:
    """For each size: seconds of our closing, of the SQL count, of the hashing alone."""
    figures: dict[str, dict[str, float]] = {}
    for size in sizes:
        rid = f"r{secrets.token_hex(5)}"
        box = await make_box(database, owner, rid, size)
        await fill_box(owner, box, size)
        await owner.execute("ANALYZE ballot")
        sql_s = await sql_count_s(owner, box)
        hashing_s = hashing_only_s(size)
        seconds, counted = await close_s(database, box)
        assert counted == size, f"{counted} of {size} counted"
        figures[str(size)] = {
            "close_s": round(seconds, 2),
            "us_per_ballot": round(1e6 * seconds / size, 2),
            "sql_count_s": round(sql_s, 3),
            "hashing_only_s": round(hashing_s, 3),
            "rss_mib": round(psutil.Process().memory_info().rss / MIB),
        }
        show(f"d_close {size:,}", str(figures[str(size)]))
    return figures


async def close_s(database: Database, box_id: str) -> tuple[float, int]:
    """The closing as the activity does it, in one transaction: seconds, and heads counted."""
    begun = time.perf_counter()

    async def work(session: AsyncSession) -> int:
        box = await session.get_one(BallotBox, box_id, with_for_update=True)
        box.state, box.closed_at = BoxState.CLOSED, box.closes_at
        await session.flush()
        counted = await count_out(session, box, law.pack_for("CN-2021"), BOX_KEYS)
        box.tally, box.tree_head = {**counted.record}, counted.head
        return int(counted.ballots["counted"])  # type: ignore[arg-type]

    counted = await database.transaction(work)
    return time.perf_counter() - begun, counted


async def sql_count_s(owner: asyncpg.Connection, box: str) -> float:
    """What a count in clear would cost: weights by choice, over as many rows of the same table."""
    begun = time.perf_counter()
    await owner.fetch(
        "SELECT channel, count(*), sum(heads), sum(area_dm2) FROM ballot"
        " WHERE box_id = $1 GROUP BY channel",
        box,
    )
    return time.perf_counter() - begun


def hashing_only_s(size: int) -> float:
    """The Merkle root of as many leaves, each hashed from 200 bytes."""
    data = bytes(200)
    begun = time.perf_counter()
    root_of(hashlib.sha256(b"\0" + data).digest() for _ in range(size))
    return time.perf_counter() - begun
