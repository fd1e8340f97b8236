"""Blocked signatories (E17): no money goes out but wages, somebody is reminded, and then what is owed is paid."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver
from tests.workflows.works.test_default import refused
from tests.workflows.works.test_settling import settled
from tests.workflows.works.test_warranty import balances

Begin = Callable[..., Awaitable[JourneyDriver]]
WHY = {"ground": "signatories", "reason": "the committee was elected anew"}
MANDATE = {"document": "mandate of 3 May", "reason": "both have signed at the bank"}
pytestmark = pytest.mark.slow


async def out_of_escrow(j: JourneyDriver) -> int:
    """What has gone out so far."""
    return int(
        await j.value(
            "SELECT coalesce(sum(t.amount_fen), 0) FROM ledger_transfer t"
            " JOIN ledger_account s ON s.id = t.from_id"
            " WHERE s.renovation_id = $1 AND s.kind = 'escrow' AND t.phase IN ('posted', 'post')"
        )
    )


# carries E17
async def test_while_the_signatories_are_changed_only_wages_are_paid(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("works")
    early = j.act(a.UnblockPayments, STREET, **MANDATE)
    assert await refused(early) == ["cost_sharing.payments_not_blocked"]
    await j.act(a.BlockPayments, COMMITTEE, **WHY)
    again = j.act(a.BlockPayments, STREET, **WHY)
    assert await refused(again) == ["cost_sharing.payments_blocked"]
    assert (await j.row())["waiting_for"] == "works", "the works go on meanwhile"
    before = await out_of_escrow(j)
    payroll = {"worked_until": date(2025, 12, 31), "document": "payroll of December"}
    await j.act(a.PayWages, STREET, amount_fen=10_000, **payroll)
    await j.until("retention")
    (released,) = await j.details("inspection.payment_released")
    assert (released["paid_out_fen"], released["wages_fen"]) == (0, 10_000)
    assert released["owed_fen"] == released["payable_fen"] - 10_000
    assert await out_of_escrow(j) == before + 10_000
    assert (await balances(j))["contractor"] == -released["owed_fen"]
    late = [each for told in await j.details("agenda.reminder_ordered") for each in told["late"]]
    assert "unblock_payments" in [each["what"] for each in late], "somebody is reminded"
    above = [each for told in await j.details("agenda.escalated") for each in told["late"]]
    assert "unblock_payments" in [each["what"] for each in above], "and the level above hears of it"
    await j.act(a.UnblockPayments, BUREAU, **MANDATE)
    (freed,) = await j.details("cost_sharing.payments_unblocked")
    assert freed["late_since"] is not None
    assert freed["paid_out_fen"] >= released["owed_fen"]
    assert "contractor" not in await balances(j)
    waits = "SELECT count(*) FROM case_wait WHERE renovation_id = $1 AND what = 'unblock_payments'"
    assert await j.value(waits) == 0
    await settled(j, database, "completed", WHY["reason"], MANDATE["reason"])
    kinds = await j.events()
    assert kinds.index("cost_sharing.payments_blocked") < kinds.index("inspection.wages_paid")


async def test_what_is_cancelled_while_it_is_blocked_is_settled_when_it_is_freed(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("publish_tender")
    await j.act(a.BlockPayments, STREET, ground="frozen", reason="by a court")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    row = await j.until("accounts")
    assert row["state"] == "settling"
    (ordered,) = await j.details("settlement.refunds_paid")
    assert ordered["paid_out_fen"] == 0 < ordered["owed_fen"]
    await j.act(a.UnblockPayments, BUREAU, **MANDATE)
    await settled(j, database, "cancelled")
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id = $1")
    assert await out_of_escrow(j) == paid
