"""The end of the money: what is kept back stays so for its years, then it is released, and the case is completed."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.cost_sharing import Funding, FundingSource
from models.values.refusal import Refused
from runtime.database import Database
from runtime.ledger.check import check_ledger
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import (
    BANK,
    BUREAU,
    STREET,
    JourneyDriver,
    codes,
    complain,
    settle_accounts,
)

Begin = Callable[..., Awaitable[JourneyDriver]]
KEPT = (
    "SELECT -sum(balance_fen) FROM ledger_account WHERE renovation_id = $1 AND kind = 'retention'"
)
OWING = """
SELECT name, balance_fen FROM ledger_account
WHERE renovation_id = $1 AND kind = 'household' AND balance_fen > 0 ORDER BY name
"""
pytestmark = pytest.mark.slow


async def refused(doing: Awaitable[object]) -> list[str]:
    with pytest.raises(Refused) as error:
        await doing
    return codes(error.value)


# carries E46
async def test_what_is_kept_back_is_returned_after_its_years_and_then_the_case_is_completed(
    journey: Begin, database: Database
) -> None:
    from tests.workflows.works.test_settling import told_history

    j = await journey()
    row = await j.until("retention")
    (accepted,) = await j.details("inspection.works_accepted")
    assert accepted["passed"]
    assert row["state"] == "in_warranty"
    assert row["closed_at"] is None
    kept = await j.value(KEPT)
    assert kept > 0
    (begun,) = await j.details("warranty.begun")
    assert (begun["retention_fen"], begun["months"]) == (kept, 24)
    assert row["due_at"].isoformat() == begun["liability_until"]
    # Not before its years, and nothing stops a case any more whose works are accepted.
    assert await refused(j.act(a.ReleaseRetention, BUREAU)) == ["act.not_now"]
    assert await refused(j.act(a.CancelRenovation, STREET, reason="too late")) == [
        "renovation.ended"
    ]
    await complain(j)
    row = await j.until("release_retention")
    assert (await j.now()).year == row["opened_at"].year + 2
    above = {"withheld_fen": kept + 1, "reason": "a leak"}
    assert await refused(j.act(a.ReleaseRetention, BUREAU, **above)) == [
        "warranty.withheld_above_kept"
    ]
    without = j.act(a.ReleaseRetention, BUREAU, withheld_fen=1)
    assert await refused(without) == ["warranty.reason_missing"]
    await j.act(a.ReleaseRetention, BUREAU, withheld_fen=40, reason="a leak, repaired by others")
    row = await j.until("nothing")
    assert row["state"] == "completed"
    assert (await j.handle.result()).state == "completed"
    for language in ("en", "zh-CN"):
        assert "a leak, repaired by others" in await told_history(j, language)
    (released,) = await j.details("warranty.retention_released")
    assert (released["kept_fen"], released["withheld_fen"]) == (kept, 40)
    assert released["reason"] == "a leak, repaired by others"
    assert released["released_fen"] == kept - 40
    went = await j.value(
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account s ON s.id = t.to_id"
        " WHERE s.renovation_id = $1 AND t.kind = 'retention'"
    )
    assert (went or 0) == released["paid_out_fen"]
    assert await balances(j) == {}
    assert (await check_ledger(database, j.rid)).ok
    assert (await audit(database, j.rid)).ok


async def balances(j: JourneyDriver) -> dict[str, int]:
    rows = await j.db.fetch(
        "SELECT kind, sum(balance_fen) AS fen FROM ledger_account WHERE renovation_id = $1"
        " GROUP BY kind HAVING bool_or(balance_fen <> 0)",
        j.rid,
    )
    return {str(row["kind"]): int(row["fen"]) for row in rows}


async def start_below(j: JourneyDriver) -> None:
    await j.act(a.DecideCollection, STREET, decision="start", reason="the roof leaks")


# carries E13, E14, E47
async def test_a_case_is_completed_with_settled_accounts_only(
    journey: Begin, database: Database
) -> None:
    """Three homes never pay; neighbours help one, a fund takes over two, somebody pays too much."""
    from tests.workflows.works.test_settling import settled

    subsidy = Funding(id="district", source=FundingSource.SUBSIDY, amount_fen=500_000)
    j = await journey(content=scheme_content().model_copy(update={"funding": (subsidy,)}))
    j.on("payments", lambda driver: driver.pay(permille=750))
    j.on("decide_collection", start_below)
    await j.until("accounts")
    (shared,) = await j.details("cost_sharing.finished")
    assert shared["outcome"] == "started_below", "less than the threshold is never called funded"
    (decided,) = await j.details("cost_sharing.collection_decided")
    assert 0 < decided["collected_fen"] * 10 < decided["due_fen"] * 9
    (drawn,) = await j.details("warranty.account_drawn")
    owed = await balances(j)
    assert owed["household"] > 0
    assert owed["subsidy"] == sum(each["amount_fen"] for each in drawn["others"])
    assert "project" not in owed, "what is charged and promised is what the works cost, to the fen"
    (awaited,) = await j.details("warranty.accounts_awaited")
    assert {each["kind"] for each in awaited["accounts"]} >= {"household", "subsidy", "contractor"}
    rows = await j.db.fetch(OWING, j.rid)
    for row, kind in zip(rows, ("pool", "claim", "grant"), strict=True):
        fields = {"unit_number": row["name"], "amount_fen": row["balance_fen"], "kind": kind}
        await j.act(a.ApproveRelief, STREET, funded_by=f"fund-{kind}", **fields)
    assert not await j.db.fetch(OWING, j.rid)
    first = (await j.units())[0]
    too_much = [{"unit_number": first, "amount_fen": 7}]
    await j.told("/payments", await j.official(BANK), payments=too_much)
    assert (await j.row())["state"] == "in_warranty", "the subsidy and the funds owe it still"
    wrong = await j.post(
        "/payments", await j.official(BANK), payments=[{"payer": "subsidy/no", "amount_fen": 1}]
    )
    assert wrong.json()["code"] == "cost_sharing.payer_not_here"
    await settle_accounts(j)
    await settled(
        j, database, "completed", "the roof leaks", "fund-pool", "fund-claim", "fund-grant"
    )
    back = "SELECT amount_fen FROM refund WHERE renovation_id = $1 AND unit_number = $2 AND paid"
    assert await j.value(back, first) >= 7


# carries E16
async def test_a_cheaper_award_is_paid_back_at_the_signature(
    journey: Begin, database: Database
) -> None:
    from tests.workflows.works.test_settling import settled

    j = await journey()
    await j.until("works")
    (signed,) = await j.details("bidding.contract_signed")
    back = signed["shares"]["refunds_fen"]
    assert back > 0
    assert signed["refunds"]["refunds_fen"] == signed["refunds"]["paid_out_fen"] == back
    assert await j.value("SELECT bool_and(paid) FROM refund WHERE renovation_id = $1")
    went = (
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id"
        " WHERE a.renovation_id = $1 AND t.kind = 'refund'"
    )
    assert await j.value(went) == back
    shares = signed["shares"]
    assert shares["total_fen"] < shares["before_fen"]
    sums = [
        f"{fen // 100:,}.{fen % 100:02}"
        for fen in (shares["total_fen"], shares["before_fen"], back)
    ]
    await settled(j, database, "completed", *sums)


async def test_a_silent_client_is_reminded_of_what_it_keeps(journey: Begin) -> None:
    j = await journey()
    await j.until("release_retention")
    await j.go_on()
    (late,) = (await j.details("agenda.reminder_ordered"))[-1]["late"]
    assert late["what"] == "release_retention"
    assert (await j.row())["state"] == "in_warranty"


@pytest.mark.parametrize("word", ["retention", "release_retention"])
async def test_a_warranty_that_was_stopped_from_outside_goes_on(
    journey: Begin, database: Database, word: str
) -> None:
    from tests.workflows.healing.test_repair import repaired

    j = await journey()
    row = await j.until(word)
    await j.client.get_workflow_handle(str(row["stage_workflow_id"])).terminate("by a slip")
    await j.handle.terminate("by a slip")
    await repaired(j)
    row = await j.until("nothing")
    assert row["state"] == "completed"
    assert (await j.events()).count("warranty.begun") == 1
    assert (await audit(database, j.rid)).ok
