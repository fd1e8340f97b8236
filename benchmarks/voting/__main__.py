"""`make bench-voting`: floors and product in one run on this machine, raw output under results/.

(a) raw ASGI null handler; (b) PostgreSQL unnest insert of the same row; (n) FastAPI, pydantic, one
insert per request; (c) our ballot endpoint, durable, with credential check, sealing and receipt;
(i) the intake without HTTP; (d) close, open, count and Merkle root.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop
from pydantic import SecretStr

from benchmarks.keys import KEY, environment
from benchmarks.voting.client import Answers, load, post
from benchmarks.voting.closing import closing_figures
from benchmarks.voting.estate import body_of, make_box, requests_of
from benchmarks.voting.rows import intake_rate, unnest_rate
from benchmarks.voting.steps import steps_us
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.ports import free_port
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
CONNECTIONS = 64
MIB = 1024 * 1024
NAIVE = """
CREATE TABLE naive_ballot (box_id text, unit_number text, command_id text, choices text,
  recorded_at timestamptz, PRIMARY KEY (box_id, unit_number), UNIQUE (box_id, command_id))
"""


async def main(given: argparse.Namespace) -> None:
    """Run every part, print the report and write it."""
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            report = await measure(given, urls)
        finally:
            postgres.stop()
    name = f"voting-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name}")


async def measure(given: argparse.Namespace, urls: Urls) -> dict[str, object]:
    report: dict[str, object] = {"machine": machine(), "connections": CONNECTIONS}
    owner = await asyncpg.connect(asyncpg_url(urls.owner))
    database = Database(urls.app)
    try:
        await owner.execute(NAIVE + "; GRANT ALL ON naive_ballot TO gongjian_app")
        if not given.only or "http" in given.only:
            await http(given, urls, owner, database, report)
        if not given.only or "rows" in given.only:
            await rows(given, urls, owner, database, report)
        if not given.only or "close" in given.only:
            report["d_close"] = await closing_figures(owner, database, given.close, show)
        report["cpu_us_per_step"] = {k: round(v, 2) for k, v in steps_us().items()}
        show("CPU per step (us)", json.dumps(report["cpu_us_per_step"]))
    finally:
        await database.dispose()
        await owner.close()
    return report


async def http(
    given: argparse.Namespace,
    urls: Urls,
    owner: asyncpg.Connection,
    database: Database,
    report: dict[str, object],
) -> None:
    """(a), (n), (c) turn by turn, so that all see the same weather."""
    rid = f"r{secrets.token_hex(5)}"
    await make_box(database, owner, rid, given.ballots * given.turns)
    key = SecretStr(KEY)
    same = [post("/", json.dumps(body_of(n, "a")).encode()) for n in range(given.ballots)]
    async with (
        serving(urls, "benchmarks.voting.floors:null") as null,
        serving(urls, "benchmarks.voting.floors:null", plain=True) as stock,
        serving(urls, "benchmarks.voting.floors:naive", plain=True) as naive,
        serving(urls) as ours,
        serving(urls) as second,
    ):
        figures: dict[str, list[dict[str, object]]] = {}

        async def turn(name: str, servers: Sequence[Server], requests: Sequence[bytes]) -> None:
            figure = await under_load(servers, requests)
            figures.setdefault(name, []).append(figure)
            show(name, json.dumps(figure))

        for number in range(given.turns):
            units = range(number * given.ballots, (number + 1) * given.ballots)
            await turn("a_null", [null], same)
            await turn("a_null_stock_uvicorn", [stock], same)
            await turn("n_naive", [naive], requests_of(rid, key, units[: given.ballots // 4], "n"))
            await turn("c_ours", [ours], requests_of(rid, key, units, f"c{number}"))
            await turn("c_ours_two_processes", [ours, second], requests_of(rid, key, units, "d"))
    report["http"] = {name: summary(each) for name, each in figures.items()}
    report["http_turns"] = figures
    names = ("a_null", "a_null_stock_uvicorn", "n_naive", "c_ours")
    a, stock_a, n, c = (report["http"][name]["rate"] for name in names)  # type: ignore[index]
    report["ratios"] = {
        "c/a (aim 0.30)": round(c / a, 3),
        "c/a of stock uvicorn": round(c / stock_a, 3),
        "c/n (aim 5)": round(c / n, 2),
    }
    show("ratios", json.dumps(report["ratios"]))


async def rows(
    given: argparse.Namespace,
    urls: Urls,
    owner: asyncpg.Connection,
    database: Database,
    report: dict[str, object],
) -> None:
    """(b) and (i), turn by turn."""
    floor, intake = [], []
    for number in range(given.turns):
        rid = f"r{secrets.token_hex(5)}"
        box = await make_box(database, owner, rid, given.ballots * 2)
        floor.append(await unnest_rate(urls, owner, box, given.ballots))
        show("b_unnest", f"{floor[-1]:,.0f} rows/s")
        intake.append(await intake_rate(urls, rid, given.ballots, SecretStr(KEY)))
        show("i_intake", f"{intake[-1]:,.0f} ballots/s (turn {number + 1})")
    report["rows"] = {"b_unnest": spread(floor), "i_intake": spread(intake)}
    ratio = round(statistics.median(intake) / statistics.median(floor), 3)
    report["i/b (aim 0.5)"] = ratio
    show("i/b (aim 0.5)", str(ratio))


async def under_load(servers: Sequence["Server"], requests: Sequence[bytes]) -> dict[str, object]:
    """One run of the client, with what the server and PostgreSQL used meanwhile."""
    before = [server.cpu_s() for server in servers], postgres_cpu_s()
    answers: Answers = await load([server.port for server in servers], requests, CONNECTIONS)
    after = [server.cpu_s() for server in servers], postgres_cpu_s()
    count = len(answers.seconds)
    return {
        "rate": round(answers.rate, 1),
        "p50_ms": round(answers.percentile_ms(0.50), 2),
        "p99_ms": round(answers.percentile_ms(0.99), 2),
        "statuses": {status.decode(): n for status, n in answers.statuses.items()},
        "server_cpu_us": round(1e6 * (sum(after[0]) - sum(before[0])) / count, 1),
        "postgres_cpu_us": round(1e6 * (after[1] - before[1]) / count, 1),
        "server_rss_mib": [round(server.process.memory_info().rss / MIB) for server in servers],
    }


class Server:
    """A uvicorn process of one app."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self.popen = process
        self.process = psutil.Process(process.pid)

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


