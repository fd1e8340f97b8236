"""The same means against what finds and heals: a comparison of record and engine, and who starts one."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)

from models.messages import acts as a
from models.messages.reconciling import (
    OPERATOR,
    Discrepancy,
    Fault,
    ReconcileReport,
    Reconciliation,
)
from runtime.database import Database
from runtime.engine.builds import make_current
from runtime.engine.reconciliation import WORKFLOW, reconcile
from runtime.engine.routing import other_builds
from tests.support.signed.driver import SignedDriver
from tests.workflows.attacks.test_means import MAYOR, at, ends_well, repaired, reset
from tests.workflows.attacks.test_sisters import ROGUE, current, rogue_worker

SOON = timedelta(seconds=1)
Means = Callable[[SignedDriver], Awaitable[None]]


async def comparing(j: SignedDriver, **given: Any) -> WorkflowHandle[Any, ReconcileReport]:
    """A comparison of this case that begins in a second, started by whoever reaches Temporal."""
    return await j.client.start_workflow(
        WORKFLOW,
        Reconciliation(renovation_id=j.rid, **given),
        id=f"repair/{uuid.uuid4().hex}",
        task_queue=j.queue,
        start_delay=SOON,
        result_type=ReconcileReport,
    )


async def terminated(j: SignedDriver) -> None:
    await (await comparing(j)).terminate("mine now")


async def cancelled(j: SignedDriver) -> None:
    handle = await comparing(j)
    await handle.cancel()
    async with asyncio.timeout(30):
        while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            await asyncio.sleep(0.1)
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED


async def only_told(j: SignedDriver) -> None:
    """A start that looks and does nothing: who started it is told, and nobody else."""
    await (await comparing(j, dry_run=True)).result()


async def past_the_end(j: SignedDriver) -> None:
    """A start with what an earlier page would have found, of cases that nobody has looked at."""
    lie = Discrepancy(renovation_id=j.rid, workflow_id="w", fault=Fault.LOST)
    found = await (await comparing(j, dry_run=True, cases=10**6, findings=(lie,))).result()
    assert lie in found.findings


async def signalled(j: SignedDriver) -> None:
    handle = await comparing(j, dry_run=True)
    for name in ("go_on", "tick_moved", "invented"):
        await handle.signal(name, 1)
    await handle.result()


async def updated(j: SignedDriver) -> None:
    handle = await comparing(j, dry_run=True)
    act = a.CancelRenovation(command_id="x", actor=MAYOR, reason="invented")
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update(a.CancelRenovation.name, act, id="x")
    await handle.result()


MEANS: tuple[Means, ...] = (terminated, cancelled, only_told, past_the_end, signalled, updated)


@pytest.mark.slow
@pytest.mark.parametrize("means", MEANS)
async def test_whatever_is_done_to_a_comparison_the_next_one_heals(
    journey: Any, database: Database, means: Means
) -> None:
    j = await at(journey, "open_vote")
    await j.handle.terminate("mine now")
    before = await j.seq()
    await means(j)
    assert await j.seq() == before
    assert Fault.LOST in dict(await repaired(j)).values()
    await ends_well(j, database)


@pytest.mark.slow
async def test_a_comparison_that_is_reset_compares_once_more(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "open_vote")
    handle = await comparing(j)
    await handle.result()
    await j.handle.terminate("mine now")
    await reset(j.client, handle.id)
    again = await j.client.get_workflow_handle(handle.id, result_type=ReconcileReport).result()
    assert Fault.LOST in {each.fault for each in again.findings}
    await ends_well(j, database)


NOTHING_FOUND = ReconcileReport(cases=1, findings=())


async def told_by(j: SignedDriver) -> ReconcileReport:
    """What a comparison that only looks says now; it is found or not, and nothing is healed."""
    given = Reconciliation(renovation_id=j.rid, dry_run=True, by=OPERATOR)
    return await reconcile(j.client, j.queue, given)


@pytest.mark.slow
async def test_a_comparison_that_was_given_to_a_rogue_build_is_believed_by_nobody_who_is_told_of_it(
    journey: Any, database: Database
) -> None:
    """`gongjian repair` names the other build before it asks; what the rogue says changes nothing."""
    j = await at(journey, "open_vote")
    await j.handle.terminate("mine now")
    before, build = await j.seq(), j.parts.settings.build_id
    try:
        async with rogue_worker(j.client, j.queue, said=NOTHING_FOUND, to="repair/"):
            await current(j, "")
            assert await other_builds(j.client, j.queue, build) == (ROGUE,)
            async with asyncio.timeout(60):
                while (await told_by(j)).findings:
                    pass
    finally:
        await make_current(j.client, j.queue, build)
    assert await j.seq() == before
    assert Fault.LOST in dict(await repaired(j)).values()
    await ends_well(j, database)


@pytest.mark.slow
async def test_a_worker_that_gives_itself_out_for_our_build_delays_a_comparison_and_changes_nothing(
    journey: Any, database: Database
) -> None:
    """Kept out by mTLS only: its lie is believed once. The next comparison that a worker of ours takes heals."""
    j = await at(journey, "open_vote")
    await j.handle.terminate("mine now")
    before, build = await j.seq(), j.parts.settings.build_id
    async with rogue_worker(j.client, j.queue, build, NOTHING_FOUND, to="repair/"):
        async with asyncio.timeout(60):
            while (await told_by(j)).findings:
                pass
        assert await other_builds(j.client, j.queue, build) == ()
    assert await j.seq() == before
    async with asyncio.timeout(60):
        # A poll of the rogue may still wait at the server.
        while Fault.LOST not in dict(await repaired(j)).values():
            pass
    await ends_well(j, database)
