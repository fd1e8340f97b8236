"""What is shown of a renovation: read by SQL, numbers and ids, never a person or a choice."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AliasChoices, Field, JsonValue
from sqlalchemy import Select, String, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Ballot,
    BallotBox,
    Contract,
    Event,
    Inspection,
    RollEntry,
    RollUnit,
    WorkItem,
)
from models.values.actor import Role
from models.values.base import Carried
from models.values.explanation import OwnPrice
from models.values.inspection import ItemState
from models.values.refusal import refusal
from models.values.states import BoxState, ContractState, RenovationState, Stage
from models.values.timetable import Timetable
from models.values.waits import Lack
from runtime.ballots.boxes import running_vote, select_boxes
from runtime.ballots.mandates import holdings
from runtime.ballots.standing import taken_part
from runtime.database import Executor, driver_connection
from runtime.record.awaited import AwaitedLine, load_awaited
from runtime.record.cases import CaseFilter, Trouble, find_cases, load_troubles
from runtime.record.consents import OccupiedPart, load_missing_consents
from runtime.record.lacks import load_lacks
from service.open_matters import (
    PublicationView,
    TicketView,
    count_open_tickets,
    load_publication,
    load_tickets,
)
from service.showing import dated, shown
from service.situation import WITH_TIME
from service.tenders import TenderView, load_tender


class BoxView(Carried):
    """A ballot box of the running vote; case time."""

    id: str
    attempt: int
    building: str = ""
    """Where only a building votes, or one entrance of it; "" for the whole estate."""
    entrance: str = ""
    state: BoxState
    opens_at: datetime
    closes_at: datetime
    motions: JsonValue
    roll_hash: str
    provisional: bool = False
    """A holiday that is not announced yet may still move the close."""
    official_by: str = ""
    """The article under which only the city's own system takes ballots on the internet: then paper counts
    and its imported result, and what is said here (`/opinions`) counts for nothing."""
    objections_until: datetime | None = None
    """After the close owners may object until then; the result is not decided before."""
    result: JsonValue = Field(default=None, validation_alias=AliasChoices("result", "tally"))
    """Per motion the tally and every check; null until the box is closed."""


class OwnPaper(BoxView):
    """A box as one who votes in it sees it."""

    units: tuple[str, ...] = ()
    """All units of the same owner: one ballot counts for them together, cast with whichever of them;
    until the close a later one replaces it."""
    cast_with: str | None = None
    """The unit with which the ballot was cast that counts so far."""
    prices: tuple[OwnPrice, ...] = ()
    """What each answer would cost this home, by the estimate; none where the roll is no longer the frozen one."""


class ContractView(Carried):
    """A contract; `works_round` 1 is for the works as planned, each later one for what was left."""

    id: str
    works_round: int
    bidder_id: str
    state: ContractState
    value_fen: int
    decide_by: datetime | None
    """Until then it is to be decided whether it is terminated, its default was not cured in time."""
    start_by: datetime | None = None
    """Its works begin until then; null in contracts of earlier releases."""


class WorksView(Carried):
    """How many work items are in which state."""

    state: ItemState
    items: int


class RenovationLine(Carried):
    """One line of the list of renovations."""

    id: str
    title: str
    place_path: str
    stage: Stage
    state: RenovationState
    waiting_for: str
    due_at: datetime | None
    provisional: bool = False
    """A holiday that is not announced yet may still move `due_at`."""


class ListedRenovation(RenovationLine):
    """A line with who is awaited and what needs attention; `cursor` as `after` asks for what follows."""

    awaited: tuple[AwaitedLine, ...]
    needs_attention: tuple[Trouble, ...]
    cursor: str


class RenovationView(RenovationLine):
    """Where a renovation stands. Moments are case time unless said otherwise."""

    estate_id: str
    rule_pack: str
    case_now: datetime
    clock: Literal["wall", "told"]
    """"told": the clock moves only when somebody moves it, as in a training case."""
    sandbox: bool
    """Nothing of it is real: a told case, or one whose clock ran fast in an earlier release."""
    events: int
    workflow_id: str
    stage_workflow_id: str
    opened_at: datetime
    closed_at: datetime | None
    suspended_at: datetime | None = None
    """Since then it stands still, its periods with it."""
    box: BoxView | None
    other_boxes: tuple[BoxView, ...] = ()
    """Those of the same vote in which a building or an entrance votes, beside the first."""
    tender: TenderView | None
    contract_value_fen: int | None
    awaited: tuple[AwaitedLine, ...] = ()
    """Everybody who is awaited; whoever is late has `late_since`, with what happens next."""
    """Of the latest contract."""
    contracts: tuple[ContractView, ...] = ()
    """Every contract, one after the other."""
    needs_attention: tuple[Trouble, ...] = ()
    """Steps that broke and are still to be cured, the oldest first."""
    consents_missing: tuple[OccupiedPart, ...] = ()
    """Works that occupy part of a unit whose owner has not consented: they are not inspected."""
    lacks: tuple[Lack, ...] = ()
    """Who is missing for the stage that is on: acts that nobody may do yet, too few bidders, nobody to
    be the second person."""
    publication: PublicationView | None
    """The one that was posted last and is still open."""
    works: tuple[WorksView, ...]
    tickets: tuple[TicketView, ...]
    """The newest fifty."""
    open_tickets: int


class WorkItemView(Carried):
    """A work item, its state, and how often it was inspected; value in fen; until `cure_until` a default may be cured."""

    id: str
    building: str
    title: str
    concealed: bool
    value_fen: int
    state: ItemState
    contract_id: str | None
    """The contract under which it is built; null while it is still to be tendered again."""
    cure_until: datetime | None
    inspections: int


class Turnout(Carried):
    """Who has taken part so far, in heads and area (dm2); never how. `counted_at` is real time."""

    box_id: str
    roll_heads: int
    roll_area_dm2: int
    participating_heads: int
    participating_area_dm2: int
    mandates: int = 0
    """Mandates in force; of whom is for the owners of the vote (`…/mandates/agents`)."""
    largest_holding: int = 0
    """So many owners are with the agent who has the most."""
    counted_at: datetime


class EventView(Carried):
    """One event of the record, with the hashes that prove its place."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: Role
    actor_label: str
    actor_place: str
    on_behalf_of: str | None
    details: JsonValue
    rule_pack: str
    workflow_id: str
    prev_hash: str
    hash: str


