"""A release and the way back, under 200 running cases: the workers of two builds, and none hangs.

The later build differs behind `workflow.patched` (tests/support/processes/later_build.py). What is
done here with `temporal` are the lines of deploy/runbook.md, "Back".
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from models.messages.acts import CancelRenovation, OpenVote
from models.messages.ids import renovation_workflow_id, stage_workflow_id
from runtime.addresses import asyncpg_url
from runtime.engine.builds import current_build
from runtime.local.processes import Child
from runtime.local.programs import ROOT, find_program, worker_ready
from runtime.local.stack import LocalStack
from runtime.record.audit import audit
from runtime.settings import LocalSettings
from service.parts import Parts, open_parts
from tests.support.estate import make_renovation
from tests.support.journey import BUREAU, COMMITTEE, JourneyDriver
from tests.support.processes.later_build import PATCH
from tests.support.waiting import eventually

CASES = 200
AT_ONCE = 8
CASES_A_WHOLE_ONE = 40
"""Of so many cases two go the whole way, one of each half."""
OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
PATIENCE_S = 60

pytestmark = pytest.mark.slow
Step = Callable[[JourneyDriver], Awaitable[object]]


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning", build_id="before")
    async with LocalStack(local, headless=True) as running:
        yield running


@pytest.fixture
async def parts(stack: LocalStack) -> AsyncIterator[Parts]:
    async with open_parts(stack.settings, pool=AT_ONCE) as opened:
        yield opened


@asynccontextmanager
async def later_worker(stack: LocalStack) -> AsyncIterator[None]:
    """The workers of the later build beside the ones of before; they get no task by themselves."""
    ready = stack.data_dir / "later.ready"
    settings = stack.settings.model_copy(update={"build_id": "later", "ready_file": ready})
    program = ROOT / "tests/support/processes/later_build.py"
    variables = {**settings.to_environment(), "PYTHONPATH": str(ROOT)}
    log = stack.data_dir / "logs" / "later.log"
    child = Child("later", [sys.executable, str(program)], variables, log, ROOT)
    child.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await worker_ready(ready)
        yield
    finally:
        await child.stop(PATIENCE_S)


@asynccontextmanager
async def drivers_of(stack: LocalStack, parts: Parts) -> AsyncIterator[list[JourneyDriver]]:
    """The cases, opened and not begun."""
    pool = await asyncpg.create_pool(asyncpg_url(stack.owner_url), min_size=1, max_size=AT_ONCE)
    async with pool, httpx.AsyncClient(base_url=stack.record.service_url, timeout=60) as http:
        names = [f"r{number:03}" for number in range(CASES)]
        for rid in names:
            await make_renovation(parts.database, rid=rid, units=3, told_at=OPENED_AT)
        yield [JourneyDriver(parts, http, pool, rid) for rid in names]


async def each(cases: Sequence[JourneyDriver], step: Step) -> None:
    """Take a step in each of these cases, some at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(case: JourneyDriver) -> None:
        async with slots:
            await step(case)

    await asyncio.gather(*(one(case) for case in cases))


async def begin(case: JourneyDriver) -> None:
    await case.start()
    await case.until("open_vote")


async def open_vote(case: JourneyDriver) -> None:
    await case.act(OpenVote, COMMITTEE)


def goes_on(case: JourneyDriver) -> bool:
    """Whether it goes the whole way; the others are cancelled in the vote, which settles them."""
    return int(case.rid.removeprefix("r")) % CASES_A_WHOLE_ONE < 2


async def to_an_end(case: JourneyDriver) -> None:
    if not goes_on(case):
        await case.act(CancelRenovation, BUREAU, reason="no money")
    await case.until("nothing")


