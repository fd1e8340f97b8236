"""By every other means of reaching Temporal: refused, or found and healed, or kept out by mTLS only."""

import asyncio
from typing import Any

import asyncpg
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from models.messages import acts as a
from models.messages.ids import publication_workflow_id, renovation_workflow_id
from models.messages.journey import Journey, StageInput
from models.messages.publication import PublicationInput, Subject
from models.messages.reconciling import OPERATOR, Fault, ReconcileReport, Reconciliation
from models.messages.voting import VotePeriod
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from runtime.record.audit import audit
from tests.support.journey import COMMITTEE, JourneyDriver, codes
from tests.support.signed.driver import SignedDriver
from tests.support.signed.keys import GATEWAY_KEYS
from tests.support.waiting import begun

MAYOR = Actor(id="mayor", role=Role.STREET_OFFICE, label="Mayor Wang, entirely invented", place="d")
FAR = "2099-01-01T00:00:00Z"


async def at(journey: Any, word: str) -> SignedDriver:
    driver: SignedDriver = await journey(SignedDriver)
    await driver.until(word)
    return driver


async def repaired(j: JourneyDriver) -> list[tuple[str, Fault]]:
    given = Reconciliation(renovation_id=j.rid, by=OPERATOR)
    report: ReconcileReport = await reconcile(j.client, j.queue, given)
    return [
        (each.workflow_id.removeprefix(f"renovation/{j.rid}"), each.fault)
        for each in report.findings
    ]


async def ends_well(j: JourneyDriver, database: Database) -> None:
    await j.until("nothing")
    assert (await j.row())["state"] == "completed"
    report = await audit(database, j.rid, gateway=GATEWAY_KEYS)
    assert report.ok, [
        await j.db.fetchrow(
            "SELECT kind, actor_id, actor_role, actor_place FROM event WHERE renovation_id=$1 AND seq=$2",
            j.rid,
            each.seq,
        )
        for each in report.bad_acts
    ] or report
    kinds = await j.events()
    for once in ("voting.box_announced", "cost_sharing.shares_computed", "feedback.evaluated"):
        assert kinds.count(once) == 1, (once, kinds)


