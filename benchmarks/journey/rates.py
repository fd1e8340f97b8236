"""Twenty told renovations of 200 units at once on one worker, beside null activities: rates and memory.

Then, on the same server, null activities and real writes back to back, as many workflows side by side:
the floor, and what one of our activities costs beside it. Prints a report and writes it, raw, under `benchmarks/results/`.
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

from activities.registry import build_activities
from cli.demo.run import DemoOptions, Silent, carry
from models.messages.command import Command
from models.messages.ids import ticket_workflow_id
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.stack import LocalStack, Part
from runtime.settings import LocalSettings
from runtime.temporal import connect
from worker import box_keys_of

RESULTS = Path(__file__).resolve().parents[1] / "results"
EACH = 60
TURNS = 3
SAMPLE_S = 0.5
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


@workflow.defn(name="TicketWorkflow", sandboxed=False)
class WriteWorkflow:
    """So many real writes back to back: each a transaction with its event and its receipt.

    Under the name of a workflow of the procedure: the record takes no step from any other.
    """

    @workflow.run
    async def run(self, renovation_id: str, count: int) -> None:
        for number in range(count):
            command = Command(
                command_id=f"{workflow.info().workflow_id}#{number}",
                renovation_id=renovation_id,
                workflow_id=workflow.info().workflow_id,
                asked_at=workflow.now(),
            )
            # The one step whose turn is always: the record refuses any other after its end.
            await workflow.execute_activity(
                "Agenda.remind",
                args=[command],
                start_to_close_timeout=timedelta(seconds=10),
            )


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
            report = await summary(stack, journeys, memory, given)
            report |= await side_by_side(stack, client, journeys, given)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    if not given.dry:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"journey-rates-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
        path.write_text(text + "\n", encoding="utf-8")
        print(f"written to benchmarks/results/{path.name}", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renovations", type=int, default=20)
    parser.add_argument("--units", type=int, default=200)
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
            case=f"bench{number}",
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


async def side_by_side(
    stack: LocalStack, client: Client, journeys: dict[str, object], given: argparse.Namespace
) -> dict[str, object]:
    """Null activities and real writes, as fast as they go, on this server and in one worker.

    The journeys wait for their driver, too; this is what an activity costs.
    """
    database = Database(stack.record.database_url)
    ids = [str(run["renovation_id"]) for run in journeys["runs"]]  # type: ignore[attr-defined]
    queue = "bench"
    try:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[NullWorkflow, WriteWorkflow],
            activities=[null, *build_activities(database, box_keys_of(stack.settings))],
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(
                minimum=2, initial=4, maximum=16
            ),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(
                minimum=1, initial=4, maximum=16
            ),
        ):
            rates: dict[str, list[float]] = {"null": [], "write": []}
            for turn in range(TURNS):
                rates["null"].append(await burst(client, queue, ids, turn, writes=False))
                rates["write"].append(await burst(client, queue, ids, turn, writes=True))
    finally:
        await database.dispose()
    null_rate, write_rate = (statistics.median(rates[kind]) for kind in ("null", "write"))
    return {
        "null_activities_per_s": [round(rate, 1) for rate in rates["null"]],
        "write_activities_per_s": [round(rate, 1) for rate in rates["write"]],
        "write_to_null_median": round(write_rate / null_rate, 3),
        "side_by_side": given.renovations,
    }


async def burst(client: Client, queue: str, ids: list[str], turn: int, *, writes: bool) -> float:
    """Activities per second of one burst, one workflow for each renovation."""
    began = time.monotonic()
    if writes:
        await asyncio.gather(
            *(
                client.execute_workflow(
                    WriteWorkflow.run,
                    args=[rid, EACH],
                    id=ticket_workflow_id(rid, f"bench-{turn}"),
                    task_queue=queue,
                )
                for rid in ids
            )
        )
    else:
        await asyncio.gather(
            *(
                client.execute_workflow(
                    NullWorkflow.run, EACH, id=f"bench-null-{turn}-{rid}", task_queue=queue
                )
                for rid in ids
            )
        )
    return len(ids) * EACH / (time.monotonic() - began)


async def summary(
    stack: LocalStack,
    journeys: dict[str, object],
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
        "apart_s": given.apart_s,
        "wall_s": round(wall, 1),
        "journeys_per_minute": round(60 * given.renovations / wall, 2),
        "activities": activities,
        "activities_per_s_of_journeys": round(rate, 1),
        "history_events_median": statistics.median(events),
        "history_events_range": [min(events), max(events)],
        "every_chain_ok": all(run["event_chain_ok"] for run in runs),
        "peak_memory_mib": {part: round(size / MIB) for part, size in memory.peak.items()},
        "runs": runs,
    }


if __name__ == "__main__":
    asyncio.run(main())
