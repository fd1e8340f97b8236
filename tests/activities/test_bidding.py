from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.bidding.signing import Signatures
from activities.bidding.tender import Tenders
from activities.cancellation import cancel_tenders
from activities.recording import Case
from models.messages.acts import (
    ApproveDirectAward,
    AwardContract,
    ClarifyTender,
    Done,
    PublishTender,
    RecordEvaluation,
    RuleOnSignature,
    SignContract,
    WithdrawCandidate,
)
from models.messages.bidding import BidOpening, Candidates, TenderPeriod
from models.messages.journey import StageInput
from models.tables import Award, Bid, Contract, Event, Publication, Renovation, ShareTotal, Tender
from models.values.actor import Actor, Role
from models.values.scheme import TenderPlan
from models.values.states import AwardState
from rules.oversight import ANNULLED
from runtime.database import Database
from runtime.record.journal import Recorded
from tests.support import money
from tests.support.agenda import too_early
from tests.support.estate import make_renovation
from tests.support.money import START, STREET, command, count_of, details, rows_of, scheme, sum_of
from tests.support.people import employ
from tests.support.told import move_clock

DAY = timedelta(days=1)
EVALUATOR = Actor(id="e1", role=Role.EVALUATOR, label="evaluator")
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="housing bureau")
FIRST = Actor(id="b1", role=Role.CONTRACTOR, label="contractor")
PRICES = (11_000, 11_500, 11_900)


class Bidding:
    """One renovation with its shares computed, and the steps of its tender."""

    def __init__(self, database: Database, rid: str) -> None:
        self.database, self.rid = database, rid
        self.tenders = Tenders(money.recorder_of(database))
        self.signatures = Signatures(money.recorder_of(database))
        self.at = START

    async def go_to(self, moment: datetime) -> None:
        await move_clock(self.database, self.rid, moment)
        self.at = moment

    def act(self, kind: type[Any], name: str, who: Actor = STREET, **fields: Any) -> Any:
        return kind(command_id=f"{self.rid}#{name}", actor=who, **fields)

    async def publish(self, name: str = "publish", **fields: Any) -> TenderPeriod:
        if name == "second":
            fields = {"causes": "too few bidders; the notice went to more", **fields}
        act = self.act(PublishTender, name, **fields)
        given = StageInput(renovation_id=self.rid)
        return await self.tenders.publish(command(self.rid, name, STREET), given, act)

    async def bid(self, period: TenderPeriod, *prices: int, **more: Any) -> None:
        async with self.database.session() as session, session.begin():
            for number, price in enumerate(prices, start=1):
                offer = {"bond_account": f"a{number}", **more.get(f"b{number}", {})}
                at = offer.pop("submitted_at", self.at + DAY)
                bidder = f"b{number}"
                session.add(
                    money.sealed_bid(period.tender_id, bidder, at, price_fen=price, **offer)
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
        self, bidder: str, name: str = "withdraw", who: Actor = STREET, **more: Any
    ) -> Candidates:
        given = {"bidder_id": bidder, "reason": "no capacity", **more}
        act = self.act(WithdrawCandidate, name, who, **given)
        return await self.tenders.withdraw(command(self.rid, name, who), act)

    async def award(self, bidder: str, name: str = "award") -> Candidates:
        act = self.act(AwardContract, name, bidder_id=bidder)
        return await self.tenders.award(command(self.rid, name, STREET), act)

    async def sign(self, value: int, name: str = "sign", bond: int = 0, **more: Any) -> Any:
        act = self.act(SignContract, name, value_fen=value, performance_bond_fen=bond, **more)
        return await self.tenders.sign(command(self.rid, name, STREET), act)

    async def miss(self, name: str = "unsigned") -> Candidates:
        return await self.signatures.miss(command(self.rid, name))

    async def rule_on(
        self, bidder: str, at_fault: str, name: str = "rule", who: Actor = BUREAU
    ) -> Any:
        act = self.act(
            RuleOnSignature, name, who, bidder_id=bidder, at_fault=at_fault, reason="letters"
        )
        return await self.signatures.rule_on(command(self.rid, name, who), act)

    async def clarify(self, name: str = "clarify", **fields: Any) -> TenderPeriod:
        act = self.act(ClarifyTender, name, **{"change": "pipes of 110 mm", **fields})
        return await self.tenders.clarify(command(self.rid, name, STREET), act)

    async def approve(self, price: int, name: str = "approve", bidder: str = "b1") -> Candidates:
        act = self.act(
            ApproveDirectAward, name, bidder_id=bidder, price_fen=price, reason="two failed"
        )
        return await self.tenders.approve_direct(command(self.rid, name, STREET), act)

    async def opened(self, *prices: int, **more: Any) -> None:
        period = await self.publish()
        await self.bid(period, *(prices or PRICES), **more)
        await self.open(period)

    async def ranked(self, *prices: int, **more: Any) -> Candidates:
        await self.opened(*prices, **more)
        return await self.evaluate()

    async def adopt(self, name: str) -> None:
        """The owners adopt a scheme now."""

        async def declare(_: Case) -> Recorded[Done]:
            return Recorded(Done(command_id=name, kind="vote"), {"outcome": "adopted"})

        step = command(self.rid, name)
        await self.tenders.recorder.write(step, "voting.result_declared", None, declare, Done)

    async def cancel(self, name: str = "annulled") -> tuple[str, ...]:
        """The tender stops, as with a vote that is annulled; which ones."""

        async def stop(case: Case) -> Recorded[Done]:
            return Recorded(Done(command_id=",".join(await cancel_tenders(case)), kind="vote"), {})

        step = command(self.rid, name)
        done = await self.tenders.recorder.write(step, ANNULLED, None, stop, Done)
        return tuple(done.command_id.split(","))

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

    async def grounds(self) -> list[list[str]]:
        """Of each bid the grounds on which it was rejected, by its number."""
        rows = await rows_of(
            self.database, Bid.grounds, where=Bid.tender_id.startswith(self.rid), order=Bid.id
        )
        return [[str(each["ground"]) for each in row[0]] for row in rows]

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


