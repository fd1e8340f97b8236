"""What is found of the bids of one tender: at the opening, and in the committee's report."""

from pydantic import JsonValue

from activities.bidding import rest, rows
from activities.bidding.candidates import award_row, candidates
from activities.recording import Case
from models.messages.acts import RecordEvaluation
from models.messages.bidding import AfterOpening, BidOpening, Candidates
from models.tables import Bid, Tender
from models.values.bidding import BidFinding, Criteria, JudgedBid, Method, Ranking
from models.values.cost_sharing import PERMILLE
from models.values.refusal import problem, refuse_if_any
from models.values.states import BidState, TenderState
from rules import bidding as law
from rules.bidding import evaluation as judging
from runtime.record.journal import Recorded

NEXT_WAIT = {
    AfterOpening.EVALUATE: "record_evaluation",
    AfterOpening.RETENDER: "publish_tender",
    AfterOpening.APPROVAL: "approve_direct_award",
}


async def open_tender(case: Case, tender: Tender) -> Recorded[BidOpening]:
    """Count the bids that came in time; three or more are opened and read out, fewer are not.

    Bids that are not opened keep the state `submitted`: nobody has seen their prices (B-7).
    """
    submitted = await rows.load_bids(case, tender, BidState.SUBMITTED)
    in_time = [bid for bid in submitted if rows.seconds_early(bid, tender) > 0]
    round_number = await rest.round_of(case, tender)
    found = law.may_open(len(in_time), round_number, case.timetable)
    details: dict[str, JsonValue] = {
        "tender": tender.id,
        "round": tender.round,
        "submitted": len(submitted),
        "late": len(submitted) - len(in_time),
        "checks": found.decision.record(),
    }
    if found.route != "open":
        return _failed(
            case,
            tender,
            BidOpening(next_step=found.route, accepted=0, submitted=len(submitted)),
            details,
        )
    for bid in submitted:
        bid.state = BidState.REJECTED
    findings = _admit(tender, in_time)
    sealed = [rows.sealed(bid) for bid in in_time]
    flagged = judging.red_flags(sealed)
    if flagged:
        case.notify("supervision", "collusion_flags", flags=len(flagged))
    accepted = sum(finding.decision.passed for finding in findings.values())
    details |= {
        "bids": [rows.finding(bid, findings[bid.bidder_id]) for bid in in_time],
        "accepted": accepted,
        "red_flags": rows.flags(flagged),
    }
    if not accepted:
        # All bids are rejected: a new tender (B-19), or the approval route after the last round.
        route = law.failed_route(round_number, case.timetable)
        return _failed(
            case, tender, BidOpening(next_step=route, accepted=0, submitted=len(submitted)), details
        )
    tender.state = TenderState.CLOSED
    return _opened(
        case,
        BidOpening(next_step=AfterOpening.EVALUATE, accepted=accepted, submitted=len(submitted)),
        details,
    )


async def evaluate_tender(
    case: Case, tender: Tender, act: RecordEvaluation
) -> Recorded[Candidates]:
    """Reject low prices without reasons, rank the rest, name the first three."""
    bids = await rows.load_bids(case, tender, BidState.OPENED)
    everybody = await rows.load_bids(
        case, tender, BidState.OPENED, BidState.REJECTED, BidState.SUBMITTED
    )
    evaluators = [act.actor.id, *filter(None, [act.actor.on_behalf_of])]
    judging.refuse_interested(evaluators, [bid.bidder_id for bid in everybody])
    criteria = rows.criteria_of(tender)
    _refuse_scores(act, bids, criteria)
    sealed = [rows.sealed(bid) for bid in bids]
    low = judging.abnormally_low(sealed, ceiling_fen=tender.ceiling_fen, timetable=case.timetable)
    reasons = {bid.bidder_id for bid in sealed if bid.flags.has_reasons}
    below_cost = judging.below_cost(low, reasons, act.report)
    ranking = judging.rank(
        [_judged(bid, act) for bid in bids if bid.bidder_id not in below_cost], criteria
    )
    for bid in bids:
        bid.technical_milli = act.technical_milli.get(bid.bidder_id, 0)
        bid.state = BidState.REJECTED if bid.bidder_id in below_cost else BidState.EVALUATED
    _name(case, tender, ranking)
    if ranking.candidates:
        case.goes_on()
    else:
        # Every bid is rejected: the tender is held again (B-19).
        tender.state = TenderState.FAILED
        case.wait_for("publish_tender")
    return Recorded(await candidates(case, tender), _report(tender, act, ranking, low, below_cost))


