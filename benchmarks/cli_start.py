"""How long a command takes, beside importing sqlalchemy, asyncpg, typer and rich in the same run.

    python -m benchmarks.cli_start [ROUNDS]

Help of every command, and the commands that read, on a database of 100,000 cases. Every round runs
each of them once; the medians are compared. Exit code 1 when one takes more than twice the imports.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg
import psutil

from benchmarks.keys import environment
from cli.main import COMMANDS
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from tests.support.files.many_cases import write_cases

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
CASES = 100_000
MOST = 2.0
IMPORTS = "import sqlalchemy, asyncpg, typer, rich"
HELPS = ("--help", *(f"{name} --help" for name in COMMANDS))
LISTS = (
    "list",
    "list --json",
    "list --place d3/d3s7",
    "list --stage bidding",
    "list --waiting street_office",
    "list --overdue",
    "list --stuck",
)
OF_ONE = ("status", "status --json", "history")


def ratios(lines: Sequence[str], database_url: str, rounds: int) -> dict[str, float]:
    """Median seconds of each command line, over the median seconds of the imports."""
    own = environment(database_url)
    floor = (sys.executable, "-c", IMPORTS)
    programs = {line: (sys.executable, "-m", "cli.main", *line.split()) for line in lines}
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        for name, program in {IMPORTS: floor, **programs}.items():
            seconds = seconds_of(program, own)
            if number:  # the first round fills the caches
                took[name].append(seconds)
    imports = median(took.pop(IMPORTS))
    print(f"{imports:6.3f} s        {IMPORTS}")
    for name, each in took.items():
        print(f"{median(each):6.3f} s  {median(each) / imports:4.2f}  gongjian {name}", flush=True)
    return {name: median(each) / imports for name, each in took.items()}


def seconds_of(program: Sequence[str], environment: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - begun
    assert done.returncode == 0, (program, done.stderr)
    return took


async def seeded(urls: Urls) -> str:
    """Write the cases; the id of one of them."""
    owner = await asyncpg.connect(urls.owner)
    try:
        await write_cases(owner, CASES)
        return str(await owner.fetchval("SELECT id FROM renovation LIMIT 1"))
    finally:
        await owner.close()


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "db")
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            rid = asyncio.run(seeded(urls))
            lines = (*HELPS, *LISTS, *(f"{command} {rid}" for command in OF_ONE))
            found = ratios(lines, urls.app, rounds)
        finally:
            postgres.stop()
    report = {"cpus": psutil.cpu_count(), "python": sys.version.split()[0], "ratios": found}
    name = ROOT / "benchmarks" / "results" / f"cli-start-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    name.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name.name}")
    slow = {line: ratio for line, ratio in found.items() if ratio > MOST}
    print(f"more than {MOST}: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