@asynccontextmanager
async def serving(
    urls: Urls, app: str | None = None, *, plain: bool = False
) -> AsyncIterator[Server]:
    """One process that serves; without `app`, `gongjian serve` itself; `plain` is stock uvicorn."""
    port = free_port(set())
    own = environment(
        urls.app,
        BENCH_DATABASE=asyncpg_url(urls.app),
        GONGJIAN_SERVICE_PORT=str(port),
        TEMPORAL_ADDRESS="127.0.0.1:9",
    )
    ours = [sys.executable, "-m", "cli.main", "serve"]
    stock = [sys.executable, "-m", "uvicorn", app or "", "--port", str(port), "--loop", "uvloop"]
    stock += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    same = [sys.executable, "-m", "benchmarks.voting.serve_floor", app or "", str(port)]
    floor = stock if plain else same
    process = subprocess.Popen(floor if app else ours, cwd=ROOT, env=own)
    try:
        await listening(port)
        yield Server(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


async def listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def postgres_cpu_s() -> float:
    """CPU of every PostgreSQL process of this benchmark; one that ended is not counted."""
    total = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total


def summary(turns: Sequence[dict[str, Any]]) -> dict[str, object]:
    names = ("rate", "p50_ms", "p99_ms", "server_cpu_us", "postgres_cpu_us")
    return {name: round(statistics.median(t[name] for t in turns), 2) for name in names} | {
        "rate_spread": [min(t["rate"] for t in turns), max(t["rate"] for t in turns)]
    }


def spread(rates: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(rates)),
        "least": round(min(rates)),
        "most": round(max(rates)),
    }


def machine() -> dict[str, object]:
    return {"cpus": os.cpu_count(), "python": sys.version.split()[0], "load": os.getloadavg()[0]}


def show(name: str, value: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name}: {value}", flush=True)


Report = Callable[[str, str], None]
Part = Callable[..., Awaitable[None]]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ballots", type=int, default=40_000, help="ballots of a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--close", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--only", nargs="*", choices=("http", "rows", "close"))
    uvloop.run(main(parser.parse_args()))