async def test_a_tender_that_was_cancelled_has_not_failed_and_leaves_the_approval_route_shut(
    build: Build,
) -> None:
    h = await build()
    await h.adopt("first vote")
    await h.publish()
    await h.cancel()
    await h.go_to(h.at + 40 * DAY)
    await h.adopt("second vote")
    anew = await h.publish("anew")
    assert anew.tender_id == f"{h.rid}.tender.2"
    assert (await h.open(anew, "open-2")).next_step == "retender"
    assert (await h.open(await h.publish("second"), "open-3")).next_step == "approval"
    assert (await h.approve(11_000)).bidder_ids == ("b1",)


async def test_what_failed_under_an_earlier_scheme_does_not_count_against_the_adopted_one(
    build: Build,
) -> None:
    h = await build()
    await h.adopt("first vote")
    await h.open(await h.publish())
    await h.go_to(h.at + 40 * DAY)
    await h.adopt("second vote")
    # Nothing of this scheme has failed: no causes are asked for.
    assert (await h.open(await h.publish("anew"), "open-2")).next_step == "retender"
    with pytest.raises(ApplicationError) as refused:
        await h.approve(11_000, "too-early")
    assert codes(refused) == ["bidding.failed_rounds"]
    assert (await h.open(await h.publish("second"), "open-3")).next_step == "approval"


async def test_a_late_bid_is_neither_counted_nor_read_out(build: Build) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES, 9_999, b4={"submitted_at": period.deadline_at})
    opened = await h.open(period)
    assert (opened.submitted, opened.accepted) == (4, 3)
    found = await details(h.database, h.rid, "bidding.bids_opened")
    assert 9_999 not in [bid["price_fen"] for bid in found["bids"]]
    assert await h.states() == ["opened", "opened", "opened", "rejected"]


async def test_the_opening_rejects_above_the_ceiling_and_not_by_what_a_bidder_says(
    build: Build,
) -> None:
    h = await build()
    period = await h.publish()
    await h.bid(period, 11_000, 12_001, 11_900, b3={"flags": {"signed": False}})
    assert (await h.open(period)).accepted == 2
    assert await h.states() == ["opened", "rejected", "opened"]
    assert await h.grounds() == [[], ["above_ceiling"], []]


# carries E22
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


