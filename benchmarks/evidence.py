"""Evidence of a vote: export and both checks for 10^4, 2·10^5 and 10^6 ballots, time and peak memory.

    python -m benchmarks.evidence [SIZE …]

Each step is a process of its own: `gongjian evidence voting`, `python verify.py`, `gongjian verify`.
Both checks are the same code; `start` is what each takes for a bundle of 13 ballots, and `ratio` is
`gongjian verify` over `verify.py`, whole and without the start.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.count import count_out
from activities.voting.roll import hash_of_roll
from benchmarks.keys import environment
from benchmarks.voting.estate import BOX_KEYS, fill_box, make_box
from models.messages.command import Command
from models.tables import BallotBox
from models.values.base import Carried
from models.values.states import BoxState
from rules import voting as law
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from runtime.record.journal import Journal, Recorded

ROOT = Path(__file__).resolve().parents[1]
SIZES = (10_000, 200_000, 1_000_000)
SMALL = ROOT / "tests" / "proof" / "cases" / "evidence-1.zip"
MIB = 1024 * 1024
GONGJIAN = (sys.executable, "-m", "cli.main")


Checks = dict[str, dict[str, float]]


class Done(Carried):
    """A closed vote."""


async def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "db")
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            figures = {str(size): await figures_of(urls, size, Path(directory)) for size in sizes}
        finally:
            postgres.stop()
    report = {"cpus": psutil.cpu_count(), "python": sys.version.split()[0], "ballots": figures}
    name = ROOT / "benchmarks" / "results" / f"evidence-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    name.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name.name}")


async def figures_of(urls: Urls, size: int, folder: Path) -> dict[str, object]:
    rid = f"r{secrets.token_hex(5)}"
    await closed_vote(urls, rid, size)
    zip_, script = folder / f"{size}.zip", folder / "verify.py"
    script.write_bytes(
        subprocess.run(
            [*GONGJIAN, "evidence", "script"], check=True, cwd=ROOT, stdout=subprocess.PIPE
        ).stdout
    )
    export = peak(*GONGJIAN, "evidence", "voting", rid, "--out", str(zip_), urls=urls)
    start, checks = both(script, SMALL, urls), both(script, zip_, urls)
    found: dict[str, object] = {
        "export": export,
        "zip_mib": round(zip_.stat().st_size / MIB, 1),
        "start": start,
        **checks,
        "ratio": ratio(checks, {}),
        "ratio_without_start": ratio(checks, start),
    }
    print(f"{size:>9,} ballots  {json.dumps(found)}", flush=True)
    return found


def both(script: Path, bundle: Path, urls: Urls) -> Checks:
    """Both checks of a bundle, one after the other."""
    return {
        "verify_py": peak(sys.executable, "-I", str(script), str(bundle), urls=urls),
        "gongjian_verify": peak(*GONGJIAN, "verify", str(bundle), urls=urls),
    }


def ratio(checks: Checks, start: Checks) -> dict[str, float]:
    """`gongjian verify` over `verify.py`, each less what its start takes."""
    ours, theirs = (
        {name: each - start.get(way, {}).get(name, 0) for name, each in checks[way].items()}
        for way in ("gongjian_verify", "verify_py")
    )
    return {name: round(ours[name] / theirs[name], 2) for name in ours}


def peak(*command: str, urls: Urls) -> dict[str, float]:
    """Seconds on the clock and of CPU, and the largest memory in MiB, of one process."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(urls.app),
        stdout=subprocess.DEVNULL,
    )
    peak_kib = 0
    while not (done := os.wait4(child.pid, os.WNOHANG))[0]:
        # What the kernel accounts to a child holds the memory of its parent before the start.
        peak_kib = max(peak_kib, high_water_kib(child.pid))
        time.sleep(0.02)
    _, status, used = done
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return {
        "wall_s": round(time.perf_counter() - begun, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": round(peak_kib / 1024),
    }


def high_water_kib(pid: int) -> int:
    """The largest memory of a process since it runs its own program."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


async def closed_vote(urls: Urls, rid: str, size: int) -> None:
    """A box with so many ballots, closed and counted as the activity does it."""
    owner, database = await asyncpg.connect(asyncpg_url(urls.owner)), Database(urls.app)
    box_id = await make_box(database, owner, rid, size)
    await fill_box(owner, box_id, size)
    await owner.execute("ANALYZE ballot")

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Done]:
        box = await session.get_one(BallotBox, box_id, with_for_update=True)
        box.state, box.closed_at = BoxState.CLOSED, box.closes_at
        box.roll_hash = await hash_of_roll(session, box_id)
        await session.flush()
        counted = await count_out(session, box, law.pack_for("CN-2021"), BOX_KEYS)
        box.tally, box.tree_head = dict(counted.record), counted.head
        largest = min(size, 7_000) + 4_999
        area = sum(5_000 + number % 7_000 for number in range(size))
        concentration: dict[str, JsonValue] = {
            "heads": 1,
            "roll_heads": size,
            "area_dm2": largest,
            "roll_area_dm2": area,
            "developer": False,
            "above_one_fifth": False,
        }
        details: dict[str, JsonValue] = {
            "box": box_id,
            "adopted": counted.adopted,
            "ballots": counted.ballots,
            "concentration": concentration,
        }
        return Recorded(Done(), details)

    command = Command(command_id=f"{rid}#close", renovation_id=rid)
    await Journal(database).record(command, "voting.box_closed", None, inside, Done)
    await owner.close()
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main([int(size) for size in sys.argv[1:]] or list(SIZES)))
