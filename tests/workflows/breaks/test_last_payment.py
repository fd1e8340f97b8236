"""Money that comes in between the last look at the accounts and the close of a case goes back, or is waited for."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.breaks.breaking import PATIENCE_S
from tests.support.breaks.faults import Faults
from tests.support.journey import BANK, BUREAU, COMMITTEE, STREET, JourneyDriver
from tests.support.journeys.reactions import release_retention
from tests.workflows.money.test_blocked import MANDATE, WHY
from tests.workflows.works.test_settling import settled

Begin = Callable[..., Awaitable[JourneyDriver]]
AWAITED = "renovation.accounts_awaited"
STEPS = {"before_end": "Accounts.end", "before_close": "Renovations.close"}
TOO_MUCH_FEN = 700
BACK = "SELECT sum(amount_fen) FROM refund WHERE renovation_id = $1 AND unit_number = $2 AND paid"
pytestmark = pytest.mark.slow


Something = Callable[[], Awaitable[Any]]


async def at_the_end(
    j: JourneyDriver, faults: Faults, last: Awaitable[None], **meanwhile: Something
) -> None:
    """After what was done last the engine comes to its steps of the end; before each of these something comes."""
    steps = {STEPS[word]: happens for word, happens in meanwhile.items()}
    held = {step: faults.hold(j.rid, step, inside=False, attempts=1) for step in steps}
    going = asyncio.ensure_future(last)
    async with asyncio.timeout(PATIENCE_S):
        for step, happens in steps.items():
            await held[step].reached.wait()
            await happens()
            await held[step].release()
        await going


async def cancelled(j: JourneyDriver) -> None:
    """Stopped before a contract: everything goes back when the time for objections is over."""
    await j.until("publish_tender")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("objections.refunds")


async def overpaid(j: JourneyDriver) -> str:
    """A home pays what it owes nobody."""
    unit = (await j.units())[0]
    payments = [{"unit_number": unit, "amount_fen": TOO_MUCH_FEN}]
    await j.told("/payments", await j.official(BANK), payments=payments)
    return unit


async def test_who_pays_when_a_case_is_about_to_be_completed_has_it_back(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    await j.until("release_retention")
    unit = (await j.units())[0]
    before = await j.value(BACK, unit) or 0
    await at_the_end(j, faults, release_retention(j), before_close=lambda: overpaid(j))
    await settled(j, database, "completed")
    assert await j.value(BACK, unit) == before + TOO_MUCH_FEN
    (closed,) = await j.details("renovation.closed")
    assert (closed["paid_out_fen"], closed["owed_fen"]) == (TOO_MUCH_FEN, 0)
    assert AWAITED not in await j.events()


async def test_who_pays_when_a_case_that_owed_nothing_is_about_to_be_cancelled_has_it_back(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    await cancelled(j)
    await at_the_end(j, faults, j.go_on(), before_close=lambda: overpaid(j))
    assert "renovation.settling_begun" not in await j.events()
    await settled(j, database, "cancelled")
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id = $1")
    assert await j.value("SELECT sum(paid_fen) FROM refund WHERE renovation_id = $1") == paid


@pytest.mark.parametrize("state", ["completed", "cancelled"])
async def test_a_sum_without_an_owner_keeps_open_what_is_about_to_be_closed(
    journey: Begin, faults: Faults, database: Database, state: str
) -> None:
    """Until two people have decided on it: one that was cancelled is settled meanwhile."""
    j = await journey()
    if state == "cancelled":
        await cancelled(j)
    else:
        await j.until("release_retention")
    last = j.go_on if state == "cancelled" else lambda: release_retention(j)
    file = "交易日期,贷方发生额,对方户名,摘要,交易流水号\n2026-03-01,14.00,赵某某,谢谢邻居们,U1\n"
    sheet = {"name": "流水.csv", "content": base64.b64encode(file.encode()).decode()}

    async def import_statement() -> None:
        await j.told("/statements", await j.official(BANK), **sheet)

    await at_the_end(j, faults, last(), before_close=import_statement)
    row = await j.until("accounts")
    assert row["state"] == ("settling" if state == "cancelled" else "in_warranty")
    (awaited,) = await j.details(AWAITED)
    assert awaited["accounts"] == [
        {"kind": "escrow", "amount_fen": 1_400},
        {"kind": "suspense", "amount_fen": -1_400},
    ]
    sum_id = await j.value("SELECT id FROM private.unclaimed_sum WHERE renovation_id = $1")
    why = {"sum_id": sum_id, "reason": "nobody here knows the payer"}
    made = await j.told("/unclaimed-sums/returns", await j.official(COMMITTEE), **why)
    line = {"id": made["id"], "content_sha256": made["content_sha256"]}
    street = await j.official(STREET)
    await j.told("/proposals/confirmations", street, proposals=[line])
    await settled(j, database, state)


async def test_what_is_paid_while_payments_are_blocked_goes_back_when_they_are_freed(
    journey: Begin, faults: Faults, database: Database
) -> None:
    """Payments are blocked when nothing is owed any more, and then somebody pays too much."""
    j = await journey()
    await j.until("release_retention")
    await at_the_end(
        j,
        faults,
        release_retention(j),
        before_end=lambda: j.act(a.BlockPayments, COMMITTEE, **WHY),
        before_close=lambda: overpaid(j),
    )
    await j.until("accounts")
    (awaited,) = await j.details(AWAITED)
    assert (awaited["paid_out_fen"], awaited["owed_fen"]) == (0, TOO_MUCH_FEN)
    await j.act(a.UnblockPayments, BUREAU, **MANDATE)
    await settled(j, database, "completed", MANDATE["reason"])
