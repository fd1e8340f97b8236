"""2,000 pieces of work in one inspection stage, with the server's own limits; the runs are printed."""

import pytest

from runtime.database import Database
from runtime.record.audit import audit
from tests.support.limits.runs import runs_of
from tests.support.limits.traffic import Traffic, many_works
from tests.support.wanderer import Begin, assert_agrees

ITEMS, SENDERS = 2_000, 12
SERVER_EVENTS, SERVER_BYTES, SERVER_UPDATES = 51_200, 50 * 1024 * 1024, 2_000
"""At these a server ends a run, or takes no update any more."""
pytestmark = pytest.mark.slow


async def test_two_thousand_items_pass_inspection_in_runs_far_below_the_limits(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=many_works(ITEMS))
    row = await j.until("works")
    traffic = Traffic(j, seed=ITEMS, rectified=50, wrong=20)
    await traffic.go(SENDERS)
    assert await assert_agrees(j) > 0
    await traffic.assert_recorded()
    await j.until("nothing")
    assert (await j.handle.result()).state == "completed"
    report = await audit(database, j.rid)
    assert report.ok, report
    runs = await runs_of(j.client, str(row["stage_workflow_id"]))
    for number, run in enumerate(runs, 1):
        print(f"run {number}: {run.events} events, {run.size} bytes, {run.updates} updates")
    assert max(run.events for run in runs) < SERVER_EVENTS / 4
    assert max(run.size for run in runs) < SERVER_BYTES / 4
    assert max(run.updates for run in runs) < SERVER_UPDATES / 2
    assert sum(run.updates for run in runs) > 2 * ITEMS
