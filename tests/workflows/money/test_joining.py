"""A home joins an item later (E19): the share of the original scheme, credited to its neighbours when it has paid."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from models.messages import acts as a
from proof.shares import faults
from runtime.database import Database
from tests.support.breaks.branches import upper_floors_pay
from tests.support.journey import BANK, BUREAU, COMMITTEE, STREET, JourneyDriver, builder
from tests.workflows.money.test_instalments import awaits, told, with_first_paid
from tests.workflows.money.test_sale import home
from tests.workflows.money.test_subsidies import share_sum
from tests.workflows.works.test_default import nothing, passed, refused
from tests.workflows.works.test_settling import settled

Begin = Callable[..., Awaitable[JourneyDriver]]
WHY = {"item": "pipes", "document": "application 7", "reason": "the home wants to be connected"}
pytestmark = pytest.mark.slow


async def owes(j: JourneyDriver, unit: str) -> int:
    found = await j.value(
        "SELECT balance_fen FROM ledger_account WHERE renovation_id = $1 AND kind = 'household'"
        " AND name = $2",
        unit,
    )
    return int(found or 0)


async def asked(j: JourneyDriver, unit: str) -> int:
    """The instalments of a home together."""
    found = await j.value(
        "SELECT sum(amount_fen) FROM instalment WHERE renovation_id = $1 AND unit_number = $2", unit
    )
    return int(found)


async def charged(j: JourneyDriver, unit: str) -> int:
    """What a home owes in all by the computation of today."""
    found = await j.value(
        "SELECT amount_fen FROM share_total WHERE renovation_id = $1 AND unit_number = $2"
        " ORDER BY array_position(ARRAY['final', 'award', 'estimate'], basis::text) LIMIT 1",
        unit,
    )
    return int(found)


async def went_back(j: JourneyDriver) -> int:
    """What has gone back to households so far, in fen."""
    found = await j.value(
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id"
        " WHERE a.renovation_id = $1 AND a.kind = 'household' AND t.kind = 'refund'"
    )
    return int(found or 0)


async def in_all(j: JourneyDriver) -> int:
    """What all homes owe together by their accounts."""
    found = await j.value(
        "SELECT sum(balance_fen) FROM ledger_account WHERE renovation_id = $1 AND kind = 'household'"
    )
    return int(found or 0)


async def pays(j: JourneyDriver, unit: str, fen: int) -> None:
    payments = [{"unit_number": unit, "amount_fen": fen}]
    await j.told("/payments", await j.official(BANK), payments=payments)


async def joins(j: JourneyDriver, unit: str) -> dict[str, Any]:
    await j.act(a.JoinLate, COMMITTEE, unit_number=unit, **WHY)
    return (await j.details("cost_sharing.joined_late"))[-1]


async def proved(j: JourneyDriver, unit: str) -> dict[str, Any]:
    """The explanation of a home's share, which is counted again from what the home may read of the bill."""
    why: dict[str, Any] = (await home(j, unit, 0))["why"]
    address = f"/v1/renovations/{j.rid}/shares/published"
    own = {"Authorization": f"Bearer {j.voter(unit)}"}
    assert faults(why, (await j.http.get(address, headers=own)).json()) == ()
    everybody = (await j.http.get(address)).json()
    assert everybody["late"], "that somebody has joined"
    for each in everybody["late"]:
        told_all = {name for name, value in each.items() if value is not None}
        assert told_all == {"item_id"}, "what one home pays is not everybody's to read"
    return why


async def owed_back(j: JourneyDriver, of: str = "amount_fen - paid_fen") -> int:
    """What is owed back to households and has not gone out, in fen; or another sum of the refunds."""
    found = await j.value(f"SELECT sum({of}) FROM refund WHERE renovation_id = $1")
    return int(found or 0)


