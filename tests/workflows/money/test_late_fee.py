"""The late fee (rules 2.5): voted, told with the call, owed by the day the bank had the money, paid to the end."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.messages import acts as a
from models.values.cost_sharing import LateFeeTerms
from models.values.scheme import SchemeContent
from proof.shares import faults
from runtime.database import Database
from runtime.ledger.check import check_ledger
from tests.support.estate import scheme_content
from tests.support.journey import BANK, COMMITTEE, REACTIONS, STREET, JourneyDriver
from tests.workflows.money.test_dearer import DEARER_FEN, LIMIT_FEN, at_most, dearer, struck_out
from tests.workflows.money.test_instalments import pay, payers, told, when
from tests.workflows.money.test_joining import owes
from tests.workflows.money.test_sale import home
from tests.workflows.works.test_default import nothing
from tests.workflows.works.test_settling import settled

Begin = Callable[..., Awaitable[JourneyDriver]]
PERMILLE, LAST_FEN = 10, 100
pytestmark = pytest.mark.slow


def with_fee() -> SchemeContent:
    terms = LateFeeTerms(permille_a_month=PERMILLE)
    return scheme_content().model_copy(update={"late_fee": terms})


def a_month(fen: int) -> int:
    return -(-fen * PERMILLE // 1000)


async def part_of(j: JourneyDriver, unit: str, number: int) -> int:
    return int(
        await j.value(
            "SELECT amount_fen FROM instalment WHERE renovation_id = $1 AND unit_number = $2"
            " AND number = $3",
            *(unit, number),
        )
    )


async def pays(j: JourneyDriver, unit: str, fen: int, **more: Any) -> dict[str, Any]:
    payments = [{"unit_number": unit, "amount_fen": fen, **more}]
    await j.told("/payments", await j.official(BANK), payments=payments)
    return (await j.details("cost_sharing.payments_received"))[-1]


async def fees(j: JourneyDriver) -> list[tuple[str, int, int, int]]:
    rows = await j.db.fetch(
        "SELECT unit_number, number, months, amount_fen FROM late_fee WHERE renovation_id = $1"
        " ORDER BY unit_number, number, months",
        j.rid,
    )
    return [tuple(row) for row in rows]


async def proved(j: JourneyDriver, unit: str) -> dict[str, Any]:
    """The explanation of a home's share, counted again from what everybody reads of the bill."""
    why: dict[str, Any] = (await home(j, unit, 0))["why"]
    bill = (await j.http.get(f"/v1/renovations/{j.rid}/shares/published")).json()
    assert faults(why, bill) == ()
    return why


async def revenue(j: JourneyDriver) -> int:
    """What stands on the account of the owners together; below zero it is owed to them."""
    found = await j.value(
        "SELECT balance_fen FROM ledger_account WHERE renovation_id = $1"
        " AND kind = 'public_revenue' AND name = ''"
    )
    return int(found or 0)


# carries E13, E16
async def test_who_pays_after_the_end_of_the_round_owes_the_voted_fee_and_who_was_in_time_none(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=with_fee())
    j.on("payments", nothing)
    await j.until("payments")
    units = await payers(j)
    late, slow_bank = units[1], units[2]
    assert len(await told(j, "payment_called_fee")) == 1
    assert await told(j, "payment_called") == []
    (called,) = await j.details("cost_sharing.payments_called")
    end = datetime.fromisoformat(called["deadline"])
    last_day = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    first = await part_of(j, late, 1)
    await pay(j, 1, but=[late, slow_bank])
    await pays(j, slow_bank, await part_of(j, slow_bank, 1) - LAST_FEN)
    assert await fees(j) == []
    await when(j, "cost_sharing.collection_counted")
    # The bank had the rest on the last day, and tells of it afterwards.
    said = await pays(j, slow_bank, LAST_FEN, paid_on=f"{last_day}")
    assert "late_fees_fen" not in said
    assert await fees(j) == [(slow_bank, 1, 0, 0)]
    # What it would be today stands on the own page before it is paid.
    own = await home(j, late, 0)
    assert own["fee_today_fen"] == a_month(first)
    said = await pays(j, late, first)
    assert said["late_fees_fen"] == a_month(first)
    assert (late, 1, 1, a_month(first)) in await fees(j)
    assert await told(j, "late_fee_charged") == [{late}]
    assert await owes(j, late) == await part_of(j, late, 2) + a_month(first)
    (line,) = (await proved(j, late))["fees"]
    assert (line["base_fen"], line["months"]) == (first, 1)
    assert (await home(j, late, 0))["late_fee_fen"] == a_month(first)
    assert await revenue(j) == -a_month(first)
    # An account that is drawn anew leaves it owed: the award, and in the end the final account.
    await settled(j, database, "completed")
    assert await revenue(j) == 0, "it has gone out to the owners together"
    assert sum(each[3] for each in await fees(j)) == await j.value(
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id"
        " WHERE a.renovation_id = $1 AND a.kind = 'public_revenue' AND t.kind = 'refund'"
    )
    report = await check_ledger(database, j.rid)
    assert report.ok, report.faults