async def test_nobody_of_a_bidding_firm_decides_on_the_tender(build: Build, owner: str) -> None:
    h = await build()
    firm = await employ(owner, h.rid, "e1", "street", "bureau")
    period = await h.publish()
    await h.bid(period, *PRICES)
    async with h.database.session() as session, session.begin():
        session.add(
            money.sealed_bid(period.tender_id, firm, h.at, price_fen=11_950, bond_account="a9")
        )
    await h.open(period)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate()
    assert codes(refused) == ["bidding.conflict_of_interest"]
    await h.evaluate("by-another", who=Actor(id="e2", role=Role.EVALUATOR, label="x"))
    async with h.database.session() as session, session.begin():
        # The firm is the first candidate.
        (await session.get_one(Award, f"{h.rid}.tender.1.1.1")).bidder_id = firm
    with pytest.raises(ApplicationError) as refused:
        await h.withdraw(firm, ground="force_majeure")
    assert codes(refused) == ["bidding.ground_not_own"]
    with pytest.raises(ApplicationError) as refused:
        await h.award(firm)
    assert codes(refused) == ["bidding.conflict_of_interest"]
    async with h.database.session() as session, session.begin():
        (await session.get_one(Award, f"{h.rid}.tender.1.1.1")).state = AwardState.AWARDED
    with pytest.raises(ApplicationError) as refused:
        await h.rule_on(firm, "tenderer")
    assert codes(refused) == ["bidding.conflict_of_interest"]


ASKED = {"bidder_id": "b1", "question": "how?", "reason": "the papers do not show it"}


# carries E26
async def test_a_low_price_is_asked_about_and_rejected_without_reasons(build: Build) -> None:
    h = await build()
    await h.opened(5_000, 11_500, 11_900, 12_000)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("unasked", report="justified: b1")
    assert codes(refused) == ["bidding.low_price_not_asked"]
    assert (await h.evaluate(low_prices=[ASKED])).bidder_ids == ("b2", "b3", "b4")
    found = await details(h.database, h.rid, "bidding.candidates_ranked")
    assert (found["abnormally_low"], found["rejected"]) == (["b1"], ["b1"])
    assert found["rejections"] == [
        {"bidder_id": "b1", "ground": "below_cost", "reason": "the papers do not show it"}
    ]
    assert (await h.states(), (await h.grounds())[0]) == (
        ["rejected", "evaluated", "evaluated", "evaluated"],
        ["below_cost"],
    )


async def test_accepted_reasons_keep_a_low_price(build: Build) -> None:
    h = await build()
    await h.opened(5_000, 11_500, 11_900, b1={"flags": {"low_price_justified": True}})
    answered = {**ASKED, "answer": "stock", "accepted": True}
    assert (await h.evaluate(low_prices=[answered])).bidder_ids == ("b1", "b2", "b3")


async def test_the_committee_rejects_by_ground_and_all_grounds_of_a_bid_are_kept(
    build: Build,
) -> None:
    h = await build()
    await h.opened(11_000, 11_500, 11_900, 12_000)
    out = [
        {"bidder_id": "b1", "ground": ground, "reason": "as the file shows"}
        for ground in ("not_sealed", "unqualified")
    ]
    assert (await h.evaluate(rejections=out)).bidder_ids == ("b2", "b3", "b4")
    assert (await h.grounds())[0] == ["not_sealed", "unqualified"]
    found = await details(h.database, h.rid, "bidding.candidates_ranked")
    assert [each["reason"] for each in found["rejections"]] == ["as the file shows"] * 2


# carries E25
async def test_red_flags_freeze_the_evaluation_until_there_is_a_finding(build: Build) -> None:
    h = await build()
    one = {"bond_fen": 100, "bond_account": "one-account"}
    await h.opened(*PRICES, b1=one, b3=one)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("frozen")
    assert codes(refused) == ["bidding.flag_without_finding"]
    cleared = {"kind": "same_bond_account", "bidders": ["b1", "b3"], "reason": "the bank's own"}
    assert (await h.evaluate(cleared=[cleared])).bidder_ids == ("b1", "b2", "b3")
    found = await details(h.database, h.rid, "bidding.candidates_ranked")
    assert found["findings"]["cleared"] == [cleared]


# carries E21
@pytest.mark.parametrize(
    ("real", "named", "waiting"), [(True, ("b2", "b3"), "engine"), (False, (), "publish_tender")]
)
async def test_two_valid_bids_go_on_only_if_they_compete(
    build: Build, real: bool, named: tuple[str, ...], waiting: str
) -> None:
    h = await build()
    await h.opened()
    out = [{"bidder_id": "b1", "ground": "not_responsive", "reason": "no schedule"}]
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("two", rejections=out)
    assert codes(refused) == ["bidding.competition_unfound"]
    found = {"real": real, "reason": "prices of two shops"}
    after = await h.evaluate(rejections=out, competition=found)
    assert after.bidder_ids == named
    assert (await h.waiting())[0] == waiting


