from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.bidding.tender import Tenders
from models.messages.acts import (
    ApproveDirectAward,
    AwardContract,
    PublishTender,
    RecordEvaluation,
    SignContract,
    WithdrawCandidate,
)
from models.messages.bidding import BidOpening, Candidates, TenderPeriod
from models.messages.journey import StageInput
from models.tables import Award, Bid, Contract, Event, Publication, Renovation, ShareTotal, Tender
from models.values.actor import Actor, Role
from models.values.scheme import TenderPlan
from runtime.database import Database
from tests.support import money
from tests.support.agenda import too_early
from tests.support.estate import make_renovation
from tests.support.money import START, STREET, command, count_of, details, rows_of, scheme, sum_of
from tests.support.told import move_clock

DAY = timedelta(days=1)
EVALUATOR = Actor(id="e1", role=Role.EVALUATOR, label="evaluator")
FIRST = Actor(id="b1", role=Role.CONTRACTOR, label="contractor")
PRICES = (11_000, 11_500, 11_900)


class Bidding:
    """One renovation with its shares computed, and the steps of its tender."""

    def __init__(self, database: Database, rid: str) -> None:
        self.database, self.rid = database, rid
        self.tenders = Tenders(money.recorder_of(database))
        self.at = START

    async def go_to(self, moment: datetime) -> None:
        await move_clock(self.database, self.rid, moment)
        self.at = moment

    def act(self, kind: type[Any], name: str, who: Actor = STREET, **fields: Any) -> Any:
        return kind(command_id=f"{self.rid}#{name}", actor=who, **fields)

    async def publish(self, name: str = "publish", **fields: Any) -> TenderPeriod:
        act = self.act(PublishTender, name, **fields)
        given = StageInput(renovation_id=self.rid)
        return await self.tenders.publish(command(self.rid, name, STREET), given, act)

    async def bid(self, period: TenderPeriod, *prices: int, **more: Any) -> None:
        async with self.database.session() as session, session.begin():
            for number, price in enumerate(prices, start=1):
                fields = {
                    "bond_fen": 0,
                    "bond_account": f"a{number}",
                    "flags": {},
                    "submitted_at": self.at + DAY,
                    **more.get(f"b{number}", {}),
                }
                session.add(
                    Bid(
                        id=f"{period.tender_id}.b{number}",
                        tender_id=period.tender_id,
                        command_id=f"{period.tender_id}-b{number}",
                        bidder_id=f"b{number}",
                        price_fen=price,
                        technical_milli=0,
                        state="submitted",
                        **fields,
                    )
                )

    async def open(self, period: TenderPeriod, name: str = "open") -> BidOpening:
        await self.go_to(period.deadline_at)
        return await self.tenders.open_bids(command(self.rid, name), period)

    async def evaluate(self, name: str = "evaluate", **fields: Any) -> Candidates:
        who = fields.pop("who", EVALUATOR)
        assert isinstance(who, Actor)
        act = self.act(RecordEvaluation, name, who, **fields)
        return await self.tenders.evaluate(command(self.rid, name, who), act)

    async def withdraw(
        self, bidder: str, name: str = "withdraw", who: Actor = STREET
    ) -> Candidates:
        act = self.act(WithdrawCandidate, name, who, bidder_id=bidder, reason="no capacity")
        return await self.tenders.withdraw(command(self.rid, name, who), act)

    async def award(self, bidder: str, name: str = "award") -> Candidates:
        act = self.act(AwardContract, name, bidder_id=bidder)
        return await self.tenders.award(command(self.rid, name, STREET), act)

    async def sign(self, value: int, name: str = "sign", bond: int = 0) -> Any:
        act = self.act(SignContract, name, value_fen=value, performance_bond_fen=bond)
        return await self.tenders.sign(command(self.rid, name, STREET), act)

    async def approve(self, price: int, name: str = "approve", bidder: str = "b1") -> Candidates:
        act = self.act(
            ApproveDirectAward, name, bidder_id=bidder, price_fen=price, reason="two failed"
        )
        return await self.tenders.approve_direct(command(self.rid, name, STREET), act)

    async def ranked(self, *prices: int, **more: Any) -> Candidates:
        period = await self.publish()
        await self.bid(period, *(prices or PRICES), **more)
        await self.open(period)
        return await self.evaluate()

    async def waiting(self) -> tuple[str, datetime | None]:
        async with self.database.session() as session:
            row = await session.get_one(Renovation, self.rid)
            return row.waiting_for, row.due_at

    async def states(self) -> list[str]:
        async with self.database.session() as session:
            rows = await session.scalars(
                select(Bid.state)
                .join(Tender)
                .where(Tender.renovation_id == self.rid)
                .order_by(Bid.id)
            )
            return list(rows)

    async def events(self, kind: str) -> int:
        return await count_of(
            self.database, Event, Event.renovation_id == self.rid, Event.kind == kind
        )


