"""The ranking against an oracle that was written apart from it: cross products, no fractions of ours."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.bidding import BenchmarkTerms, Criteria, JudgedBid, Method, TieBreak
from rules.bidding.ranking import benchmark_points, rank, undecided
from tests.support.slow import examples

HALF = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=500)


def judged(name: str, price: int, technical: int = 0, adjustment: int = 0) -> JudgedBid:
    return JudgedBid(
        bidder_id=name, price_fen=price, technical_milli=technical, adjustment_fen=adjustment
    )


def order(criteria: Criteria, *bids: JudgedBid, lots: tuple[str, ...] = ()) -> list[str]:
    return [each.bidder_id for each in rank(bids, criteria, lots).bids]


def beaten_lowest(one: JudgedBid, other: JudgedBid, _all: list[JudgedBid], _c: Criteria) -> int:
    return (one.price_fen + one.adjustment_fen) - (other.price_fen + other.adjustment_fen)


def beaten_comprehensive(
    one: JudgedBid, other: JudgedBid, every: list[JudgedBid], criteria: Criteria
) -> int:
    """Over the common denominator p*q, in thousandths: w*min/p + (1000-w)*t/1000."""
    lowest = min(each.price_fen + each.adjustment_fen for each in every)
    p, q = one.price_fen + one.adjustment_fen, other.price_fen + other.adjustment_fen
    w = criteria.price_weight_milli
    mine = 1_000 * w * lowest * q + (1_000 - w) * one.technical_milli * p * q
    its = 1_000 * w * lowest * p + (1_000 - w) * other.technical_milli * p * q
    return its - mine


def beaten_benchmark(
    one: JudgedBid, other: JudgedBid, every: list[JudgedBid], criteria: Criteria
) -> int:
    """By decimals of 200 places: no two scores that differ are closer to each other."""
    with localcontext() as context:
        context.prec = 200
        named = criteria.benchmark.price_fen
        prices = [Decimal(each.price_fen + each.adjustment_fen) for each in every]
        base = sum(prices, Decimal(0)) / len(prices) if named is None else Decimal(named)

        def score(bid: JudgedBid) -> Decimal:
            price = Decimal(bid.price_fen + bid.adjustment_fen)
            slope = criteria.benchmark.above if price > base else criteria.benchmark.below
            off = abs(price - base) * 100 * slope.numerator / (base * slope.denominator)
            points = max(Decimal(criteria.price_weight_milli) / 10 - off, Decimal(0))
            technical = Decimal(bid.technical_milli * (1_000 - criteria.price_weight_milli))
            return points + technical / 10_000

        return int((score(other) - score(one)).quantize(Decimal(10) ** -90).scaleb(90))


Beaten = Callable[[JudgedBid, JudgedBid, list[JudgedBid], Criteria], int]
ORACLES: dict[Method, Beaten] = {
    Method.LOWEST_EVALUATED: beaten_lowest,
    Method.COMPREHENSIVE: beaten_comprehensive,
    Method.COMPREHENSIVE_BENCHMARK: beaten_benchmark,
}


def before(
    one: JudgedBid, other: JudgedBid, every: list[JudgedBid], criteria: Criteria, lots: list[str]
) -> bool | None:
    """Does the law put one before the other; None where nothing decides."""
    beaten = ORACLES[criteria.method](one, other, every, criteria)
    steps = [beaten]
    for tie in criteria.ties:
        if tie is TieBreak.PRICE:
            steps.append(one.price_fen - other.price_fen)
        else:
            steps.append(other.technical_milli - one.technical_milli)
    place = {name: number for number, name in enumerate(lots)}
    steps.append(place.get(one.bidder_id, 99) - place.get(other.bidder_id, 99))
    first = next((step for step in steps if step), 0)
    return None if first == 0 else first < 0


# Few values, so that ties of every kind come up often.
BIDS = st.lists(
    st.tuples(
        st.sampled_from([90, 100, 100, 110, 120, 10**6, 10**6 + 1]),
        st.sampled_from([0, 0, 500, 500, 1_000]),
        st.sampled_from([0, 0, -10, 10, 20]),
    ),
    min_size=1,
    max_size=7,
).map(lambda rows: [judged(f"b{n}", *row) for n, row in enumerate(rows)])
CRITERIA = st.builds(
    Criteria,
    method=st.sampled_from(list(Method)),
    price_weight_milli=st.sampled_from([0, 1, 300, 500, 999, 1_000]),
    ties=st.sampled_from(
        [
            (),
            (TieBreak.PRICE,),
            (TieBreak.TECHNICAL,),
            (TieBreak.PRICE, TieBreak.TECHNICAL),
            (TieBreak.TECHNICAL, TieBreak.PRICE),
        ]
    ),
    benchmark=st.builds(
        BenchmarkTerms,
        price_fen=st.sampled_from([None, 95, 100, 333]),
        above=st.sampled_from([Fraction(2), Fraction(7, 3)]),
        below=st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 3)]),
    ),
)
LOTS = st.permutations([f"b{n}" for n in range(7)]).flatmap(
    lambda names: st.integers(0, 7).map(lambda end: names[:end])
)


@given(bids=BIDS, criteria=CRITERIA, lots=LOTS)
@settings(max_examples=examples(300))
def test_the_ranking_is_that_of_the_oracle_in_every_method(
    bids: list[JudgedBid], criteria: Criteria, lots: list[str]
) -> None:
    found = rank(bids, criteria, lots)
    by_id = {bid.bidder_id: bid for bid in bids}
    ahead = {
        bid.bidder_id: sum(before(other, bid, bids, criteria, lots) is True for other in bids)
        for bid in bids
    }
    assert {each.bidder_id: each.rank - 1 for each in found.bids} == ahead
    shared = {
        bid.bidder_id
        for bid in bids
        if any(
            other is not bid and before(bid, other, bids, criteria, lots) is None for other in bids
        )
    }
    assert set(undecided(found)) == {name for name in shared if ahead[name] < 3}
    for tie in found.ties:
        first, second = by_id[tie.first], by_id[tie.second]
        assert ORACLES[criteria.method](first, second, bids, criteria) == 0


@given(bids=BIDS, criteria=CRITERIA)
@settings(max_examples=examples(100))
def test_the_ranking_does_not_depend_on_the_order_of_the_bids(
    bids: list[JudgedBid], criteria: Criteria
) -> None:
    assert rank(bids, criteria) == rank(bids[::-1], criteria)


@given(bids=BIDS, weight=st.integers(1, 1_000))
@settings(max_examples=examples(80))
def test_a_lower_price_never_hurts_its_bidder(bids: list[JudgedBid], weight: int) -> None:
    criteria = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=weight)
    first = bids[0]
    place = order(criteria, *bids).index(first.bidder_id)
    cheaper = first.model_copy(update={"price_fen": max(first.price_fen // 2, 20)})
    assert order(criteria, cheaper, *bids[1:]).index(first.bidder_id) <= place


def test_the_lowest_evaluated_price_wins_not_the_lowest_price() -> None:
    assert order(Criteria(), judged("a", 90, adjustment=20), judged("b", 100)) == ["b", "a"]


@pytest.mark.parametrize("method", list(Method))
def test_adjustments_count_in_every_method(method: Method) -> None:
    criteria = Criteria(
        method=method, price_weight_milli=1_000, benchmark=BenchmarkTerms(price_fen=90)
    )
    assert order(criteria, judged("a", 90, adjustment=20), judged("b", 100)) == ["b", "a"]
    assert order(criteria, judged("a", 90), judged("b", 100)) == ["a", "b"]


def test_the_best_score_wins_in_comprehensive_scoring() -> None:
    scored = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=300)
    found = rank([judged("a", 100, 500), judged("b", 120, 900)], scored)
    assert [(bid.bidder_id, bid.score) for bid in found.bids] == [("b", 88), ("a", 65)]


def test_equal_scores_go_by_the_published_order() -> None:
    # 50 + 50/2 = 75 for both.
    bids = (judged("b", 200, 1_000), judged("a", 100, 500))
    assert order(HALF, *bids) == ["a", "b"]
    technical = HALF.model_copy(update={"ties": (TieBreak.TECHNICAL, TieBreak.PRICE)})
    assert order(technical, *bids) == ["b", "a"]
    assert [tie.broken_by for tie in rank(bids, HALF).ties] == ["price"]
    assert [tie.broken_by for tie in rank(bids, technical).ties] == ["technical"]


def test_nothing_but_the_lot_decides_between_equals() -> None:
    bids = (judged("b", 90, 5), judged("a", 90, 5), judged("c", 95))
    found = rank(bids, Criteria())
    assert [each.rank for each in found.bids] == [1, 1, 3]
    assert set(undecided(found)) == {"a", "b"}
    drawn = rank(bids, Criteria(), ("b", "a"))
    assert [each.bidder_id for each in drawn.bids] == ["b", "a", "c"]
    assert undecided(drawn) == ()


def test_a_lot_does_not_overturn_the_published_order() -> None:
    assert order(Criteria(), judged("a", 90), judged("b", 95), lots=("b", "a")) == ["a", "b"]


def test_equals_below_the_candidates_need_no_lot_and_share_their_place() -> None:
    bids = [judged(f"b{n}", 100 + n) for n in range(3)] + [judged("x", 200), judged("y", 200)]
    found = rank(bids, Criteria())
    assert [each.rank for each in found.bids] == [1, 2, 3, 4, 4]
    assert undecided(found) == ()


def test_equals_for_the_third_place_need_a_lot() -> None:
    bids = [judged("a", 1), judged("b", 2), judged("x", 3), judged("y", 3)]
    assert set(undecided(rank(bids, Criteria()))) == {"x", "y"}


def test_a_price_above_the_named_benchmark_loses_twice_as_much_as_one_below() -> None:
    criteria = Criteria(
        method=Method.COMPREHENSIVE_BENCHMARK,
        price_weight_milli=300,
        benchmark=BenchmarkTerms(price_fen=100),
    )
    bids = [judged("low", 90), judged("high", 110)]
    points = {each.bidder_id: each.price_points for each in rank(bids, criteria).bids}
    assert points == {"low": 20, "high": 10}


def test_the_mean_is_the_benchmark_only_where_the_documents_say_so() -> None:
    mean = Criteria(method=Method.COMPREHENSIVE_BENCHMARK, price_weight_milli=300)
    bids = [judged("low", 90), judged("mid", 100), judged("high", 110)]
    assert rank(bids, mean).bids[0].bidder_id == "mid"
    named = mean.model_copy(update={"benchmark": BenchmarkTerms(price_fen=90)})
    assert rank(bids, named).bids[0].bidder_id == "low"


def test_points_for_the_price_never_fall_below_zero() -> None:
    assert benchmark_points(400, Fraction(100), Fraction(3, 10), BenchmarkTerms()) == 0


def test_at_most_three_candidates_are_named() -> None:
    found = rank([judged(f"b{n}", 100 + n) for n in range(5)], Criteria())
    assert (found.candidates, len(found.bids)) == (("b0", "b1", "b2"), 5)
