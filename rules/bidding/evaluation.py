"""Evaluation of bids (评标): what must be rejected, and what the committee has to find before it ranks.

Rules B-9 to B-11 and B-21. Grounds are those of Tendering Regs art. 51; what a bidder says of itself
is none of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from pydantic import JsonValue, ValidationError

from models.values.bidding import (
    FOUND_OTHERWISE,
    BidFinding,
    BidFlags,
    CommitteeReport,
    Criteria,
    Ground,
    JudgedBid,
    Judgement,
    LowPriceAnswer,
    Method,
    RedFlag,
    Rejection,
    SealedBid,
)
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Check, Decision
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from models.values.timetable import Timetable
from rules.bidding.ranking import MAX_CANDIDATES, evaluated_fen, rank, undecided
from rules.checks import check, decide
from rules.duties import Duty

MIN_COMMITTEE = 5
"""Members of an evaluation committee at least [V, Law art. 37]."""

_EXPERTS = Fraction(2, 3)
_GROUND_OF_CHECK: Mapping[str, Ground] = {
    "bidding.price": Ground.NOT_RESPONSIVE,
    "bidding.bond": Ground.NOT_RESPONSIVE,
    "bidding.ceiling": Ground.ABOVE_CEILING,
    "bidding.registered": Ground.UNQUALIFIED,
}


def read_flags(raw: Mapping[str, JsonValue]) -> BidFlags:
    """The bid form, as far as it can be read: it decides nothing."""
    try:
        return BidFlags.model_validate(dict(raw))
    except ValidationError:
        return BidFlags()


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
        raise refusal(Duty.EVALUATE_BID.value, actor=", ".join(both))


def admission(
    bid: SealedBid,
    *,
    ceiling_fen: int,
    deadline_seconds: Fraction,
    criteria: Criteria,
    registrations: int | None = None,
) -> BidFinding:
    """What the opening can see of one bid by itself: when it came, its price, its bond, its firm.

    `deadline_seconds` is how long before the deadline the bid came in; a late one is returned
    unopened (Law art. 28). A bond above the legal limit is no ground: the documents are at fault.
    `registrations` is how often the firm is confirmed for the place now, None where no firm bids (a
    cast): the bid of a firm that no longer is what the documents ask for is void (Regs art. 38).
    Every other ground of Regs art. 51 is for the committee to find.
    """
    article = "Tendering Regs art. 51"
    return BidFinding(
        bidder_id=bid.bidder_id,
        decision=decide(
            check("bidding.in_time", "Tendering Law art. 28", deadline_seconds, ">", 0, "seconds"),
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
            *_registered(registrations),
        ),
    )


def _registered(registrations: int | None) -> list[Check]:
    if registrations is None:
        return []
    article = "Tendering Regs art. 38"
    return [check("bidding.registered", article, registrations, ">=", 1, "confirmed registrations")]


def grounds_of(finding: BidFinding) -> tuple[Rejection, ...]:
    """The grounds of art. 51 that an opening's failed checks are, with both numbers as the reason."""
    return tuple(
        Rejection(
            bidder_id=finding.bidder_id,
            ground=_GROUND_OF_CHECK[failed.code],
            reason=f"{failed.have} {failed.unit}; {failed.op} {failed.need} ({failed.article})",
        )
        for failed in finding.decision.failed
        if failed.code in _GROUND_OF_CHECK
    )


