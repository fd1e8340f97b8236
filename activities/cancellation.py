"""Cancellation (E42) and shelving: make safe, settle, refund, void; each step on the record.

Every step may be asked for when the thing never happened: then it changes nothing and says so.
"""

from datetime import date
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import func, or_, select, update

from activities import settlement
from activities.cost_sharing import refunding
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.award import replace_refunds
from activities.recording import Case, Writer, writes
from models.messages.acts import CancelRenovation, Done
from models.messages.cost_sharing import RefundSheet, Settlement
from models.tables import (
    Award,
    Contract,
    Event,
    Publication,
    Refund,
    Tender,
    Termination,
    WorkItem,
)
from models.values import cost_sharing as values
from models.values.inspection import ItemState
from models.values.refusal import refusal
from models.values.states import (
    AfterTermination,
    AwardState,
    BoxState,
    PublicationOutcome,
    PublicationState,
    RenovationState,
    TenderState,
    TerminationGround,
)
from rules import cost_sharing as law
from runtime.ballots.boxes import running_vote, select_boxes
from runtime.ballots.said import of_boxes
from runtime.record.agenda import end_waits_but_of_tickets
from runtime.record.journal import Recorded
from runtime.record.trouble import end_troubles_but_of_tickets

CANCELLED = "renovation.cancelled"
NOTHING: dict[str, JsonValue] = {"nothing": "nothing to undo"}
"""The details of a compensation for something that never happened."""
UNFINISHED = (ItemState.PLANNED, ItemState.REPORTED, ItemState.REJECTED)


class Cancellations(Writer):
    """Writes what a stopped renovation leaves behind."""

    @writes("Cancellations.record", event=CANCELLED, into=Done)
    async def record(self, case: Case, act: CancelRenovation) -> Recorded[Done]:
        """The decision to stop, with its reason. Refused: the renovation has ended, or is being settled."""
        state = await load_end(case)
        if state is not RenovationState.RUNNING:
            raise refusal("settlement.already_ended", where=case.renovation.id, state=state)
        # From here on the stage that was under way writes nothing any more (ADR 3).
        case.renovation.stage_workflow_id = ""
        case.renovation.suspended_at = None
        await end_waits_but_of_tickets(case.session, case.renovation.id)
        withdrawn = await _withdraw_publications(case)
        await end_troubles_but_of_tickets(case.session, case.renovation.id)
        case.goes_on()
        case.notify("all_owners", "renovation_cancelled")
        return Recorded(
            Done(command_id=act.command_id, kind="renovation.cancelled"),
            {"reason": act.reason, "stage": case.renovation.stage, "withdrawn": list(withdrawn)},
        )

    @writes("Cancellations.make_safe", event="settlement.made_safe", into=Settlement)
    async def make_safe(self, case: Case) -> Recorded[Settlement]:
        """First of all the site: the contractor secures what is open before anything is settled."""
        contract = await settlement.to_settle(case)
        case.goes_on()
        if contract is None:
            return Recorded(Settlement(), NOTHING)
        return Recorded(
            Settlement(contract_id=contract.id), await settlement.secure_site(case, contract)
        )

    @writes("Cancellations.settle_contract", event="settlement.contract_settled", into=Settlement)
    async def settle_contract(self, case: Case) -> Recorded[Settlement]:
        """End tender and contract; only work that passed its inspection is paid (art. 806)."""
        tenders = await _cancel_tenders(case)
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
        money = await share_rows.load_money(case)
        charges = await share_rows.charges(case)
        case.goes_on()
        if not money and not charges:
            return Recorded(RefundSheet(), NOTHING)
        sunk = await _owners_sunk_fen(case)
        if not any(total.amount_fen for total in charges):
            sunk = 0  # the owners carry nothing, so nothing of theirs is sunk
        sheet = law.refunds(
            tuple(
                values.Paid(unit_number=unit, amount_fen=everything)
                for unit, (everything, _) in money.items()
            ),
            {total.unit_number: total.amount_fen for total in charges},
            sunk,
        )
        back = [law.paid_back(row, money.get(row.unit_number, (0, 0))[1]) for row in sheet]
        await _write_sheet(case, sheet, back)
        costs = await settlement.costs(case, *await settlement.contracts(case))
        await share_rows.promise_in_all(case, max(costs.net_fen, 0) - sunk)
        result = _in_sums(sheet, back, sunk)
        return Recorded(
            result,
            {
                **result.model_dump(mode="json", exclude={"seq"}),
                "bond_surplus_fen": await _bond_surplus_fen(case),
                "debtors": sum(row.amount_fen < 0 for row in sheet),
                "sheet_hash": share_rows.table_hash(
                    [
                        values.ShareTotal(unit_number=row.unit_number, amount_fen=row.charge_fen)
                        for row in sheet
                    ]
                ),
            },
        )

    @writes(
        "Cancellations.pay_refunds", event="settlement.refunds_paid", into=RefundSheet, bulk=True
    )
    async def pay_refunds(self, case: Case) -> Recorded[RefundSheet]:
        """After the objection window the refunds are ordered; debtors are told what they owe."""
        rid = case.renovation.id
        ordered = await case.session.execute(
            update(Refund)
            .where(Refund.renovation_id == rid, Refund.paid.is_(False))
            .values(paid=True)
            .returning(Refund.unit_number, Refund.amount_fen)
        )
        back = {unit: int(fen) for unit, fen in ordered}
        case.goes_on()
        if not back:
            return Recorded(RefundSheet(), NOTHING)
        due = case.ends(case.now, case.timetable.refund_payment)
        case.notify("payment_provider", "refunds_ordered", due_at=due)
        case.notify("all_owners", "refunds_paid", units=len(back))
        result = RefundSheet(units=len(back), refunds_fen=sum(back.values()))
        return Recorded(
            result,
            {
                "units": result.units,
                "refunds_fen": result.refunds_fen,
                "due_at": due.isoformat(),
                **await refunding.pay(case, back),
            },
        )

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


