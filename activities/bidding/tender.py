"""The tender: publish, open under a lock, evaluate, name candidates, award, sign."""

from datetime import datetime

from pydantic import JsonValue

from activities import settlement
from activities.bidding import candidates as standing
from activities.bidding import dear, rest, rows
from activities.bidding.evaluation import evaluate_tender, open_tender
from activities.bidding.signing import contract_row, refuse_failed
from activities.cost_sharing import sheet
from activities.cost_sharing.award import fix_shares_by_award
from activities.inspection.standstill import start_by
from activities.recording import Case, Writer, writes
from models.messages.acts import (
    ApproveDirectAward,
    AwardContract,
    ClarifyTender,
    PublishTender,
    RecordEvaluation,
    SignContract,
    WithdrawCandidate,
)
from models.messages.bidding import (
    BiddingOutcome,
    BiddingResult,
    BidOpening,
    Candidates,
    TenderPeriod,
)
from models.messages.journey import StageInput
from models.tables import Tender
from models.values.actor import Role
from models.values.bidding import BenchmarkTerms, CandidateGround, Criteria
from models.values.decisions.decision import Decision
from models.values.refusal import refusal
from models.values.scheme import TenderPlan
from models.values.states import AwardState, TenderState
from models.values.timetable import Period
from models.values.waits import Consequence
from rules import bidding as law
from rules.checks import decide
from rules.oversight import counted_from
from runtime.record.firms import acts_for, refuse_defaulter, refuse_unconfirmed
from runtime.record.journal import Recorded


