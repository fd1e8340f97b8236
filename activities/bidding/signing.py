"""The signature of a contract (签约), and what follows where nobody has signed in time: B-16, E27."""

from datetime import datetime

from activities.bidding import candidates as standing
from activities.bidding import rows
from activities.recording import Case, Writer, writes
from models.messages.acts import RuleOnSignature
from models.messages.bidding import Candidates
from models.messages.journey import Answer
from models.tables import Award, Contract, Tender
from models.values.bidding import CandidateGround, Party
from models.values.decisions.decision import Decision
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.scheme import TenderPlan
from models.values.states import AwardState, ContractState
from rules import bidding as law
from rules import cost_sharing
from rules.duties import Duty, refuse_same_person
from runtime.record.journal import Recorded


class Signatures(Writer):
    """Writes what follows from a contract that is not signed."""

    @writes("Signatures.miss", event="bidding.signature_missed", into=Candidates)
    async def miss(self, case: Case) -> Recorded[Candidates]:
        """The time to sign is over: the award has ended, the next candidate follows.

        The bond goes by who was named as responsible, else by what the documents say; where neither
        names a party it stays where it is, until somebody does or all bonds go back.
        """
        tender = await rows.last_tender(case)
        award = await standing.awarded(case, tender)
        signing = case.timetable.contract_signing
        case.not_before(case.ends(await rows.awarded_at(case), signing))
        by_documents = case.timetable.unsigned_fault
        named = await rows.fault_named(case, award)
        at_fault = named or (Party(by_documents) if by_documents else None)
        bond_fen = await rows.load_bond(case, tender, award.bidder_id)
        outcome = law.unsigned_bond(bond_fen, at_fault, case.timetable)
        following = await standing.make_room(
            case, tender, award, AwardState.CANCELLED, CandidateGround.WITHDREW
        )
        case.notify("supervision", "signature_missed", bidder=award.bidder_id)
        return Recorded(
            await standing.candidates(case, tender),
            {
                **standing.left_by(tender, award, following),
                "at_fault": at_fault,
                "bond": outcome.model_dump(mode="json"),
                "article": "Tendering Law art. 46; Tendering Regs art. 55, 73, 74",
            },
        )

    @writes("Signatures.rule_on", event="bidding.signature_ruled_on", into=Answer)
    async def rule_on(self, case: Case, act: RuleOnSignature) -> Recorded[Answer]:
        """Name the responsible party: of the award that stands, or of one that ended unsigned.

        The bond of the one that ended goes by it at once; the later word counts.
        """
        tender = await rows.last_tender(case)
        missed = await rows.missed_award(case, tender, act.bidder_id)
        award = missed or await standing.awarded(case, tender)
        if award.bidder_id != act.bidder_id:
            raise refusal("bidding.not_awarded", where=act.bidder_id)
        await rows.refuse_interested(case, act.actor, award.bidder_id)
        refuse_same_person(Duty.JUDGE_AWARD, await rows.awarded_by(case, award), act.actor.id)
        bond_fen = await rows.load_bond(case, tender, award.bidder_id)
        outcome = law.unsigned_bond(bond_fen, act.at_fault, case.timetable)
        case.notify("bidders", "signature_ruled_on", bidder=award.bidder_id)
        return Recorded(
            Answer(),
            {
                "tender": tender.id,
                "award": award.id,
                "bidder": award.bidder_id,
                "at_fault": act.at_fault.value,
                "reason": act.reason,
                "bond": outcome.model_dump(mode="json") if missed else None,
                "article": "Tendering Regs art. 73, 74; double by the documents",
            },
        )


def refuse_failed(decision: Decision) -> None:
    """Refuse with one problem for each check that failed, with both of its numbers."""
    refuse_if_any(
        problem(check.code, have=str(check.have), need=str(check.need), article=check.article)
        for check in decision.failed
    )


async def contract_row(
    case: Case,
    tender: Tender,
    award: Award,
    *,
    plan: TenderPlan,
    retention_permille: int,
    bond_fen: int,
    start_by: datetime,
) -> Contract:
    """The contract at the bid's price, on the terms that were found lawful."""
    name = f"{case.renovation.id}.contract"
    contract = Contract(
        id=name if tender.works_round == 1 else f"{name}.{tender.works_round}",
        renovation_id=case.renovation.id,
        tender_id=award.tender_id,
        bidder_id=award.bidder_id,
        value_fen=award.price_fen,
        contingency_fen=cost_sharing.contingency_fen(award.price_fen, plan.contingency_permille),
        retention_permille=retention_permille,
        signed_at=case.now,
        state=ContractState.SIGNED,
        works_round=tender.works_round,
        performance_bond_fen=bond_fen,
        start_by=start_by,
    )
    case.session.add(contract)
    await case.session.flush()
    return contract
