"""A case that has stopped is closed with settled accounts only: measured, settled, refunded, released (E42)."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.cost_sharing import Funding, FundingSource
from runtime.database import Database
from runtime.ledger.check import check_ledger
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import (
    BANK,
    BUREAU,
    CHIEF,
    STREET,
    JourneyDriver,
    builder,
    inspect,
)
from tests.workflows.works.test_default import (
    BOND_FEN,
    PAINT_FEN,
    ROOF_PART_FEN,
    never_started,
    nothing,
    passed,
    refused,
)
from tests.workflows.works.test_warranty import OWING, balances, start_below

Begin = Callable[..., Awaitable[JourneyDriver]]
SUBSIDY_FEN = 500_000
pytestmark = pytest.mark.slow


async def settled(j: JourneyDriver, database: Database, state: str, *why: str) -> None:
    """To the end: every account at zero, and the history says why, in both languages."""
    row = await j.until("nothing")
    assert row["state"] == state
    assert (await j.handle.result()).state == state
    assert await balances(j) == {}
    assert not await j.value("SELECT count(*) FROM case_wait WHERE renovation_id=$1")
    assert (await check_ledger(database, j.rid)).ok
    report = await audit(database, j.rid)
    assert report.ok, report
    for language in ("en", "zh-CN") if why else ():
        said = await told_history(j, language)
        assert [each for each in why if each not in said] == [], language


async def told_history(j: JourneyDriver, language: str) -> str:
    """Every sentence of the history as an owner of the estate reads it."""
    headers = {
        "authorization": f"Bearer {j.voter((await j.units())[2])}",
        "accept-language": language,
    }
    address, lines = f"/v1/renovations/{j.rid}/history?level=all&limit=500", list[str]()
    path = address.partition("?")[0]
    while address:
        answer = await j.http.get(address, headers=headers)
        assert answer.is_success, answer.text
        lines += [each["sentence"] for each in answer.json()]
        more = answer.links.get("next", {}).get("url")
        address = f"{path}{more}" if more else ""
    return "\n".join(lines)


# carries E42
async def test_what_is_cancelled_in_the_works_is_measured_settled_and_released_after_its_years(
    journey: Begin, database: Database
) -> None:
    subsidy = Funding(id="district", source=FundingSource.SUBSIDY, amount_fen=SUBSIDY_FEN)
    j = await journey(content=scheme_content().model_copy(update={"funding": (subsidy,)}))
    await j.until("works")
    await passed(j, "paint")
    await j.act(a.ReportItem, await builder(j), item_id="roof")
    await inspect(j, "roof", "FAIL")
    assert await refused(j.act(a.MeasureWorks, CHIEF)) == ["act.not_now"]
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    row = await j.until("measure_works")
    assert row["due_at"] is not None
    assert "settlement.contract_settled" not in await j.events()
    above = {"measured_fen": {"paint": 1}}
    assert await refused(j.act(a.MeasureWorks, CHIEF, **above)) == ["settlement.measured_passed"]
    await j.act(a.MeasureWorks, CHIEF, measured_fen={"roof": ROOF_PART_FEN})
    certified = PAINT_FEN + ROOF_PART_FEN
    await j.until("objections.refunds")
    (account,) = await j.details("settlement.contract_settled")
    assert (account["certified_fen"], account["bonds_fen"]) == (certified, 0)
    assert account["account"]["paid_out_fen"] == account["account"]["payable_fen"]
    row = await j.until("retention")
    assert row["state"] == "settling"
    kept = account["account"]["retention_fen"]
    (begun,) = await j.details("warranty.begun")
    assert (begun["retention_fen"], row["due_at"].isoformat()) == (kept, begun["liability_until"])
    owed = await balances(j)
    assert owed["retention"] == -kept
    assert "project" not in owed, "what is charged and promised is what the works cost, to the fen"
    assert await refused(j.act(a.ReleaseRetention, BUREAU)) == ["act.not_now"]
    assert await refused(j.act(a.CancelRenovation, STREET, reason="again")) == ["renovation.ended"]
    await j.until("release_retention")
    half = {"withheld_fen": kept // 2, "reason": "a crack, repaired by others"}
    await j.act(a.ReleaseRetention, BUREAU, **half)
    row = await j.until("accounts")
    (drawn,) = await j.details("warranty.account_drawn")
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    assert drawn["sunk_net_fen"] < sheet["sunk_net_fen"], "what is withheld makes the works cheaper"
    await settled(
        j, database, "cancelled", "the estate will be rebuilt", "a crack, repaired by others"
    )


# carries E36
async def test_a_bond_that_brings_more_than_everything_cost_has_its_payees(
    journey: Begin, database: Database
) -> None:
    j = await never_started(journey)
    j.on("works", nothing)
    await j.until("terminate_contract")
    await j.act(a.TerminateContract, STREET, reason="nobody came", then="close")
    await j.until("accounts")
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    assert (sheet["sunk_net_fen"], sheet["bond_surplus_fen"]) == (0, BOND_FEN)
    (awaited,) = await j.details("warranty.accounts_awaited")
    assert {each["kind"]: each["amount_fen"] for each in awaited["accounts"]} == {
        "bond": BOND_FEN,
        "household": -BOND_FEN,
    }
    told = "SELECT count(*) FROM notice WHERE renovation_id=$1 AND audience='guarantor'"
    assert await j.value(told) == 2, "when it is called, and when nothing but its money is missing"
    late = len(await j.details("agenda.reminder_ordered"))
    await j.go_on()
    assert (await j.details("agenda.reminder_ordered"))[late]["late"][0]["what"] == "accounts"
    contract = await j.value("SELECT id FROM contract WHERE renovation_id=$1")
    bond = [{"payer": f"bond/{contract}", "amount_fen": BOND_FEN}]
    await j.told("/payments", await j.official(BANK), payments=bond)
    await settled(j, database, "shelved")
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
    back = await j.value(
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id"
        " WHERE a.renovation_id = $1 AND a.kind = 'household' AND t.kind = 'refund'"
    )
    assert back == paid + BOND_FEN, "every fen that was paid, and what the bond has brought"


# carries E13, E14
async def test_who_owes_a_part_of_what_has_stopped_is_waited_for_and_may_be_relieved(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    j.on("payments", lambda driver: driver.pay(permille=750))
    j.on("decide_collection", start_below)
    await j.until("works")
    await passed(j, "paint")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    await j.until("accounts")
    rows = await j.db.fetch(OWING, j.rid)
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    assert sheet["debtors"] == len(rows) == 3
    unit, owes = rows[0]["name"], rows[0]["balance_fen"]
    relief = {"unit_number": unit, "kind": "claim", "funded_by": "street"}
    above = j.act(a.ApproveRelief, STREET, amount_fen=owes + 1, **relief)
    assert await refused(above) == ["cost_sharing.relief_above_debt"]
    await j.act(a.ApproveRelief, STREET, amount_fen=owes, **relief)
    assert (await balances(j))["relief"] == owes
    assert [row["name"] for row in await j.db.fetch(OWING, j.rid)] == [
        row["name"] for row in rows[1:]
    ]
    assert (await j.row())["state"] == "settling"
    await settled(j, database, "cancelled")
