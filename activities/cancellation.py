"""Cancellation (E42) and shelving: make safe, settle, refund, void; each step on the record.

Every step may be asked for when the thing never happened: then it changes nothing and says so.
"""

from pydantic import JsonValue
from sqlalchemy import func, or_, select, update

from activities import settlement
from activities.cost_sharing import instalments, sheet
from activities.cost_sharing.sheet import NOTHING
from activities.recording import Case, Writer, writes
from models.messages.acts import CancelRenovation, Done
from models.messages.cost_sharing import RefundSheet, Settlement
from models.tables import (
    Award,
    Contract,
    Publication,
    Tender,
    Termination,
    WorkItem,
)
from models.values.inspection import ItemState
from models.values.refusal import refusal
from models.values.states import (
    AfterTermination,
    AwardState,
    BoxState,
    ContractState,
    PublicationOutcome,
    PublicationState,
    RenovationState,
    TenderState,
    TerminationGround,
)
from runtime.ballots.boxes import running_vote, select_boxes
from runtime.ballots.said import of_boxes
from runtime.ledger import stopping
from runtime.record.agenda import end_waits_but_of_tickets
from runtime.record.journal import Recorded
from runtime.record.trouble import end_troubles_but_of_tickets

UNFINISHED = (ItemState.PLANNED, ItemState.REPORTED, ItemState.REJECTED)


class Cancellations(Writer):
    """Writes what a stopped renovation leaves behind."""

    @writes("Cancellations.record", event=stopping.CANCELLED, into=Done)
    async def record(self, case: Case, act: CancelRenovation) -> Recorded[Done]:
        """The decision to stop, with its reason. Refused: the renovation has ended, or is being settled."""
        state = await load_end(case)
        if state is not RenovationState.RUNNING:
            raise refusal("settlement.already_ended", where=case.renovation.id, state=state)
        await end_waits_but_of_tickets(case.session, case.renovation.id)
        withdrawn = await stop_stage(case)
        case.notify("all_owners", "renovation_cancelled")
        return Recorded(
            Done(command_id=act.command_id, kind="renovation.cancelled"),
            {"reason": act.reason, "stage": case.renovation.stage, "withdrawn": list(withdrawn)},
        )

    @writes("Cancellations.make_safe", event="settlement.made_safe", into=Settlement)
    async def make_safe(self, case: Case) -> Recorded[Settlement]:
        """First of all the site: the contractor secures what is open before anything is settled.

        Of what was built the chief supervising engineer measures what stands: without that nothing is paid
        (Quality Regs art. 37(2); Civil Code art. 806).
        """
        await instalments.stop(case)
        contract = await settlement.to_settle(case)
        if contract is None:
            case.goes_on()
            return Recorded(Settlement(), NOTHING)
        said = await settlement.secure_site(case, contract)
        ended = await _end_without_fault(case, contract)
        if ended.measured_by is not None or not await settlement.is_begun(case, contract):
            case.goes_on()
            return Recorded(Settlement(contract_id=contract.id), said)
        until = case.ends(case.now, case.timetable.termination_measurement)
        case.wait_for("measure_works", until)
        case.notify("supervisor", "measure_works", until=until.isoformat())
        return Recorded(
            Settlement(contract_id=contract.id, measure=True),
            {**said, "measure_until": until.isoformat()},
        )

    @writes("Cancellations.settle_contract", event="settlement.contract_settled", into=Settlement)
    async def settle_contract(self, case: Case) -> Recorded[Settlement]:
        """End tender and contract; only work that passed its inspection is paid (art. 806)."""
        tenders = await cancel_tenders(case)
        open_contract = await settlement.to_settle(case)
        everything = await settlement.contracts(case)
        case.goes_on()
        if not everything:
            return Recorded(Settlement(), {"tenders": list(tenders)} if tenders else NOTHING)
        passed = await _items_in(case, ItemState.PASSED)
        given_up = await _items_in(case, *UNFINISHED)
        account: JsonValue = None
        if open_contract is not None:
            account = await _settle_without_fault(case, open_contract)
        await case.session.execute(
            update(WorkItem)
            .where(WorkItem.renovation_id == case.renovation.id, WorkItem.state.in_(UNFINISHED))
            .values(state=ItemState.CANCELLED)
        )
        last = everything[-1]
        costs = await settlement.costs(case, *everything)
        return Recorded(
            Settlement(contract_id=last.id, certified_fen=costs.certified_fen),
            {
                "contract": last.id,
                "state": last.state,
                "value_fen": last.value_fen,
                **costs.model_dump(mode="json"),
                "account": account,
                "passed_items": list(passed),
                "cancelled_items": list(given_up),
                "tenders": list(tenders),
            },
        )

    @writes(
        "Cancellations.draw_refund_sheet",
        event="settlement.refund_sheet_drawn",
        into=RefundSheet,
        bulk=True,
    )
    async def draw_refund_sheet(self, case: Case) -> Recorded[RefundSheet]:
        """What every unit gets back: paid less its part of the sunk cost (rules.md 2.6).

        Before the contract nothing is sunk and everything goes back. Below zero is a debt: it has
        no refund row, its charge is in the totals on the basis "settlement".
        """
        return await sheet.draw(case)

    @writes(
        "Cancellations.pay_refunds", event="settlement.refunds_paid", into=RefundSheet, bulk=True
    )
    async def pay_refunds(self, case: Case) -> Recorded[RefundSheet]:
        """After the objection window the refunds are ordered; debtors are told what they owe."""
        return await sheet.order(case)

    @writes("Cancellations.void_vote", event="settlement.vote_voided", into=Done)
    async def void_vote(self, case: Case) -> Recorded[Done]:
        """The vote no longer carries anything: an open box closes uncounted, a result is void."""
        done = Done(command_id=case.command.command_id, kind="settlement.vote_voided")
        rid = case.renovation.id
        query = select_boxes(rid, running_vote(rid)).with_for_update()
        boxes = (await case.session.scalars(query)).all()
        case.goes_on()
        if not boxes:
            return Recorded(done, NOTHING)
        said: list[dict[str, JsonValue]] = [{"box": box.id, "box_was": box.state} for box in boxes]
        for box in boxes:
            if box.state is not BoxState.CLOSED:
                box.state, box.closed_at = BoxState.CLOSED, case.now
        case.notify("all_owners", "vote_voided", box=boxes[0].id)
        return Recorded(done, of_boxes(said))