async def answer(stack: LocalStack, *command: str) -> str:
    """What an operator types; the answer."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "TEMPORAL_ADDRESS": stack.record.temporal_address},
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    return said.decode()


async def use_build(stack: LocalStack, build: str) -> str:
    return await answer(stack, sys.executable, "-m", "cli.main", "use-build", build)


async def temporal(stack: LocalStack, *words: str) -> str:
    return await answer(stack, find_program("temporal"), *words)


async def pin(stack: LocalStack, build: str) -> None:
    """Leave every running workflow that has taken the patch to the build that knows it."""
    name = ("--versioning-override-deployment-name", stack.settings.task_queue)
    await override(stack, "pinned", *name, "--versioning-override-build-id", build)


async def unpin(stack: LocalStack) -> None:
    """Let them go to the current build, which knows the patch too."""
    await override(stack, "unspecified")


async def override(stack: LocalStack, behavior: str, *words: str) -> None:
    """Override the build of every running workflow that has taken the patch; returns when it is done."""
    query = f"TemporalChangeVersion = '{PATCH}' AND ExecutionStatus = 'Running'"
    which = ("--query", query, "--versioning-override-behavior", behavior)
    said = await temporal(stack, "workflow", "update-options", "--yes", *which, *words)
    job = said.split()[-1]
    async with asyncio.timeout(PATIENCE_S):
        while "Completed" not in await temporal(stack, "batch", "describe", "--job-id", job):
            await asyncio.sleep(0.5)


async def running_on(stack: LocalStack, build: str) -> int:
    """How many running workflows had their last task with a build."""
    version = f"{stack.settings.task_queue}:{build}"
    query = f"TemporalWorkerDeploymentVersion = '{version}' AND ExecutionStatus = 'Running'"
    said = await temporal(stack, "workflow", "count", "--query", query)
    return int(said.split()[-1])


async def nothing_runs(stack: LocalStack) -> bool:
    """Whether neither build has a workflow that runs."""
    return await running_on(stack, "before") == await running_on(stack, "later") == 0


async def patched(client: Client, case: JourneyDriver) -> bool:
    """Whether the vote of this case was opened by the later build."""
    handle = client.get_workflow_handle(stage_workflow_id(case.rid, "voting", 1))
    markers = EventType.EVENT_TYPE_MARKER_RECORDED
    events = (await handle.fetch_history()).events
    return any(
        event.event_type == markers and PATCH in str(event.marker_recorded_event_attributes)
        for event in events
    )


async def failed_tasks(client: Client, rid: str) -> int:
    """Workflow tasks of the journey and its first vote that failed: a replay that did not match."""
    failed = 0
    for workflow_id in (renovation_workflow_id(rid), stage_workflow_id(rid, "voting", 1)):
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        kind = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        failed += sum(event.event_type == kind for event in history.events)
    return failed


async def test_200_running_cases_pass_to_a_later_build_and_back(
    stack: LocalStack, parts: Parts
) -> None:
    began = monotonic()
    client, queue = parts.client, stack.settings.task_queue
    third = CASES // 3
    async with drivers_of(stack, parts) as cases, later_worker(stack):
        await each(cases, begin)
        first, second, last = cases[:third], cases[third : 2 * third], cases[2 * third :]
        await each(first, open_vote)
        assert await current_build(client, queue) == "before"

        assert "build later is current now" in await use_build(stack, "later")
        await each(second, open_vote)

        await pin(stack, "later")
        assert "build before is current now" in await use_build(stack, "before")
        assert "build before was current already" in await use_build(stack, "before")
        await pin(stack, "later")
        await each(last, open_vote)
        await each(cases[::2], to_an_end)
        kept = await running_on(stack, "later")
        assert kept == len([case for case in cases[1::2] if case in second])

        # A mended release comes, which knows the patch: here the same build once more.
        assert "build later is current now" in await use_build(stack, "later")
        await unpin(stack)
        await each(cases[1::2], to_an_end)

        assert [await patched(client, case) for case in cases] == [case in second for case in cases]
        states = {str((await case.row())["state"]) for case in cases if goes_on(case)}
        assert states == {"completed"}
        states = {str((await case.row())["state"]) for case in cases if not goes_on(case)}
        assert states == {"cancelled"}
        # The record is at its end before the workflow is, and that before the engine lists it as ended.
        await eventually(lambda: nothing_runs(stack))
        for case in cases:
            assert (await case.handle.result()).state == (await case.row())["state"]
            assert (await audit(parts.database, case.rid)).ok, case.rid
        failed = sum([await failed_tasks(client, case.rid) for case in cases])
    print(f"{CASES} cases, {failed} failed workflow tasks, {monotonic() - began:.0f} s")
    assert failed == 0
