"""The works, item by item: report, inspect, put right, inspect again, accept, release the money."""

from datetime import datetime

from pydantic import JsonValue

from activities import settlement
from activities.inspection import rows
from activities.inspection.certificates import certify
from activities.inspection.consents import missing_consents
from activities.inspection.standstill import moved
from activities.recording import Case, Writer, writes
from models.messages.acts import (
    ApprovePayment,
    RecordInspection,
    ReportItem,
    ReportProgress,
    ReportRectified,
)
from models.messages.inspection import InspectionOutcome, WorksResult, WorksState
from models.tables import Contract, WorkItem
from models.values.actor import Actor, Role
from models.values.inspection import InspectionResult, ItemState, WorksPayment
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import ContractState
from rules import inspection as law
from runtime.database import insert_many
from runtime.record.firms import contractor_as
from runtime.record.journal import Recorded


class Works(Writer):
    """Writes work items, inspections and payment certificates.

    Acts and workflow state name an item by its planned id; rows prefix it with the renovation's.
    """

    @writes("Works.begin", event="inspection.works_begun", into=WorksState, bulk=True)
    async def begin(self, case: Case) -> Recorded[WorksState]:
        """Plan one work item per piece of work of the latest scheme (contract signed: art. 13).

        A later contract takes over what no earlier one has brought to its acceptance.
        """
        contract = await rows.load_contract(case)
        version, scheme = await case.scheme()
        known = await rows.count_items(case)
        if not known:
            rid = case.renovation.id
            items: list[dict[str, object]] = [
                {
                    "id": f"{rid}.{work.id}",
                    "renovation_id": rid,
                    "building": work.building,
                    "title": work.title,
                    "concealed": work.concealed,
                    "value_fen": work.value_fen,
                    "state": ItemState.PLANNED.value,
                }
                for work in scheme.works
            ]
            await insert_many(case.session, WorkItem, items)
        taken = await rows.take_over(case, contract)
        case.notify("contractor", "works_begun", contract=contract.id)
        return Recorded(
            await rows.works_state(case),
            {
                "contract": contract.id,
                "scheme_version": version,
                "items": taken or known,
                "concealed": sum(work.concealed for work in scheme.works),
            },
        )

    @writes("Works.report_progress", event="inspection.progress_reported", into=WorksState)
    async def report_progress(self, case: Case, act: ReportProgress) -> Recorded[WorksState]:
        """The works have begun, or go on. Refused: another firm's report."""
        contract = await rows.load_contract(case)
        if act.actor.role is Role.CONTRACTOR:
            _refuse_other_firm(act.actor, contract)
        first = contract.moved_at is None
        moved(case, contract)
        return Recorded(
            await rows.works_state(case),
            {"contract": contract.id, "begun": first, "report": act.report},
        )

    @writes("Works.report_item", event="inspection.item_reported", into=WorksState)
    async def report_item(self, case: Case, act: ReportItem) -> Recorded[WorksState]:
        """The contractor's notice that an item is ready; for concealed works before the cover (I-2).

        Refused: an unknown item, one that is not planned any more, another firm's report.
        """
        contract = await rows.load_contract(case)
        _refuse_other_firm(act.actor, contract)
        row = await rows.load_item(case, act.item_id, ItemState.PLANNED)
        refuse_if_any(await missing_consents(case, act.item_id))
        row.state = ItemState.REPORTED
        moved(case, contract)
        case.notify("supervisor", "item_reported", item=act.item_id)
        return Recorded(
            await rows.works_state(case), {"item": act.item_id, "concealed": row.concealed}
        )

    @writes("Works.record_inspection", event="inspection.inspection_recorded", into=WorksState)
    async def record_inspection(self, case: Case, act: RecordInspection) -> Recorded[WorksState]:
        """An inspection with its outcome; a failure orders the rectification or is the default.

        Refused: everything of `rules.inspection.inspection_problems` at once.
        """
        contract = await rows.load_contract(case)
        row = await rows.load_item(case, act.item_id)
        facts = await rows.load_facts(case, row)
        contractor = await contractor_as(case.session, act.actor, contract.bidder_id)
        refuse_if_any(
            (
                *law.inspection_problems(
                    facts, act.kind, act.outcome, act.defects, act.actor, contractor
                ),
                *await missing_consents(case, act.item_id),
            )
        )
        noticed = row.cure_until is not None
        ruling = law.rule_inspection(facts, act.kind, act.outcome, case.timetable, noticed=noticed)
        await rows.add_inspection(case, row, ruling.round, act)
        moved(case, contract)
        row.state = ruling.state
        if ruling.state is ItemState.PASSED:
            row.cure_until = None
        due_at = _order_or_default(case, act, ruling)
        return Recorded(await rows.works_state(case), _inspection_details(act, ruling, due_at))

    @writes("Works.report_rectified", event="inspection.rectification_reported", into=WorksState)
    async def report_rectified(self, case: Case, act: ReportRectified) -> Recorded[WorksState]:
        """The contractor reports the defects as put right: somebody else inspects again.

        An item in default is put right in the same way, until the works are accepted (art. 32).
        Refused: an item in another state, another firm's report, a report after the deadline.
        """
        contract = await rows.load_contract(case)
        _refuse_other_firm(act.actor, contract)
        row = await rows.load_item(case, act.item_id, ItemState.REJECTED, ItemState.DEFAULT)
        if await rows.accepted_by(case) is not None:
            raise refusal("inspection.already_accepted")
        facts = await rows.load_facts(case, row)
        due_at = (await rows.rectifications(case)).get(row.id)
        if due_at is not None and case.now > due_at:
            raise refusal(
                "inspection.rectification_too_late", item=act.item_id, until=due_at.isoformat()
            )
        row.state = ItemState.REPORTED
        moved(case, contract)
        case.notify("supervisor", "item_rectified", item=act.item_id)
        return Recorded(
            await rows.works_state(case),
            {"item": act.item_id, "failed_rounds": facts.failed_rounds},
        )

    @writes("Works.mark_overdue", event="inspection.rectification_overdue", into=WorksState)
    async def mark_overdue(self, case: Case) -> Recorded[WorksState]:
        """Rejected items whose deadline has passed are the contractor's default (4.1)."""
        late: list[JsonValue] = []
        running = await rows.rectifications(case)
        case.not_before(min(running.values(), default=case.now))
        for item_id, due_at in running.items():
            if due_at <= case.now:
                row = await case.session.get_one(WorkItem, item_id)
                row.state = ItemState.DEFAULT
                late.append({"item": rows.planned_id(case, item_id), "due_at": due_at.isoformat()})
                case.notify("all_owners", "contractor_default", item=rows.planned_id(case, item_id))
        return Recorded(await rows.works_state(case), {"items": late})

    @writes("Works.accept", event="inspection.works_accepted", into=WorksState)
    async def accept(self, case: Case) -> Recorded[WorksState]:
        """Completion acceptance (竣工验收) as an inspection of the works as a whole.

        Refused: not by the chief supervising engineer (Quality Regs art. 37(2)), by one who acts for a firm
        that has built them, an item that is open or in default, works of which nothing passed, works that are accepted already.
        """
        states = await rows.load_states(case)
        problems = list(law.acceptance_problems(states, case.command.actor, await _builders(case)))
        if await rows.accepted_by(case) is not None:
            problems.append(problem("inspection.already_accepted"))
        refuse_if_any(problems)
        await rows.add_acceptance(case, await rows.load_contract(case), case.command.actor)
        await case.session.flush()
        filing_due = case.ends(case.now, case.timetable.completion_filing)
        case.notify("all_owners", "works_accepted", filing_due=filing_due)
        state = await rows.works_state(case)
        case.wait_for("approve_payment")
        return Recorded(
            state,
            {
                "passed": state.passed_items,
                "default": [],
                "filing_due": filing_due.isoformat(),
                "checks": law.acceptance(list(states.values())).record(),
            },
        )

    @writes("Works.approve_payment", event="inspection.payment_released", into=InspectionOutcome)
    async def approve_payment(self, case: Case, act: ApprovePayment) -> Recorded[InspectionOutcome]:
        """Release what the accepted works are worth (4.2): passed items less omissions, retention.

        It is paid within the days that run from the acceptance, not from this act: whoever releases late
        has not more time for it (SME Payment Regs art. 9; interest: art. 17).

        Refused: without acceptance, by who accepted, by the contractor, omissions above the value
        of the works, a variation that needs the owners (E33).
        """
        contract = await rows.load_contract(case)
        refuse_if_any(
            law.payment_problems(
                act.actor,
                await rows.accepted_by(case),
                await contractor_as(case.session, act.actor, contract.bidder_id),
            )
        )
        payment = law.works_payment(
            [rows.bare_facts(row) for row in await rows.items_of(case, contract)],
            contract.value_fen,
            act.omissions_fen,
            contract.retention_permille,
            case.timetable,
        )
        sums = await certify(case, contract, payment.items, act.actor.id)
        contract.state = ContractState.COMPLETED
        accepted_at = await rows.accepted_at(case)
        pay_by = case.ends(accepted_at, case.timetable.contractor_payment)
        case.goes_on()
        case.is_last_word()
        payable, own = payment.payable_fen, {"contract": contract.id}
        case.notify("contractor", "payment_released", payable_fen=payable, **own)
        case.notify("all_owners", "payment_released", payable_fen=payable)
        return Recorded(
            InspectionOutcome(outcome=WorksResult.ACCEPTED),
            {
                **_payment_details(case, contract, payment, act.note),
                **sums,
                "accepted_at": accepted_at.isoformat(),
                "pay_by": pay_by.isoformat(),
                "paid_late": case.now > pay_by,
            },
        )


