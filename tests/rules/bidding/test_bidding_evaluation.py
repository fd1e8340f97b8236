from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.bidding import BidFlags, Criteria, FlagKind, JudgedBid, Method, SealedBid
from models.values.refusal import Refused
from models.values.timetable import Timetable
from rules.bidding import evaluation as law

TIMETABLE = Timetable()
AT = datetime(2026, 3, 20, tzinfo=UTC)
SCORED = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=300)


def bid(name: str, price: int, bond: int = 0, account: str = "", **flags: object) -> SealedBid:
    return SealedBid(
        bidder_id=name,
        price_fen=price,
        bond_fen=bond,
        bond_account=account or f"account of {name}",
        submitted_at=AT,
        flags=BidFlags.model_validate(flags),
    )


def judged(name: str, price: int, technical: int = 0, adjustment: int = 0) -> JudgedBid:
    return JudgedBid(
        bidder_id=name, price_fen=price, technical_milli=technical, adjustment_fen=adjustment
    )


def rejected_for(given: SealedBid, seconds: int = 1, bond: int = 0) -> list[str]:
    finding = law.admission(
        given,
        ceiling_fen=1_000,
        deadline_seconds=Fraction(seconds),
        criteria=Criteria(bid_bond_fen=bond),
    )
    return [check.code for check in finding.decision.failed]


def order(criteria: Criteria, *bids: JudgedBid) -> list[str]:
    return [ranked.bidder_id for ranked in law.rank(bids, criteria).bids]


def test_a_sound_bid_at_the_ceiling_is_admitted() -> None:
    assert rejected_for(bid("a", 1_000, bond=20), bond=20) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (bid("a", 1_001), "bidding.ceiling"),
        (bid("a", 0), "bidding.price"),
        (bid("a", 900, signed=False), "bidding.signed"),
        (bid("a", 900, consortium_agreement=False), "bidding.consortium_agreement"),
        (bid("a", 900, qualified=False), "bidding.qualified"),
        (bid("a", 900, responsive=False), "bidding.responsive"),
        (bid("a", 900, offers=2), "bidding.one_offer"),
    ],
)
def test_each_ground_of_article_51_rejects_a_bid(given: SealedBid, code: str) -> None:
    assert rejected_for(given) == [code]


def test_a_bid_without_the_bond_that_was_asked_for_is_rejected() -> None:
    assert rejected_for(bid("a", 900, bond=19), bond=20) == ["bidding.bond"]


def test_a_bond_above_the_legal_limit_is_not_the_bidders_fault() -> None:
    assert rejected_for(bid("a", 900, bond=500), bond=20) == []


def test_a_late_bid_is_not_admitted() -> None:
    assert rejected_for(bid("a", 900), seconds=0) == ["bidding.in_time"]


def test_a_form_that_cannot_be_read_is_not_responsive_and_stops_nobody() -> None:
    assert not law.read_flags({"offers": "many"}).responsive
    assert law.read_flags({"something_else": True}).responsive


@pytest.mark.parametrize(
    ("members", "experts", "failed"),
    [
        (5, 4, []),
        (5, 3, ["bidding.committee.experts"]),
        (6, 5, ["bidding.committee.odd"]),
        (7, 5, []),
        (3, 3, ["bidding.committee.members"]),
    ],
)
def test_a_committee_is_odd_large_enough_and_expert(
    members: int, experts: int, failed: list[str]
) -> None:
    assert [check.code for check in law.committee(members, experts).failed] == failed


def test_a_bidder_cannot_evaluate() -> None:
    law.refuse_interested(["e1"], ["b1", "b2"])
    with pytest.raises(Refused) as refused:
        law.refuse_interested(["e1", "b2"], ["b1", "b2"])
    assert refused.value.problems[0].code == "bidding.conflict_of_interest"


def test_bonds_from_one_account_are_a_red_flag() -> None:
    flags = law.red_flags([bid("a", 10, 1, "X"), bid("b", 17, 1, "x "), bid("c", 29, 1, "Y")])
    assert [(flag.kind, flag.bidders) for flag in flags] == [
        (FlagKind.SAME_BOND_ACCOUNT, ("a", "b"))
    ]


def test_an_account_without_a_bond_shows_nothing() -> None:
    assert law.red_flags([bid("a", 10, 0, "X"), bid("b", 17, 0, "X")]) == ()


def test_the_same_author_agent_or_staff_is_a_red_flag() -> None:
    flags = law.red_flags(
        [
            bid("a", 10, author="W", agent="Q", staff=("s1", "s2")),
            bid("b", 17, author="w", agent="R", staff=("s2",)),
            bid("c", 29, agent="Q"),
        ]
    )
    assert [(flag.kind, flag.bidders) for flag in flags] == [
        (FlagKind.SAME_AUTHOR, ("a", "b")),
        (FlagKind.SAME_AGENT, ("a", "c")),
        (FlagKind.SAME_STAFF, ("a", "b")),
    ]


def test_three_prices_with_equal_differences_are_a_red_flag() -> None:
    flags = law.red_flags([bid("c", 30), bid("a", 10), bid("b", 20), bid("d", 47)])
    assert [(flag.kind, flag.bidders, flag.gap_fen) for flag in flags] == [
        (FlagKind.REGULAR_GAPS, ("a", "b", "c"), 10)
    ]


def test_one_fen_of_difference_breaks_the_pattern() -> None:
    assert law.red_flags([bid("a", 10), bid("b", 20), bid("c", 31)]) == ()


def test_one_price_twice_is_a_red_flag() -> None:
    flags = law.red_flags([bid("a", 10), bid("b", 10), bid("c", 31)])
    assert [(flag.kind, flag.bidders) for flag in flags] == [(FlagKind.SAME_PRICE, ("a", "b"))]