async def list_renovations(
    session: AsyncSession, wanted: CaseFilter, after: str, limit: int
) -> tuple[ListedRenovation, ...]:
    """A page of the renovations that are asked for, see `find_cases`."""
    found = await find_cases(await driver_connection(session), wanted, limit, after)
    return tuple(shown(ListedRenovation, case) for case in found)


async def load_renovation(session: AsyncSession, renovation_id: str) -> RenovationView:
    """Everything a page or a driver needs to know about one renovation.

    Raises:
        Refused: `renovation.unknown`.
    """
    found = (await session.execute(WITH_TIME, {"renovation": renovation_id})).one_or_none()
    if found is None:
        raise refusal("renovation.unknown", where=renovation_id)
    row, told, now = found
    contracts = await _contracts(session, row.id)
    driver, zone = await driver_connection(session), Timetable.model_validate(row.timetable).zone
    troubles = await load_troubles(driver, [row.id])
    awaited = await load_awaited(driver, [row.id])
    running = await session.execute(RUNNING_BOXES, {"renovation": row.id})
    boxes = [dated(BoxView, box, box.closes_at, zone) for box in running]
    return RenovationView(
        **dated(RenovationLine, row, row.due_at, zone).model_dump(),
        awaited=awaited.get(row.id, ()),
        estate_id=row.estate_id,
        rule_pack=row.rule_pack,
        case_now=now,
        clock="told" if told else "wall",
        sandbox=told or bool(row.clock),
        events=row.head_seq,
        workflow_id=row.workflow_id,
        stage_workflow_id=row.stage_workflow_id,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        suspended_at=row.suspended_at,
        box=boxes[0] if boxes else None,
        other_boxes=tuple(boxes[1:]),
        tender=await load_tender(session, row.id, zone),
        contract_value_fen=contracts[-1].value_fen if contracts else None,
        contracts=contracts,
        needs_attention=troubles.get(row.id, ()),
        consents_missing=await load_missing_consents(driver, row.id),
        lacks=await load_lacks(driver, row.id, row.place_path, row.stage, row.state),
        publication=await load_publication(session, row.id, zone),
        works=await _works(session, row.id),
        tickets=await load_tickets(session, row.id, zone),
        open_tickets=await count_open_tickets(session, row.id),
    )


