from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.actor import Actor
from models.values.refusal import Refused
from tests.support.journey import (
    BUREAU,
    CHIEF,
    CONTRACTOR,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    JourneyDriver,
    codes,
    inspect,
    planned,
    works,
)

Begin = Callable[..., Awaitable[JourneyDriver]]


async def first_item(j: JourneyDriver) -> tuple[str, bool]:
    await j.until("works")
    return (await planned(j))[0]


async def reported(j: JourneyDriver) -> str:
    item, concealed = await first_item(j)
    await j.act(a.ReportItem, CONTRACTOR, item_id=item)
    if concealed:
        await inspect(j, item, "PASS", kind="concealed")
    return item


async def fail_once(j: JourneyDriver, item: str, who: Actor) -> None:
    await inspect(j, item, "FAIL", who)


async def state_of(j: JourneyDriver, item: str) -> str:
    return str(
        await j.value(
            "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$2", f"{j.rid}.{item}"
        )
    )


# carries E30
async def test_a_failed_item_is_put_right_and_inspected_by_somebody_else(journey: Begin) -> None:
    j = await journey()
    item = await reported(j)
    await fail_once(j, item, SUPERVISOR)
    assert await state_of(j, item) == "rejected"
    await j.act(a.ReportRectified, CONTRACTOR, item_id=item)
    with pytest.raises(Refused):
        await inspect(j, item, "PASS", SUPERVISOR)
    await inspect(j, item, "PASS", OTHER_SUPERVISOR)
    assert await state_of(j, item) == "passed"


async def test_after_the_limit_of_re_inspections_the_contractor_is_in_default(
    journey: Begin,
) -> None:
    j = await journey()
    item = await reported(j)
    inspectors = (SUPERVISOR, OTHER_SUPERVISOR)
    for number in range(8):
        await fail_once(j, item, inspectors[number % 2])
        if await state_of(j, item) == "default":
            break
        await j.act(a.ReportRectified, CONTRACTOR, item_id=item)
    assert await state_of(j, item) == "default"
    await works(j)
    with pytest.raises(Refused) as refused:
        await j.act(a.AcceptWorks, CHIEF)
    assert codes(refused.value) == ["inspection.items_in_default"]
    assert item in str(refused.value.problems[0].params["items"])
    await j.act(a.ReportRectified, CONTRACTOR, item_id=item)
    await inspect(j, item, "PASS", inspectors[(number + 1) % 2])
    row = await j.until("nothing")
    assert row["state"] == "completed"


@pytest.mark.slow
async def test_a_rectification_that_misses_its_time_is_a_default(journey: Begin) -> None:
    j = await journey()
    item = await reported(j)
    await fail_once(j, item, SUPERVISOR)
    moved = await j.move("next")
    assert [wait.consequence for wait in moved.moves[0].due] == ["contractor_default"]
    assert await state_of(j, item) == "default"
    assert "inspection.rectification_overdue" in await j.events()


@pytest.mark.slow
async def test_a_failure_without_defects_is_refused(journey: Begin) -> None:
    j = await journey()
    item = await reported(j)
    with pytest.raises(Refused) as refused:
        await j.act(a.RecordInspection, SUPERVISOR, item_id=item, outcome="FAIL")
    assert codes(refused.value) == ["inspection.defects_missing"]


@pytest.mark.slow
async def test_there_is_no_acceptance_while_an_item_is_open(journey: Begin) -> None:
    j = await journey()
    await reported(j)  # what is asked for waits until the workflow has heard that the works began
    with pytest.raises(Refused) as refused:
        await j.act(a.AcceptWorks, CHIEF)
    assert codes(refused.value) == ["inspection.works_not_finished"]


@pytest.mark.slow
async def test_only_the_chief_supervising_engineer_accepts(journey: Begin) -> None:
    j = await journey()
    await j.until("accept_works")
    with pytest.raises(Refused):
        await j.act(a.AcceptWorks, SUPERVISOR)
    await j.act(a.AcceptWorks, CHIEF)
    await j.until("approve_payment")


async def test_no_payment_before_acceptance_and_not_by_who_accepted(journey: Begin) -> None:
    j = await journey()
    await j.until("accept_works")
    with pytest.raises(Refused) as refused:
        await j.act(a.ApprovePayment, BUREAU)
    assert codes(refused.value) == ["inspection.payment_before_acceptance"]
    await j.act(a.AcceptWorks, CHIEF)
    with pytest.raises(Refused):
        await j.act(a.ApprovePayment, CHIEF)
    await j.act(a.ApprovePayment, BUREAU)
