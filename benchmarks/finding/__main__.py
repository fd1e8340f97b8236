"""Finding cases: p95 of each question at the service, at a tenth of the cases and at all of them.

    python -m benchmarks.finding [--scale 0.1] [--asked 60] [--events 200]

Scale 1 is 100,000 cases with 20 million events (about 17 GB while it runs; it is all deleted again). With fewer
events of each case the lists and counts can be asked on a small disk. Every
question is asked of a running service over loopback, one after the other, with dice of a seed. Exit code 1 when a
p95 is over 200 ms, or a median is over 25 ms and more than twice that of a tenth of the cases.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import asyncpg
import httpx
import psutil

from benchmarks.cli_start import served
from benchmarks.finding.generator import EVENTS_OF_CASE, generate
from benchmarks.finding.questions import NAIVE, QUESTIONS, WHOLE, Ask
from benchmarks.keys import environment
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from service.identity.browser import COOKIE
from tests.support.people import sign_in, token_of

ROOT = Path(__file__).resolve().parents[2]
CASES = 100_000
SEED = 15
LIMIT_MS, SMALL_MS, FLAT = 200.0, 25.0, 2.0
BYTES_OF_EVENT = 850
"""Of a row with its part of the indexes and of the log of the database; measured."""
BYTES_OF_CASE = 10_000
SIZES = """
SELECT c.relname AS name, pg_table_size(c.oid) AS rows_bytes, pg_indexes_size(c.oid) AS index_bytes
FROM pg_class c WHERE c.relname IN ('renovation', 'case_wait', 'event', 'contract', 'place')
ORDER BY 2 DESC"""
INDEXES = """
SELECT indexrelname AS name, pg_relation_size(indexrelid) AS bytes, idx_scan AS scans
FROM pg_stat_user_indexes WHERE relname IN ('renovation', 'case_wait', 'event', 'contract') ORDER BY 2 DESC"""


class Took(NamedTuple):
    """Milliseconds of one question."""

    p50: float
    p95: float


async def measured(address: str, cases: list[str], asked: int) -> Mapping[str, Took]:
    """Ask every question so often."""
    dice = random.Random(SEED)
    found: dict[str, Took] = {}
    cookie = {"Cookie": f"{COOKIE}={token_of('head')}", "Accept": "text/html"}
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as http:
        ask = Ask(dice, cases, await _cursors(http, len(cases)))
        for name, question in QUESTIONS.items():
            took = []
            for number in range(asked + 3):
                where = question(ask)
                begun = time.perf_counter()
                answer = await http.get(
                    where, headers=cookie if where.startswith("/office") else {}
                )
                ms = (time.perf_counter() - begun) * 1_000
                assert answer.status_code == 200, (where, answer.text[:300])
                if number >= 3:  # the first ones warm the caches
                    took.append(ms)
            found[name] = _of(took)
        begun = time.perf_counter()
        (await http.get(WHOLE[1])).raise_for_status()
        whole = (time.perf_counter() - begun) * 1_000
        found[WHOLE[0]] = Took(whole, whole)
    return found


async def _cursors(http: httpx.AsyncClient, cases: int) -> list[str]:
    """Places of the list that lie far behind its beginning."""
    after, found = "", []
    for _ in range(min(cases // 500, 20)):
        page = (await http.get(f"/v1/renovations?limit=500&after={after}")).json()
        if not page:
            break
        after = page[-1]["cursor"]
        found.append(after)
    return found or [""]


def _of(took: list[float]) -> Took:
    return Took(round(median(took), 1), round(quantiles(took, n=20)[-1], 1))


async def prepared(urls: Urls, cases: int, events: int) -> tuple[list[str], float]:
    """The cases in the database, and one official of a district."""
    seconds = await generate(urls, cases, events)
    owner = await asyncpg.connect(urls.owner)
    try:
        await sign_in(owner, "head")
        rows = await owner.fetch("SELECT id FROM renovation ORDER BY id")
        return [row["id"] for row in rows], seconds
    finally:
        await owner.close()


async def looked_at(urls: Urls) -> dict[str, object]:
    """Sizes, and the naive statements."""
    owner = await asyncpg.connect(urls.owner)
    try:
        naive = {}
        for name, (way, statement) in NAIVE.items():
            took = []
            for _ in range(3):
                begun = time.perf_counter()
                await owner.fetch(statement)
                took.append((time.perf_counter() - begun) * 1_000)
            naive[name] = {"way": way, "ms": round(median(took), 1)}
        sizes = [dict(row) for row in await owner.fetch(SIZES)]
        return {
            "naive": naive,
            "tables": sizes,
            "indexes": [dict(row) for row in await owner.fetch(INDEXES)],
        }
    finally:
        await owner.close()


def run(cases: int, asked: int, of_case: int) -> dict[str, object]:
    """One size, in a database of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "db")
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            ids, seconds = asyncio.run(prepared(urls, cases, of_case))
            events = cases * of_case
            print(f"{cases:,} cases, {events:,} events written in {seconds:.0f} s", flush=True)
            with served(environment(urls.app)) as address:
                took = asyncio.run(measured(address, ids, asked))
            rest = asyncio.run(looked_at(urls))
        finally:
            postgres.stop()
    return {"cases": cases, "events": events, "seconds": seconds, "took": took, **rest}


def report(small: dict[str, object], large: dict[str, object]) -> list[str]:
    """Print both sizes beside each other; the questions that are too slow or not flat."""
    before, after, naive = small["took"], large["took"], large["naive"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert isinstance(naive, dict)
    wrong = []
    print(f"{'p50':>7} {'p95 ms':>8} {'1/10: p50':>9} {'p95':>7}  question")
    for name, took in after.items():
        beside = f"   ({naive[name]['way']}: {naive[name]['ms']} ms)" if name in naive else ""
        print(
            f"{took.p50:7.1f} {took.p95:8.1f} {before[name].p50:9.1f} {before[name].p95:7.1f}  {name}{beside}"
        )
        slow = took.p95 > LIMIT_MS
        steep = took.p50 > SMALL_MS and took.p50 > FLAT * before[name].p50
        if (slow or steep) and name != WHOLE[0]:
            wrong.append(f"{name}{' (grows)' if steep and not slow else ''}")
    return wrong


def print_sizes(large: dict[str, object]) -> None:
    """How large tables and indexes are."""
    for kind in ("tables", "indexes"):
        rows = large[kind]
        assert isinstance(rows, list)
        for row in rows:
            sizes = " + ".join(f"{n / 1e6:,.0f} MB" for name, n in row.items() if "bytes" in name)
            print(f"{sizes:>24}  {row['name']}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--asked", type=int, default=60)
    parser.add_argument("--events", type=int, default=EVENTS_OF_CASE)
    given = parser.parse_args()
    cases = int(CASES * given.scale)
    need = cases * (BYTES_OF_CASE + given.events * BYTES_OF_EVENT)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if need > free:
        print(
            f"{need / 1e9:.0f} GB are needed and {free / 1e9:.0f} GB are free; try a smaller --scale"
        )
        return 2
    small, large = (run(each, given.asked, given.events) for each in (cases // 10, cases))
    wrong = report(small, large)
    print_sizes(large)
    host = {
        "cpus": psutil.cpu_count(),
        "load": psutil.getloadavg(),
        "python": sys.version.split()[0],
    }
    name = ROOT / "benchmarks" / "results" / f"finding-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    made = {**host, "small": small, "large": large}
    name.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name.name}")
    print(f"over {LIMIT_MS:.0f} ms or growing: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
