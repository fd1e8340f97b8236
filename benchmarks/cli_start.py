"""How long a command takes, beside importing sqlalchemy, asyncpg, typer and rich in the same run.

    python -m benchmarks.cli_start [ROUNDS]

Help of every command of the tree; the commands that read, on a database of 100,000 cases; those that ask a
service, which runs; and those that need nobody. Every round runs each of them once; the medians are compared.
Exit code 1 when one takes more than twice the imports.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import NamedTuple

import asyncpg
import httpx
import psutil
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.keys import KEY, environment
from cli.main import command_lines
from models.messages.command import Command
from models.values.base import Carried
from runtime.database import Database
from runtime.local.ports import LOOPBACK, free_port
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from runtime.record.journal import Journal, Recorded
from tests.support.estate import make_renovation
from tests.support.files.many_cases import write_cases

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
CASES = 100_000
MOST = 2.0
IMPORTS = "import sqlalchemy, asyncpg, typer, rich"
HELPS = ("--help", *(f"{line} --help" for line in command_lines()))
ALONE = ("packs", "keys list", "evidence script")
OVER_HTTP = (
    "estates list",
    "estates places",
    "show {case} votes",
    "call GET /v1/renovations/{case}",
)
"""Asked as anybody of the service that runs beside."""
LISTS = (
    "list",
    "list --json",
    "list --place d3/d3s7",
    "list --stage bidding",
    "list --waiting street_office",
    "list --overdue",
    "list --stuck",
)
OF_ONE = ("status", "status --json", "history", "audit")
EVENTS = 40
LOOK_S = 0.1
READY_S = 180.0
"""A machine that does something else as well takes its time to start a service."""


class Took(NamedTuple):
    """Time on the wall, and of CPU: on a busy machine only those can be compared."""

    wall_s: float
    cpu_s: float


def ratios(lines: Sequence[str], own: Mapping[str, str], rounds: int) -> dict[str, Took]:
    """Medians of each command line, over those of the imports."""
    floor = (sys.executable, "-c", IMPORTS)
    programs = {line: (sys.executable, "-m", "cli.main", *line.split()) for line in lines}
    took: dict[str, list[Took]] = defaultdict(list)
    for number in range(rounds + 1):
        for name, program in {IMPORTS: floor, **programs}.items():
            each = took_by(program, own)
            if number:  # the first round fills the caches
                took[name].append(each)
    middle = {name: Took(*map(median, zip(*each, strict=True))) for name, each in took.items()}
    floor_s, floor_cpu_s = middle.pop(IMPORTS)
    print(f"{floor_s:6.3f} s        {floor_cpu_s:6.3f} s of CPU        {IMPORTS}")
    for name, (wall_s, cpu_s) in middle.items():
        of_cpu = f"{cpu_s:6.3f} s of CPU  {cpu_s / floor_cpu_s:4.2f}"
        print(f"{wall_s:6.3f} s  {wall_s / floor_s:4.2f}  {of_cpu}  gongjian {name}", flush=True)
    return {
        name: Took(each.wall_s / floor_s, each.cpu_s / floor_cpu_s) for name, each in middle.items()
    }


def took_by(program: Sequence[str], environment: Mapping[str, str]) -> Took:
    """One run of a program that must succeed."""
    before = getrusage(RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(
        program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    wall_s, after = time.perf_counter() - begun, getrusage(RUSAGE_CHILDREN)
    assert done.returncode == 0, (program, done.stderr)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall_s, cpu_s)


class Done(Carried):
    """What the events of the one case answer."""


async def seeded(urls: Urls) -> str:
    """Write the cases, and one with events that fit its chain; the id of that one."""
    owner = await asyncpg.connect(urls.owner)
    try:
        await write_cases(owner, CASES)
    finally:
        await owner.close()
    database = Database(urls.app)

    async def nothing(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        return Recorded(Done(), {"text": "屋顶"})

    try:
        rid = await make_renovation(database, rid="rbench", units=60)
        for number in range(EVENTS):
            command = Command(command_id=f"bench-{number}", renovation_id=rid)
            await Journal(database).record(command, "bench.happened", None, nothing, Done)
        return rid
    finally:
        await database.dispose()


@contextmanager
def served(own: Mapping[str, str]) -> Iterator[str]:
    """The service, on a port of its own and without an engine; its address."""
    port = free_port(set())
    more = {"GONGJIAN_SERVICE_PORT": str(port), "GONGJIAN_BIDS_KEY": KEY}
    address = f"http://{LOOPBACK}:{port}"
    program = (sys.executable, "-m", "cli.main", "serve")
    with subprocess.Popen(program, cwd=ROOT, env={**own, **more}, stderr=subprocess.DEVNULL) as it:
        try:
            last = time.monotonic() + READY_S
            while not _lives(address):
                assert it.poll() is None, "the service has ended"
                assert time.monotonic() < last, "the service did not start"
                time.sleep(LOOK_S)
            yield address
        finally:
            it.terminate()


def _lives(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "db")
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            rid = asyncio.run(seeded(urls))
            # Heads that this machine has kept for others are none of these cases'.
            own = environment(urls.app, GONGJIAN_HEADS_DIR=directory)
            with served(own) as address:
                asked = (f"{line.format(case=rid)} --service {address}" for line in OVER_HTTP)
                of_one = (f"{command} {rid}" for command in OF_ONE)
                found = ratios((*HELPS, *ALONE, *LISTS, *of_one, *asked), own, rounds)
        finally:
            postgres.stop()
    wall = {line: each.wall_s for line, each in found.items()}
    report = {"cpus": psutil.cpu_count(), "python": sys.version.split()[0], "ratios": wall}
    name = ROOT / "benchmarks" / "results" / f"cli-start-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    name.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name.name}")
    slow = [line for line, ratio in wall.items() if ratio > MOST]
    print(f"more than {MOST}: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