Build = Callable[..., Awaitable[Bidding]]


@pytest.fixture
def build(database: Database, request: pytest.FixtureRequest) -> Build:
    async def make(shares: bool = True, **plan: Any) -> Bidding:
        rid = f"t{crc32(request.node.name.encode())}"
        tender = TenderPlan.model_validate(
            {"estimate_fen": 12_000, "ceiling_fen": 12_000, "contingency_permille": 0, **plan}
        )
        content = scheme(tender=tender)
        await make_renovation(database, rid=rid, units=12, content=content, told_at=START)
        if shares:
            await money.computed(database, rid)
        return Bidding(database, rid)

    return make


def codes(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def test_a_tender_is_published_on_the_terms_of_the_scheme_once(build: Build) -> None:
    h = await build()
    period = await h.publish()
    assert await h.publish() == period
    assert period.tender_id == f"{h.rid}.tender.1"
    assert period.deadline_at >= START + 20 * DAY
    assert await h.waiting() == ("bids", period.deadline_at)
    found = await details(h.database, h.rid, "bidding.tender_published")
    assert found["ceiling_fen"] == 12_000
    assert {check["code"] for check in found["checks"]} >= {
        "bidding.funds_secured",
        "bidding.preparation",
        "bidding.bid_bond",
    }
    assert await h.events("bidding.tender_published") == 1


async def test_a_tender_without_the_money_is_refused(build: Build) -> None:
    h = await build(shares=False)
    with pytest.raises(ApplicationError) as refused:
        await h.publish()
    assert codes(refused) == ["bidding.funds_secured"]
    assert await count_of(h.database, Tender, Tender.renovation_id == h.rid) == 0


async def test_less_preparation_than_the_law_gives_is_refused(build: Build) -> None:
    h = await build()
    with pytest.raises(ApplicationError) as refused:
        await h.publish(preparation_days=19)
    assert codes(refused) == ["bidding.preparation_short"]


async def test_more_preparation_moves_the_deadline(build: Build) -> None:
    h = await build()
    assert (await h.publish(preparation_days=40)).deadline_at >= START + 40 * DAY


async def test_a_bond_above_two_percent_is_a_fault_of_the_documents(build: Build) -> None:
    h = await build(bid_bond_fen=241)
    with pytest.raises(ApplicationError) as refused:
        await h.publish()
    assert codes(refused) == ["bidding.bid_bond"]


async def test_an_unknown_method_is_refused_before_the_notice(build: Build) -> None:
    h = await build(method="nearest_to_the_mean")
    with pytest.raises(ApplicationError) as refused:
        await h.publish()
    assert codes(refused) == ["bidding.method_unknown"]


async def test_two_tenders_are_not_open_at_once(build: Build) -> None:
    h = await build()
    await h.publish()
    with pytest.raises(ApplicationError) as refused:
        await h.publish("again")
    assert codes(refused) == ["bidding.tender_open"]


async def test_bids_are_not_opened_before_the_deadline(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES)
    await h.go_to(period.deadline_at - DAY)
    opening = partial(h.tenders.open_bids, command(h.rid, "open"), period)
    assert await too_early(h.database, h.rid, opening) == DAY
    assert await h.states() == ["submitted"] * 3
    await h.go_to(period.deadline_at)
    assert (await opening()).next_step == "evaluate"


async def test_three_bids_are_opened_once_and_their_prices_are_on_the_record(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES)
    opened = await h.open(period)
    assert await h.open(period) == opened
    assert (opened.next_step, opened.submitted, opened.accepted) == ("evaluate", 3, 3)
    found = await details(h.database, h.rid, "bidding.bids_opened")
    assert [bid["price_fen"] for bid in found["bids"]] == list(PRICES)
    assert (await h.waiting())[0] == "record_evaluation"
    assert await h.events("bidding.bids_opened") == 1


async def test_two_bids_stay_sealed_and_the_second_time_the_approval_route_follows(
    build: Build,
) -> None:
    h = await build()
    first = await h.publish()
    await h.bid(first, 11_000, 11_500)
    assert (await h.open(first)).next_step == "retender"
    found = await details(h.database, h.rid, "bidding.bids_opened")
    assert "bids" not in found
    assert found["submitted"] == 2
    second = await h.publish("second")
    assert second.tender_id == f"{h.rid}.tender.2"
    assert (await h.open(second, "open-2")).next_step == "approval"
    assert await h.states() == ["submitted", "submitted"]
    assert (await h.waiting())[0] == "approve_direct_award"


async def test_a_late_bid_is_neither_counted_nor_read_out(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES, 9_999, b4={"submitted_at": period.deadline_at})
    opened = await h.open(period)
    assert (opened.submitted, opened.accepted) == (4, 3)
    found = await details(h.database, h.rid, "bidding.bids_opened")
    assert 9_999 not in [bid["price_fen"] for bid in found["bids"]]
    assert await h.states() == ["opened", "opened", "opened", "rejected"]


async def test_bids_above_the_ceiling_or_unsigned_are_rejected_at_the_opening(
    build: Build,
) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, 11_000, 12_001, 11_900, b3={"flags": {"signed": False}})
    assert (await h.open(period)).accepted == 1
    assert await h.states() == ["opened", "rejected", "rejected"]


