"""What the engine has lost is rebuilt from the record, and the case ends as if nothing had been."""

from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from models.messages.reconciling import OPERATOR, Fault, ReconcileReport, Reconciliation
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from runtime.record.audit import audit
from tests.support.breaks.branches import not_cured
from tests.support.journey import JourneyDriver
from tests.support.slow import some_are_slow
from tests.support.wanderer import assert_agrees

Begin = Callable[..., Awaitable[JourneyDriver]]
WAITS = (
    "open_vote",
    "ballots",
    "objections.vote_result",
    "objections.share_table",
    "payments",
    "publish_tender",
    "bids",
    "record_evaluation",
    "objections.candidates",
    "award_contract",
    "sign_contract",
    "works",
    "approve_payment",
    "survey",
)


async def repaired(j: JourneyDriver, *, dry_run: bool = False) -> ReconcileReport:
    given = Reconciliation(renovation_id=j.rid, by=OPERATOR, dry_run=dry_run)
    return await reconcile(j.client, j.queue, given)


async def closed(handle: WorkflowHandle, status: WorkflowExecutionStatus) -> None:
    while (await handle.describe()).status is not status:
        pass


async def ends_well(j: JourneyDriver, database: Database) -> None:
    await j.until("nothing")
    row = await j.row()
    assert row["state"] == "completed"
    report = await audit(database, j.rid)
    assert report.ok, report
    kinds = await j.events()
    for once in ("voting.box_announced", "cost_sharing.shares_computed", "feedback.evaluated"):
        assert kinds.count(once) == 1, (once, kinds)


QUICK = ("open_vote", "works")


@pytest.mark.parametrize(
    "word",
    [*QUICK, *some_are_slow(*(each for each in WAITS if each not in QUICK))],
)
async def test_a_renovation_that_was_terminated_goes_on_from_the_record(
    journey: Begin, database: Database, word: str
) -> None:
    j = await journey()
    await j.until(word)
    await j.handle.terminate("by a slip")
    found = await repaired(j, dry_run=True)
    assert [each.fault for each in found.findings] == [Fault.LOST]
    assert (await j.handle.describe()).status is WorkflowExecutionStatus.TERMINATED
    found = await repaired(j)
    assert [(each.fault, each.was) for each in found.findings] == [(Fault.LOST, "TERMINATED")]
    assert (await j.handle.describe()).status is WorkflowExecutionStatus.RUNNING
    assert "case.repaired" in await j.events()
    await ends_well(j, database)


@pytest.mark.parametrize(
    "word", some_are_slow("measure_works", "terminate_contract", "publish_tender", "works")
)
async def test_a_case_whose_contract_is_ended_goes_on_from_the_record(
    journey: Begin, database: Database, word: str
) -> None:
    j = await journey()
    await not_cured(j)
    await assert_agrees(j)
    await j.until(word)
    await assert_agrees(j)
    row = await j.row()
    await j.client.get_workflow_handle(str(row["stage_workflow_id"])).terminate("by a slip")
    await j.handle.terminate("by a slip")
    await repaired(j)
    await ends_well(j, database)
    kinds = await j.events()
    for once in ("cure_noticed", "termination_asked", "site_made_safe", "contract_settled"):
        assert kinds.count(f"inspection.{once}") == 1, (once, kinds)
    assert kinds.count("bidding.contract_signed") == 2


@pytest.mark.slow
async def test_a_renovation_that_was_cancelled_from_outside_goes_on_from_the_record(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("payments")
    await j.handle.cancel()
    await closed(j.handle, WorkflowExecutionStatus.CANCELED)
    await repaired(j)
    await ends_well(j, database)


async def test_a_renovation_may_be_lost_again_at_once(journey: Begin, database: Database) -> None:
    j = await journey()
    await j.until("open_vote")
    for _ in range(3):
        await j.client.get_workflow_handle(j.handle.id).terminate("by a slip")
        found = await repaired(j)
        assert [each.fault for each in found.findings] == [Fault.LOST]
    assert (await j.events()).count("case.repaired") == 3
    await ends_well(j, database)


@pytest.mark.parametrize("word", ["ballots", *some_are_slow("objections.vote_result", "works")])
async def test_a_stage_that_was_terminated_is_carried_on(
    journey: Begin, database: Database, word: str
) -> None:
    j = await journey()
    row = await j.until(word)
    stage = j.client.get_workflow_handle(str(row["stage_workflow_id"]))
    await stage.terminate("by a slip")
    while "case.needs_attention" not in await j.events():
        pass
    found = await repaired(j)
    assert Fault.LOST in [each.fault for each in found.findings]
    await ends_well(j, database)
    assert "case.attention_ended" in await j.events()
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id=$1")


@pytest.mark.slow
async def test_a_publication_that_was_terminated_is_carried_on(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("objections.share_table")
    name = await j.value("SELECT id FROM publication WHERE renovation_id=$1 AND state='open'")
    lost = j.client.get_workflow_handle(f"renovation/{j.rid}/publication/{name}")
    await lost.terminate("by a slip")
    while "case.needs_attention" not in await j.events():
        pass
    await repaired(j)
    await ends_well(j, database)


async def test_nothing_is_mended_where_nothing_is_wrong(journey: Begin) -> None:
    j = await journey()
    await j.until("works")
    before = await j.events()
    found = await repaired(j)
    assert found.cases == 1
    assert not found.findings
    assert await j.events() == before