def test_a_bid_below_85_percent_of_the_mean_needs_reasons() -> None:
    bids = [bid("a", 800), bid("b", 1_000), bid("c", 1_200)]
    at_the_limit = law.abnormally_low(
        [bid("a", 850), bid("b", 1_000), bid("c", 1_150)], ceiling_fen=1, timetable=TIMETABLE
    )
    assert all(finding.decision.passed for finding in at_the_limit)
    low = law.abnormally_low(bids, ceiling_fen=1, timetable=TIMETABLE)
    assert [(f.bidder_id, f.decision.failed[0].need) for f in low if not f.decision.passed] == [
        ("a", 850)
    ]


def test_a_bid_below_80_percent_of_the_ceiling_needs_reasons() -> None:
    low = law.abnormally_low([bid("a", 799), bid("b", 800)], ceiling_fen=1_000, timetable=TIMETABLE)
    assert [f.decision.passed for f in low] == [False, True]


@pytest.mark.parametrize(
    ("reasons", "report", "out"),
    [
        (set(), "", ("a",)),
        ({"a"}, "", ()),
        (set(), "We asked.\njustified: a", ()),
        (set(), "理由成立：a", ()),
        ({"a"}, "not justified: a", ("a",)),
        ({"a"}, "理由不成立：a", ("a",)),
        (set(), "justified: b", ("a",)),
    ],
)
def test_a_low_price_without_accepted_reasons_is_below_cost(
    reasons: set[str], report: str, out: tuple[str, ...]
) -> None:
    low = law.abnormally_low(
        [bid("a", 100), bid("b", 1_000)], ceiling_fen=1_000, timetable=TIMETABLE
    )
    assert law.below_cost(low, reasons, report) == out


def test_the_lowest_evaluated_price_wins_not_the_lowest_price() -> None:
    assert order(Criteria(), judged("a", 90, adjustment=20), judged("b", 100)) == ["b", "a"]


def test_equal_prices_go_to_the_better_technical_score_then_by_id() -> None:
    assert order(Criteria(), judged("c", 90, 5), judged("b", 90, 7), judged("a", 90, 5)) == [
        "b",
        "a",
        "c",
    ]


def test_the_best_score_wins_in_comprehensive_scoring() -> None:
    ranking = law.rank([judged("a", 100, 500), judged("b", 120, 900)], SCORED)
    assert [(bid.bidder_id, bid.score) for bid in ranking.bids] == [
        ("b", Fraction(88)),
        ("a", Fraction(65)),
    ]


def test_equal_scores_go_to_the_lower_price() -> None:
    # 30 + 70*t against 25 + 70*t': equal when t' - t is 1/14 of the full points.
    criteria = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=500)
    assert order(criteria, judged("b", 200, 1_000), judged("a", 100, 500)) == ["a", "b"]


def test_a_price_above_the_benchmark_loses_twice_as_much_as_one_below() -> None:
    criteria = Criteria(method=Method.COMPREHENSIVE_BENCHMARK, price_weight_milli=300)
    points = {
        ranked.bidder_id: ranked.price_points
        for ranked in law.rank(
            [judged("low", 90), judged("mid", 100), judged("high", 110)], criteria
        ).bids
    }
    assert points == {"low": 20, "mid": 30, "high": 10}


def test_points_for_the_price_never_fall_below_zero() -> None:
    criteria = Criteria(method=Method.COMPREHENSIVE_BENCHMARK, price_weight_milli=300)
    assert law.benchmark_points(400, Fraction(100), Fraction(3, 10), criteria) == 0


def test_at_most_three_candidates_are_named() -> None:
    ranking = law.rank([judged(f"b{n}", 100 + n) for n in range(5)], Criteria())
    assert ranking.candidates == ("b0", "b1", "b2")
    assert len(ranking.bids) == 5


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.method_named("nearest_to_the_mean")
    assert refused.value.problems[0].code == "bidding.method_unknown"


BIDS = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(0, 1000)), min_size=1, max_size=12
).map(lambda pairs: [judged(f"b{n:02}", price, t) for n, (price, t) in enumerate(pairs)])


@given(bids=BIDS, method=st.sampled_from(list(Method)), weight=st.integers(0, 1000))
@settings(max_examples=80)
def test_the_ranking_does_not_depend_on_the_order_of_the_bids(
    bids: list[JudgedBid], method: Method, weight: int
) -> None:
    criteria = Criteria(method=method, price_weight_milli=weight)
    assert law.rank(bids, criteria) == law.rank(bids[::-1], criteria)


@given(bids=BIDS, weight=st.integers(1, 1000))
@settings(max_examples=80)
def test_a_lower_price_never_hurts_its_bidder(bids: list[JudgedBid], weight: int) -> None:
    criteria = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=weight)
    first = bids[0]
    before = order(criteria, *bids).index(first.bidder_id)
    cheaper = first.model_copy(update={"price_fen": max(first.price_fen // 2, 1)})
    assert order(criteria, cheaper, *bids[1:]).index(first.bidder_id) <= before


@given(prices=st.lists(st.integers(1, 10**6), min_size=1, max_size=12))
@settings(max_examples=80)
def test_no_score_is_above_a_hundred_and_the_lowest_price_has_full_points(
    prices: list[int],
) -> None:
    bids = [judged(f"b{n:02}", price, 1_000) for n, price in enumerate(prices)]
    scores = [ranked.score for ranked in law.rank(bids, SCORED).bids]
    assert scores[0] == 100
    assert all(0 < score <= 100 for score in scores if score is not None)