async def test_when_every_bid_is_rejected_it_is_tendered_again(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, 12_001, 12_002, 12_004)
    assert (await h.open(period)).next_step == "retender"


async def test_bonds_from_one_account_are_flagged_without_naming_the_account(
    build: Build,
) -> None:
    h = await build()
    period = await h.publish()
    one = {"bond_fen": 100, "bond_account": "one-account"}
    await h.bid(period, *PRICES, b1=one, b3=one)
    assert (await h.open(period)).accepted == 3
    found = await details(h.database, h.rid, "bidding.bids_opened")
    assert [(flag["kind"], flag["bidders"]) for flag in found["red_flags"]] == [
        ("same_bond_account", ["b1", "b3"])
    ]
    assert "one-account" not in str(found)


async def test_the_three_lowest_of_four_are_candidates_in_order_once(build: Build) -> None:
    h = await build()
    found = await h.ranked(11_950, 11_000, 11_500, 11_900)
    assert (found.bidder_ids, found.round) == (("b2", "b3", "b4"), 1)
    assert await h.evaluate() == found
    assert await h.states() == ["evaluated"] * 4
    assert await count_of(h.database, Award, Award.tender_id == f"{h.rid}.tender.1") == 3


async def test_a_bidder_cannot_evaluate_the_tender(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES)
    await h.open(period)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate(who=FIRST)
    assert codes(refused) == ["bidding.conflict_of_interest"]
    assert await h.states() == ["opened"] * 3


async def test_a_low_price_is_rejected_unless_it_is_justified(build: Build) -> None:
    h = await build()
    assert (await h.ranked(5_000, 11_500, 11_900)).bidder_ids == ("b2", "b3")
    found = await details(h.database, h.rid, "bidding.candidates_ranked")
    assert (found["abnormally_low"], found["rejected"]) == (["b1"], ["b1"])