# carries E19
@pytest.mark.parametrize("moment", ["payments", "works", "retention"])
async def test_a_home_that_joins_later_pays_its_share_and_its_neighbours_so_much_less(
    journey: Begin, database: Database, moment: str
) -> None:
    j = await journey(content=upper_floors_pay())
    units = await j.units()
    late, other, neighbour = units[0], units[1], units[-1]
    ask = {"unit_number": late, **WHY}
    assert await refused(j.act(a.JoinLate, COMMITTEE, **ask)) == ["cost_sharing.late_too_early"]
    await j.until(moment)
    for changed, code in (
        ({"item": "pool"}, "cost_sharing.item_unknown"),
        ({"unit_number": "9-999"}, "cost_sharing.unit_unknown"),
        ({"unit_number": neighbour}, "cost_sharing.late_pays_already"),
        ({"item": "roof"}, "cost_sharing.late_pays_already"),
    ):
        assert await refused(j.act(a.JoinLate, COMMITTEE, **{**ask, **changed})) == [code]
    assert await refused(j.act(a.JoinLate, BUREAU, **ask)) == ["authority.wrong_role"]
    before, sum_before, all_before = await owes(j, late), await share_sum(j), await in_all(j)
    back = await went_back(j)
    said = await joins(j, late)
    pay_fen, payers = said["pay_fen"], len(units) - 2
    # In equal parts: of what ten pay, an eleventh is the share of an eleventh home.
    assert pay_fen > 0
    assert said["credited"] == payers
    assert "unit_number" not in said
    assert await owes(j, late) == before + pay_fen
    assert (await share_sum(j), await in_all(j)) == (sum_before, all_before)
    assert await went_back(j) == back, "nobody is paid before the home has paid"
    assert await told(j, "joined_late") == [{late}]
    assert len((await told(j, "joining_credited"))[0]) == payers
    assert await refused(j.act(a.JoinLate, COMMITTEE, **ask)) == ["cost_sharing.late_twice"]
    (own,) = (await proved(j, late))["late"]
    (less,) = (await proved(j, neighbour))["late"]
    assert (own["own"], own["amount_fen"], own["whole_fen"] // (payers + 1)) == (
        True,
        pay_fen,
        pay_fen,
    )
    assert less["amount_fen"] in (-(pay_fen // payers), -(pay_fen // payers) - 1)
    assert await asked(j, neighbour) == await charged(j, neighbour), (
        "what was credited is not asked"
    )
    # The next one is credited to the first, too.
    again = await joins(j, other)
    assert again["credited"] == payers + 1
    assert len((await proved(j, late))["late"]) == 2
    await settled(j, database, "completed")
    assert (await j.events()).count("cost_sharing.joined_late") == 2


# carries E16, E19
async def test_what_a_home_that_has_joined_pays_goes_back_to_those_who_had_paid(
    journey: Begin, database: Database
) -> None:
    j = await with_first_paid(journey, content=upper_floors_pay())
    late = (await j.units())[0]
    await j.until("works")
    await j.pay()
    back = await went_back(j)
    said = await joins(j, late)
    assert await owed_back(j) > 0
    assert "payments" in await awaits(j) or "instalment" in await awaits(j)
    owed = await owes(j, late)
    await pays(j, late, owed - 1)
    assert await went_back(j) == back, "a fen is missing"
    await pays(j, late, 1)
    assert await owes(j, late) == 0
    assert await went_back(j) == back + said["pay_fen"]
    assert len(await told(j, "joined_paid")) == 2, "the committee and the home"
    await settled(j, database, "completed")


# carries E19
async def test_a_home_owes_nothing_more_before_a_second_person_has_confirmed_it(
    journey: Begin, database: Database
) -> None:
    """Over HTTP, as offices and programs do it; nobody else proposes or confirms it, and not for another case."""
    j, elsewhere = await journey(content=upper_floors_pay()), await journey()
    late = (await j.units())[0]
    await j.until("works")
    committee, street = await j.official(COMMITTEE), await j.official(STREET)
    ask = {"unit_number": late, **WHY}
    for who in (BUREAU, BANK, await builder(j)):
        kept_out = await j.post("/acts/join_late", await j.official(who), **ask)
        assert (kept_out.status_code, kept_out.json()["code"]) == (403, "authority.wrong_role")
    home = await j.post("/acts/join_late", j.voter(late), **ask)
    assert home.status_code == 401, home.text
    before, kinds = await owes(j, late), await j.events()

    async def confirm(here: JourneyDriver, who: str, made: Mapping[str, Any]) -> tuple[int, str]:
        line = {each: made[each] for each in ("id", "content_sha256")}
        answer = await here.post("/proposals/confirmations", who, proposals=[line])
        return answer.status_code, answer.json().get("code", "")

    made = await j.told("/acts/join_late", committee, **ask)
    assert await owes(j, late) == before
    assert await confirm(j, committee, made) == (403, "proposal.own")
    assert (await confirm(elsewhere, street, made))[1] == "proposal.unknown"
    other = {**made, "content_sha256": "0" * 64}
    assert (await confirm(j, street, other))[1] == "proposal.other_content"
    assert await j.events() == [*kinds, "proposal.made"]
    assert await confirm(j, street, made) == (201, "")
    assert (await j.events())[-2:] == ["proposal.confirmed", "cost_sharing.joined_late"]
    (said,) = await j.details("cost_sharing.joined_late")
    assert await owes(j, late) == before + said["pay_fen"] > before
    assert await told(j, "joined_late") == [{late}], "the home hears of it at once"
    again = await j.told("/acts/join_late", street, **ask)
    assert await confirm(j, committee, again) == (422, "cost_sharing.late_twice")
    assert await owes(j, late) == before + said["pay_fen"]
    await settled(j, database, "completed")


async def test_what_two_have_confirmed_and_was_refused_is_nobodys_to_send_in_a_later_stage(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    late = (await j.units())[0]
    await j.until("open_vote")
    committee, street = await j.official(COMMITTEE), await j.official(STREET)
    made = await j.told("/acts/join_late", committee, unit_number=late, **WHY)
    line = {each: made[each] for each in ("id", "content_sha256")}
    sheet = {"command_id": j.new_id("sheet"), "proposals": [line]}
    early = await j.post("/proposals/confirmations", street, **sheet)
    assert (early.status_code, early.json()["code"]) == (422, "cost_sharing.late_too_early")
    await j.until("works")
    before = await owes(j, late)
    again = await j.post("/proposals/confirmations", street, **sheet)
    assert (again.status_code, again.json()["code"]) == (409, "proposal.not_open")
    assert again.json()["problems"][0]["params"]["state"] == "void"
    assert await owes(j, late) == before
    assert "cost_sharing.joined_late" not in await j.events()
    await settled(j, database, "completed")


# carries E13, E19
async def test_a_joining_while_the_first_instalment_is_collected_makes_no_neighbour_a_debtor(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    units = await j.units()
    late, last = units[0], units[-1]
    j.on("payments", nothing)
    await j.until("payments")
    for unit in units:
        if unit not in (late, last):
            await pays(j, unit, await owes(j, unit))
    await joins(j, late)
    back = await owed_back(j)
    await pays(j, late, await owes(j, late))
    assert await went_back(j) == back > 0
    await pays(j, last, await owes(j, last))
    await j.until("publish_tender")
    assert "cost_sharing.reminder_ordered" not in await j.events(), "nobody owed anything"
    (counted,) = await j.details("cost_sharing.collection_counted")
    assert counted["collected_fen"] == counted["due_fen"]
    await settled(j, database, "completed")


# carries E19
async def test_a_home_that_has_paid_before_it_joins_is_credited_on_at_once(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    late = (await j.units())[0]
    await j.until("retention")
    back = await went_back(j)
    await pays(j, late, 5_000_000)
    said = await joins(j, late)
    assert said["paid_out_fen"] >= said["pay_fen"]
    assert await went_back(j) >= back + said["pay_fen"]
    await settled(j, database, "completed")


# carries E19, E47
async def test_the_final_account_pays_nothing_back_that_somebody_who_has_joined_still_owes(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    late = (await j.units())[0]
    j.on("accounts", nothing)
    await j.until("works")
    await j.pay()
    await joins(j, late)
    assert await owes(j, late) > 0
    await j.until("retention")
    (own,) = (await proved(j, late))["late"]
    held, open_ = own["amount_fen"], await owes(j, late)
    assert 0 < open_ <= held
    (ordered,) = await j.details("warranty.refunds_ordered")
    assert ordered["refunds_fen"] > 0, "what the works cost less goes back all the same"
    assert ordered.get("owed_fen", 0) == 0
    assert await owed_back(j, "amount_fen - ordered_fen") == await owed_back(j) == held
    await j.until("accounts")
    back = await went_back(j)
    assert await owed_back(j, "amount_fen - ordered_fen") == await owed_back(j) == held
    await pays(j, late, open_ - 1)
    assert await went_back(j) == back, "a fen is missing"
    await pays(j, late, 1)
    assert await went_back(j) == back + held
    await settled(j, database, "completed")


# carries E19, E42
async def test_what_is_cancelled_pays_nothing_back_that_somebody_who_has_joined_still_owes(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    late = (await j.units())[0]

    async def others_pay(driver: JourneyDriver) -> None:
        for unit in (await driver.units())[1:]:
            if (fen := await owes(driver, unit)) and not await paid_by(driver, unit):
                await pays(driver, unit, fen)

    j.on("payments", others_pay)
    j.on("accounts", nothing)
    await j.until("works")
    said = await joins(j, late)
    before = await share_sum(j)
    await passed(j, "paint")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("retention")
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    held = await owed_back(j, "amount_fen - ordered_fen")
    part = sheet["sunk_net_fen"] * said["pay_fen"] // before
    assert part > 0
    assert abs(held - part) <= len(await j.units()), (
        "their part of what is sunk, to the fen of the rounding"
    )
    back, owed = await went_back(j), await owed_back(j)
    await pays(j, late, await owes(j, late))
    assert await went_back(j) == back + owed
    assert await owed_back(j) == 0
    await settled(j, database, "cancelled")


async def paid_by(j: JourneyDriver, unit: str) -> int:
    """What has come in from a home."""
    found = await j.value(
        "SELECT sum(amount_fen) FROM payment WHERE renovation_id = $1 AND unit_number = $2", unit
    )
    return int(found or 0)


# carries E19
async def test_of_two_that_have_joined_only_what_the_one_has_paid_goes_back(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    first, second = (await j.units())[:2]
    await j.until("works")
    await j.pay()
    one, two = await joins(j, first), await joins(j, second)
    back = await went_back(j)
    await pays(j, first, await owes(j, first))
    assert await went_back(j) == back + one["pay_fen"]
    assert await owed_back(j) > 0
    await pays(j, second, await owes(j, second))
    assert await owed_back(j) == 0
    # The first one owed so much less for the second, and had not paid it yet.
    assert back + one["pay_fen"] < await went_back(j) < back + one["pay_fen"] + two["pay_fen"]
    assert len(await told(j, "joined_paid")) == 4, "the committee and the home, of each"
    await settled(j, database, "completed")


# carries E14, E19
async def test_what_a_fund_has_taken_over_of_a_joining_goes_back_when_the_fund_has_paid(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=upper_floors_pay())
    late = (await j.units())[0]
    j.on("accounts", nothing)
    await j.until("works")
    await j.pay()
    await joins(j, late)
    owed = await owes(j, late)
    relief = {"unit_number": late, "amount_fen": owed, "kind": "pool", "funded_by": "pool"}
    await j.act(a.ApproveRelief, STREET, **relief)
    assert await owes(j, late) == 0
    await j.until("accounts")
    held = await owed_back(j)
    assert 0 < held == await owed_back(j, "amount_fen - ordered_fen"), "the fund has not paid"
    back = await went_back(j)
    rows = await j.db.fetch(
        "SELECT kind || '/' || name AS payer, balance_fen FROM ledger_account"
        " WHERE renovation_id = $1 AND kind IN ('relief', 'pool') AND balance_fen > 0",
        j.rid,
    )
    payments = [{"payer": row["payer"], "amount_fen": row["balance_fen"]} for row in rows]
    assert payments
    await j.told("/payments", await j.official(BANK), payments=payments)
    await settled(j, database, "completed", "pool")
    assert await went_back(j) == back + held