async def test_when_the_committee_rejects_all_for_the_second_time_approval_is_asked(
    build: Build,
) -> None:
    h = await build()
    all_out = [
        {"bidder_id": name, "ground": "unqualified", "reason": "no licence"}
        for name in ("b1", "b2", "b3")
    ]
    await h.opened()
    assert (await h.evaluate(rejections=all_out)).next_step == "retender"
    second = await h.publish("second")
    await h.bid(second, *PRICES)
    await h.open(second, "open-2")
    assert (await h.evaluate("evaluate-2", rejections=all_out)).next_step == "approval"
    assert (await h.waiting())[0] == "approve_direct_award"
    assert (await h.approve(11_000)).bidder_ids == ("b1",)


async def test_equal_bids_are_ranked_by_the_lot_that_was_drawn(build: Build) -> None:
    h = await build()
    same = {"kind": "same_price", "bidders": ["b1", "b2"], "reason": "the unit prices differ"}
    await h.opened(11_000, 11_000, 11_900)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("equal", cleared=[same])
    assert codes(refused) == ["bidding.tie"]
    after = await h.evaluate(cleared=[same], lots=["b2", "b1"])
    assert after.bidder_ids == ("b2", "b1", "b3")
    found = await details(h.database, h.rid, "bidding.candidates_ranked")
    assert found["ties"] == [{"first": "b2", "second": "b1", "broken_by": "lot"}]


async def test_the_benchmark_of_the_documents_decides(build: Build) -> None:
    terms = {"price_fen": 11_900, "above": 2, "below": 1}
    h = await build(method="comprehensive_benchmark", price_weight_milli=1_000, benchmark=terms)
    assert (await h.ranked()).bidder_ids == ("b3", "b2", "b1")


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"method": "comprehensive_benchmark"}, "bidding.benchmark_given"),
        ({"retention_permille": 31}, "bidding.retention"),
        ({"bid_bond_fen": 241}, "bidding.bid_bond"),
    ],
)
async def test_terms_that_the_law_does_not_allow_stop_the_notice(
    build: Build, plan: dict[str, Any], code: str
) -> None:
    h = await build(**plan)
    with pytest.raises(ApplicationError) as refused:
        await h.publish()
    assert codes(refused) == [code]


async def test_whoever_tenders_again_says_why_it_failed(build: Build) -> None:
    h = await build()
    await h.open(await h.publish())
    with pytest.raises(ApplicationError) as refused:
        await h.publish("again", causes=" ")
    assert codes(refused) == ["bidding.causes_missing"]
    await h.publish("second")
    found = await details(h.database, h.rid, "bidding.tender_published")
    assert found["causes"] == "too few bidders; the notice went to more"


async def test_a_change_of_the_documents_that_comes_late_moves_the_deadline(build: Build) -> None:
    h = await build()
    period = await h.publish()
    assert (await h.clarify("early")).deadline_at == period.deadline_at
    await h.go_to(period.deadline_at - 3 * DAY)
    assert (await h.clarify("words", affects_bids=False)).deadline_at == period.deadline_at
    moved = await h.clarify()
    assert await h.clarify() == moved
    assert moved.deadline_at >= h.at + 15 * DAY
    assert await h.waiting() == ("bids", moved.deadline_at)
    await h.bid(period, *PRICES)
    await h.go_to(period.deadline_at)
    opening = partial(h.tenders.open_bids, command(h.rid, "open"), period)
    assert await too_early(h.database, h.rid, opening) == moved.deadline_at - period.deadline_at
    await h.go_to(moved.deadline_at)
    with pytest.raises(ApplicationError) as refused:
        await h.clarify("late")
    assert codes(refused) == ["bidding.late"]


async def test_scores_decide_where_the_method_has_them(build: Build) -> None:
    h = await build(method="comprehensive", price_weight_milli=300)
    period = await h.publish()
    await h.bid(period, *PRICES)
    await h.open(period)
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("short", technical_milli={"b1": 500, "b9": 1_001})
    assert sorted(codes(refused)) == ["bidding.score_of_nobody", "bidding.score_out_of_range"]
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate("missing", technical_milli={"b1": 500})
    assert codes(refused) == ["bidding.score_missing"] * 2
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
    h = await build(contingency_permille=50, retention_permille=30)
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