async def test_reasons_that_lie_with_the_bid_keep_a_low_price(build: Build) -> None:
    h = await build()
    found = await h.ranked(5_000, 11_500, 11_900, b1={"flags": {"low_price_justified": True}})
    assert found.bidder_ids == ("b1", "b2", "b3")


async def test_scores_decide_where_the_method_has_them(build: Build) -> None:
    h = await build(method="comprehensive", price_weight_milli=300)
    period = await h.publish()
    await h.bid(period, *PRICES)
    await h.open(period)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("short", technical_milli={"b1": 500, "b9": 1_001})
    assert sorted(codes(refused)) == [
        "bidding.score_missing",
        "bidding.score_missing",
        "bidding.score_of_nobody",
        "bidding.score_out_of_range",
    ]
    found = await h.evaluate(technical_milli={"b1": 500, "b2": 600, "b3": 900})
    assert found.bidder_ids == ("b3", "b2", "b1")


async def test_only_the_first_candidate_gets_the_award_and_only_once(build: Build) -> None:
    h = await build()
    await h.ranked()
    with pytest.raises(ApplicationError) as refused:
        await h.award("b2", "award-b2")
    assert codes(refused) == ["bidding.not_first"]
    assert await h.award("b1") == await h.award("b1")
    word, due_at = await h.waiting()
    assert word == "sign_contract"
    assert due_at is not None
    assert due_at >= h.at + 30 * DAY
    with pytest.raises(ApplicationError) as refused:
        await h.award("b1", "award-again")
    assert codes(refused) == ["bidding.already_awarded"]


async def test_a_winner_who_withdraws_forfeits_the_bond_and_the_next_follows(
    build: Build,
) -> None:
    h = await build()
    await h.ranked(b1={"bond_fen": 200})
    await h.award("b1")
    after = await h.withdraw("b1")
    assert (after.bidder_ids, after.round) == (("b2", "b3"), 2)
    assert (await h.withdraw("b1")).bidder_ids == after.bidder_ids
    found = await details(h.database, h.rid, "bidding.candidate_withdrawn")
    assert (found["bond_forfeited_fen"], found["next"]) == (200, "b2")
    assert (await h.award("b2", "award-b2")).bidder_ids == after.bidder_ids


async def test_a_contractor_gives_up_only_for_itself(build: Build) -> None:
    h = await build()
    await h.ranked()
    other = FIRST.model_copy(update={"id": "b2"})
    with pytest.raises(ApplicationError) as refused:
        await h.withdraw("b1", "by-another", other)
    assert codes(refused) == ["bidding.not_own_candidacy"]
    assert (await h.withdraw("b1", "own", FIRST)).bidder_ids == ("b2", "b3")


async def test_an_upheld_objection_strikes_the_candidate_that_was_published_first(
    build: Build,
) -> None:
    h = await build()
    await h.ranked()
    await posted(h, "b1")
    strike = command(h.rid, "strike")
    after = await h.tenders.strike_first(strike)
    assert after.bidder_ids == ("b2", "b3")
    assert await h.tenders.strike_first(strike) == after


async def test_nobody_is_struck_for_a_candidate_that_has_withdrawn_meanwhile(
    build: Build,
) -> None:
    h = await build()
    await h.ranked()
    await posted(h, "b1")
    await h.withdraw("b1")
    after = await h.tenders.strike_first(command(h.rid, "strike"))
    assert after.bidder_ids == ("b2", "b3")


async def posted(h: Bidding, first: str) -> None:
    async with h.database.session() as session, session.begin():
        session.add(
            Publication(
                id=f"{h.rid}.candidates.1-1",
                renovation_id=h.rid,
                subject="candidates",
                content={"candidates": [{"bidder": first, "price_fen": 1}]},
                opens_at=h.at,
                closes_at=h.at + 3 * DAY,
                state="closed",
                outcome="upheld",
            )
        )


