"""Evaluation of bids (评标): what must be rejected, what looks wrong, and who comes first.

Rules B-9 to B-13, B-21 and the two methods of Tendering Law art. 41. All points are exact
fractions of 100; nothing is rounded.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from pydantic import JsonValue, ValidationError

from models.values.bidding import (
    BidFinding,
    BidFlags,
    Criteria,
    FlagKind,
    JudgedBid,
    Method,
    RankedBid,
    Ranking,
    RedFlag,
    SealedBid,
)
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision
from models.values.refusal import refusal
from models.values.timetable import Timetable
from rules.checks import check, decide

MAX_CANDIDATES = 3
"""The report names at most three candidates [V, Regs art. 53]."""
MIN_COMMITTEE = 5
"""Members of an evaluation committee at least [V, Law art. 37]."""
FULL_POINTS = 100

_EXPERTS = Fraction(2, 3)
_MIN_RUN = 3
_FINDING = re.compile(
    r"^\s*(?P<no>not\s+)?justified\s*[:：]\s*(?P<en>\S+)\s*$"
    r"|^\s*理由(?P<zh_no>不)?成立\s*[:：]\s*(?P<zh>\S+)\s*$",
    re.IGNORECASE | re.MULTILINE,
)

Account = Callable[[SealedBid], Iterable[str]]


def read_flags(raw: Mapping[str, JsonValue]) -> BidFlags:
    """The bid form; what cannot be read does not answer the documents and is not responsive."""
    try:
        return BidFlags.model_validate(dict(raw))
    except ValidationError:
        return BidFlags(responsive=False)


# waits for the committee named in the evaluation report
def committee(members: int, experts: int) -> Decision:
    """An odd number of at least five members, at least two thirds of them experts (B-9)."""
    article = "Tendering Law art. 37"
    return decide(
        check("bidding.committee.members", article, members, ">=", MIN_COMMITTEE, "members"),
        check("bidding.committee.odd", article, members % 2, "==", 1, "remainder of two"),
        check("bidding.committee.experts", article, experts, ">=", _EXPERTS * members, "experts"),
    )


def refuse_interested(evaluator_ids: Iterable[str], bidder_ids: Iterable[str]) -> None:
    """Nobody judges a tender in which that same actor bids (B-9).

    Raises:
        Refused: `bidding.conflict_of_interest`.
    """
    both = sorted(set(evaluator_ids) & set(bidder_ids))
    if both:
        raise refusal("bidding.conflict_of_interest", actor=", ".join(both))


def admission(
    bid: SealedBid, *, ceiling_fen: int, deadline_seconds: Fraction, criteria: Criteria
) -> BidFinding:
    """What the opening finds of one bid: each ground of rejection of Regs art. 51 as a check.

    `deadline_seconds` is how long before the deadline the bid came in; a late one is returned
    unopened (Law art. 28). A bond above the legal limit is no ground: the documents are at fault.
    """
    article = "Tendering Regs art. 51"
    flags = bid.flags
    return BidFinding(
        bidder_id=bid.bidder_id,
        decision=decide(
            check("bidding.in_time", "Tendering Law art. 28", deadline_seconds, ">", 0, "seconds"),
            check("bidding.signed", article, flags.signed, "==", 1, "seals"),
            check(
                "bidding.consortium_agreement",
                article,
                flags.consortium_agreement,
                "==",
                1,
                "papers",
            ),
            check("bidding.qualified", article, flags.qualified, "==", 1, "qualifications"),
            check("bidding.one_offer", article, flags.offers, "==", 1, "offers"),
            check("bidding.responsive", article, flags.responsive, "==", 1, "answers"),
            check("bidding.price", article, bid.price_fen, ">", 0, "fen"),
            check("bidding.ceiling", article, bid.price_fen, "<=", ceiling_fen, "fen"),
            check(
                "bidding.bond",
                "Tendering Regs art. 26",
                bid.bond_fen,
                ">=",
                criteria.bid_bond_fen,
                "fen",
            ),
        ),
    )


def red_flags(bids: Sequence[SealedBid]) -> tuple[RedFlag, ...]:
    """The patterns that the law deems collusion (Regs art. 40), in a fixed order (B-12)."""
    bonded = [bid for bid in bids if bid.bond_fen > 0]
    return (
        *_shared(FlagKind.SAME_AUTHOR, bids, lambda bid: [bid.flags.author]),
        *_shared(FlagKind.SAME_AGENT, bids, lambda bid: [bid.flags.agent]),
        *_shared(FlagKind.SAME_STAFF, bids, lambda bid: bid.flags.staff),
        *_shared(FlagKind.SAME_BOND_ACCOUNT, bonded, lambda bid: [bid.bond_account]),
        *_shared(FlagKind.SAME_PRICE, bids, lambda bid: [str(bid.price_fen)]),
        *_regular_gaps(bids),
    )


def abnormally_low(
    bids: Sequence[SealedBid], *, ceiling_fen: int, timetable: Timetable
) -> tuple[BidFinding, ...]:
    """Each valid bid against the mean of all valid bids and against the ceiling (B-21).

    A finding that failed must be justified in writing; see `low_price_findings`.
    """
    if not bids:
        return ()
    mean = Fraction(sum(bid.price_fen for bid in bids), len(bids))
    of_mean = mean * timetable.abnormal_mean_permille / PERMILLE
    of_ceiling = Fraction(ceiling_fen * timetable.abnormal_ceiling_permille, PERMILLE)
    article = "Tendering Regs art. 51(5); trigger by rules B-21"
    return tuple(
        BidFinding(
            bidder_id=bid.bidder_id,
            decision=decide(
                check("bidding.low_of_mean", article, bid.price_fen, ">=", of_mean, "fen"),
                check("bidding.low_of_ceiling", article, bid.price_fen, ">=", of_ceiling, "fen"),
            ),
        )
        for bid in bids
    )


def low_price_findings(report: str) -> dict[str, bool]:
    """What the committee's report says of low prices, by bidder: are the reasons accepted?

    One line each: "justified: <bidder>" or "not justified: <bidder>", in Chinese "理由成立：…" or
    "理由不成立：…". The last line about a bidder counts.
    """
    return {
        found["en"] or found["zh"]: not (found["no"] or found["zh_no"])
        for found in _FINDING.finditer(report)
    }


def below_cost(
    findings: Sequence[BidFinding], with_reasons: Collection[str], report: str
) -> tuple[str, ...]:
    """Bidders whose low price stands without reasons and is treated as below cost (B-21, E26).

    The committee's word counts first; where it is silent, a written justification that lies with
    the bid is taken as accepted.
    """
    accepted = low_price_findings(report)
    return tuple(
        finding.bidder_id
        for finding in findings
        if not finding.decision.passed
        and not accepted.get(finding.bidder_id, finding.bidder_id in with_reasons)
    )


def method_named(name: str) -> Method:
    """The method with this name.

    Raises:
        Refused: `bidding.method_unknown`.
    """
    try:
        return Method(name)
    except ValueError as error:
        known = ", ".join(Method)
        raise refusal("bidding.method_unknown", method=name, known=known) from error


def rank(bids: Sequence[JudgedBid], criteria: Criteria) -> Ranking:
    """Every valid bid in its place by the published method; the first three are candidates.

    Ties go to the lower price, then to the higher technical score, then by bidder id.
    """
    priced = [_evaluated(bid, bids, criteria) for bid in bids]
    priced.sort(key=lambda pair: _place(*pair))
    ranked = tuple(
        bid.model_copy(update={"rank": number}) for number, (_, bid) in enumerate(priced, start=1)
    )
    return Ranking(
        method=criteria.method,
        bids=ranked,
        candidates=tuple(bid.bidder_id for bid in ranked[:MAX_CANDIDATES]),
    )


def low_price_points(price_fen: int, lowest_fen: int, weight: Fraction) -> Fraction:
    """Low price first: lowest valid price / price * weight, out of 100 points."""
    return Fraction(lowest_fen, price_fen) * weight * FULL_POINTS


def benchmark_points(
    price_fen: int, benchmark_fen: Fraction, weight: Fraction, criteria: Criteria
) -> Fraction:
    """F - |deviation in percent| * E, not below zero; E is greater above the benchmark than below."""
    percent = (price_fen - benchmark_fen) / benchmark_fen * 100
    per_percent = criteria.benchmark.above if percent > 0 else criteria.benchmark.below
    return max(weight * FULL_POINTS - abs(percent) * per_percent, Fraction(0))


def _evaluated(
    bid: JudgedBid, all_bids: Sequence[JudgedBid], criteria: Criteria
) -> tuple[JudgedBid, RankedBid]:
    evaluated = bid.price_fen + bid.adjustment_fen
    plain = RankedBid(
        rank=1, bidder_id=bid.bidder_id, price_fen=bid.price_fen, evaluated_fen=evaluated
    )
    if criteria.method is Method.LOWEST_EVALUATED:
        return bid, plain
    weight = Fraction(criteria.price_weight_milli, PERMILLE)
    prices = [each.price_fen for each in all_bids]
    if criteria.method is Method.COMPREHENSIVE:
        price_points = low_price_points(bid.price_fen, min(prices), weight)
    else:
        mean = Fraction(sum(prices), len(prices))
        price_points = benchmark_points(bid.price_fen, mean, weight, criteria)
    technical = Fraction(bid.technical_milli, PERMILLE) * (1 - weight) * FULL_POINTS
    points = {
        "price_points": price_points,
        "technical_points": technical,
        "score": price_points + technical,
    }
    return bid, plain.model_copy(update=points)


def _place(bid: JudgedBid, ranked: RankedBid) -> tuple[Fraction, int, int, str]:
    first = Fraction(ranked.evaluated_fen) if ranked.score is None else -ranked.score
    return first, bid.price_fen, -bid.technical_milli, bid.bidder_id


def _shared(kind: FlagKind, bids: Sequence[SealedBid], traits: Account) -> list[RedFlag]:
    holders: dict[str, set[str]] = defaultdict(set)
    for bid in bids:
        for trait in traits(bid):
            if trait.strip():
                holders[trait.strip().casefold()].add(bid.bidder_id)
    groups = sorted({tuple(sorted(ids)) for ids in holders.values() if len(ids) > 1})
    return [RedFlag(kind=kind, bidders=group) for group in groups]


def _regular_gaps(bids: Sequence[SealedBid]) -> list[RedFlag]:
    """Longest runs of three or more neighbouring prices with one and the same difference."""
    ordered = sorted(bids, key=lambda bid: (bid.price_fen, bid.bidder_id))
    gaps = [after.price_fen - bid.price_fen for bid, after in pairwise(ordered)]
    found: list[RedFlag] = []
    start = 0
    while start < len(gaps):
        end = start
        while end + 1 < len(gaps) and gaps[end + 1] == gaps[start]:
            end += 1
        run = ordered[start : end + 2]
        if gaps[start] > 0 and len(run) >= _MIN_RUN:
            names = tuple(bid.bidder_id for bid in run)
            found.append(RedFlag(kind=FlagKind.REGULAR_GAPS, bidders=names, gap_fen=gaps[start]))
        start = end + 1
    return found
