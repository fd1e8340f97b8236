"""The contractor's default and what follows (E36): notice to cure, termination, safety, measure, settlement."""

from pydantic import JsonValue
from sqlalchemy import select, update

from activities import settlement
from activities.inspection import rows
from activities.inspection.certificates import add_certificates
from activities.inspection.standstill import STANDSTILL
from activities.recording import Case, Writer, writes
from models.messages.acts import MeasureWorks, TerminateContract
from models.messages.inspection import (
    InspectionOutcome,
    TerminationStep,
    WorksResult,
    WorksState,
)
from models.tables import Contract, Termination, WorkItem
from models.values.inspection import ItemPayment, ItemState
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import (
    AfterTermination,
    CertificateState,
    ContractState,
    TerminationGround,
)
from rules import termination as law
from rules.duties import Duty, duty_problems, refuse_same_person
from runtime.record.firms import acts_for, contractor_as
from runtime.record.journal import Recorded


class Terminations(Writer):
    """Writes the way from a default to the end of the contract."""

    @writes("Terminations.notice", event="inspection.cure_noticed", into=WorksState)
    async def notice(self, case: Case) -> Recorded[WorksState]:
        """Notice to cure: a last reasonable time for what is in default (Civil Code art. 563(1)(3))."""
        until = case.ends(case.now, case.timetable.cure_notice)
        noticed = await case.session.scalars(
            update(WorkItem)
            .where(
                WorkItem.renovation_id == case.renovation.id,
                WorkItem.state == ItemState.DEFAULT,
                WorkItem.cure_until.is_(None),
            )
            .values(cure_until=until)
            .returning(WorkItem.id)
        )
        items = sorted(rows.planned_id(case, item) for item in noticed)
        if items:
            for audience in ("contractor", "committee"):
                case.notify(audience, "cure_noticed", until=until.isoformat())
        return Recorded(
            await rows.works_state(case),
            {
                "items": [*items],
                "cure_until": until.isoformat(),
                "article": law.ARTICLES[TerminationGround.NOT_CURED],
            },
        )

    @writes(
        "Terminations.notice_standstill", event="inspection.standstill_noticed", into=WorksState
    )
    async def notice_standstill(self, case: Case) -> Recorded[WorksState]:
        """Notice to begin, or to go on: works that stand still are a default as well (art. 563(1)(3))."""
        contract = await rows.load_contract(case)
        due_at = (await rows.works_state(case)).idle_at
        case.not_before(due_at or case.now)
        if due_at is not None:
            contract.cure_until = until = case.ends(case.now, case.timetable.cure_notice)
            for audience in ("contractor", "committee"):
                case.notify(audience, "standstill_noticed", until=until.isoformat())
        return Recorded(
            await rows.works_state(case),
            {
                "contract": contract.id,
                "begun": contract.moved_at is not None,
                "start_by": contract.start_by.isoformat() if contract.start_by else None,
                "moved_at": contract.moved_at.isoformat() if contract.moved_at else None,
                "cure_until": contract.cure_until.isoformat() if contract.cure_until else None,
                "article": law.ARTICLES[TerminationGround.NOT_CURED],
            },
        )

    @writes("Terminations.ask", event="inspection.termination_asked", into=WorksState)
    async def ask(self, case: Case) -> Recorded[WorksState]:
        """The time to cure is over: the client is asked whether the contract is terminated."""
        contract = await rows.load_contract(case)
        cures = await rows.load_cures(case, contract)
        ends = [until for until in cures.values() if until is not None]
        if ends and contract.decide_by is None:
            case.not_before(min(ends))
            contract.decide_by = case.ends(case.now, case.timetable.termination_decision)
            case.notify("committee", "termination_asked", until=contract.decide_by.isoformat())
        over = [item for item, until in cures.items() if until is not None and until <= case.now]
        return Recorded(
            await rows.works_state(case),
            {
                "items": [item for item in over if item],
                "standstill": STANDSTILL in over,
                "decide_by": contract.decide_by.isoformat() if contract.decide_by else None,
            },
        )

    @writes("Terminations.terminate", event="inspection.contract_terminated", into=TerminationStep)
    async def terminate(self, case: Case, act: TerminateContract) -> Recorded[TerminationStep]:
        """The client ends the contract, and says what becomes of the works that are left.

        Refused: a default that may still be cured, a bond or damages that the ground does not carry,
        the contractor's own decision, works that are accepted.
        """
        contract = await rows.load_contract(case)
        ground = TerminationGround(act.ground)
        bond_fen = _bond_fen(act, ground, contract)
        await _refuse_termination(case, act, contract, bond_fen)
        contract.state, contract.decide_by = ContractState.TERMINATED, None
        case.session.add(
            Termination(
                contract_id=contract.id,
                renovation_id=case.renovation.id,
                ground=ground,
                after=AfterTermination(act.then),
                bond_fen=bond_fen,
                damages_fen=act.damages_fen,
                decided_by=act.actor.id,
                decided_at=case.now,
            )
        )
        case.goes_on()
        case.notify("contractor", "contract_terminated", contract=contract.id)
        case.notify("all_owners", "contract_terminated", contract=contract.id, ground=ground)
        states = await rows.load_states(case)
        return Recorded(
            TerminationStep(contract_id=contract.id),
            {
                "contract": contract.id,
                "contractor": contract.bidder_id,
                "ground": ground,
                "article": law.ARTICLES[ground],
                "then": act.then,
                "default_items": [i for i, state in states.items() if state is ItemState.DEFAULT],
                "bond_fen": bond_fen,
                "bond_held_fen": contract.performance_bond_fen,
                "damages_fen": act.damages_fen,
                "document": act.document,
                "reason": act.reason,
            },
        )

    @writes("Terminations.make_safe", event="inspection.site_made_safe", into=TerminationStep)
    async def make_safe(self, case: Case) -> Recorded[TerminationStep]:
        """At once, before anything is settled: the contractor secures the site (E37: the scaffold)."""
        contract = await _terminated(case)
        details = await settlement.secure_site(case, contract)
        until = case.ends(case.now, case.timetable.termination_measurement)
        case.wait_for("measure_works", until)
        case.notify("supervisor", "measure_works", until=until.isoformat())
        return Recorded(
            TerminationStep(contract_id=contract.id),
            {**details, "measure_until": until.isoformat()},
        )

    @writes("Terminations.measure", event="inspection.works_measured", into=TerminationStep)
    async def measure(self, case: Case, act: MeasureWorks) -> Recorded[TerminationStep]:
        """The chief supervising engineer measures what stands of the items that have not passed.

        Refused: above an item's price, an item that has passed, who has terminated the contract, or
        the contractor.
        """
        contract = await _terminated(case)
        ended = await case.session.get_one(Termination, contract.id)
        refuse_same_person(Duty.MEASURE_ENDED, ended.decided_by, act.actor.id)
        contractor = await contractor_as(case.session, act.actor, contract.bidder_id)
        refuse_same_person(Duty.MEASURE_BUILT, contractor, act.actor.id)
        prices = {
            rows.planned_id(case, item): price
            for item, price in (await settlement.prices_of(case, contract)).items()
        }
        states = await rows.load_states(case)
        refuse_if_any(law.measured_problems(act.measured_fen, prices, states))
        ended.measured_by = act.actor.id
        await add_certificates(
            case, contract, _blocked(case, act), act.actor.id, CertificateState.BLOCKED
        )
        case.goes_on()
        return Recorded(
            TerminationStep(contract_id=contract.id),
            {
                "contract": contract.id,
                "measured_fen": {**act.measured_fen},
                "prices_fen": {
                    item: price
                    for item, price in prices.items()
                    if states[item] is not ItemState.PASSED
                },
                "report": act.report,
            },
        )

    @writes("Terminations.settle", event="inspection.contract_settled", into=InspectionOutcome)
    async def settle(self, case: Case) -> Recorded[InspectionOutcome]:
        """Call the bond, pay acceptable work, and leave the rest for another contractor or nobody.

        What was measured is delivered with that: the days to pay it run from now (SME Payment Regs art. 9).
        """
        contract = await _terminated(case)
        ended = await case.session.get_one(Termination, contract.id)
        account, said = await settlement.settle(case, contract, ended)
        left = await _leave(case, ended)
        pay_by = case.ends(case.now, case.timetable.contractor_payment)
        case.goes_on()
        case.is_last_word()
        if account.bond_called_fen:
            case.notify("guarantor", "bond_called", amount_fen=account.bond_called_fen)
        payable, own = account.payable_fen, {"contract": contract.id}
        case.notify("contractor", "contract_settled", payable_fen=payable, **own)
        case.notify("all_owners", "contract_settled", payable_fen=payable)
        return Recorded(
            InspectionOutcome(
                outcome=WorksResult.TERMINATED, ground=ended.ground, then=ended.after
            ),
            {
                "contract": contract.id,
                **said,
                "items": [
                    {**item.model_dump(mode="json"), "item_id": rows.planned_id(case, item.item_id)}
                    for item in account.items
                ],
                "left_items": left,
                "pay_by": pay_by.isoformat(),
                "article": law.ARTICLES[ended.ground],
            },
        )