async def stop_stage(case: Case) -> tuple[str, ...]:
    """From here on the stage that was under way writes nothing any more (ADR 3); what was withdrawn of it."""
    case.renovation.stage_workflow_id = ""
    case.renovation.suspended_at = None
    withdrawn = await _withdraw_publications(case)
    await end_troubles_but_of_tickets(case.session, case.renovation.id)
    case.goes_on()
    return withdrawn


async def load_end(case: Case) -> RenovationState:
    """The state of the case, or that which it is being settled for; RUNNING while nothing has ended it.

    A case that is settled is still running, until it is closed.
    """
    return await stopping.load_end(case.session, case.renovation)


async def _withdraw_publications(case: Case) -> tuple[str, ...]:
    """What is posted stands open no longer: nobody would answer an objection."""
    rows = await case.session.scalars(
        update(Publication)
        .where(
            Publication.renovation_id == case.renovation.id,
            Publication.state == PublicationState.OPEN,
        )
        .values(
            state=PublicationState.CLOSED,
            outcome=PublicationOutcome.WITHDRAWN,
            closes_at=func.least(Publication.closes_at, case.now),
        )
        .returning(Publication.id)
    )
    return tuple(sorted(rows))


async def _end_without_fault(case: Case, contract: Contract) -> Termination:
    """The end of the contract of a case that has stopped; a termination on its way keeps its terms."""
    ended = await case.session.get(Termination, contract.id)
    if ended is None:
        ended = Termination(
            contract_id=contract.id,
            renovation_id=case.renovation.id,
            ground=TerminationGround.CANCELLED,
            after=AfterTermination.CLOSE,
            bond_fen=0,
            damages_fen=0,
            decided_by=case.command.actor.id,
            decided_at=case.now,
        )
        case.session.add(ended)
        contract.state = ContractState.TERMINATED
    return ended


async def _settle_without_fault(case: Case, contract: Contract) -> JsonValue:
    """The account of the contract that a cancellation ends."""
    ended = await _end_without_fault(case, contract)
    _, said = await settlement.settle(case, contract, ended)
    case.notify("contractor", "contract_terminated", contract=contract.id)
    await case.session.flush()
    return said


async def _items_in(case: Case, *states: str) -> tuple[str, ...]:
    rows = await case.session.scalars(
        select(WorkItem.id)
        .where(WorkItem.renovation_id == case.renovation.id, WorkItem.state.in_(states))
        .order_by(WorkItem.id)
    )
    return tuple(rows)


async def cancel_tenders(case: Case) -> tuple[str, ...]:
    """Tenders without a contract stop that run or have candidates who still stand, and these with them.

    An award that nobody has signed is one of them, and so is the one of an approval after tenders that failed.
    """
    stands = Award.state.in_((AwardState.CANDIDATE, AwardState.AWARDED))
    named = select(Award.id).where(Award.tender_id == Tender.id, stands)
    signed = select(Contract.id).where(Contract.tender_id == Tender.id)
    rows = await case.session.scalars(
        update(Tender)
        .where(
            Tender.renovation_id == case.renovation.id,
            or_(Tender.state.in_((TenderState.OPEN, TenderState.CLOSED)), named.exists()),
            ~signed.exists(),
        )
        .values(state=TenderState.CANCELLED)
        .returning(Tender.id)
    )
    stopped = tuple(sorted(rows))
    if stopped:
        await case.session.execute(
            update(Award)
            .where(Award.tender_id.in_(stopped), stands)
            .values(state=AwardState.CANCELLED)
        )
        case.notify("bidders", "tender_cancelled")
    return stopped