async def load_end(case: Case) -> RenovationState:
    """The state of the case, or that which it is being settled for; RUNNING while nothing has ended it.

    A case that is settled is still running, until it is closed.
    """
    state = case.renovation.state
    if state is not RenovationState.RUNNING:
        return state
    kinds = set(
        await case.session.scalars(
            select(Event.kind).where(
                Event.renovation_id == case.renovation.id,
                or_(Event.kind == CANCELLED, Event.kind.startswith("settlement.")),
            )
        )
    )
    if CANCELLED in kinds:
        return RenovationState.CANCELLED
    return RenovationState.SHELVED if kinds else state


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


async def _settle_without_fault(case: Case, contract: Contract) -> JsonValue:
    """The account of the contract that a cancellation ends; a termination on its way keeps its terms."""
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


async def _cancel_tenders(case: Case) -> tuple[str, ...]:
    """Tenders that run or wait for their award stop, with the candidates that still stand."""
    rows = await case.session.scalars(
        update(Tender)
        .where(
            Tender.renovation_id == case.renovation.id,
            Tender.state.in_((TenderState.OPEN, TenderState.CLOSED)),
        )
        .values(state=TenderState.CANCELLED)
        .returning(Tender.id)
    )
    stopped = tuple(sorted(rows))
    if stopped:
        await case.session.execute(
            update(Award)
            .where(
                Award.tender_id.in_(stopped),
                Award.state.in_((AwardState.CANDIDATE, AwardState.AWARDED)),
            )
            .values(state=AwardState.CANCELLED)
        )
        case.notify("bidders", "tender_cancelled")
    return stopped


async def _owners_sunk_fen(case: Case) -> int:
    """The owners' part of the certified work, by the money plan at the contracts' prices.

    What the performance bonds of terminated contracts have brought pays for it first (rules 2.6).
    """
    everything = await settlement.contracts(case)
    if not everything:
        return 0
    *earlier, last = everything
    before = await settlement.costs(case, *earlier)
    spent = await settlement.costs(case, *everything)
    _, content = await case.scheme()
    items = law.award_items(content, last.value_fen, before.net_fen)
    return law.owners_part_fen(
        law.sunk_net_fen(spent.certified_fen, spent.damages_fen, spent.bonds_fen),
        law.waterfall(items, content.funding),
        content.funding,
        _today(case),
    )


async def _bond_surplus_fen(case: Case) -> int:
    """What the performance bonds brought above everything that the contracts cost: no sunk cost takes it up."""
    costs = await settlement.costs(case, *await settlement.contracts(case))
    return max(-costs.net_fen, 0)


def _today(case: Case) -> date:
    return case.now.astimezone(ZoneInfo(case.timetable.zone)).date()


async def _write_sheet(
    case: Case, sheet: tuple[values.Refund, ...], back: list[values.PaidBack]
) -> None:
    await share_rows.replace_totals(
        case,
        "settlement",
        [
            values.ShareTotal(unit_number=row.unit_number, amount_fen=row.charge_fen)
            for row in sheet
        ],
    )
    await replace_refunds(
        case,
        [
            {
                "renovation_id": case.renovation.id,
                "unit_number": row.unit_number,
                "amount_fen": row.household_fen,
                "paid": False,
            }
            for row in back
            if row.household_fen
        ],
    )
    await refunding.give_back(case, {row.unit_number: row.sources_fen for row in back})


def _in_sums(
    sheet: tuple[values.Refund, ...], back: list[values.PaidBack], sunk_fen: int
) -> RefundSheet:
    return RefundSheet(
        units=len(sheet),
        sunk_net_fen=sunk_fen,
        refunds_fen=sum(row.household_fen for row in back),
        sources_fen=sum(row.sources_fen for row in back),
        debts_fen=sum(max(-row.amount_fen, 0) for row in sheet),
    )