class Tenders(Writer):
    """Writes tenders, what is found of their bids, awards and the contract."""

    @writes("Tenders.publish", event="bidding.tender_published", into=TenderPeriod)
    async def publish(
        self, case: Case, given: StageInput, act: PublishTender
    ) -> Recorded[TenderPeriod]:
        """Publish the tender of the adopted scheme; bids close at the legal earliest or later."""
        await _refuse_without_causes(case, act)
        _, content = await case.scheme()
        plan, (owners_fen, others_fen) = await rest.terms(case, content)
        if plan.estimate_fen <= 0:
            raise refusal("bidding.nothing_to_spend", where=case.renovation.id)
        preparation = _preparation(case, act)
        deadline_at = case.ends(case.now, preparation)
        decision = _publication(
            case,
            plan,
            deadline_at,
            law.funds_secured(owners_fen, others_fen, plan.estimate_fen),
        )
        refuse_failed(decision)
        tender = await _new_tender(case, plan, deadline_at)
        _await_bids(case, deadline_at)
        case.notify("bidders", "tender_published", round=tender.round)
        return Recorded(
            TenderPeriod(tender_id=tender.id, deadline_at=deadline_at),
            {
                "tender": tender.id,
                "round": tender.round,
                "attempt": given.attempt,
                "works_round": tender.works_round,
                "left_items": [*await rest.left_items(case)],
                "causes": act.causes,
                "deadline_at": deadline_at.isoformat(),
                "ceiling_fen": tender.ceiling_fen,
                "estimate_fen": tender.estimate_fen,
                "criteria": tender.criteria,
                "checks": decision.record(),
            },
        )

    @writes("Tenders.clarify", event="bidding.tender_clarified", into=TenderPeriod)
    async def clarify(self, case: Case, act: ClarifyTender) -> Recorded[TenderPeriod]:
        """Tell all bidders; what comes too late for the bids moves their deadline (B-4, E28)."""
        tender = await rows.tender_locked(case, (await rows.last_tender(case)).id)
        if tender.state is not TenderState.OPEN or case.now >= tender.deadline_at:
            at = tender.deadline_at.isoformat()
            raise refusal("bidding.late", now=case.now.isoformat(), deadline_at=at)
        before = tender.deadline_at
        if act.affects_bids:
            after = law.deadline_after_clarification(
                case.now, before, case.timetable, case.calendar
            )
            move_deadline(case, tender, after)
        _await_bids(case, tender.deadline_at)
        case.notify("bidders", "tender_clarified", round=tender.round)
        return Recorded(
            TenderPeriod(tender_id=tender.id, deadline_at=tender.deadline_at),
            {
                "tender": tender.id,
                "change": act.change,
                "affects_bids": act.affects_bids,
                "deadline_before": before.isoformat(),
                "deadline_at": tender.deadline_at.isoformat(),
                "article": "Tendering Law art. 23; Tendering Regs art. 21",
            },
        )

    @writes("Tenders.open_bids", event="bidding.bids_opened", into=BidOpening)
    async def open_bids(self, case: Case, period: TenderPeriod) -> Recorded[BidOpening]:
        """At the deadline, under a lock: too few bids stay sealed, otherwise all are read out."""
        tender = await rows.tender_locked(case, period.tender_id)
        if tender.state is not TenderState.OPEN:
            raise refusal(
                "bidding.not_to_be_opened",
                where=tender.id,
                state=tender.state,
                deadline_at=tender.deadline_at.isoformat(),
            )
        case.not_before(tender.deadline_at)
        return await open_tender(case, tender, self.recorder.envelopes)

    @writes("Tenders.evaluate", event="bidding.candidates_ranked", into=Candidates)
    async def evaluate(self, case: Case, act: RecordEvaluation) -> Recorded[Candidates]:
        """The committee's report: low prices without reasons go out, the first three are named."""
        tender = await rows.last_tender(case)
        if tender.state is not TenderState.CLOSED or await rows.count_awards(case, tender):
            raise refusal("bidding.not_to_be_evaluated", where=tender.id, state=tender.state)
        return await evaluate_tender(case, tender, act)

    @writes("Tenders.approve_direct", event="bidding.direct_award_approved", into=Candidates)
    async def approve_direct(self, case: Case, act: ApproveDirectAward) -> Recorded[Candidates]:
        """The approval route after the last failed round: one contractor, within the ceiling."""
        await rows.refuse_interested(case, act.actor, act.bidder_id)
        await refuse_defaulter(case.session, case.renovation.id, act.bidder_id)
        await _refuse_ended(case, act.bidder_id)
        tender = await rows.last_tender(case)
        decision = law.direct_award(
            failed_rounds=await rest.failed_rounds(case, tender.works_round),
            price_fen=act.price_fen,
            ceiling_fen=tender.ceiling_fen,
            timetable=case.timetable,
        )
        refuse_failed(decision)
        rank = await rows.count_awards(case, tender) + 1
        award = standing.award_row(tender, rank, act.bidder_id, act.price_fen)
        case.session.add(award)
        await case.session.flush()
        case.goes_on()
        return Recorded(
            await standing.candidates(case, tender),
            {
                "tender": tender.id,
                "bidder": act.bidder_id,
                "price_fen": act.price_fen,
                "reason": act.reason,
                "checks": decision.record(),
            },
        )

    @writes("Tenders.withdraw", event="bidding.candidate_withdrawn", into=Candidates)
    async def withdraw(self, case: Case, act: WithdrawCandidate) -> Recorded[Candidates]:
        """The first candidate gives up, or is struck out on a ground of art. 55: the next follows (B-15)."""
        tender = await rows.last_tender(case)
        first = await standing.first(case, tender, act.bidder_id)
        itself = act.bidder_id in (act.actor.id, act.actor.on_behalf_of)
        if act.actor.role is Role.CONTRACTOR and not itself:
            raise refusal("bidding.not_own_candidacy", bidder=act.bidder_id)
        own = await acts_for(case.session, act.actor, act.bidder_id)
        if own and act.ground is not CandidateGround.WITHDREW:
            # Whether force majeure keeps the bond is not for whoever would lose it to find.
            raise refusal("bidding.ground_not_own", where="ground", ground=act.ground)
        if act.ground is CandidateGround.TOO_DEAR:
            await dear.refuse_affordable(case, first)
        details = await standing.leave(case, tender, first, AwardState.WITHDRAWN, act.ground)
        return Recorded(await standing.candidates(case, tender), {**details, "reason": act.reason})

    @writes("Tenders.strike_first", event="bidding.candidate_struck", into=Candidates)
    async def strike_first(self, case: Case) -> Recorded[Candidates]:
        """After an upheld objection the candidate that was published first is struck out.

        If that one has withdrawn during the publicity, nobody else pays for it.
        """
        tender = await rows.last_tender(case)
        left = await rows.standing(case, tender)
        named = await rows.published_first(case)
        struck = left[0] if left and named in (None, left[0].bidder_id) else None
        details: dict[str, JsonValue] = {"tender": tender.id, "struck": None}
        if struck is not None:
            details = await standing.leave(
                case, tender, struck, AwardState.CANCELLED, CandidateGround.UNLAWFUL
            )
        return Recorded(await standing.candidates(case, tender), details)

    @writes("Tenders.award", event="bidding.contract_awarded", into=Candidates)
    async def award(self, case: Case, act: AwardContract) -> Recorded[Candidates]:
        """The award notice to the first candidate that still stands (B-15, B-16)."""
        tender = await rows.last_tender(case)
        first = await standing.first(case, tender, act.bidder_id)
        await rows.refuse_interested(case, act.actor, act.bidder_id)
        await _refuse_ended(case, act.bidder_id)
        if first.state is AwardState.AWARDED:
            raise refusal("bidding.already_awarded", where=tender.id)
        first.state, tender.state = AwardState.AWARDED, TenderState.AWARDED
        sign_until = case.ends(case.now, case.timetable.contract_signing)
        case.wait_for("sign_contract", sign_until, then=Consequence.NEXT_CANDIDATE)
        case.notify("bidders", "contract_awarded", bidder=act.bidder_id)
        named = await standing.candidates(case, tender)
        return Recorded(
            named.model_copy(update={"sign_until": sign_until}),
            {
                "tender": tender.id,
                "award": first.id,
                "bidder": first.bidder_id,
                "price_fen": first.price_fen,
                "sign_until": sign_until.isoformat(),
                "report_until": case.ends(case.now, case.timetable.award_report).isoformat(),
            },
        )

    @writes("Tenders.sign", event="bidding.contract_signed", into=BiddingOutcome, bulk=True)
    async def sign(self, case: Case, act: SignContract) -> Recorded[BiddingOutcome]:
        """Sign on the terms of the bid; the award fixes the base of the shares with it."""
        tender = await rows.last_tender(case)
        award = await standing.awarded(case, tender)
        await _refuse_ended(case, award.bidder_id)
        _, content = await case.scheme()
        retention_permille = act.retention_permille
        if retention_permille is None:
            retention_permille = content.tender.retention_permille
        awarded_at = await rows.awarded_at(case)
        decision = law.signature(
            value_fen=act.value_fen,
            bid_fen=award.price_fen,
            performance_bond_fen=act.performance_bond_fen,
            retention_permille=retention_permille,
            awarded_at=counted_from(awarded_at, case.renovation.rests),
            signed_at=case.now,
            timetable=case.timetable,
            calendar=case.calendar,
            sign_until=case.ends(awarded_at, case.timetable.contract_signing),
        )
        refuse_failed(decision)
        begins = start_by(case, act.start_by)
        contract = await contract_row(
            case,
            tender,
            award,
            plan=content.tender,
            retention_permille=retention_permille,
            bond_fen=act.performance_bond_fen,
            start_by=begins,
        )
        earlier = await settlement.earlier_costs(case)
        shares = await fix_shares_by_award(case, contract.value_fen, earlier.net_fen)
        # What a cheaper award leaves over is ordered to be paid back within its days (E16).
        ordered = await sheet.order(case) if shares.refunds_fen else None
        case.goes_on()
        case.is_last_word()
        return Recorded(
            BiddingOutcome(outcome=BiddingResult.SIGNED, contract_id=contract.id),
            {
                "contract": contract.id,
                "bidder": contract.bidder_id,
                "value_fen": contract.value_fen,
                "contingency_fen": contract.contingency_fen,
                "retention_permille": contract.retention_permille,
                "performance_bond_fen": act.performance_bond_fen,
                "start_by": begins.isoformat(),
                "bonds_back_until": case.ends(case.now, case.timetable.bond_return).isoformat(),
                "shares": shares.model_dump(mode="json"),
                **({"refunds": {**ordered.details}} if ordered else {}),
                "works_round": contract.works_round,
                "earlier_contracts": earlier.model_dump(mode="json"),
                "checks": decision.record(),
            },
        )

    @writes("Tenders.fail", event="bidding.failed", into=BiddingOutcome)
    async def fail(self, case: Case) -> Recorded[BiddingOutcome]:
        """No candidate is left: the tender has failed, and where one was too dear the owners are asked (E12)."""
        tender = await rows.last_tender(case)
        if left := await rows.standing(case, tender):
            raise refusal("bidding.candidates_left", where=tender.id, candidates=len(left))
        tender.state = TenderState.FAILED
        asks = await dear.was_too_dear(case, tender)
        result = BiddingResult.NEW_VOTE if asks else BiddingResult.FAILED
        case.goes_on()
        case.is_last_word()
        case.notify("all_owners", "tender_failed", round=tender.round)
        said: dict[str, JsonValue] = {"tender": tender.id, "outcome": result}
        return Recorded(BiddingOutcome(outcome=result), said)