async def _builders(case: Case) -> list[str]:
    """Who has built any of the works, and whoever accepts them in the place of a firm that they act for."""
    actor, contracts = case.command.actor, await settlement.contracts(case)
    return [await contractor_as(case.session, actor, each.bidder_id) for each in contracts]


def _refuse_other_firm(actor: Actor, contract: Contract) -> None:
    if actor.party != contract.bidder_id:
        raise refusal(
            "inspection.not_the_contractor", actor=actor.id, contractor=contract.bidder_id
        )


def _order_or_default(
    case: Case, act: RecordInspection, ruling: InspectionResult
) -> datetime | None:
    """Tell the people concerned; the deadline of a rectification order, in case time."""
    if ruling.state is ItemState.DEFAULT:
        case.notify("all_owners", "contractor_default", item=act.item_id)
        return None
    if ruling.state is not ItemState.REJECTED:
        return None
    due_at = case.ends(case.now, case.timetable.rectification_period)
    case.notify("contractor", "rectification_ordered", item=act.item_id, due_at=due_at)
    return due_at


def _inspection_details(
    act: RecordInspection, ruling: InspectionResult, due_at: datetime | None
) -> dict[str, JsonValue]:
    return {
        "item": act.item_id,
        "kind": act.kind,
        "outcome": act.outcome,
        "round": ruling.round,
        "failed_rounds": ruling.failed_rounds,
        "state": ruling.state,
        "defects": list(act.defects),
        "due_at": None if due_at is None else due_at.isoformat(),
        "checks": ruling.decision.record(),
    }


def _payment_details(
    case: Case, contract: Contract, payment: WorksPayment, note: str
) -> dict[str, JsonValue]:
    account: dict[str, JsonValue] = payment.model_dump(mode="json", exclude={"items", "decision"})
    items: list[JsonValue] = [
        {**item.model_dump(mode="json"), "item_id": rows.planned_id(case, item.item_id)}
        for item in payment.items
    ]
    return {
        "contract": contract.id,
        **account,
        "items": items,
        "note": note,
        "checks": payment.decision.record(),
    }
