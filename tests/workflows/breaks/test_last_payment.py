"""Money that comes in between the last look at the accounts and the close of a case goes back, or is waited for."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.breaks.breaking import PATIENCE_S
from tests.support.breaks.faults import Faults
from tests.support.journey import BANK, BUREAU, COMMITTEE, STREET, JourneyDriver
from tests.workflows.money.test_blocked import MANDATE, WHY
from tests.workflows.works.test_default import nothing
from tests.workflows.works.test_settling import settled

Begin = Callable[..., Awaitable[JourneyDriver]]
CLOSE, AWAITED = "Renovations.close", "renovation.accounts_awaited"
TOO_MUCH_FEN = 700
BACK = "SELECT sum(amount_fen) FROM refund WHERE renovation_id = $1 AND unit_number = $2 AND paid"
pytestmark = pytest.mark.slow


async def at(
    j: JourneyDriver, faults: Faults, step: str, meanwhile: Callable[[], Awaitable[Any]]
) -> None:
    """The engine is about to take a step of the end; then something comes, and it goes on."""
    held = faults.hold(j.rid, step, inside=False, attempts=1)
    driving = asyncio.ensure_future(j.until("nothing"))
    reached = asyncio.ensure_future(held.reached.wait())
    await asyncio.wait((driving, reached), return_when=asyncio.FIRST_COMPLETED)
    assert reached.done()
    # It waits for the engine, which waits for us: nobody but us uses the connection after this.
    driving.cancel()
    with suppress(asyncio.CancelledError):
        await driving
    await meanwhile()
    async with asyncio.timeout(PATIENCE_S):
        await held.release()


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
    await j.until("retention")
    unit = (await j.units())[0]
    before = await j.value(BACK, unit) or 0
    await at(j, faults, CLOSE, lambda: overpaid(j))
    await settled(j, database, "completed")
    assert await j.value(BACK, unit) == before + TOO_MUCH_FEN
    (closed,) = await j.details("renovation.closed")
    assert (closed["paid_out_fen"], closed["owed_fen"]) == (TOO_MUCH_FEN, 0)
    assert AWAITED not in await j.events()


async def test_who_pays_when_a_case_that_owed_nothing_is_about_to_be_cancelled_has_it_back(
    journey: Begin, faults: Faults, database: Database
) -> None:
    j = await journey()
    await j.until("publish_tender")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await at(j, faults, CLOSE, lambda: overpaid(j))
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
        await j.until("publish_tender")
        await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    else:
        await j.until("retention")
    file = "交易日期,贷方发生额,对方户名,摘要,交易流水号\n2026-03-01,14.00,赵某某,谢谢邻居们,U1\n"
    sheet = {"name": "流水.csv", "content": base64.b64encode(file.encode()).decode()}

    async def import_statement() -> None:
        await j.told("/statements", await j.official(BANK), **sheet)

    await at(j, faults, CLOSE, import_statement)
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
    await j.until("retention")
    j.on("accounts", nothing)
    await at(j, faults, "Accounts.end", lambda: j.act(a.BlockPayments, COMMITTEE, **WHY))
    await at(j, faults, CLOSE, lambda: overpaid(j))
    await j.until("accounts")
    (awaited,) = await j.details(AWAITED)
    assert (awaited["paid_out_fen"], awaited["owed_fen"]) == (0, TOO_MUCH_FEN)
    await j.act(a.UnblockPayments, BUREAU, **MANDATE)
    await settled(j, database, "completed", MANDATE["reason"])
