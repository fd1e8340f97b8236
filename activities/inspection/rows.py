"""The rows of inspection: work items with their history, deadlines, acceptance, certificates."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select, update

from activities.inspection import standstill
from activities.inspection.consents import await_consents, awaited_parts
from activities.recording import Case, who_does
from models.messages.acts import RecordInspection
from models.messages.inspection import WorksState
from models.tables import Certificate, Contract, Inspection, WorkItem
from models.values.actor import Actor
from models.values.inspection import ItemFacts, ItemState, PastInspection
from models.values.refusal import refusal
from models.values.states import ContractState
from models.values.waits import ENGINE, Consequence, Wait, at_work
from rules.time.deadlines import hours_after
from runtime.record.consents import OccupiedPart

OPEN_ITEMS = (ItemState.PLANNED, ItemState.REPORTED, ItemState.REJECTED)
"""An item in one of these stands in the way of the acceptance."""
CURRENT_CONTRACT = (
    select(Contract)
    .where(
        Contract.renovation_id == bindparam("renovation"),
        Contract.state != ContractState.TERMINATED,
    )
    .order_by(Contract.works_round.desc())
    .limit(1)
)
BY_STATE = (
    select(WorkItem.state, func.count())
    .where(WorkItem.renovation_id == bindparam("renovation"))
    .group_by(WorkItem.state)
)
"""Made once: every act on the works asks them."""


async def load_contract(case: Case) -> Contract:
    """The contract under which the works are done. Refused: there is none."""
    row = await current_contract(case)
    if row is None:
        raise refusal("inspection.contract_missing", where=case.renovation.id)
    return row


async def current_contract(case: Case) -> Contract | None:
    """The contract under which the works are done; None while there is none."""
    found: Contract | None = await case.session.scalar(
        CURRENT_CONTRACT, {"renovation": case.renovation.id}
    )
    return found


async def load_item(case: Case, name: str, *states: ItemState) -> WorkItem:
    """The row of a planned item. Refused: unknown, or in none of the states that the act needs."""
    row = await case.session.get(WorkItem, f"{case.renovation.id}.{name}")
    if row is None or row.renovation_id != case.renovation.id:
        raise refusal("inspection.item_unknown", item=name)
    if states and row.state not in states:
        needed = ", ".join(states)
        raise refusal("inspection.item_other_state", item=name, state=row.state, needed=needed)
    return row


def planned_id(case: Case, row_id: str) -> str:
    """The id that the scheme, the acts and the workflow use."""
    return row_id.removeprefix(f"{case.renovation.id}.")


def bare_facts(row: WorkItem) -> ItemFacts:
    """The item without its history; enough for the account."""
    return ItemFacts(
        id=row.id,
        concealed=row.concealed,
        state=ItemState(row.state),
        value_fen=row.value_fen,
    )


async def load_facts(case: Case, row: WorkItem) -> ItemFacts:
    """The item with its inspections in order; people read its planned id.

    Only those of the firm that builds it: whoever goes on with it begins anew.
    """
    history = await case.session.scalars(
        select(Inspection)
        .where(
            Inspection.renovation_id == case.renovation.id,
            Inspection.item_id == row.id,
            Inspection.contract_id.is_not_distinct_from(row.contract_id),
        )
        .order_by(Inspection.round)
    )
    return bare_facts(row).model_copy(
        update={
            "id": planned_id(case, row.id),
            "history": tuple(
                PastInspection.model_validate(
                    {
                        "round": past.round,
                        "kind": past.kind,
                        "outcome": past.outcome,
                        "inspector_id": past.inspector_id,
                        "recorded_at": past.recorded_at,
                    }
                )
                for past in history
            ),
        }
    )


async def load_items(case: Case) -> Sequence[WorkItem]:
    """Every work item, by id."""
    return (
        await case.session.scalars(
            select(WorkItem)
            .where(WorkItem.renovation_id == case.renovation.id)
            .order_by(WorkItem.id)
        )
    ).all()


async def items_of(case: Case, contract: Contract) -> Sequence[WorkItem]:
    """The work items of a contract, by id: all that had not passed under an earlier one."""
    rows = await case.session.scalars(
        select(WorkItem)
        .outerjoin(Contract, Contract.id == WorkItem.contract_id)
        .where(
            WorkItem.renovation_id == case.renovation.id,
            or_(WorkItem.contract_id.is_(None), Contract.works_round >= contract.works_round),
        )
        .order_by(WorkItem.id)
    )
    return rows.all()


async def load_states(case: Case) -> dict[str, ItemState]:
    """The state of every work item, by its planned id."""
    return {planned_id(case, row.id): ItemState(row.state) for row in await load_items(case)}


async def count_items(case: Case) -> int:
    """How many work items there are."""
    return (
        await case.session.scalar(
            select(func.count())
            .select_from(WorkItem)
            .where(WorkItem.renovation_id == case.renovation.id)
        )
        or 0
    )


async def take_over(case: Case, contract: Contract) -> int:
    """The contract takes the items that nobody builds; how many they are."""
    taken = await case.session.execute(
        update(WorkItem)
        .where(
            WorkItem.renovation_id == case.renovation.id,
            WorkItem.contract_id.is_(None),
            WorkItem.state == ItemState.PLANNED,
        )
        .values(contract_id=contract.id)
        .returning(WorkItem.id)
    )
    return len(taken.all())


async def rectifications(case: Case) -> dict[str, datetime]:
    """The rejected items with their deadlines (case time): each runs from its last failure."""
    rows = await case.session.execute(
        select(WorkItem.id, func.max(Inspection.recorded_at))
        .join(Inspection, Inspection.item_id == WorkItem.id)
        .where(
            WorkItem.renovation_id == case.renovation.id,
            WorkItem.state == ItemState.REJECTED,
            Inspection.outcome == "FAIL",
        )
        .group_by(WorkItem.id)
        .order_by(WorkItem.id)
    )
    return {
        item_id: case.ends(failed_at, case.timetable.rectification_period)
        for item_id, failed_at in rows
    }


async def works_state(case: Case) -> WorksState:
    """How many items are in which state, and what the renovation waits for because of them."""
    await case.session.flush()
    found = await case.session.execute(BY_STATE, {"renovation": case.renovation.id})
    number = {ItemState(state): count for state, count in found}
    running = await rectifications(case)
    contract = await current_contract(case)
    cures = await load_cures(case, contract)
    if contract is not None and not cures:
        # What was in default has been put right: nobody has to decide what follows.
        contract.decide_by = None
    asked = None if contract is None else contract.decide_by
    missing = await awaited_parts(case)
    ends = [] if asked else [until for until in cures.values() if until is not None]
    works = WorksState(
        open_items=sum(number.get(state, 0) for state in OPEN_ITEMS),
        passed_items=number.get(ItemState.PASSED, 0),
        default_items=number.get(ItemState.DEFAULT, 0),
        overdue_at=min(running.values(), default=None),
        unnoticed_items=sum(until is None for until in cures.values()),
        cure_until=min(ends, default=None),
        idle_at=standstill.idle_at(case, contract, number, len({part.work_id for part in missing})),
    )
    await _await_works(case, works, contract, running, cures, missing)
    return works


async def load_cures(case: Case, contract: Contract | None) -> dict[str, datetime | None]:
    """The items in default by their planned ids, with the end of their notice to cure (case time).

    `contract` is the one under which the works are done. Works that stand still and have such a notice are among them, under the name `STANDSTILL`.
    """
    found = await case.session.execute(
        select(WorkItem.id, WorkItem.cure_until)
        .where(WorkItem.renovation_id == case.renovation.id, WorkItem.state == ItemState.DEFAULT)
        .order_by(WorkItem.id)
    )
    cures = {planned_id(case, item_id): until for item_id, until in found}
    if contract is not None and contract.cure_until is not None:
        cures[standstill.STANDSTILL] = contract.cure_until
    return cures


async def _await_works(
    case: Case,
    works: WorksState,
    contract: Contract | None,
    running: dict[str, datetime],
    cures: dict[str, datetime | None],
    missing: Sequence[OccupiedPart],
) -> None:
    """The works go on, beside what is put right, what is to be cured, and what is to be decided."""
    if works.acceptable:
        case.wait_for("accept_works")
        return
    # Whenever something is reported, the works go on; what the engine does starts no new silence.
    due_at = standstill.works_due(case, contract)
    stands = contract is not None and due_at is not None and contract.moved_at != case.now
    who = who_does("report_item", "record_inspection")
    case.wait_for("works", due_at, since=None if stands else case.now, who=who)
    case.renovation.due_at = works.overdue_at or works.cure_until or case.renovation.due_at
    case.await_too(
        *(_rectification(case, item_id, at) for item_id, at in running.items()),
        *[_inspection(case, row) for row in await _reported(case)],
        *await_consents(case, missing),
    )
    if works.idle_at is not None:
        case.await_too(standstill.standing_still(works.idle_at))
    asked = None if contract is None else contract.decide_by
    if asked is not None:
        case.renovation.waiting_for, case.renovation.due_at = "terminate_contract", asked
        case.await_too(case.wait("terminate_contract", asked))
    else:
        case.await_too(*(_cure(item, at) for item, at in cures.items() if at is not None))
    if works.unnoticed_items:
        case.await_too(at_work(ENGINE, case.now))


def _cure(item: str, until: datetime) -> Wait:
    return Wait(
        what="cure",
        subject=item,
        due_at=until,
        who=who_does("report_rectified"),
        consequence=Consequence.TERMINATION_ASKED,
    )


async def _reported(case: Case) -> Sequence[WorkItem]:
    query = select(WorkItem).where(
        WorkItem.renovation_id == case.renovation.id, WorkItem.state == ItemState.REPORTED
    )
    return (await case.session.scalars(query.order_by(WorkItem.id))).all()


def _inspection(case: Case, row: WorkItem) -> Wait:
    """Concealed works are looked at within the hours of their notice (GF-2017-0201), others in days."""
    hours = case.timetable.concealed_notice_hours
    due_at = hours_after(case.now, hours) if row.concealed else None
    return case.wait("record_inspection", due_at, subject=planned_id(case, row.id))


def _rectification(case: Case, item_id: str, due_at: datetime) -> Wait:
    return Wait(
        what="rectification",
        subject=planned_id(case, item_id),
        due_at=due_at,
        who=who_does("report_rectified"),
        consequence=Consequence.CONTRACTOR_DEFAULT,
    )


async def next_number(case: Case, table: type[Inspection] | type[Certificate]) -> int:
    """The next number in this renovation; its row is locked, so nobody else counts now."""
    seen = await case.session.scalar(
        select(func.count()).select_from(table).where(table.renovation_id == case.renovation.id)
    )
    return (seen or 0) + 1


async def add_inspection(case: Case, row: WorkItem, number: int, act: RecordInspection) -> None:
    """Put an inspection of an item on record; `number` is its round."""
    case.session.add(
        Inspection(
            id=f"{case.renovation.id}.i{await next_number(case, Inspection)}",
            renovation_id=case.renovation.id,
            item_id=row.id,
            contract_id=row.contract_id,
            round=number,
            kind=act.kind,
            outcome=act.outcome,
            inspector_id=act.actor.id,
            defects=list(act.defects),
            recorded_at=case.now,
            supersedes=None,
        )
    )


async def add_acceptance(case: Case, contract: Contract, actor: Actor) -> None:
    """Put the completion acceptance on record: an inspection of the works as a whole."""
    case.session.add(
        Inspection(
            id=f"{case.renovation.id}.i{await next_number(case, Inspection)}",
            renovation_id=case.renovation.id,
            item_id=None,
            contract_id=contract.id,
            round=1,
            kind="completion",
            outcome="PASS",
            inspector_id=actor.id,
            defects=[],
            recorded_at=case.now,
            supersedes=None,
        )
    )


async def accepted_by(case: Case) -> str | None:
    """Who signed the completion acceptance; None before it."""
    found: str | None = await case.session.scalar(
        select(Inspection.inspector_id).where(
            Inspection.renovation_id == case.renovation.id,
            Inspection.kind == "completion",
            Inspection.item_id.is_(None),
        )
    )
    return found


async def accepted_at(case: Case) -> datetime:
    """When the works were accepted (case time). Refused: they are not."""
    found: datetime | None = await case.session.scalar(
        select(Inspection.recorded_at).where(
            Inspection.renovation_id == case.renovation.id,
            Inspection.kind == "completion",
            Inspection.item_id.is_(None),
        )
    )
    if found is None:
        raise refusal("inspection.not_accepted")
    return found