def _bond_fen(act: TerminateContract, ground: TerminationGround, contract: Contract) -> int:
    if act.bond_fen is not None:
        return act.bond_fen
    return contract.performance_bond_fen if ground in law.AT_FAULT else 0


async def _refuse_termination(
    case: Case, act: TerminateContract, contract: Contract, bond_fen: int
) -> None:
    ground = TerminationGround(act.ground)
    if await rows.accepted_by(case) is not None:
        raise refusal("inspection.already_accepted")
    problems = list(
        law.money_problems(
            ground,
            bond_fen=bond_fen,
            held_fen=contract.performance_bond_fen,
            damages_fen=act.damages_fen,
            value_fen=contract.value_fen,
        )
    )
    if ground is TerminationGround.NOT_CURED:
        problems += law.cure_problems(await rows.load_cures(case, contract), case.now)
    if ground is TerminationGround.VOTE and not act.document.strip():
        problems.append(problem("settlement.document_missing"))
    if await acts_for(case.session, act.actor, contract.bidder_id):
        problems += duty_problems(Duty.END_OWN_CONTRACT, act.actor.id, act.actor.id)
    refuse_if_any(problems)


async def _terminated(case: Case) -> Contract:
    """The contract that is terminated and not settled yet."""
    contract = await settlement.to_settle(case)
    if contract is None or contract.state is not ContractState.TERMINATED:
        raise refusal("settlement.not_terminated", where=case.renovation.id)
    return contract


def _blocked(case: Case, act: MeasureWorks) -> list[ItemPayment]:
    """What was measured, as certificates that the settlement replaces."""
    return [
        ItemPayment(
            item_id=f"{case.renovation.id}.{item}",
            certified_fen=value,
            retention_fen=0,
            payable_fen=value,
        )
        for item, value in act.measured_fen.items()
        if value
    ]


async def _leave(case: Case, ended: Termination) -> list[JsonValue]:
    """The items that have not passed, by their planned ids; to be tendered again they are planned anew."""
    mine = (WorkItem.renovation_id == case.renovation.id, WorkItem.state != ItemState.PASSED)
    left = (await case.session.scalars(select(WorkItem).where(*mine).order_by(WorkItem.id))).all()
    if ended.after is AfterTermination.RETENDER:
        for row in left:
            row.state, row.contract_id, row.cure_until = ItemState.PLANNED, None, None
    return [rows.planned_id(case, row.id) for row in left]
