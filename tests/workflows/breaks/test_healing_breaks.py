"""What repairs may break itself, once or for a while: nobody hangs, and it is made good later."""

from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import WorkflowFailureError

from models.messages import acts as a
from models.messages.reconciling import OPERATOR, Fault, ReconcileReport, Reconciliation
from models.values.refusal import Refused
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from tests.support.breaks.breaking import (
    BreakingDriver,
    agrees_soon,
    ended_well,
    shows_trouble,
    soon,
    together,
)
from tests.support.breaks.faults import Faults, Moment
from tests.support.journey import STREET, codes

Begin = Callable[..., Awaitable[BreakingDriver]]
Breaking = Callable[..., Callable[..., BreakingDriver]]
PUBLISH, OPEN_BIDS = "Tenders.publish", "Tenders.open_bids"


async def repaired(j: BreakingDriver, **asked: object) -> ReconcileReport:
    given = Reconciliation.model_validate({"renovation_id": j.rid, "by": OPERATOR, **asked})
    return await reconcile(j.client, j.queue, given)


async def ends(j: BreakingDriver, database: Database) -> None:
    await j.until("nothing")
    await ended_well(j, database, "completed")


async def stage_of(j: BreakingDriver) -> str:
    return str((await j.row())["stage_workflow_id"])


@pytest.mark.parametrize(
    "name", ["Healing.give_up", pytest.param("Restoring.restored", marks=pytest.mark.slow)]
)
@pytest.mark.slow
async def test_an_act_that_cannot_even_be_given_up_jams_nothing(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database, name: str
) -> None:
    j = await journey(breaking(Moment.INSIDE, PUBLISH))
    await j.until("publish_tender")
    faults.arm(j.rid, name, at=Moment.FIRST)
    with pytest.raises(Refused) as refused:
        await j.plain(a.PublishTender, STREET)
    assert codes(refused.value) == ["act.broken"]
    assert await shows_trouble(j, await stage_of(j))
    faults.disarm(j.rid, name, PUBLISH)
    assert name in faults.broke[j.rid]
    await j.plain(a.PublishTender, STREET)
    await agrees_soon(j, await stage_of(j))
    await ends(j, database)


@pytest.mark.slow
async def test_a_step_that_cannot_be_marked_does_not_end_its_workflow(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database
) -> None:
    j = await journey(breaking(Moment.INSIDE, OPEN_BIDS))
    await j.until("bids")
    stage = await stage_of(j)
    faults.arm(j.rid, "Healing.note", at=Moment.FIRST)

    async def going() -> None:
        await soon(lambda: shows_trouble(j, stage))
        faults.disarm(j.rid, "Healing.note", OPEN_BIDS)
        assert not await j.troubles()
        found = await repaired(j)
        assert (Fault.LATE, stage) in [(each.fault, each.workflow_id) for each in found.findings]

    await together(j.until("record_evaluation"), going())
    assert not await shows_trouble(j, stage)
    await ends(j, database)


@pytest.mark.slow
async def test_a_mark_that_cannot_be_taken_away_goes_with_the_next_repair(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database
) -> None:
    j = await journey(breaking(Moment.INSIDE, OPEN_BIDS))
    await j.until("bids")
    stage = await stage_of(j)
    faults.arm(j.rid, "Healing.cured", at=Moment.FIRST)

    async def going() -> None:
        await soon(lambda: shows_trouble(j, stage))
        faults.disarm(j.rid, OPEN_BIDS)
        await repaired(j)

    await together(j.until("record_evaluation"), going())
    await soon(lambda: broke(faults, j, "Healing.cured", 3))
    faults.disarm(j.rid, "Healing.cured")
    await repaired(j)
    await soon(lambda: none_left(j))
    await ends(j, database)


@pytest.mark.slow
async def test_a_child_that_cannot_be_restored_waits_for_the_next_repair(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database
) -> None:
    j = await journey(breaking(Moment.INSIDE, "none"))
    await j.until("works")
    await j.client.get_workflow_handle(await stage_of(j)).terminate("by a slip")
    await soon(lambda: shows_trouble(j, j.handle.id))
    faults.arm(j.rid, "Restoring.restored", at=Moment.FIRST)
    await repaired(j)
    await soon(lambda: broke(faults, j, "Restoring.restored", 3))
    faults.disarm(j.rid, "Restoring.restored")
    await soon(lambda: shows_trouble(j, j.handle.id))
    await repaired(j)
    await ends(j, database)


@pytest.mark.slow
async def test_a_case_that_cannot_be_mended_is_a_finding_and_is_mended_the_next_time(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database
) -> None:
    j = await journey(breaking(Moment.INSIDE, "none"))
    await j.until("works")
    await j.handle.terminate("by a slip")
    faults.arm(j.rid, "Reconciling.mend", at=Moment.FIRST)
    assert [each.fault for each in (await repaired(j)).findings] == [Fault.NOT_MENDED]
    faults.disarm(j.rid, "Reconciling.mend")
    assert [each.fault for each in (await repaired(j)).findings] == [Fault.LOST]
    await ends(j, database)


@pytest.mark.slow
async def test_a_comparison_that_breaks_leaves_the_next_one_alone(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database
) -> None:
    j = await journey(breaking(Moment.INSIDE, "none"))
    await j.until("works")
    await j.handle.terminate("by a slip")
    faults.arm("", "Suspecting.page", at=Moment.FIRST)
    with pytest.raises(WorkflowFailureError):
        await repaired(j, renovation_id="", everything=True)
    faults.disarm("", "Suspecting.page")
    found = await repaired(j, renovation_id="", everything=True)
    assert (j.rid, Fault.LOST) in [(each.renovation_id, each.fault) for each in found.findings]
    await ends(j, database)


async def broke(faults: Faults, j: BreakingDriver, name: str, times: int) -> bool:
    return faults.broke[j.rid].count(name) >= times


async def none_left(j: BreakingDriver) -> bool:
    return not await j.troubles()
