"""What is found of the bids of one tender: at the opening, and in the committee's report."""

from collections.abc import Sequence

from pydantic import JsonValue

from activities.bidding import rest, rows
from activities.bidding.candidates import award_row, candidates
from activities.bidding.envelopes import in_order, read_out
from activities.recording import Case
from models.messages.acts import RecordEvaluation
from models.messages.bidding import AfterOpening, BidOpening, Candidates
from models.tables import Bid, Tender
from models.values.actor import FIRM
from models.values.bidding import BidFinding, CommitteeReport, Judgement, Ranking
from models.values.states import BidState, TenderState
from rules import bidding as law
from rules.bidding import evaluation as judging
from rules.bidding.red_flags import red_flags
from runtime.bidding.envelopes import Envelopes
from runtime.record.firms import not_registered
from runtime.record.journal import Recorded

NEXT_WAIT = {
    AfterOpening.EVALUATE: "record_evaluation",
    AfterOpening.RETENDER: "publish_tender",
    AfterOpening.APPROVAL: "approve_direct_award",
}


async def open_tender(
    case: Case, tender: Tender, envelopes: Envelopes | None
) -> Recorded[BidOpening]:
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
    read_out(envelopes, tender, submitted)
    for bid in submitted:
        bid.state = BidState.REJECTED
    opened = in_order(in_time)
    findings = await _admit(case, tender, opened)
    sealed = [rows.sealed(bid) for bid in opened]
    flagged = red_flags(sealed)
    if flagged:
        case.notify("supervision", "collusion_flags", flags=len(flagged))
    accepted = sum(finding.decision.passed for finding in findings.values())
    details |= {
        "bids": [rows.finding(bid, findings[bid.bidder_id]) for bid in sealed],
        "accepted": accepted,
        "red_flags": rows.flags(flagged),
    }
    if not accepted:
        # All bids are rejected: a new tender (B-19), or the approval route after the last round.
        route = law.failed_route(round_number, case.timetable)
        opening = BidOpening(next_step=route, accepted=0, submitted=len(submitted))
        failed = _failed(case, tender, opening, details)
        said = rest.too_dear(case, tender, [bid.price_fen for bid in sealed])
        return Recorded(failed.result, {**failed.details, **said})
    tender.state = TenderState.CLOSED
    return _opened(
        case,
        BidOpening(next_step=AfterOpening.EVALUATE, accepted=accepted, submitted=len(submitted)),
        details,
    )


async def evaluate_tender(
    case: Case, tender: Tender, act: RecordEvaluation
) -> Recorded[Candidates]:
    """Reject what the committee found, rank the rest, name the first three."""
    everybody = await rows.load_bids(
        case, tender, BidState.OPENED, BidState.REJECTED, BidState.SUBMITTED
    )
    await rows.refuse_interested(case, act.actor, *map(rows.bidder, everybody))
    opened = [bid for bid in everybody if bid.state is BidState.OPENED]
    in_time = in_order(bid for bid in everybody if rows.seconds_early(bid, tender) > 0)
    report = CommitteeReport.model_validate(act, from_attributes=True)
    judged = judging.judge(
        [rows.sealed(bid) for bid in opened],
        report,
        red_flags([rows.sealed(bid) for bid in in_time]),
        rows.criteria_of(tender),
        ceiling_fen=tender.ceiling_fen,
        timetable=case.timetable,
        ended=await _not_registered(case, opened),
    )
    _mark(opened, judged, report)
    _name(case, tender, judged.ranking)
    next_step = AfterOpening.EVALUATE
    if judged.ranking.candidates:
        case.goes_on()
    else:
        # Every bid is rejected: a new tender (B-19), or the approval route after the last round.
        round_number = await rest.round_of(case, tender)
        next_step = AfterOpening(law.failed_route(round_number, case.timetable))
        tender.state = TenderState.FAILED
        case.wait_for(NEXT_WAIT[next_step])
    named = await candidates(case, tender)
    answer = named.model_copy(update={"next_step": next_step})
    return Recorded(answer, {**_report(tender, act, report, judged), "next_step": next_step})


def _opened(case: Case, opening: BidOpening, details: dict[str, JsonValue]) -> Recorded[BidOpening]:
    case.wait_for(NEXT_WAIT[opening.next_step])
    case.notify("all_owners", "bids_opened", submitted=opening.submitted)
    return Recorded(opening, {**details, "next_step": opening.next_step})


def _failed(
    case: Case, tender: Tender, opening: BidOpening, details: dict[str, JsonValue]
) -> Recorded[BidOpening]:
    tender.state = TenderState.FAILED
    return _opened(case, opening, details)


async def _admit(case: Case, tender: Tender, in_time: Sequence[Bid]) -> dict[str, BidFinding]:
    """Judge each bid that was read out, and mark it opened or rejected."""
    criteria = rows.criteria_of(tender)
    ended = await _not_registered(case, in_time)
    findings: dict[str, BidFinding] = {}
    for bid in in_time:
        bidder = rows.bidder(bid)
        found = judging.admission(
            rows.sealed(bid),
            ceiling_fen=tender.ceiling_fen,
            deadline_seconds=rows.seconds_early(bid, tender),
            criteria=criteria,
            registrations=int(bidder not in ended) if bidder.startswith(FIRM) else None,
        )
        bid.state = BidState.OPENED if found.decision.passed else BidState.REJECTED
        bid.grounds = rows.grounds(judging.grounds_of(found))
        findings[bidder] = found
    return findings


async def _not_registered(case: Case, bids: Sequence[Bid]) -> frozenset[str]:
    """Whose registration has ended since they bid."""
    place = case.renovation.place_path
    return await not_registered(case.session, place, [rows.bidder(bid) for bid in bids])


def _mark(opened: list[Bid], judged: Judgement, report: CommitteeReport) -> None:
    """Each bid's row says what became of it, and why."""
    for bid in opened:
        bidder = rows.bidder(bid)
        bid.technical_milli = report.technical_milli.get(bidder, 0)
        found = [each for each in judged.rejections if each.bidder_id == bidder]
        bid.grounds = rows.grounds(found)
        bid.state = BidState.REJECTED if found else BidState.EVALUATED


def _name(case: Case, tender: Tender, ranking: Ranking) -> None:
    for bid in ranking.bids[: len(ranking.candidates)]:
        case.session.add(award_row(tender, bid.rank, bid.bidder_id, bid.price_fen))


def _report(
    tender: Tender, act: RecordEvaluation, report: CommitteeReport, judged: Judgement
) -> dict[str, JsonValue]:
    low, ranking = judged.low_prices, judged.ranking
    return {
        "tender": tender.id,
        "method": ranking.method.value,
        "ranking": [bid.model_dump(mode="json") for bid in ranking.bids],
        "ties": [tie.model_dump(mode="json") for tie in ranking.ties],
        "candidates": list(ranking.candidates),
        "abnormally_low": [found.bidder_id for found in low if not found.decision.passed],
        "rejected": [*sorted({each.bidder_id for each in judged.rejections})],
        "rejections": [each.model_dump(mode="json") for each in judged.rejections],
        "findings": report.model_dump(mode="json", exclude={"rejections"}),
        "report": act.report,
        "checks": [
            {**each.model_dump(mode="json"), "bidder": found.bidder_id}
            for found in low
            for each in found.decision.checks
        ],
    }
