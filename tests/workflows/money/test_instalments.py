"""Later instalments beside bidding and works: called when they fall due, reminded of, counted, waited for (E13)."""

import json
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.journey import BANK, STREET, JourneyDriver
from tests.workflows.healing.test_repair import repaired
from tests.workflows.works.test_settling import settled
from workflows.renovation import RenovationWorkflow

Begin = Callable[..., Awaitable[JourneyDriver]]
MOST_MOVES = 60
pytestmark = pytest.mark.slow


async def pay_first(j: JourneyDriver) -> None:
    """Everybody pays the first instalment, once."""
    if not await j.value("SELECT count(*) FROM payment WHERE renovation_id = $1"):
        await pay(j, 1)


async def pay(j: JourneyDriver, number: int, but: Collection[str] = ()) -> int:
    """All other homes pay the instalment of this number; how much in all, in fen."""
    rows = await j.db.fetch(
        "SELECT unit_number, amount_fen FROM instalment WHERE renovation_id = $1 AND number = $2",
        *(j.rid, number),
    )
    payments = [dict(row) for row in rows if row["unit_number"] not in but]
    await j.told("/payments", await j.official(BANK), payments=payments)
    return sum(each["amount_fen"] for each in payments)


async def when(j: JourneyDriver, kind: str, times: int = 1) -> dict[str, Any]:
    """Move the clock, and nothing else, until an event has happened so often; what the last one says."""
    for _ in range(MOST_MOVES):
        await j.parts.clocks.settle(j.rid)
        found = await j.details(kind)
        if len(found) >= times:
            return found[times - 1]
        await j.go_on()
    raise AssertionError(f"{kind} has not happened {times} times")


async def awaits(j: JourneyDriver) -> dict[str, str]:
    """What the collection waits for, and who does it."""
    rows = await j.db.fetch(
        "SELECT what, who FROM case_wait WHERE renovation_id = $1 AND workflow_id LIKE $2",
        *(j.rid, f"renovation/{j.rid}/collection/%"),
    )
    return {row["what"]: row["who"] for row in rows}


async def told(j: JourneyDriver, template: str) -> list[set[str]]:
    """By notice the units that it is for."""
    rows = await j.db.fetch(
        "SELECT params FROM notice WHERE renovation_id = $1 AND template = $2 ORDER BY created_at",
        *(j.rid, template),
    )
    return [set(json.loads(row["params"]).get("only", ())) for row in rows]


async def payers(j: JourneyDriver) -> list[str]:
    rows = await j.db.fetch(
        "SELECT DISTINCT unit_number FROM instalment WHERE renovation_id = $1 AND amount_fen > 0"
        " ORDER BY unit_number",
        j.rid,
    )
    return [str(row["unit_number"]) for row in rows]


async def due(j: JourneyDriver, number: int) -> tuple[Any, int]:
    """When an instalment falls due, and how much of all homes, in fen."""
    row = await j.db.fetchrow(
        "SELECT min(due_at) AS at, sum(amount_fen)::bigint AS fen FROM instalment"
        " WHERE renovation_id = $1 AND number = $2",
        *(j.rid, number),
    )
    return row["at"], row["fen"]


async def with_first_paid(journey: Begin, **options: Any) -> JourneyDriver:
    """The first instalment has come in, and the second is awaited."""
    j = await journey(**options)
    j.on("payments", pay_first)
    await j.until("publish_tender")
    return j


