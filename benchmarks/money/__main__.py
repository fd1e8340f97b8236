"""`make bench-money`: shares, transfers and statements on paper beside floors of the same run.

(f) two rows with a commit of their own, without any rule; (s) 500 transfers in one statement with foreign keys and
balances, without rules; (t) 500 charges of an event to 500 households, through the ledger with ids, limits and balances;
(h) the same with holds; (a) 500 payments of one household in one event: one hot account. Raw output under results/.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg
import psutil

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FundedItem,
    ItemCategory,
    Rounding,
    ShareTotal,
    ShareUnit,
)
from models.values.ledger import Phase, Transfer, TransferKind, household
from rules import cost_sharing as law
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.gc import calm_collector
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade
from service.paper.shares import shares_pdf
from tests.support.estate import make_renovation
from tests.support.money import START
from tests.support.money.ledger import ESCROW, PROJECT, move, moved, paid

RESULTS = Path(__file__).resolve().parents[1] / "results"
UNITS, ITEMS, INSTALMENTS, HOMES = 100_000, 12, 6, 2_000
AT_ONCE, EVENTS, SINGLE = 500, 20, 500
FLOORS = """
CREATE TABLE floor_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE floor_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint REFERENCES floor_account, amount bigint NOT NULL);
CREATE TABLE floor_transfer (id text PRIMARY KEY, from_id bigint REFERENCES floor_account,
  to_id bigint REFERENCES floor_account, amount bigint NOT NULL);
INSERT INTO floor_account SELECT g, 0 FROM generate_series(0, 500) g;
"""
STATEMENT = """
WITH made AS (
  INSERT INTO floor_transfer SELECT $1 || g, 0, g, 5 FROM generate_series(1, 500) g RETURNING from_id, to_id, amount)
, moved AS (
  SELECT id, sum(fen) AS fen FROM (
    SELECT from_id AS id, -amount AS fen FROM made UNION ALL SELECT to_id, amount FROM made) e GROUP BY id)
UPDATE floor_account a SET balance = balance + moved.fen FROM moved WHERE a.id = moved.id
"""


def shares() -> dict[str, object]:
    """The whole bill of a town, with its instalments; and the papers of its first homes."""
    random = Random(1)
    units = tuple(
        ShareUnit(
            number=f"{number:06d}",
            building=str(number // 1_000),
            entrance=str(number // 50),
            floor=number % 6 + 1,
            area_dm2=random.randrange(3_000, 15_000),
        )
        for number in range(UNITS)
    )
    keys = (CostKey.AREA, CostKey.HOUSEHOLD)
    items = tuple(
        CostItem(
            id=f"item-{number:02d}",
            title=f"项目 {number}",
            category=ItemCategory.BASIC,
            cost_fen=random.randrange(10**9, 10**11),
            key=keys[number % 2],
        )
        for number in range(ITEMS)
    )
    funded = tuple(
        FundedItem(item_id=each.id, cost_fen=each.cost_fen, gap_fen=each.cost_fen) for each in items
    )
    calm_collector()  # as the worker does, which computes them
    start, cpu = time.perf_counter(), time.process_time()
    bill = law.share_bill(items, funded, units, law.COUNTED_KINDS, Rounding.WHOLE_BILL)
    billed = time.perf_counter()
    totals = tuple(
        ShareTotal(unit_number=unit, amount_fen=fen) for unit, fen in bill.totals.items()
    )
    parts = law.instalments(totals, (200, 200, 150, 150, 150, 150))
    done, cpu_done = time.perf_counter(), time.process_time()
    assert len(parts) == UNITS * INSTALMENTS
    assert sum(each.amount_fen for each in parts) == sum(each.cost_fen for each in items)
    few = units[:HOMES]
    bill = law.share_bill(items[:4], funded[:4], few, law.COUNTED_KINDS, Rounding.WHOLE_BILL)
    basis = ("estimate", 1, Rounding.WHOLE_BILL)
    told = [law.explained(items[:4], funded[:4], few, bill, each.number, basis) for each in few]
    explained, cpu_explained = time.perf_counter(), time.process_time()
    made = shares_pdf([each for each in told if each], "小区改造")
    return {
        "bill_s": round(billed - start, 2),
        "instalments_s": round(done - billed, 2),
        "bill_and_instalments_s": round(done - start, 2),
        "bill_and_instalments_cpu_s": round(cpu_done - cpu, 2),
        "paper_cpu_s": round(time.process_time() - cpu_explained, 2),
        "explanations_s": round(explained - done, 2),
        "paper_s": round(time.perf_counter() - explained, 2),
        "paper_mib": round(len(made) / 2**20, 1),
    }


async def transfers(database: Database, owner: asyncpg.Connection) -> dict[str, object]:
    """Transfers each second, floors first."""
    await owner.execute(FLOORS)

    async def single(number: int) -> None:
        async with owner.transaction():
            await owner.execute(
                "INSERT INTO floor_entry (account_id, amount) VALUES (0, -5), ($1, 5)", number % 500
            )

    async def statement(number: int) -> None:
        await owner.execute(STATEMENT, f"{number}/")

    await make_renovation(database, rid="m", units=2, told_at=START)
    await move(database, "m", "in", paid("m.in", "1", 10**12))

    def group(name: str, number: int) -> list[Transfer]:
        if name == "hot":
            return [paid(f"m.a{number}.{each}", "1", 5) for each in range(AT_ONCE)]
        if name == "charges":
            return [
                moved(f"m.t{number}.{each}", PROJECT, household(str(each)), 5)
                for each in range(AT_ONCE)
            ]
        kind, phase = TransferKind.REFUND, Phase.PENDING
        return [
            moved(f"m.h{number}.{each}", ESCROW, household(str(each)), 5, kind, phase)
            for each in range(AT_ONCE)
        ]

    rates: dict[str, object] = {
        "f_two_rows_own_commit": await _rate(single, SINGLE, 1),
        "s_statement_of_500": await _rate(statement, EVENTS, AT_ONCE),
    }
    for letter, name in (("t", "charges"), ("h", "holds"), ("a", "hot")):
        # Whoever books has its transfers.
        groups = [group(name, number) for number in range(EVENTS)]

        async def work(
            number: int, name: str = name, groups: list[list[Transfer]] = groups
        ) -> None:
            await move(database, "m", f"{name}{number}", *groups[number])

        rates[f"{letter}_{name}"] = await _rate(work, EVENTS, AT_ONCE)
    return rates


async def _rate(work: Callable[[int], Awaitable[None]], times: int, each: int) -> int:
    start = time.perf_counter()
    for number in range(times):
        await work(number)
    return round(times * each / (time.perf_counter() - start))


async def main() -> None:
    """Run every part, print the report and write it."""
    report: dict[str, object] = {
        "machine": {"cpus": psutil.cpu_count(), "load": psutil.getloadavg()},
        "shares": shares(),
    }
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            owner = await asyncpg.connect(asyncpg_url(urls.owner))
            database = Database(urls.app)
            report["transfers_per_s"] = await transfers(database, owner)
            await owner.close()
            await database.dispose()
        finally:
            postgres.stop()
    name = f"money-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    written = json.dumps(report, indent=1) + "\n"
    (RESULTS / name).write_text(written, encoding="utf-8")
    print(written, f"written: benchmarks/results/{name}")


if __name__ == "__main__":
    asyncio.run(main())