async def replace(
    j: JourneyDriver, kind: str, given: object, workflow_id: str, queue: str = ""
) -> None:
    """Start a workflow under the id of one that runs, as anybody may who reaches the port."""
    await j.client.start_workflow(
        kind,
        given,
        id=workflow_id,
        task_queue=queue or j.queue,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def test_start_of_a_renovation_with_an_invented_progress_changes_nothing(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "open_vote")
    stage = f"renovation/{j.rid}/bidding/2"
    carried = {
        "seq": 10**9,
        "stage": "bidding",
        "stage_workflow_id": stage,
        "entries": 2,
        "attempts": 1,
    }
    given = Journey(renovation_id=j.rid, clock="wall", carried=carried, gateway_public="ab" * 32)
    await replace(j, "RenovationWorkflow", given, renovation_workflow_id(j.rid))
    await ends_well(j, database)


@pytest.mark.slow
async def test_start_of_a_renovation_from_the_beginning_is_found_and_healed(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "payments")
    await replace(
        j, "RenovationWorkflow", Journey(renovation_id=j.rid), renovation_workflow_id(j.rid)
    )
    found = await repaired(j)
    assert ("", Fault.DIFFERS) in found, found
    await ends_well(j, database)


async def test_start_of_somebody_elses_workflow_under_our_id_is_found_and_healed(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "ballots")
    await replace(j, "RenovationWorkflow", None, renovation_workflow_id(j.rid), "nobodys")
    assert ("", Fault.IMPOSTOR) in await repaired(j)
    await ends_well(j, database)


@pytest.mark.slow
async def test_start_of_a_stage_writes_nothing_and_is_found_and_healed(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "open_vote")
    before = await j.seq()
    given = StageInput(renovation_id=j.rid, attempt=1, run_off=True, clock="told")
    name = f"renovation/{j.rid}/voting/1"
    await replace(j, "VotingWorkflow", given, name)
    with pytest.raises(Exception, match="impostor"):
        await j.act(a.OpenVote, COMMITTEE)
    kinds = (await j.events())[before:]
    assert set(kinds) <= {"case.needs_attention"}, kinds
    assert ("/voting/1", Fault.IMPOSTOR) in await repaired(j)
    await ends_well(j, database)


async def test_start_of_a_publication_or_under_an_id_of_no_case_writes_nothing(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "open_vote")
    before = await j.seq()
    given = PublicationInput(
        renovation_id=j.rid,
        publication_id=f"{j.rid}.refunds.1",
        subject=Subject.REFUNDS,
        clock="told",
    )
    for name in (publication_workflow_id(j.rid, given.publication_id), f"mine/{j.rid}"):
        handle = await j.client.start_workflow(
            "PublicationWorkflow", given, id=name, task_queue=j.queue
        )
        await refused_in(handle, "act.impostor")
        await handle.terminate()
    assert await j.seq() == before
    assert await j.value("SELECT count(*) FROM publication WHERE renovation_id=$1") == 0


async def refused_in(handle: Any, code: str) -> None:
    """Until an activity of the workflow was refused with this code."""
    async with asyncio.timeout(30):
        while True:
            history = await handle.fetch_history()
            for event in history.events:
                failed = event.activity_task_failed_event_attributes
                if failed.failure.message and code in failed.failure.message:
                    return
            await asyncio.sleep(0.1)


async def test_a_repair_in_an_invented_name_is_refused(journey: Any, database: Database) -> None:
    j = await at(journey, "open_vote")
    before = await j.seq()
    given = Reconciliation(renovation_id=j.rid, by=MAYOR)
    report = await reconcile(j.client, j.queue, given)
    assert [each.fault for each in report.findings] == [Fault.NOT_MENDED]
    assert await j.seq() == before


async def test_signals_change_nothing_for_the_tick_decides(
    journey: Any, database: Database
) -> None:
    j = await at(journey, "ballots")
    before = await j.seq()
    stage = j.client.get_workflow_handle(str((await j.row())["stage_workflow_id"]))
    for handle in (j.handle, stage):
        await handle.signal("clock_moved", FAR)
        await handle.signal("agenda_moved", args=["2000-01-01T00:00:00Z", FAR])
        await handle.signal("go_on")
    assert await j.seq() == before
    await j.until("payments")
    kinds = await j.events()
    await j.client.get_workflow_handle(str((await j.row())["stage_workflow_id"])).signal(
        "everyone_paid"
    )
    assert await j.events() == kinds
    await ends_well(j, database)


@pytest.mark.parametrize("how", ["terminate", "cancel"])
@pytest.mark.parametrize("whose", ["journey", "stage"])
async def test_terminate_and_cancel_are_found_and_healed(
    journey: Any, database: Database, how: str, whose: str
) -> None:
    j = await at(journey, "payments")
    name = str((await j.row())["stage_workflow_id"]) if whose == "stage" else j.handle.id
    handle = j.client.get_workflow_handle(name)
    await getattr(handle, how)()
    async with asyncio.timeout(30):
        while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            await asyncio.sleep(0.05)
    assert Fault.LOST in [fault for _, fault in await repaired(j)]
    await ends_well(j, database)


async def reset(client: Client, name: str) -> None:
    """Have a workflow begin anew after its first task, as if nobody had done anything since."""
    handle = client.get_workflow_handle(name)
    first = 0
    async with asyncio.timeout(60):
        while not first:
            done = [
                each.event_id
                for each in (await handle.fetch_history()).events
                if each.HasField("workflow_task_completed_event_attributes")
            ]
            first = done[0] if done else await asyncio.sleep(0.1, 0)
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=name),
            reason="mine now",
            workflow_task_finish_event_id=first,
            request_id="r",
            # The signatures of the acts may be too old by then: as if none of them came again.
            reset_reapply_exclude_types=[
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
            ],
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["journey", "stage"])
async def test_reset_is_found_and_healed(journey: Any, database: Database, whose: str) -> None:
    j = await at(journey, "record_evaluation")
    name = str((await j.row())["stage_workflow_id"]) if whose == "stage" else j.handle.id
    await reset(j.client, name)
    async with asyncio.timeout(60):
        while not await repaired(j):
            await asyncio.sleep(0.2)
    await ends_well(j, database)


@pytest.mark.slow
async def test_an_answer_in_our_workers_place_is_found_and_healed(
    journey: Any, database: Database, owner: str
) -> None:
    j = await at(journey, "open_vote")
    lock = await asyncpg.connect(owner)
    transaction = lock.transaction()
    await transaction.start()
    await lock.execute("SELECT 1 FROM renovation WHERE id=$1 FOR UPDATE", j.rid)
    opening = asyncio.create_task(j.act(a.OpenVote, COMMITTEE))
    stage = j.client.get_workflow_handle(f"renovation/{j.rid}/voting/1")
    await begun(stage)
    pending: list[Any] = []
    async with asyncio.timeout(30):
        while not pending:
            pending = list((await stage.describe()).raw_description.pending_activities)
            await asyncio.sleep(0.05)
    lie = VotePeriod(box_id="b", closes_at=FAR, check_at=FAR, seq=10**6)
    answer = j.client.get_async_activity_handle(
        workflow_id=stage.id, run_id=None, activity_id=pending[0].activity_id
    )
    await answer.complete(lie)
    with pytest.raises(Refused) as refused:
        await opening
    # The gateway believes the record, and there is nothing yet.
    assert codes(refused.value) == ["service.not_confirmed"]
    await transaction.rollback()
    await lock.close()
    async with asyncio.timeout(30):
        while "voting.box_announced" not in await j.events():
            await asyncio.sleep(0.05)
    assert ("/voting/1", Fault.DIFFERS) in await repaired(j)
    await ends_well(j, database)