async def list_works(session: AsyncSession, renovation_id: str) -> tuple[WorkItemView, ...]:
    """Every work item, by building; none before the works begin."""
    counted = (
        select(func.count()).where(Inspection.item_id == WorkItem.id).correlate(WorkItem)
    ).scalar_subquery()
    rows = await session.execute(
        select(WorkItem, counted)
        .where(WorkItem.renovation_id == renovation_id)
        .order_by(WorkItem.building, WorkItem.id)
    )
    return tuple(
        WorkItemView(
            id=item.id.removeprefix(f"{renovation_id}."),
            building=item.building,
            title=item.title,
            concealed=item.concealed,
            value_fen=item.value_fen,
            state=item.state,
            contract_id=item.contract_id,
            cure_until=item.cure_until,
            inspections=inspections,
        )
        for item, inspections in rows
    )


async def turnout_of(session: AsyncSession, box: BallotBox) -> Turnout:
    """Participation in a box. What is contested takes no part."""
    found = await taken_part(session, box.id)
    held = await holdings(session, box.id)
    return Turnout(
        box_id=box.id,
        roll_heads=found.roll_heads,
        roll_area_dm2=found.roll_area_dm2,
        participating_heads=found.heads,
        participating_area_dm2=found.area_dm2,
        mandates=sum(held),
        largest_holding=max(held, default=0),
        counted_at=found.counted_at,
    )


def _own_papers() -> Select[*tuple[Any, ...]]:
    """The boxes of the running vote of :renovation in which :unit has a vote; made once, every page asks it."""
    last = (
        select(Ballot.unit_number)
        .where(Ballot.box_id == RollEntry.box_id, Ballot.entry_id == RollEntry.entry_id)
        .order_by(Ballot.seq.desc())
        .limit(1)
        .correlate(RollEntry)
        .scalar_subquery()
    )
    renovation = bindparam("renovation", type_=String)
    return (
        select_boxes(renovation, running_vote(renovation))
        .with_only_columns(*BOX_COLUMNS, RollEntry.units, last.label("cast_with"))
        .join(RollUnit, RollUnit.box_id == BallotBox.id)
        .join(
            RollEntry,
            (RollEntry.box_id == RollUnit.box_id) & (RollEntry.entry_id == RollUnit.entry_id),
        )
        .where(RollUnit.unit_number == bindparam("unit"), RollEntry.excluded_reason.is_(None))
    )


BOX_COLUMNS = (
    *(BallotBox.id, BallotBox.attempt, BallotBox.building, BallotBox.entrance, BallotBox.state),
    *(BallotBox.opens_at, BallotBox.closes_at, BallotBox.motions, BallotBox.roll_hash),
    *(BallotBox.official_by, BallotBox.objections_until, BallotBox.tally),
)
"""What a `BoxView` says; the rest of a box is long and nobody's page."""
OWN_PAPERS = _own_papers()
_OF_CASE = bindparam("renovation", type_=String)
RUNNING_BOXES = select_boxes(_OF_CASE, running_vote(_OF_CASE)).with_only_columns(*BOX_COLUMNS)
CONTRACTS = (
    select(Contract).where(Contract.renovation_id == _OF_CASE).order_by(Contract.works_round)
)
WORKS = (
    select(WorkItem.state, func.count())
    .where(WorkItem.renovation_id == _OF_CASE)
    .group_by(WorkItem.state)
    .order_by(WorkItem.state)
)
"""What everybody who looks at a case asks; made once."""


async def list_papers(
    reading: Executor, renovation_id: str, unit_number: str
) -> tuple[OwnPaper, ...]:
    """The boxes of the running vote in which a unit has a vote, with the units it votes together with."""
    given = {"renovation": renovation_id, "unit": unit_number}
    return tuple(shown(OwnPaper, row) for row in await reading.execute(OWN_PAPERS, given))


async def list_events(
    session: AsyncSession, renovation_id: str, after: int, limit: int, until: int | None = None
) -> tuple[EventView, ...]:
    """The events after `after`, in order, none after `until`."""
    rows = await session.scalars(
        select(Event)
        .where(
            Event.renovation_id == renovation_id,
            Event.seq > after,
            true() if until is None else Event.seq <= until,
        )
        .order_by(Event.seq)
        .limit(limit)
    )
    return tuple(shown(EventView, row) for row in rows)


async def _contracts(session: AsyncSession, rid: str) -> tuple[ContractView, ...]:
    rows = await session.scalars(CONTRACTS, {"renovation": rid})
    return tuple(shown(ContractView, row) for row in rows)


async def _works(session: AsyncSession, rid: str) -> tuple[WorksView, ...]:
    rows = await session.execute(WORKS, {"renovation": rid})
    return tuple(WorksView(state=state, items=items) for state, items in rows)
