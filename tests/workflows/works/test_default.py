"""A contractor's default (E36): notice to cure, termination, measure, bond, and the rest by another firm."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.messages import acts as a
from models.values.actor import Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.breaks.branches import failed
from tests.support.journey import (
    CHIEF,
    DAY,
    OTHER_SUPERVISOR,
    STREET,
    SUPERVISOR,
    JourneyDriver,
    actor,
    builder,
    codes,
    first_candidate,
    inspect,
    works,
)

Begin = Callable[..., Awaitable[JourneyDriver]]
CONTRACT_FEN, BOND_FEN = 10_800_000, 1_080_000
"""90 % of the ceiling of the plan, and the most that a performance bond may be."""
PAINT_FEN, ROOF_PART_FEN = 900_000, 2_000_000
"""Passed at the first contract's price; measured of the roof, whose price there is 7,200,000."""
COST_FEN = PAINT_FEN + ROOF_PART_FEN - BOND_FEN
PAID_IN_FEN = CONTRACT_FEN * 105 // 100
REST_FEN = 9_066_667
"""With 5 % contingency this is what the first award has left: 11,340,000 less 1,820,000."""
REASON = "the roof still leaks"


async def sign_with_bond(j: JourneyDriver) -> None:
    """The winner of the first tender gives a performance bond."""
    price = await j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded' ORDER BY tender.round DESC"
    )
    await j.act(a.SignContract, STREET, value_fen=price, performance_bond_fen=price // 10)


async def passed(j: JourneyDriver, item: str) -> None:
    await j.act(a.ReportItem, await builder(j), item_id=item)
    await inspect(j, item, "PASS")


async def in_default(journey: Begin) -> JourneyDriver:
    """The paint has passed, the roof has failed and was not put right in time, the risers are to come."""
    j = await journey()
    j.on("sign_contract", sign_with_bond)
    await j.until("works")
    await passed(j, "paint")
    await j.act(a.ReportItem, await builder(j), item_id="roof")
    await inspect(j, "roof", "FAIL")
    while "inspection.cure_noticed" not in await j.events():
        await j.go_on()
        await j.parts.clocks.settle(j.rid)
    return j


async def asked(journey: Begin) -> JourneyDriver:
    """The time to cure is over too."""
    j = await in_default(journey)
    j.on("works", nothing)
    await j.until("terminate_contract")
    j.on("works", works)
    return j


async def nothing(_: JourneyDriver) -> None:
    """Silence on the site."""


async def terminated(journey: Begin, **fields: Any) -> JourneyDriver:
    """The contract is ended and measured; the journey goes on from there."""
    j = await asked(journey)
    await j.act(a.TerminateContract, STREET, reason=REASON, **fields)
    await j.until("measure_works")
    await j.act(a.MeasureWorks, CHIEF, measured_fen={"roof": ROOF_PART_FEN})
    return j


async def refused(sending: Awaitable[object]) -> list[str]:
    with pytest.raises(Refused) as error:
        await sending
    return codes(error.value)


async def contracts(j: JourneyDriver) -> list[dict[str, Any]]:
    rows = await j.db.fetch(
        "SELECT works_round, bidder_id, state, value_fen FROM contract WHERE renovation_id=$1"
        " ORDER BY works_round",
        j.rid,
    )
    return [dict(row) for row in rows]


async def certificates(j: JourneyDriver, works_round: int) -> dict[str, tuple[int, int, str]]:
    """Item to certified, payable (fen) and state, of one contract."""
    rows = await j.db.fetch(
        "SELECT e.* FROM certificate e JOIN contract c ON c.id = e.contract_id"
        " WHERE e.renovation_id=$1 AND c.works_round=$2",
        j.rid,
        works_round,
    )
    return {
        str(row["item_id"]).removeprefix(f"{j.rid}."): (
            row["certified_fen"],
            row["payable_fen"],
            row["state"],
        )
        for row in rows
    }


async def shares(j: JourneyDriver, basis: str) -> int:
    return int(
        await j.value(
            "SELECT sum(amount_fen) FROM share_total WHERE renovation_id=$1 AND basis=$2", basis
        )
    )


async def went_back(j: JourneyDriver) -> int:
    """What the households got back in all, of every award and at the end; fen."""
    return int(
        await j.value(
            "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account s ON s.id = t.from_id"
            " WHERE s.renovation_id=$1 AND s.kind='household' AND t.kind='charge'"
        )
    )


async def ended(j: JourneyDriver, database: Database, state: str) -> None:
    row = await j.until("nothing")
    assert row["state"] == state
    assert (await j.handle.result()).state == state
    report = await audit(database, j.rid)
    assert report.ok, report
    assert not await j.value("SELECT count(*) FROM case_wait WHERE renovation_id=$1")
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id=$1")


# carries E36
@pytest.mark.slow
async def test_a_default_that_is_not_cured_leads_to_a_second_contractor(
    journey: Begin, database: Database
) -> None:
    j = await terminated(journey)
    await j.until("bids")
    (settled,) = await j.details("inspection.contract_settled")
    certified = PAINT_FEN + ROOF_PART_FEN
    assert (settled["passed_fen"], settled["measured_fen"]) == (PAINT_FEN, ROOF_PART_FEN)
    assert (settled["certified_fen"], settled["retention_fen"]) == (certified, certified * 3 // 100)
    assert settled["payable_fen"] == certified - certified * 3 // 100
    assert (settled["bond_called_fen"], settled["cost_fen"]) == (BOND_FEN, COST_FEN)
    assert settled["left_items"] == ["risers", "roof"]
    first = await certificates(j, 1)
    assert {item: (sum_, state) for item, (sum_, _, state) in first.items()} == {
        "paint": (PAINT_FEN, "released"),
        "roof": (ROOF_PART_FEN, "released"),
    }
    assert sum(payable for _, payable, _ in first.values()) == settled["payable_fen"]
    notice = (await j.details("bidding.tender_published"))[-1]
    assert notice["left_items"] == ["risers", "roof"]
    assert (notice["works_round"], notice["estimate_fen"]) == (2, REST_FEN)
    await j.until("works")
    assert await j.value(
        "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$1 || '.paint'"
    ) == ("passed")
    second = REST_FEN * 90 // 100
    assert await contracts(j) == [
        {"works_round": 1, "bidder_id": "b1", "state": "terminated", "value_fen": CONTRACT_FEN},
        {"works_round": 2, "bidder_id": "b2", "state": "signed", "value_fen": second},
    ]
    contingency = second * 50 // 1000
    assert await shares(j, "award") == COST_FEN + second + contingency < PAID_IN_FEN
    # Everybody has paid what was estimated, and gets back what the two awards leave of it.
    paid_in = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
    back = await j.value("SELECT sum(amount_fen) FROM refund WHERE renovation_id=$1")
    assert paid_in - back == await shares(j, "award")
    asked_for = "SELECT sum(amount_fen) FROM instalment WHERE renovation_id=$1"
    # What goes back is not asked for again: the instalments are no more than the charge.
    assert await j.value(asked_for) == await shares(j, "award")
    await ended(j, database, "completed")
    paid = await certificates(j, 2)
    assert set(paid) == {"roof", "risers"}
    assert sum(certified for certified, _, _ in paid.values()) == second
    assert await certificates(j, 1) == first
    assert (await j.events()).count("renovation.stage_entered") == 7


async def test_a_default_that_is_cured_in_time_goes_on(journey: Begin, database: Database) -> None:
    j = await in_default(journey)
    who = await builder(j)
    await j.act(a.ReportRectified, who, item_id="roof")
    await inspect(j, "roof", "FAIL", OTHER_SUPERVISOR)
    assert await j.value(
        "SELECT state FROM work_item WHERE renovation_id=$1 AND id=$1 || '.roof'"
    ) == ("default")
    assert await refused(j.act(a.TerminateContract, STREET, reason=REASON)) == [
        "settlement.cure_running"
    ]
    await j.act(a.ReportRectified, who, item_id="roof")
    await inspect(j, "roof", "PASS", SUPERVISOR)
    await ended(j, database, "completed")
    assert (await j.events()).count("inspection.cure_noticed") == 1
    assert "inspection.termination_asked" not in await j.events()


@pytest.mark.slow
async def test_until_it_is_decided_even_a_late_cure_counts(
    journey: Begin, database: Database
) -> None:
    j = await asked(journey)
    assert (await j.row())["due_at"] is not None
    await j.act(a.ReportRectified, await builder(j), item_id="roof")
    await inspect(j, "roof", "PASS", OTHER_SUPERVISOR)
    assert (await j.row())["waiting_for"] == "works"
    assert await j.value("SELECT decide_by FROM contract WHERE renovation_id=$1") is None
    assert await refused(j.act(a.TerminateContract, STREET, reason=REASON)) == [
        "settlement.nothing_in_default"
    ]
    await ended(j, database, "completed")


async def test_a_case_whose_works_failed_is_closed_and_the_rest_of_the_money_goes_back(
    journey: Begin, database: Database
) -> None:
    j = await terminated(journey, then="close")
    await ended(j, database, "shelved")
    assert (await j.details("renovation.closed"))[0]["reason"] == "contractor_default"
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
    assert sheet["sunk_net_fen"] == COST_FEN
    # With what the cheaper award left over, at the signature; the rest of it waits for the bond's money.
    back = await went_back(j)
    assert back == paid - COST_FEN
    assert 0 < sheet["refunds_fen"] < back
    (undone,) = await j.details("settlement.contract_settled")
    assert (undone["certified_fen"], undone["bonds_fen"]) == (
        PAINT_FEN + ROOF_PART_FEN,
        BOND_FEN,
    )
    assert undone["account"] is None
    states = await j.db.fetch("SELECT id, state FROM work_item WHERE renovation_id=$1", j.rid)
    assert {str(row["id"]).rpartition(".")[2]: row["state"] for row in states} == {
        "paint": "passed",
        "roof": "default",
        "risers": "cancelled",
    }


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["publish_tender", "bids", "sign_contract", "works"])
async def test_it_can_be_cancelled_in_the_second_bidding_and_in_the_second_works(
    journey: Begin, database: Database, moment: str
) -> None:
    j = await terminated(journey)
    await j.until(moment)
    certified = PAINT_FEN + ROOF_PART_FEN
    if moment == "works":
        await j.act(a.ReportItem, await builder(j), item_id="roof")
        await inspect(j, "roof", "PASS", OTHER_SUPERVISOR)
        certified += REST_FEN * 90 // 100 * 8 // 11
    await j.act(a.CancelRenovation, STREET, reason="enough")
    await ended(j, database, "cancelled")
    (undone,) = await j.details("settlement.contract_settled")
    assert abs(undone["certified_fen"] - certified) <= 1
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    assert sheet["sunk_net_fen"] == undone["certified_fen"] - BOND_FEN
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
    assert await went_back(j) == paid - sheet["sunk_net_fen"]
    made_safe = json.dumps(await j.details("settlement.made_safe"))
    assert ("nothing to undo" in made_safe) == (moment != "works")
    assert not await j.value(
        "SELECT count(*) FROM tender WHERE renovation_id=$1 AND state IN ('open', 'closed')"
    )


@pytest.mark.slow
@pytest.mark.parametrize("after", ["terminate", "measure"])
async def test_it_can_be_cancelled_while_the_contract_is_being_ended(
    journey: Begin, database: Database, after: str
) -> None:
    j = await asked(journey)
    await j.act(a.TerminateContract, STREET, reason=REASON)
    certified = PAINT_FEN
    if after == "measure":
        await j.until("measure_works")
        await j.act(a.MeasureWorks, CHIEF, measured_fen={"roof": ROOF_PART_FEN})
        certified += ROOF_PART_FEN
    await j.act(a.CancelRenovation, STREET, reason="enough")
    await ended(j, database, "cancelled")
    (undone,) = await j.details("settlement.contract_settled")
    assert (undone["certified_fen"], undone["bonds_fen"]) == (certified, BOND_FEN)


# carries E37
@pytest.mark.slow
async def test_the_owners_may_end_a_contract_by_vote_without_fault(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    j.on("sign_contract", sign_with_bond)
    await j.until("works")
    by_vote = {"ground": "vote", "reason": "the owners want to stop"}
    assert await refused(j.act(a.TerminateContract, STREET, **by_vote)) == [
        "settlement.document_missing"
    ]
    by_vote["document"] = "owners' decision of 3 March"
    assert await refused(j.act(a.TerminateContract, STREET, **by_vote, bond_fen=1)) == [
        "settlement.bond_without_fault"
    ]
    firm = await builder(j)
    as_street = firm.model_copy(update={"role": Role.STREET_OFFICE})
    assert await refused(j.act(a.TerminateContract, as_street, **by_vote)) == [
        "settlement.own_contract"
    ]
    await j.act(a.TerminateContract, STREET, **by_vote, then="close", damages_fen=50_000)
    await j.until("measure_works")
    price = await j.value(
        "SELECT value_fen FROM contract WHERE renovation_id=$1 AND state='terminated'"
    )
    high = {"measured_fen": {"paint": PAINT_FEN + 1}}
    as_chief = {"role": Role.CHIEF_SUPERVISOR}
    for who, why in (
        (STREET.model_copy(update=as_chief), "settlement.measured_by_decider"),
        (firm.model_copy(update=as_chief), "settlement.measured_by_contractor"),
    ):
        assert await refused(j.act(a.MeasureWorks, who, **high)) == [why]
    assert price == CONTRACT_FEN
    assert await refused(j.act(a.MeasureWorks, CHIEF, **high)) == ["settlement.measured_high"]
    await j.act(a.MeasureWorks, CHIEF, measured_fen={"paint": PAINT_FEN})
    await ended(j, database, "shelved")
    assert (await j.details("renovation.closed"))[0]["reason"] == "owners_terminated"
    (sheet,) = await j.details("settlement.refund_sheet_drawn")
    assert sheet["sunk_net_fen"] == PAINT_FEN + 50_000


@pytest.mark.slow
async def test_the_firm_that_lost_the_contract_does_not_bid_for_the_rest(journey: Begin) -> None:
    j = await terminated(journey)
    await j.until("bids")
    answer = await j.post("/bids", await j.official(await builder(j)), price_fen=5_000_000)
    assert (answer.status_code, answer.json()["code"]) == (403, "bidding.contractor_defaulted")


@pytest.mark.slow
async def test_of_the_second_tender_only_its_own_candidates_are_published(journey: Begin) -> None:
    j = await terminated(journey)
    await j.until("objections.candidates")
    content = json.loads(
        await j.value("SELECT content FROM publication WHERE renovation_id=$1 AND state='open'")
    )
    assert [each["bidder"] for each in content["candidates"]] == ["b2", "b3", "b4"]
    assert await first_candidate(j) == "b2"


@pytest.mark.slow
async def test_nobody_terminates_what_may_still_be_cured_or_was_never_in_default(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("works")
    assert await refused(j.act(a.TerminateContract, STREET, reason=REASON)) == [
        "settlement.nothing_in_default"
    ]
    await failed(j)
    assert await refused(j.act(a.MeasureWorks, CHIEF)) == ["act.not_now"]
    assert await refused(
        j.act(a.TerminateContract, await builder(j), ground="refuses", reason="too dear")
    ) == ["authority.wrong_role"]


# carries E12
@pytest.mark.slow
async def test_a_rest_that_is_dearer_than_the_money_left_says_whose_turn_it_is(
    journey: Begin, database: Database
) -> None:
    j = await terminated(journey)
    j.on("bids", dear_bids)
    await j.until("approve_direct_award")
    opened = (await j.details("bidding.bids_opened"))[-1]
    assert opened["rest_money"] == {
        "left_fen": REST_FEN,
        "lowest_fen": REST_FEN + 1,
        "missing_fen": 1,
        "turn": "district_bureau, street_office",
        "due_at": opened["rest_money"]["due_at"],
    }
    (line,) = await j.db.fetch(
        "SELECT who, consequence FROM case_wait WHERE renovation_id=$1 AND what='rest_money'", j.rid
    )
    assert (line["who"], line["consequence"]) == ("district_bureau, street_office", "reminded")
    await j.act(a.CancelRenovation, STREET, reason="the owners carry no more")
    await ended(j, database, "cancelled")


async def dear_bids(j: JourneyDriver) -> None:
    """Three firms ask for more than the money that is left, one fen and up."""
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    open_tender = "SELECT id FROM tender WHERE renovation_id=$1 AND state='open'"
    if not await j.db.fetchval(
        "SELECT count(*) FROM bid WHERE tender_id=$1", await j.value(open_tender)
    ):
        await j.bid(*(ceiling + number for number in (1, 2, 3)))


async def never_started(journey: Begin) -> JourneyDriver:
    """Nobody comes to the site: the contractor has a notice to cure."""
    j = await journey()
    j.on("sign_contract", sign_with_bond)
    await j.until("works")
    while "inspection.standstill_noticed" not in await j.events():
        await j.go_on()
        await j.parts.clocks.settle(j.rid)
    return j


# carries E36
@pytest.mark.slow
async def test_a_contractor_who_never_starts_loses_the_contract(
    journey: Begin, database: Database
) -> None:
    j = await never_started(journey)
    (signed,) = await j.details("bidding.contract_signed")
    (noticed,) = await j.details("inspection.standstill_noticed")
    assert (noticed["begun"], noticed["start_by"]) == (False, signed["start_by"])
    late = [line for each in await j.details("agenda.reminder_ordered") for line in each["late"]]
    assert "works" in [line["what"] for line in late], "reminded before the notice"
    assert await refused(j.act(a.TerminateContract, STREET, reason=REASON)) == [
        "settlement.cure_running"
    ]
    j.on("works", nothing)
    await j.until("terminate_contract")
    (asked_,) = await j.details("inspection.termination_asked")
    assert (asked_["items"], asked_["standstill"]) == ([], True)
    await j.act(a.TerminateContract, STREET, reason="nobody came")
    await j.until("measure_works")
    await j.act(a.MeasureWorks, CHIEF)
    j.on("works", works)
    await j.until("works")
    assert [each["state"] for each in await contracts(j)] == ["terminated", "signed"]
    (settled,) = await j.details("inspection.contract_settled")
    assert (settled["certified_fen"], settled["bond_called_fen"]) == (0, BOND_FEN)
    await ended(j, database, "completed")


@pytest.mark.slow
async def test_whoever_begins_after_the_notice_has_cured_it_and_may_not_fall_asleep_again(
    journey: Begin, database: Database
) -> None:
    j = await never_started(journey)
    await j.act(a.ReportProgress, await builder(j), report="the scaffold stands")
    assert await refused(j.act(a.TerminateContract, STREET, reason=REASON)) == [
        "settlement.nothing_in_default"
    ]
    assert await j.value("SELECT cure_until FROM contract WHERE renovation_id=$1") is None
    while (await j.events()).count("inspection.standstill_noticed") < 2:
        await j.go_on()
        await j.parts.clocks.settle(j.rid)
    (_, again) = await j.details("inspection.standstill_noticed")
    assert again["begun"] is True
    other = actor(Role.CONTRACTOR, "b9")
    assert await refused(j.act(a.ReportProgress, other, report="we are here")) == [
        "inspection.not_the_contractor"
    ]
    await j.act(a.ReportProgress, SUPERVISOR, report="they are at work")
    await ended(j, database, "completed")


async def test_the_day_on_which_works_begin_is_a_term_of_the_contract(journey: Begin) -> None:
    j = await journey()
    await j.until("sign_contract")
    price = await j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded'"
    )
    today = (await j.now()).date()
    early = {"value_fen": price, "start_by": today - DAY}
    assert await refused(j.act(a.SignContract, STREET, **early)) == ["bidding.start_is_past"]
    await j.act(a.SignContract, STREET, value_fen=price, start_by=today + 3 * DAY)
    await j.until("works")
    (line,) = await j.db.fetch(
        "SELECT due_at, consequence FROM case_wait WHERE renovation_id=$1 AND what='works'", j.rid
    )
    started = await j.value("SELECT start_by FROM contract WHERE renovation_id=$1")
    assert (line["due_at"], line["consequence"]) == (started, "reminded")


@pytest.mark.slow
async def test_what_was_built_when_a_case_is_cancelled_is_signed_for_and_paid(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("works")
    await passed(j, "paint")
    await j.act(a.CancelRenovation, STREET, reason="enough")
    await ended(j, database, "cancelled")
    (paint,) = (await certificates(j, 1)).values()
    assert (paint[0], paint[2]) == (PAINT_FEN, "released")
    (closed,) = await j.details("renovation.closed")
    assert "certificates_settled" not in closed
