"""Twenty sandbox renovations of 200 units at once on one worker, beside null activities.

The floor is what the same Temporal server does in the same run with activities that do nothing, called
by as many workflows side by side. Prints a report and writes it, raw, under `benchmarks/results/`.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psutil
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from cli.demo.run import DemoOptions, Silent, carry
from runtime.database import asyncpg_url
from runtime.settings import LocalSettings
from runtime.stack import LocalStack, Part
from runtime.temporal import connect

RESULTS = Path(__file__).resolve().parent / "results"
NULLS_EACH = 60
SAMPLE_S = 0.5
POLL_MS = 300
MIB = 1024 * 1024


@activity.defn(name="bench.null")
async def null() -> None:
    """Nothing."""


@workflow.defn(name="BenchNullWorkflow", sandboxed=False)
class NullWorkflow:
    """So many null activities, one after the other, as a stage does its writes."""

    @workflow.run
    async def run(self, count: int) -> None:
        for _ in range(count):
            await workflow.execute_activity(null, start_to_close_timeout=timedelta(seconds=10))


class Memory:
    """The highest resident memory of each part, children included."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.peak: dict[str, int] = {}

    async def watch(self) -> None:
        while True:
            for part in Part:
                pid = self.stack.pid(part)
                if pid is not None:
                    self.peak[part] = max(self.peak.get(part, 0), resident(pid))
            await asyncio.sleep(SAMPLE_S)


def resident(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(each.memory_info().rss for each in family)
    except psutil.NoSuchProcess:
        return 0


async def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as folder:
        async with running(Path(folder)) as stack:
            memory = Memory(stack)
            watching = asyncio.create_task(memory.watch())
            journeys = await run_journeys(stack, given)
            watching.cancel()
            client = await connect(stack.record.temporal_address)
            floor = await run_nulls(client, given.renovations)
            report = await summary(stack, journeys, floor, memory, given)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    if not given.dry:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"journey-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
        path.write_text(text + "\n", encoding="utf-8")
        print(f"written to benchmarks/results/{path.name}", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renovations", type=int, default=20)
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--day-s", default="0.3", help="real seconds of a case day")
    parser.add_argument("--apart-s", type=float, default=1.0, help="seconds between two starts")
    parser.add_argument("--dry", action="store_true", help="write no file")
    return parser.parse_args()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[LocalStack]:
    async with LocalStack(LocalSettings(data_dir=folder, log_level="warning")) as stack:
        yield stack


async def run_journeys(stack: LocalStack, given: argparse.Namespace) -> dict[str, object]:
    began = time.monotonic()

    async def one(number: int) -> dict[str, object]:
        options = DemoOptions(
            units=given.units,
            seed=number,
            day_s=given.day_s,
            case=f"bench{number}",
            poll_ms=POLL_MS,
        )
        # Committees do not all press the button in the same second.
        await asyncio.sleep(number * given.apart_s)
        started = time.monotonic()
        report = await carry(stack.settings, stack.record.service_url, options, Silent(), no_check)
        return {
            "renovation_id": report.renovation_id,
            "wall_s": round(time.monotonic() - started, 2),
            "history_events": sum(report.facts.history_events.values()),
            "event_chain_ok": report.facts.event_chain_ok,
        }

    done = await asyncio.gather(*(one(number) for number in range(given.renovations)))
    return {"wall_s": time.monotonic() - began, "runs": done}


def no_check() -> None:
    """The benchmark does not watch its stack: a dead part shows as a stand-still."""


async def run_nulls(client: Client, side_by_side: int) -> float:
    """Null activities per second of this server, with as many workflows as there were journeys."""
    queue = "bench-null"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[NullWorkflow],
        activities=[null],
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, initial=4, maximum=16),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(minimum=1, initial=4, maximum=16),
    ):
        began = time.monotonic()
        await asyncio.gather(
            *(
                client.execute_workflow(
                    NullWorkflow.run, NULLS_EACH, id=f"bench-null-{number}", task_queue=queue
                )
                for number in range(side_by_side)
            )
        )
        return side_by_side * NULLS_EACH / (time.monotonic() - began)


async def summary(
    stack: LocalStack,
    journeys: dict[str, object],
    floor: float,
    memory: Memory,
    given: argparse.Namespace,
) -> dict[str, object]:
    connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
    try:
        # Every activity leaves one receipt that names its workflow; residents' writes name none.
        activities = await connection.fetchval("SELECT count(*) FROM event WHERE workflow_id <> ''")
    finally:
        await connection.close()
    wall = float(journeys["wall_s"])  # type: ignore[arg-type]
    runs: list[dict[str, object]] = journeys["runs"]  # type: ignore[assignment]
    events = [int(run["history_events"]) for run in runs]  # type: ignore[call-overload]
    rate = activities / wall
    return {
        "renovations": given.renovations,
        "units": given.units,
        "day_s": given.day_s,
        "apart_s": given.apart_s,
        "wall_s": round(wall, 1),
        "journeys_per_minute": round(60 * given.renovations / wall, 2),
        "activities": activities,
        "activities_per_s": round(rate, 1),
        "null_activities_per_s": round(floor, 1),
        "ratio_to_null": round(rate / floor, 3),
        "history_events_median": statistics.median(events),
        "history_events_range": [min(events), max(events)],
        "every_chain_ok": all(run["event_chain_ok"] for run in runs),
        "peak_memory_mib": {part: round(size / MIB) for part, size in memory.peak.items()},
        "runs": runs,
    }


if __name__ == "__main__":
    asyncio.run(main())
