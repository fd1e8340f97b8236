"""The same means against what runs beside the stages: the collection of later instalments, and the warranty."""

import asyncio
from typing import Any

import pytest

from models.messages.ids import collection_workflow_id, warranty_workflow_id
from models.messages.journey import StageInput
from models.messages.reconciling import Fault
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.signed.driver import SignedDriver
from tests.support.signed.keys import GATEWAY_KEYS
from tests.workflows.attacks.test_means import at, refused_in, repaired
from tests.workflows.attacks.test_sisters import (
    Means,
    cancelled,
    started_elsewhere,
    terminated,
    was_reset,
)
from tests.workflows.money.test_instalments import awaits, when, with_first_paid
from tests.workflows.works.test_settling import settled

pytestmark = pytest.mark.slow
MEANS = (terminated, cancelled, started_elsewhere, was_reset)


async def whatever_is_done(j: SignedDriver, workflow_id: str, means: Means) -> None:
    """The means is used, and what is found is mended."""
    await means(j, j.client.get_workflow_handle(workflow_id))
    if means is was_reset:
        await repaired(j)
        return
    async with asyncio.timeout(60):
        while "case.needs_attention" not in await j.events():
            await asyncio.sleep(0.1)
    fault = Fault.IMPOSTOR if means is started_elsewhere else Fault.LOST
    name = workflow_id.removeprefix(f"renovation/{j.rid}")
    assert (name, fault) in await repaired(j)


async def ends_whole(j: SignedDriver, database: Database) -> None:
    await settled(j, database, "completed")
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id = $1")
    assert (await audit(database, j.rid, gateway=GATEWAY_KEYS)).ok


async def collecting(journey: Any) -> SignedDriver:
    """The second instalment has been called, and nobody has paid it."""
    j = await with_first_paid(journey, kind=SignedDriver)
    assert isinstance(j, SignedDriver)
    await when(j, "cost_sharing.payments_called", 2)
    return j


@pytest.mark.parametrize("means", MEANS)
async def test_a_collection_goes_on_whatever_is_done_to_its_workflow(
    journey: Any, database: Database, means: Means
) -> None:
    j = await collecting(journey)
    await whatever_is_done(j, collection_workflow_id(j.rid, 1), means)
    counted = await when(j, "cost_sharing.collection_counted", 2)
    assert counted["collected_fen"] < counted["due_fen"]
    assert (await j.events()).count("cost_sharing.payments_called") == 2
    await j.pay()
    await ends_whole(j, database)


@pytest.mark.parametrize("means", MEANS)
async def test_a_warranty_goes_on_whatever_is_done_to_its_workflow(
    journey: Any, database: Database, means: Means
) -> None:
    j = await at(journey, "retention")
    await whatever_is_done(j, warranty_workflow_id(j.rid), means)
    await ends_whole(j, database)
    assert (await j.events()).count("warranty.ended") <= 1


async def test_nobody_has_paid_because_a_signal_says_so(journey: Any, database: Database) -> None:
    j = await collecting(journey)
    before = await j.events()
    collection = j.client.get_workflow_handle(collection_workflow_id(j.rid, 1))
    for _ in range(3):
        await collection.signal("everyone_paid")
    await j.parts.clocks.settle(j.rid)
    assert await j.events() == before
    assert "payments" in await awaits(j)
    counted = await when(j, "cost_sharing.collection_counted", 2)
    assert counted["collected_fen"] < counted["due_fen"]
    await j.pay()
    await ends_whole(j, database)


async def test_a_signal_before_an_instalment_is_called_has_it_looked_at_and_nothing_else(
    journey: Any, database: Database
) -> None:
    j = await with_first_paid(journey, kind=SignedDriver)
    assert isinstance(j, SignedDriver)
    before = await when(j, "cost_sharing.instalment_awaited")
    events = await j.events()
    collection = j.client.get_workflow_handle(collection_workflow_id(j.rid, 1))
    for times in range(2, 5):
        await collection.signal("everyone_paid")
        async with asyncio.timeout(30):
            while len(looks := await j.details("cost_sharing.instalment_awaited")) < times:
                await asyncio.sleep(0.1)
        assert {**looks[-1], "look": 1} == {**before, "look": 1}
    assert set((await j.events())[len(events) :]) == {"cost_sharing.instalment_awaited"}
    await ends_whole(j, database)


async def test_a_collection_that_the_record_has_not_begun_collects_nothing(
    journey: Any, database: Database
) -> None:
    j = await collecting(journey)
    before = await j.seq()
    given = StageInput(renovation_id=j.rid, clock="told")
    for name in (collection_workflow_id(j.rid, 2), f"mine/{j.rid}"):
        handle = await j.client.start_workflow(
            "CollectionWorkflow", given, id=name, task_queue=j.queue
        )
        await refused_in(handle, "act.impostor")
        await handle.terminate()
    assert await j.seq() == before
    await j.pay()
    await ends_whole(j, database)