def abnormally_low(
    bids: Sequence[SealedBid], *, ceiling_fen: int, timetable: Timetable
) -> tuple[BidFinding, ...]:
    """Each valid bid against the mean of all valid bids and against the ceiling (B-21).

    A bidder whose finding failed is asked in writing; see `LowPriceAnswer`.
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


def judge(
    bids: Sequence[SealedBid],
    report: CommitteeReport,
    flags: Sequence[RedFlag],
    criteria: Criteria,
    *,
    ceiling_fen: int,
    timetable: Timetable,
    ended: Collection[str] = (),
) -> Judgement:
    """Reject by the committee's findings, then rank what is left by the published terms.

    `ended` are bidders whose registration has ended since the opening: the report rejects them.

    In this order: grounds of art. 51; low prices, measured on the bids that are left, each asked and
    answered; red flags, each cleared or its bids rejected; whether too few that are left compete.

    Raises:
        Refused: everything that is wrong with what the report says; then everything that it leaves open.
    """
    refuse_if_any([*_wrong_names(bids, report), *_wrong_findings(report, flags)])
    out = {each.bidder_id for each in report.rejections}
    sound = [bid for bid in bids if bid.bidder_id not in out]
    low = abnormally_low(sound, ceiling_fen=ceiling_fen, timetable=timetable)
    problems = [*_unasked(low, report)]
    below_cost = _below_cost(report, {bid.bidder_id for bid in sound})
    out |= {each.bidder_id for each in below_cost}
    left = [_judged(bid, report) for bid in sound if bid.bidder_id not in out]
    problems += _uncleared(flags, report, {bid.bidder_id for bid in left})
    problems += _unscored(left, criteria, report)
    problems += [
        problem("bidding.registration_ended", where="rejections", bidder=bid.bidder_id)
        for bid in left
        if bid.bidder_id in ended
    ]
    alone, unfound = _competition(left, report, timetable)
    problems += unfound
    refuse_if_any(problems)
    ranking = rank([] if alone else left, criteria, report.lots)
    if equal := undecided(ranking):
        raise refusal("bidding.tie", bidders=", ".join(equal), most=MAX_CANDIDATES)
    return Judgement(
        rejections=(*report.rejections, *below_cost, *alone), low_prices=low, ranking=ranking
    )


def _wrong_names(bids: Sequence[SealedBid], report: CommitteeReport) -> Iterator[Problem]:
    """The report speaks of bids that were opened and not rejected then, of each once in one place."""
    valid = {bid.bidder_id for bid in bids}
    scores = {"technical_milli": report.technical_milli, "adjustments_fen": report.adjustments_fen}
    named: dict[str, list[str]] = {
        "rejections": [each.bidder_id for each in report.rejections],
        "low_prices": [each.bidder_id for each in report.low_prices],
        "lots": list(report.lots),
    }
    for field, bidders in {**named, **{name: list(of) for name, of in scores.items()}}.items():
        code = "bidding.score_of_nobody" if field in scores else "bidding.finding_of_nobody"
        for bidder in sorted(set(bidders) - valid):
            yield problem(code, where=field, bidder=bidder)
    once = {
        "rejections": [f"{each.bidder_id}, {each.ground}" for each in report.rejections],
        "low_prices": named["low_prices"],
        "lots": named["lots"],
    }
    for field, entries in once.items():
        for entry in _repeated(entries):
            yield problem("bidding.finding_twice", where=field, entry=entry)


def _wrong_findings(report: CommitteeReport, flags: Sequence[RedFlag]) -> Iterator[Problem]:
    """A finding is one that the committee may make, and says why."""
    known = {(flag.kind, frozenset(flag.bidders)) for flag in flags}
    for rejection in report.rejections:
        if rejection.ground in FOUND_OTHERWISE:
            yield problem(
                "bidding.ground_found_otherwise",
                where="rejections",
                bidder=rejection.bidder_id,
                ground=rejection.ground,
            )
    yield from _wrong_answers(report.low_prices)
    for cleared in report.cleared:
        if (cleared.kind, frozenset(cleared.bidders)) not in known:
            bidders = ", ".join(cleared.bidders)
            yield problem(
                "bidding.flag_unknown", where="cleared", kind=cleared.kind, bidders=bidders
            )
    reasons = [
        *(each.reason for each in report.rejections),
        *(each.reason for each in report.low_prices),
        *(each.reason for each in report.cleared),
        *(each.reason for each in [report.competition] if each is not None),
    ]
    if not all(reason.strip() for reason in reasons):
        yield problem("bidding.reason_missing")
    for bidder, score in report.technical_milli.items():
        if not 0 <= score <= PERMILLE:
            yield problem("bidding.score_out_of_range", bidder=bidder, score=score)


def _wrong_answers(given: Sequence[LowPriceAnswer]) -> Iterator[Problem]:
    """Whoever is judged by the price was asked in writing, and is kept for an answer (B-21)."""
    for each in given:
        if not each.question.strip():
            yield problem(
                "bidding.low_price_no_question", where="low_prices", bidder=each.bidder_id
            )
        if each.accepted and not each.answer.strip():
            yield problem("bidding.low_price_unanswered", where="low_prices", bidder=each.bidder_id)


def _unasked(low: Sequence[BidFinding], report: CommitteeReport) -> Iterator[Problem]:
    """Whoever looks too low is asked first (B-21): nobody is rejected, or kept, without."""
    asked = {each.bidder_id for each in report.low_prices if each.question.strip()}
    for finding in low:
        if not finding.decision.passed and finding.bidder_id not in asked:
            failed = finding.decision.failed[0]
            yield problem(
                "bidding.low_price_not_asked",
                where="low_prices",
                bidder=finding.bidder_id,
                have=str(failed.have),
                need=str(failed.need),
            )


def _below_cost(report: CommitteeReport, sound: Collection[str]) -> tuple[Rejection, ...]:
    """A low price whose reasons were not accepted, or never came, is below cost (B-21, E26)."""
    return tuple(
        Rejection(bidder_id=each.bidder_id, ground=Ground.BELOW_COST, reason=each.reason)
        for each in report.low_prices
        if not each.accepted and each.bidder_id in sound
    )


def _uncleared(
    flags: Sequence[RedFlag], report: CommitteeReport, left: Collection[str]
) -> Iterator[Problem]:
    """A pattern that the law deems collusion has a finding before candidates are named (E25)."""
    cleared = {(each.kind, frozenset(each.bidders)) for each in report.cleared}
    for flag in flags:
        stands = sorted(set(flag.bidders) & set(left))
        if stands and (flag.kind, frozenset(flag.bidders)) not in cleared:
            yield problem(
                "bidding.flag_without_finding",
                where="cleared",
                kind=flag.kind,
                bidders=", ".join(flag.bidders),
                standing=", ".join(stands),
            )


def _unscored(
    left: Sequence[JudgedBid], criteria: Criteria, report: CommitteeReport
) -> Iterator[Problem]:
    """A method that weighs quality has a score of every bid, and a price stays one."""
    scored = criteria.method is not Method.LOWEST_EVALUATED
    if scored and criteria.price_weight_milli < PERMILLE:
        for bidder in sorted({bid.bidder_id for bid in left} - set(report.technical_milli)):
            yield problem("bidding.score_missing", bidder=bidder)
    for bid in left:
        if evaluated_fen(bid) <= 0:
            yield problem(
                "bidding.adjustment_too_low",
                where="adjustments_fen",
                bidder=bid.bidder_id,
                adjustment_fen=bid.adjustment_fen,
            )


def _competition(
    left: Sequence[JudgedBid], report: CommitteeReport, timetable: Timetable
) -> tuple[tuple[Rejection, ...], tuple[Problem, ...]]:
    """Too few valid bids go on only where the committee finds that they compete (E21)."""
    if not 0 < len(left) < timetable.competition_bids:
        return (), ()
    found = report.competition
    if found is None:
        need = timetable.competition_bids
        return (), (problem("bidding.competition_unfound", have=len(left), need=need),)
    if found.real:
        return (), ()
    rejected = tuple(
        Rejection(bidder_id=bid.bidder_id, ground=Ground.NO_COMPETITION, reason=found.reason)
        for bid in left
    )
    return rejected, ()


def _judged(bid: SealedBid, report: CommitteeReport) -> JudgedBid:
    # Only the committee gives technical points; what a bidder says of itself does not count.
    return JudgedBid(
        bidder_id=bid.bidder_id,
        price_fen=bid.price_fen,
        adjustment_fen=report.adjustments_fen.get(bid.bidder_id, 0),
        technical_milli=report.technical_milli.get(bid.bidder_id, 0),
    )


def _repeated(entries: Iterable[str]) -> list[str]:
    return sorted(entry for entry, times in Counter(entries).items() if times > 1)
