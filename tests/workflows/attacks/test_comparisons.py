"""The same means against what finds and heals: a comparison of record and engine, and who starts one."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowUpdateFailedError

from models.messages import acts as a
from models.messages.reconciling import Discrepancy, Fault, ReconcileReport, Reconciliation
from runtime.database import Database
from runtime.engine.reconciliation import WORKFLOW
from tests.support.signed.driver import SignedDriver
from tests.workflows.attacks.test_means import MAYOR, at, ends_well, repaired, reset

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
