"""Whatever dies while money is booked: nothing is doubled, nothing is lost, the sum is zero."""

import asyncio
import signal
import sys

import pytest

from runtime.database import Database
from runtime.ledger.check import check_ledger
from tests.support.estate import make_renovation
from tests.support.money import START
from tests.support.money.ledger import fen_by_code, move, paid

BOOKER = "tests.support.money.killed_booker"
NOTHING = {"escrow": (300, 0), "household/1": (-300, 0)}
ONCE = {"escrow": (800, 0), "household/1": (-300, 0), "household/2": (-500, 0)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("booked", NOTHING),
        ("before_commit", NOTHING),
        ("after_commit", ONCE),
        ("answered", ONCE),
    ],
)
async def test_a_booking_that_is_killed_is_whole_or_not_there_and_sent_again_it_is_there_once(
    database: Database, point: str, left: dict[str, tuple[int, int]]
) -> None:
    rid = f"kill-{point}"
    await make_renovation(database, rid=rid, units=2, told_at=START)
    await move(database, rid, "before", paid(f"{rid}.before", "1", 300))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", BOOKER, database.url, rid, "pay", "2", "500", point,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert (said != b"") == (point == "answered")
    assert await fen_by_code(database, rid) == left
    for _ in range(2):
        await move(database, rid, "pay", paid(f"{rid}.pay", "2", 500))
        assert await fen_by_code(database, rid) == ONCE
    assert (await check_ledger(database, rid)).ok