def _opened(case: Case, opening: BidOpening, details: dict[str, JsonValue]) -> Recorded[BidOpening]:
    case.wait_for(NEXT_WAIT[opening.next_step])
    case.notify("all_owners", "bids_opened", submitted=opening.submitted)
    return Recorded(opening, {**details, "next_step": opening.next_step})


def _failed(
    case: Case, tender: Tender, opening: BidOpening, details: dict[str, JsonValue]
) -> Recorded[BidOpening]:
    tender.state = TenderState.FAILED
    return _opened(case, opening, details)


def _admit(tender: Tender, in_time: list[Bid]) -> dict[str, BidFinding]:
    """Read out each bid that came in time, and mark it opened or rejected."""
    criteria = rows.criteria_of(tender)
    findings: dict[str, BidFinding] = {}
    for bid in in_time:
        found = judging.admission(
            rows.sealed(bid),
            ceiling_fen=tender.ceiling_fen,
            deadline_seconds=rows.seconds_early(bid, tender),
            criteria=criteria,
        )
        bid.state = BidState.OPENED if found.decision.passed else BidState.REJECTED
        findings[bid.bidder_id] = found
    return findings


def _refuse_scores(act: RecordEvaluation, bids: list[Bid], criteria: Criteria) -> None:
    """Scores name valid bids and are whole thousandths; a method that needs them has them all."""
    valid = {bid.bidder_id for bid in bids}
    problems = [
        problem("bidding.score_of_nobody", bidder=bidder)
        for bidder in act.technical_milli
        if bidder not in valid
    ]
    problems += [
        problem("bidding.score_out_of_range", bidder=bidder, score=score)
        for bidder, score in act.technical_milli.items()
        if not 0 <= score <= PERMILLE
    ]
    scored = criteria.method is not Method.LOWEST_EVALUATED
    if scored and criteria.price_weight_milli < PERMILLE:
        problems += [
            problem("bidding.score_missing", bidder=bidder)
            for bidder in sorted(valid - set(act.technical_milli))
        ]
    refuse_if_any(problems)


def _judged(bid: Bid, act: RecordEvaluation) -> JudgedBid:
    # Only the committee gives technical points; what a bidder says of itself does not count.
    return JudgedBid(
        bidder_id=bid.bidder_id,
        price_fen=bid.price_fen,
        technical_milli=act.technical_milli.get(bid.bidder_id, 0),
    )


def _name(case: Case, tender: Tender, ranking: Ranking) -> None:
    for bid in ranking.bids[: len(ranking.candidates)]:
        case.session.add(award_row(tender, bid.rank, bid.bidder_id, bid.price_fen))


def _report(
    tender: Tender,
    act: RecordEvaluation,
    ranking: Ranking,
    low: tuple[BidFinding, ...],
    below_cost: tuple[str, ...],
) -> dict[str, JsonValue]:
    return {
        "tender": tender.id,
        "method": ranking.method.value,
        "ranking": [bid.model_dump(mode="json") for bid in ranking.bids],
        "candidates": list(ranking.candidates),
        "abnormally_low": [found.bidder_id for found in low if not found.decision.passed],
        "rejected": list(below_cost),
        "report": act.report,
        "checks": [
            {**each.model_dump(mode="json"), "bidder": found.bidder_id}
            for found in low
            for each in found.decision.checks
        ],
    }
