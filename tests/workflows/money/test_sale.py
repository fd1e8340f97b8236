"""A flat is sold between two instalments (E18): what fell due stays with the seller, the rest is the buyer's."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from formats.roll import owner_key, stored_owner_key
from models.messages import acts as a
from runtime.database import Database
from service.estates.units import owner_secret_of
from tests.support.journey import BANK, COMMITTEE, STREET, JourneyDriver
from tests.support.votes.tickets import unit_ticket
from tests.workflows.works.test_settling import settled, told_history

Begin = Callable[..., Awaitable[JourneyDriver]]
SELLER, BUYER = "Wang Xiuying", "Zhao Lei"
pytestmark = pytest.mark.slow


async def owned(j: JourneyDriver, unit: str, name: str) -> None:
    """The roll has this owner for the unit."""
    key = stored_owner_key(owner_key((name,)), owner_secret_of(j.parts.settings))
    await j.db.execute(
        "UPDATE unit u SET owner_key = $3 FROM renovation r WHERE r.id = $1 AND"
        " u.estate_id = r.estate_id AND u.number = $2",
        *(j.rid, unit, key),
    )


async def first_is_paid(j: JourneyDriver, but: str) -> None:
    """Everybody else pays the first instalment, once."""
    rows = await j.db.fetch(
        "SELECT unit_number, amount_fen FROM instalment i WHERE renovation_id = $1 AND number = 1"
        " AND unit_number <> $2 AND NOT EXISTS (SELECT FROM payment p"
        "   WHERE p.renovation_id = $1 AND p.unit_number = i.unit_number)",
        *(j.rid, but),
    )
    if rows:
        payments = [dict(row) for row in rows]
        await j.told("/payments", await j.official(BANK), payments=payments)


async def sold(j: JourneyDriver, unit: str) -> None:
    """Two people log the sale."""
    committee, street = await j.official(COMMITTEE), await j.official(STREET)
    body: dict[str, Any] = {
        "unit_number": unit,
        "seller_names": [SELLER],
        "buyer_names": [BUYER],
        "registered_on": (await j.now()).date().isoformat(),
        "evidence": "extract 17",
    }
    made = await j.told("/replacements", committee, **body)
    line = {each: made[each] for each in ("id", "content_sha256")}
    await j.told("/proposals/confirmations", street, proposals=[line])


async def home(j: JourneyDriver, unit: str, version: int) -> dict[str, Any]:
    key = j.parts.settings.session_key or j.key()
    found = await j.http.get(
        f"/v1/renovations/{j.rid}/household",
        headers={"Authorization": f"Bearer {unit_ticket(key, j.rid, unit, version)}"},
    )
    assert found.is_success, found.text
    told: dict[str, Any] = found.json()
    return told


# carries E18
async def test_what_fell_due_before_a_sale_is_the_sellers_and_the_rest_the_buyers(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    unit = (await j.units())[1]
    await owned(j, unit, SELLER)

    async def others_pay(driver: JourneyDriver) -> None:
        await first_is_paid(driver, unit)

    async def start(driver: JourneyDriver) -> None:
        await driver.act(a.DecideCollection, STREET, decision="start", reason="nearly all")

    j.on("payments", others_pay)
    j.on("decide_collection", start)
    await j.until("payments")
    parts = await j.db.fetch(
        "SELECT amount_fen FROM instalment WHERE renovation_id = $1 AND unit_number = $2 ORDER BY number",
        *(j.rid, unit),
    )
    first, second = (row["amount_fen"] for row in parts)
    assert (await home(j, unit, 0))["overdue_fen"] == first
    await sold(j, unit)
    (said,) = await j.details("voting.owner_replaced")
    assert said["balance"] == {
        "due_fen": first,
        "paid_fen": 0,
        "overdue_fen": first,
        "credit_fen": 0,
        "later_fen": second,
    }
    buyer = await home(j, unit, 1)
    assert (buyer["overdue_fen"], buyer["before_sale_fen"]) == (0, first)
    public = await j.http.get(f"/v1/renovations/{j.rid}/history")
    assert public.is_success
    assert "overdue_fen" not in public.text, "what a home owes is nobody else's to read"
    await j.until("accounts")
    reminded = (
        "SELECT count(*) FROM notice WHERE renovation_id = $1 AND template = 'payment_reminder'"
    )
    assert await j.value(reminded) == 2, (
        "of the own instalment; of the seller's nobody is reminded here"
    )
    called = "SELECT params FROM notice WHERE renovation_id = $1 AND template = 'instalment_called'"
    assert unit in json.loads(await j.value(called))["only"]
    owing = "SELECT balance_fen FROM ledger_account WHERE renovation_id = $1 AND name = $2"
    assert await j.value(owing, unit) > 0
    await settled(j, database, "completed")
    for language, sale in (("en", "entered the sale of a home"), ("zh-CN", "登记房屋过户")):
        assert (await told_history(j, language)).count(sale) == 1
