"""Who comes first (评标): the two methods of Tendering Law art. 41, and what breaks a tie.

All points are exact fractions of 100; nothing is rounded. Compared are evaluated prices, which are
the prices of the bids with their adjustments, in every method.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from models.values.bidding import (
    BenchmarkTerms,
    Criteria,
    JudgedBid,
    Method,
    RankedBid,
    Ranking,
    Tie,
    TieBreak,
)
from models.values.cost_sharing import PERMILLE

MAX_CANDIDATES = 3
"""The report names at most three candidates [V, Regs art. 53]."""
FULL_POINTS = 100

_TIE_VALUE: dict[TieBreak, Callable[[JudgedBid], int]] = {
    TieBreak.PRICE: lambda bid: bid.price_fen,
    TieBreak.TECHNICAL: lambda bid: -bid.technical_milli,
}


class _Placed(NamedTuple):
    """A bid with what it is ordered by: the method first, then the published order, then the lot."""

    key: tuple[Fraction | int, ...]
    bid: RankedBid


def rank(bids: Sequence[JudgedBid], criteria: Criteria, lots: Sequence[str] = ()) -> Ranking:
    """Every valid bid in its place by the published method; the first three are candidates.

    Ties are broken by the published order of `criteria.ties` and then by the lot that was drawn,
    `lots` naming bidders in its order. What is still equal shares its place; see `undecided`.
    """
    price_points = _price_points(bids, criteria)
    placed = [_placed(bid, criteria, price_points, lots) for bid in bids]
    placed.sort(key=lambda each: (each.key, each.bid.bidder_id))
    keys = [each.key for each in placed]
    ranked = tuple(bid.model_copy(update={"rank": keys.index(key) + 1}) for key, bid in placed)
    return Ranking(
        method=criteria.method,
        bids=ranked,
        candidates=tuple(bid.bidder_id for bid in ranked[:MAX_CANDIDATES]),
        ties=tuple(
            _tie(before, after, criteria)
            for before, after in pairwise(placed)
            if before.key[0] == after.key[0]
        ),
    )


def undecided(ranking: Ranking) -> tuple[str, ...]:
    """Bidders that share a place among the candidates: between them a lot must be drawn."""
    places = [bid.rank for bid in ranking.bids]
    return tuple(
        bid.bidder_id
        for bid in ranking.bids
        if bid.rank <= MAX_CANDIDATES and places.count(bid.rank) > 1
    )


def evaluated_fen(bid: JudgedBid) -> int:
    """The price for comparison: that of the bid with its adjustments."""
    return bid.price_fen + bid.adjustment_fen


def low_price_points(price_fen: int, lowest_fen: int, weight: Fraction) -> Fraction:
    """Low price first: lowest valid price / price * weight, out of 100 points."""
    return Fraction(lowest_fen, price_fen) * weight * FULL_POINTS


def benchmark_points(
    price_fen: int, benchmark_fen: Fraction, weight: Fraction, terms: BenchmarkTerms
) -> Fraction:
    """F - |deviation in percent| * E, not below zero; E is greater above the benchmark than below."""
    percent = (price_fen - benchmark_fen) / benchmark_fen * 100
    per_percent = terms.above if percent > 0 else terms.below
    return max(weight * FULL_POINTS - abs(percent) * per_percent, Fraction(0))


def _price_points(
    bids: Sequence[JudgedBid], criteria: Criteria
) -> Callable[[int], Fraction] | None:
    """The points of an evaluated price by the published method; None where only prices compare."""
    prices = [evaluated_fen(bid) for bid in bids]
    if criteria.method is Method.LOWEST_EVALUATED or not prices:
        return None
    weight = Fraction(criteria.price_weight_milli, PERMILLE)
    if criteria.method is Method.COMPREHENSIVE:
        return lambda price: low_price_points(price, min(prices), weight)
    terms = criteria.benchmark
    named = Fraction(sum(prices), len(prices)) if terms.price_fen is None else terms.price_fen
    return lambda price: benchmark_points(price, Fraction(named), weight, terms)


def _placed(
    bid: JudgedBid,
    criteria: Criteria,
    price_points: Callable[[int], Fraction] | None,
    lots: Sequence[str],
) -> _Placed:
    evaluated = evaluated_fen(bid)
    ranked = RankedBid(
        rank=1, bidder_id=bid.bidder_id, price_fen=bid.price_fen, evaluated_fen=evaluated
    )
    first = Fraction(evaluated)
    if price_points is not None:
        weight = Fraction(criteria.price_weight_milli, PERMILLE)
        technical = Fraction(bid.technical_milli, PERMILLE) * (1 - weight) * FULL_POINTS
        points = price_points(evaluated)
        score = points + technical
        ranked = ranked.model_copy(
            update={"price_points": points, "technical_points": technical, "score": score}
        )
        first = -score
    lot = lots.index(bid.bidder_id) if bid.bidder_id in lots else len(lots)
    return _Placed((first, *(_TIE_VALUE[each](bid) for each in criteria.ties), lot), ranked)


def _tie(before: _Placed, after: _Placed, criteria: Criteria) -> Tie:
    """By what the first of two equals comes first."""
    steps: tuple[Literal["price", "technical", "lot"], ...] = (
        *(each.value for each in criteria.ties),
        "lot",
    )
    differing = (
        step
        for step, one, other in zip(steps, before.key[1:], after.key[1:], strict=True)
        if one != other
    )
    return Tie(
        first=before.bid.bidder_id,
        second=after.bid.bidder_id,
        broken_by=next(differing, ""),
    )