# carries E13
async def test_a_later_instalment_tells_the_fee_with_its_call_and_a_fund_may_take_it_over(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=with_fee())
    await j.until("payments")
    await pay(j, 1)
    await j.until("publish_tender")
    late = (await payers(j))[0]
    await when(j, "cost_sharing.payments_called", 2)
    assert len(await told(j, "instalment_called_fee")) == 1
    await when(j, "cost_sharing.collection_counted", 2)
    await pay(j, 2)
    found = await fees(j)
    assert found
    assert {each[:3] for each in found} == {(unit, 2, 1) for unit in await payers(j)}
    fen = next(each[3] for each in found if each[0] == late)
    assert await owes(j, late) == fen
    fields = {"unit_number": late, "kind": "waiver", "amount_fen": fen, "funded_by": "street"}
    await j.act(a.ApproveRelief, STREET, **fields)
    assert await owes(j, late) == 0
    await settled(j, database, "completed")
    assert await revenue(j) == 0
    report = await check_ledger(database, j.rid)
    assert report.ok, report.faults


# carries E12
async def test_a_fee_that_is_only_put_to_the_vote_is_owed_by_nobody_until_it_is_adopted(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=at_most(LIMIT_FEN))
    j.on("payments", nothing)
    await j.until("payments")
    late = (await payers(j))[1]
    early = 1_000
    await pay(j, 1, but=[late])
    for _ in range(3):
        await j.until("award_contract")
        await struck_out(j)
    await j.until("revise_scheme")
    terms = LateFeeTerms(permille_a_month=PERMILLE, most_months=1)
    revised = dearer().model_copy(update={"late_fee": terms})
    fields = {"scheme": revised, "budget_fen": DEARER_FEN, "reason": "prices have risen"}
    await j.act(a.ReviseScheme, COMMITTEE, **fields)
    paid: list[dict[str, Any]] = []

    async def pays_while_they_vote(j: JourneyDriver) -> None:
        if not paid:
            paid.append(await pays(j, late, early))
            assert (await home(j, late, 0))["fee_today_fen"] == 0
        await j.cast("yes")

    j.on("ballots", pays_while_they_vote)
    await j.until("payments")
    # The new bill is called anew: who pays it in time owes nothing, whatever an earlier call has asked for.
    paid.append(await pays(j, late, early))
    await pay(j, 1, but=[late])
    assert ["late_fees_fen" in said for said in paid] == [False, False]
    assert await fees(j) == []
    await when(j, "cost_sharing.collection_counted", 2)
    said = await pays(j, late, early)
    assert said["late_fees_fen"] == a_month(early)
    j.on("payments", REACTIONS["payments"])
    await settled(j, database, "completed", "prices have risen", "above what was agreed")


async def test_the_database_refuses_a_fee_that_is_not_counted_right(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=with_fee())
    await j.until("payments")
    await pay(j, 1)
    payment = await j.value("SELECT min(id) FROM payment WHERE renovation_id = $1")
    for fen, refused in ((366, False), (367, True)):
        row = (payment, j.rid, fen)
        write = j.db.execute(
            "INSERT INTO late_fee VALUES ($1, 9, $2, '1-101', now(), now()::date, 36541, 10, 1, $3)",
            *row,
        )
        if refused:
            with pytest.raises(Exception, match="late_fee_"):
                await write
        else:
            await write
    for statement in ("UPDATE late_fee SET months = 2", "DELETE FROM late_fee"):
        with pytest.raises(Exception, match="late_fee"):
            await j.db.execute(statement)
