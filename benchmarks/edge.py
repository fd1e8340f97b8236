"""Ballots at a fixed rate, by turns alone and beside an attack: their p99, and statements on `ballot`.

    python -m benchmarks.edge [--pairs 5] [--seconds 8] [--rate 200] [--stock 20000]

The attack is a process of its own: 600 slow connections that are opened again when they are cut (half a
head, half a body), a header of 25 MiB after the other, and sixty readers of the turnout, each once a
second. A ballot's time runs from the moment at which it was due, so that waiting counts.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from benchmarks.keys import KEY
from benchmarks.voting.__main__ import machine, serving
from benchmarks.voting.estate import fill_box, make_box, requests_of
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade

ROOT = Path(__file__).resolve().parents[1]
RID = "redge"
SLOW, READERS = 600, 60
PARTS = ["slow", "header", "readers"]
CONNECTIONS = 32
HEAD = b"POST /v1/renovations/x/ballots HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def slow(port: int, *, body: bool) -> None:
    """A connection that sends a byte every two seconds, for ever; cut, it is opened again."""
    begin = HEAD + (b"Content-Length: 1000\r\n\r\n" if body else b"X-Slow: ")
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begin)
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(4096), 2)
            writer.close()
        await asyncio.sleep(0.1)


async def long_header(port: int) -> None:
    """A header of 25 MiB, as far as it is taken; then the next."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"X-Long: ")
            for _ in range(400):
                writer.write(b"x" * 65_536)
                await writer.drain()
            writer.close()
        await asyncio.sleep(0.1)


async def reads(port: int, number: int) -> None:
    """Somebody whose page asks for the turnout once a second."""
    await asyncio.sleep(number / READERS)
    request = f"GET /v1/renovations/{RID}/turnout HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while True:
                writer.write(request)
                await reader.readuntil(b"}")
                await asyncio.sleep(1)


async def attack(port: int, parts: list[str]) -> None:
    """All of it, or the parts that are named, until the process is ended."""
    slowly = [slow(port, body=number % 2 == 0) for number in range(SLOW)]
    readers = [reads(port, number) for number in range(READERS)]
    every = {"slow": slowly, "header": [long_header(port)], "readers": readers}
    chosen = [each for name, of in every.items() if name in parts for each in of]
    await asyncio.gather(*chosen)


async def cast(port: int, requests: list[bytes], rate: int) -> list[float]:
    """Send each request when it is due; seconds from then to its answer."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    begun, took = time.perf_counter() + 0.2, list[float]()

    async def one(number: int) -> None:
        reader, writer = opened[number]
        for at in range(number, len(requests), CONNECTIONS):
            due = begun + at / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(requests[at])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201"), head
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            took.append(time.perf_counter() - due)

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    for _, writer in opened:
        writer.close()
    return took


async def turn(port: int, requests: list[bytes], rate: int, parts: list[str]) -> dict[str, float]:
    """One run of ballots beside these parts of the attack; milliseconds."""
    command = (sys.executable, "-m", "benchmarks.edge", "--attack", str(port), "--parts", *parts)
    attacker = subprocess.Popen(command, cwd=ROOT) if parts else None
    try:
        if attacker is not None:
            await asyncio.sleep(4)
        took = sorted(await cast(port, requests, rate))
    finally:
        if attacker is not None:
            attacker.kill()
            attacker.wait()
    await asyncio.sleep(1)
    return {
        "p50_ms": round(1000 * statistics.median(took), 2),
        "p99_ms": round(1000 * took[int(0.99 * len(took))], 2),
    }


async def main(given: argparse.Namespace) -> None:
    """The pairs of runs; raw output under results/."""
    ballots = given.rate * given.seconds
    with tempfile.TemporaryDirectory(prefix="gongjian-edge-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            urls = server.start()
            await asyncio.to_thread(upgrade, urls.owner)
            database, owner = Database(urls.app), await asyncpg.connect(asyncpg_url(urls.owner))
            units = given.stock + (2 * given.pairs + 1) * ballots
            box = await make_box(database, owner, RID, units)
            await fill_box(owner, box, given.stock)
            await owner.execute("ANALYZE ballot")
            await owner.close()
            await database.dispose()
            results: dict[str, list[dict[str, float]]] = {"alone": [], "attacked": []}
            async with serving(urls) as service:
                first = given.stock
                order = ["warm", *["alone", "attacked"] * given.pairs]
                for number, name in enumerate(order):
                    some = range(first, first := first + ballots)
                    key = SecretStr(KEY)
                    requests = requests_of(RID, key, some, f"run{number}")
                    parts = given.parts if name == "attacked" else []
                    found = await turn(service.port, requests, given.rate, parts)
                    print(name, found, flush=True)
                    results.get(name, []).append(found)
        finally:
            server.stop()
    p99 = {name: statistics.median(each["p99_ms"] for each in of) for name, of in results.items()}
    summary = {
        "machine": machine(), "rate": given.rate, "stock": given.stock, "p99_ms": p99,
        "ratio": round(p99["attacked"] / p99["alone"], 2), "runs": results,
    }  # fmt: skip
    name = f"edge-{time.strftime('%Y-%m-%dT%H%M%S')}.json"
    (ROOT / "benchmarks" / "results" / name).write_text(json.dumps(summary, indent=1))
    print(json.dumps({"p99_ms": p99, "ratio": summary["ratio"]}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rate", type=int, default=200, help="ballots a second")
    parser.add_argument("--stock", type=int, default=20_000, help="ballots that are there before")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--attack", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    asyncio.run(attack(arguments.attack, arguments.parts) if arguments.attack else main(arguments))