async def test_after_a_suspension_a_contract_is_signed_until_the_moment_that_was_announced(
    build: Build,
) -> None:
    h = await build()
    await h.ranked()
    awarded = await h.award("b1")
    assert awarded.sign_until is not None
    rest = [(h.at + DAY).isoformat(), (h.at + DAY + timedelta(hours=5)).isoformat()]
    async with h.database.session() as session, session.begin():
        (await session.get_one(Renovation, h.rid)).rests = [list(rest)]
    later = awarded.sign_until + timedelta(hours=5)
    await h.go_to(later - timedelta(hours=1))
    assert await too_early(h.database, h.rid, h.miss) == timedelta(hours=1)
    assert (await h.sign(11_000)).outcome == "signed"


async def test_a_signature_that_is_missed_ends_the_award_and_holds_the_bond(build: Build) -> None:
    h = await build()
    await h.ranked(b1={"bond_fen": 200})
    awarded = await h.award("b1")
    assert awarded.sign_until is not None
    await h.go_to(awarded.sign_until - DAY)
    assert await too_early(h.database, h.rid, h.miss) == DAY
    await h.go_to(awarded.sign_until)
    after = await h.miss()
    assert await h.miss() == after
    assert (after.bidder_ids, after.round) == (("b2", "b3"), 2)
    found = await details(h.database, h.rid, "bidding.signature_missed")
    assert (found["bidder"], found["next"], found["at_fault"]) == ("b1", "b2", None)
    assert found["bond"] == {"forfeited_fen": 0, "back_fen": 0, "held_fen": 200}
    assert (await h.waiting())[0] == "engine"


@pytest.mark.parametrize(
    ("at_fault", "bond"),
    [
        ("candidate", {"forfeited_fen": 200, "back_fen": 0, "held_fen": 0}),
        ("tenderer", {"forfeited_fen": 0, "back_fen": 400, "held_fen": 0}),
    ],
)
@pytest.mark.parametrize("before", [True, False])
async def test_whoever_is_named_as_responsible_pays(
    build: Build, at_fault: str, bond: dict[str, int], before: bool
) -> None:
    h = await build()
    await h.ranked(b1={"bond_fen": 200})
    awarded = await h.award("b1")
    if before:
        await h.rule_on("b1", at_fault)
    assert awarded.sign_until is not None
    await h.go_to(awarded.sign_until)
    await h.miss()
    kind = "bidding.signature_missed"
    if not before:
        await h.rule_on("b1", at_fault)
        kind = "bidding.signature_ruled_on"
    found = await details(h.database, h.rid, kind)
    assert (found["at_fault"], found["bond"]) == (at_fault, bond)


async def test_whoever_gave_the_award_does_not_name_the_responsible_party(build: Build) -> None:
    h = await build()
    await h.ranked()
    with pytest.raises(ApplicationError) as refused:
        await h.rule_on("b1", "candidate", "unawarded")
    assert codes(refused) == ["bidding.not_awarded"]
    await h.award("b1")
    with pytest.raises(ApplicationError) as refused:
        await h.rule_on("b2", "candidate", "another")
    assert codes(refused) == ["bidding.not_awarded"]
    with pytest.raises(ApplicationError) as refused:
        await h.rule_on("b1", "candidate", "own", STREET)
    assert codes(refused) == ["bidding.own_award"]


async def test_a_contract_takes_a_lawful_retention_where_the_documents_have_none(
    build: Build,
) -> None:
    h = await build()
    await h.ranked()
    await h.award("b1")
    with pytest.raises(ApplicationError) as refused:
        await h.sign(11_000, "high", retention_permille=31)
    assert codes(refused) == ["bidding.retention"]
    await h.sign(11_000, retention_permille=20)
    found = await details(h.database, h.rid, "bidding.contract_signed")
    assert found["retention_permille"] == 20


async def test_force_majeure_keeps_the_bond_and_is_not_for_the_candidate_to_find(
    build: Build,
) -> None:
    h = await build()
    await h.ranked(b1={"bond_fen": 200})
    with pytest.raises(ApplicationError) as refused:
        await h.withdraw("b1", "own", FIRST, ground="force_majeure")
    assert codes(refused) == ["bidding.ground_not_own"]
    await h.withdraw("b1", ground="force_majeure")
    found = await details(h.database, h.rid, "bidding.candidate_withdrawn")
    assert (found["ground"], found["bond_forfeited_fen"]) == ("force_majeure", 0)


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