async def _refuse_ended(case: Case, bidder_id: str) -> None:
    """A firm that is not registered for the place (any more) gets no award and signs nothing."""
    rid, place_path = case.renovation.id, case.renovation.place_path
    await refuse_unconfirmed(case.session, rid, place_path, bidder_id)


def _preparation(case: Case, act: PublishTender) -> Period:
    """The time to prepare bids; never below the timetable's (Law art. 24)."""
    least = case.timetable.bid_preparation
    days = act.preparation_days
    if days is None:
        return least
    if days < least.days:
        raise refusal(
            "bidding.preparation_short", where="preparation_days", have=days, need=least.days
        )
    return least.model_copy(update={"days": days})


def _publication(case: Case, plan: TenderPlan, deadline_at: datetime, funds: Decision) -> Decision:
    """Money, clocks and terms in one decision (B-1, B-2, B-3, B-10, B-17)."""
    clocks = law.tender_clocks(
        notice_at=case.now,
        documents_from=case.now,
        documents_until=min(case.ends(case.now, case.timetable.document_sale), deadline_at),
        deadline_at=deadline_at,
        timetable=case.timetable,
        calendar=case.calendar,
    )
    terms = law.document_terms(plan, case.timetable)
    return decide(*funds.checks, *clocks.checks, *terms.checks)