async def test_a_tender_without_candidates_has_failed(build: Build) -> None:
    h = await build()
    await h.ranked()
    with pytest.raises(ApplicationError) as refused:
        await h.tenders.fail(command(h.rid, "too-early"))
    assert codes(refused) == ["bidding.candidates_left"]
    for bidder in ("b1", "b2", "b3"):
        left = await h.withdraw(bidder, f"withdraw-{bidder}")
    assert left.bidder_ids == ()
    failed = await h.tenders.fail(command(h.rid, "fail"))
    assert await h.tenders.fail(command(h.rid, "fail")) == failed
    assert failed.outcome == "failed"


async def test_the_contract_is_signed_once_on_the_terms_of_the_bid_and_fixes_the_shares(
    build: Build,
) -> None:
    h = await build(contingency_permille=50, retention_permille=100)
    await h.ranked()
    await h.award("b1")
    signed = await h.sign(11_000, bond=1_100)
    assert await h.sign(11_000, bond=1_100) == signed
    assert (signed.outcome, signed.contract_id) == ("signed", f"{h.rid}.contract")
    rows = await rows_of(
        h.database,
        Contract.value_fen,
        Contract.contingency_fen,
        Contract.retention_permille,
        where=Contract.renovation_id == h.rid,
        order=Contract.id,
    )
    assert [tuple(row) for row in rows] == [(11_000, 550, 30)]
    fixed = await sum_of(
        h.database,
        ShareTotal.amount_fen,
        ShareTotal.renovation_id == h.rid,
        ShareTotal.basis == "award",
    )
    assert fixed == 11_550 - 2_400
    assert (await h.waiting())[0] == "engine"


async def test_another_price_or_too_high_a_bond_is_not_signed(build: Build) -> None:
    h = await build()
    await h.ranked()
    await h.award("b1")
    with pytest.raises(ApplicationError) as refused:
        await h.sign(11_001, bond=1_101)
    assert codes(refused) == ["bidding.contract_value", "bidding.performance_bond"]
    assert await count_of(h.database, Contract, Contract.renovation_id == h.rid) == 0


async def test_a_contract_is_not_signed_after_the_legal_time(build: Build) -> None:
    h = await build()
    await h.ranked()
    await h.award("b1")
    await h.go_to(h.at + 40 * DAY)
    with pytest.raises(ApplicationError) as refused:
        await h.sign(11_000)
    assert codes(refused) == ["bidding.contract_signing"]


async def test_nothing_is_signed_without_an_award(build: Build) -> None:
    h = await build()
    await h.ranked()
    with pytest.raises(ApplicationError) as refused:
        await h.sign(11_000)
    assert codes(refused) == ["bidding.not_awarded"]


async def test_the_approval_route_opens_after_two_failed_tenders_and_leads_to_a_contract(
    build: Build,
) -> None:
    h = await build()
    await h.open(await h.publish())
    with pytest.raises(ApplicationError) as refused:
        await h.approve(11_000, "too-early")
    assert codes(refused) == ["bidding.failed_rounds"]
    await h.open(await h.publish("second"), "open-2")
    with pytest.raises(ApplicationError) as refused:
        await h.approve(12_001, "too-much")
    assert codes(refused) == ["bidding.ceiling"]
    named = await h.approve(11_000)
    assert (named.bidder_ids, named.round) == (("b1",), 1)
    assert await h.approve(11_000) == named
    await h.award("b1")
    assert (await h.sign(11_000)).outcome == "signed"


async def test_whoever_approves_does_not_approve_the_own_firm(build: Build) -> None:
    h = await build()
    await h.open(await h.publish())
    await h.open(await h.publish("second"), "open-2")
    with pytest.raises(ApplicationError) as refused:
        await h.approve(11_000, bidder=STREET.id)
    assert codes(refused) == ["bidding.conflict_of_interest"]