# carries E13
async def test_the_second_instalment_is_called_reminded_and_waited_for_until_the_last_home_has_paid(
    journey: Begin, database: Database
) -> None:
    j = await with_first_paid(journey)
    units = await payers(j)
    late = units[1]
    at, second_fen = await due(j, 2)
    said = await when(j, "cost_sharing.instalment_awaited")
    assert (said["next_at"], said["due_fen"]) == (at.isoformat(), second_fen)
    called = await when(j, "cost_sharing.payments_called", 2)
    assert await j.now() >= at
    assert called["debtors"] == len(units)
    assert await told(j, "instalment_called") == [set(units)]
    assert (await j.row())["waiting_for"] == "publish_tender", "the case waits for something else"
    assert await awaits(j) == {"payments": "owners", "reminder": ""}
    why = (await j.http.get(f"/v1/renovations/{j.rid}/why")).json()
    (line,) = [each for each in why["reasons"] if each["name"] == "payments"]
    assert line["reasons"] == [], "nothing is decided by what comes in of it"
    paid = await pay(j, 2, but=[late])
    counted = await when(j, "cost_sharing.collection_counted", 2)
    assert counted["due_fen"] - counted["collected_fen"] == second_fen - paid
    assert await told(j, "payment_reminder") == [{late}, {late}]
    assert await told(j, "instalment_overdue") == [{late}]
    assert await awaits(j) == {"arrears": "residents_committee, district_bureau, street_office"}
    arrears = await when(j, "cost_sharing.instalment_awaited", 2)
    assert (arrears["debtors"], arrears["owed_fen"]) == (1, second_fen - paid)
    while not any(
        each["what"] == "arrears" and "district_bureau" in each["told"]
        for event in await j.details("agenda.escalated")
        for each in event["late"]
    ):
        await j.go_on()
    assert "cost_sharing.collection_ended" not in await j.events()
    await j.pay()
    await j.parts.clocks.settle(j.rid)
    assert (await j.events()).count("cost_sharing.collection_ended") == 1
    assert await awaits(j) == {}
    await settled(j, database, "completed")


# carries E42
async def test_what_is_cancelled_collects_nothing_any_more(
    journey: Begin, database: Database
) -> None:
    j = await with_first_paid(journey)
    await when(j, "cost_sharing.payments_called", 2)
    assert "payments" in await awaits(j)
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.parts.clocks.settle(j.rid)
    assert await awaits(j) == {}
    calls = (await j.events()).count("cost_sharing.payments_called")
    await settled(j, database, "cancelled")
    assert (await j.events()).count("cost_sharing.payments_called") == calls


# carries E6
async def test_an_instalment_falls_due_later_by_the_time_in_which_the_case_stood_still(
    journey: Begin, database: Database
) -> None:
    j = await with_first_paid(journey)
    before, _ = await due(j, 2)
    await j.act(
        a.SuspendRenovation,
        STREET,
        ground="safety",
        document="order 7",
        reason="a crack in the wall",
    )
    assert await awaits(j) == {}
    since = await j.now()
    await j.days(20)
    await j.act(a.ResumeRenovation, STREET, reason="the wall is safe")
    rested = await j.now() - since
    assert rested >= timedelta(days=20)
    assert (await due(j, 2))[0] == before + rested
    await when(j, "cost_sharing.payments_called", 2)
    assert await j.now() >= before + rested
    await j.pay()
    await settled(j, database, "completed")


# carries E14
async def test_a_home_in_need_is_relieved_of_a_later_instalment_while_a_contractor_is_looked_for(
    journey: Begin, database: Database
) -> None:
    j = await with_first_paid(journey)
    late = (await payers(j))[1]
    await when(j, "cost_sharing.payments_called", 2)
    await pay(j, 2, but=[late])
    await when(j, "cost_sharing.collection_counted", 2)
    owed = await j.value(
        "SELECT balance_fen FROM ledger_account WHERE renovation_id = $1 AND name = $2", late
    )
    await j.act(
        a.ApproveRelief, STREET, unit_number=late, kind="pool", amount_fen=owed, funded_by="pool"
    )
    await j.parts.clocks.settle(j.rid)
    assert (await j.row())["stage"] == "bidding"
    assert (await j.events())[-1] == "cost_sharing.collection_ended"
    assert await awaits(j) == {}
    await settled(j, database, "completed")
    (relieved,) = await j.details("cost_sharing.relief_approved")
    assert (relieved["amount_fen"], relieved["funded_by"]) == (owed, "pool")


@pytest.mark.parametrize("lost", ["renovation/{}/collection/1", "renovation/{}"])
async def test_a_collection_that_was_lost_goes_on_from_the_record(
    journey: Begin, database: Database, lost: str
) -> None:
    j = await with_first_paid(journey)
    await when(j, "cost_sharing.payments_called", 2)
    await j.client.get_workflow_handle(lost.format(j.rid)).terminate("by a slip")
    if "collection" in lost:
        while "case.needs_attention" not in await j.events():
            pass
    await repaired(j)
    counted = await when(j, "cost_sharing.collection_counted", 2)
    assert counted["collected_fen"] < counted["due_fen"]
    assert (await j.events()).count("cost_sharing.payments_called") == 2
    await j.pay()
    j.handle = j.client.get_workflow_handle_for(RenovationWorkflow.run, j.handle.id)
    await settled(j, database, "completed")
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id = $1")