async def _new_tender(case: Case, plan: TenderPlan, deadline_at: datetime) -> Tender:
    """The next round, with the terms of the scheme's tender plan and the dates for questions."""
    number = await rows.count_tenders(case) + 1
    if await rows.count_tenders(case, TenderState.OPEN):
        raise refusal("bidding.tender_open", where=case.renovation.id)
    criteria = Criteria(
        method=law.method_named(plan.method),
        price_weight_milli=plan.price_weight_milli,
        bid_bond_fen=plan.bid_bond_fen,
        benchmark=plan.benchmark or BenchmarkTerms(),
        ties=plan.ties,
    )
    tender = Tender(
        id=f"{case.renovation.id}.tender.{number}",
        renovation_id=case.renovation.id,
        round=number,
        state=TenderState.OPEN,
        notice_at=case.now,
        deadline_at=deadline_at,
        ceiling_fen=plan.ceiling_fen,
        estimate_fen=plan.estimate_fen,
        method=criteria.method.value,
        criteria=_criteria_until(case, criteria, deadline_at),
        works_round=await rest.works_round(case),
    )
    case.session.add(tender)
    await case.session.flush()
    return tender


def move_deadline(case: Case, tender: Tender, deadline_at: datetime) -> None:
    """Bids are taken until another moment, and the last moments for questions and objections follow it."""
    tender.deadline_at = deadline_at
    tender.criteria = _criteria_until(case, rows.criteria_of(tender), deadline_at)


def _criteria_until(case: Case, criteria: Criteria, deadline_at: datetime) -> dict[str, JsonValue]:
    """The published terms, with the last moments for questions and objections before the deadline."""
    until = {
        "clarify_until": law.clarify_until(deadline_at, case.timetable, case.calendar),
        "object_until": law.object_until(deadline_at, case.timetable, case.calendar),
    }
    return criteria.model_copy(update=until).model_dump(mode="json")


def _await_bids(case: Case, deadline_at: datetime) -> None:
    case.wait_for("bids", deadline_at, who=Role.CONTRACTOR.value, then=Consequence.BIDS_OPENED)


async def _refuse_without_causes(case: Case, act: PublishTender) -> None:
    """Whoever tenders again says why the tender before has failed (E20) [M, order 30 of 2003 art. 38]."""
    failed = await rest.failed_rounds(case, await rest.works_round(case))
    if failed and not act.causes.strip():
        raise refusal("bidding.causes_missing", where="causes", failed=failed)
