"""What the counter shows of a renovation: SQL only, numbers and ids, never a person or a choice."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Contract,
    Event,
    Publication,
    Renovation,
    Tender,
    Ticket,
    WorkItem,
)
from models.values.base import Carried
from runtime.ballots.boxes import box_of_running_vote
from runtime.ballots.standing import taken_part
from service.situation import with_time

TICKETS = 50


class BoxView(Carried):
    """The ballot box of the running vote; case time."""

    id: str
    attempt: int
    state: str
    opens_at: datetime
    closes_at: datetime
    motions: JsonValue
    roll_hash: str
    result: JsonValue = None
    """Per motion the tally and every check; null until the box is closed."""


class TenderView(Carried):
    """The latest tender; case time."""

    id: str
    round: int
    state: str
    notice_at: datetime
    deadline_at: datetime
    ceiling_fen: int


class PublicationView(Carried):
    """Something that is posted now."""

    id: str
    subject: str
    opens_at: datetime
    closes_at: datetime
    content: JsonValue


class TicketView(Carried):
    """A complaint and the level that has to answer it; never its text."""

    id: str
    kind: str
    level: str
    state: str
    due_at: datetime


class WorksView(Carried):
    """How many work items are in which state."""

    state: str
    items: int


class RenovationLine(Carried):
    """One line of the list of renovations."""

    id: str
    title: str
    place_path: str
    stage: str
    state: str
    waiting_for: str
    due_at: datetime | None


class RenovationView(RenovationLine):
    """Where a renovation stands. Moments are case time unless said otherwise."""

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
    box: BoxView | None
    tender: TenderView | None
    contract_value_fen: int | None
    publication: PublicationView | None
    """The one that was posted last and is still open."""
    works: tuple[WorksView, ...]
    tickets: tuple[TicketView, ...]
    """The newest fifty."""
    open_tickets: int


class Turnout(Carried):
    """Who has taken part so far, in heads and area (dm2); never how. `counted_at` is real time."""

    box_id: str
    roll_heads: int
    roll_area_dm2: int
    participating_heads: int
    participating_area_dm2: int
    counted_at: datetime


class EventView(Carried):
    """One event of the record, with the hashes that prove its place."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: str
    actor_label: str
    actor_place: str
    on_behalf_of: str | None
    details: JsonValue
    rule_pack: str
    workflow_id: str
    prev_hash: str
    hash: str


def line_of(row: Renovation) -> RenovationLine:
    """The row as a line of the list."""
    return RenovationLine(
        id=row.id,
        title=row.title,
        place_path=row.place_path,
        stage=row.stage,
        state=row.state,
        waiting_for=row.waiting_for,
        due_at=row.due_at,
    )


async def list_of(session: AsyncSession, after: str, limit: int) -> tuple[RenovationLine, ...]:
    """The renovations with ids above `after`, by id."""
    rows = await session.scalars(
        select(Renovation).where(Renovation.id > after).order_by(Renovation.id).limit(limit)
    )
    return tuple(line_of(row) for row in rows)


async def view_of(session: AsyncSession, renovation_id: str) -> RenovationView | None:
    """Everything a page or a driver needs to know about one renovation; None: there is none."""
    found = (await session.execute(with_time().where(Renovation.id == renovation_id))).one_or_none()
    if found is None:
        return None
    row, told, now = found
    contract = await session.scalar(
        select(Contract.value_fen).where(Contract.renovation_id == row.id)
    )
    return RenovationView(
        **line_of(row).model_dump(),
        rule_pack=row.rule_pack,
        case_now=now,
        clock="told" if told else "wall",
        sandbox=told or bool(row.clock),
        events=row.head_seq,
        workflow_id=row.workflow_id,
        stage_workflow_id=row.stage_workflow_id,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        box=await _box(session, row.id),
        tender=await _tender(session, row.id),
        contract_value_fen=contract,
        publication=await _publication(session, row.id),
        works=await _works(session, row.id),
        tickets=await _tickets(session, row.id),
        open_tickets=await _open_tickets(session, row.id),
    )


async def turnout_of(session: AsyncSession, renovation_id: str) -> Turnout | None:
    """Participation in the running vote; None before there is one. What is contested takes no part."""
    box = await box_of_running_vote(session, renovation_id)
    if box is None:
        return None
    found = await taken_part(session, box.id)
    return Turnout(
        box_id=box.id,
        roll_heads=found.roll_heads,
        roll_area_dm2=found.roll_area_dm2,
        participating_heads=found.heads,
        participating_area_dm2=found.area_dm2,
        counted_at=found.counted_at,
    )


async def events_of(
    session: AsyncSession, renovation_id: str, after: int, limit: int
) -> tuple[EventView, ...]:
    """The events after `after`, in order."""
    rows = await session.scalars(
        select(Event)
        .where(Event.renovation_id == renovation_id, Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    fields = EventView.model_fields
    return tuple(
        EventView.model_validate({name: getattr(row, name) for name in fields}) for row in rows
    )


async def _box(session: AsyncSession, rid: str) -> BoxView | None:
    row = await box_of_running_vote(session, rid)
    if row is None:
        return None
    return BoxView(
        id=row.id,
        attempt=row.attempt,
        state=row.state,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        motions=row.motions,
        roll_hash=row.roll_hash,
        result=row.tally,
    )


async def _tender(session: AsyncSession, rid: str) -> TenderView | None:
    row = await session.scalar(
        select(Tender).where(Tender.renovation_id == rid).order_by(Tender.round.desc()).limit(1)
    )
    if row is None:
        return None
    return TenderView(
        id=row.id,
        round=row.round,
        state=row.state,
        notice_at=row.notice_at,
        deadline_at=row.deadline_at,
        ceiling_fen=row.ceiling_fen,
    )


async def _publication(session: AsyncSession, rid: str) -> PublicationView | None:
    row = await session.scalar(
        select(Publication)
        .where(Publication.renovation_id == rid, Publication.state == "open")
        .order_by(Publication.opens_at.desc())
        .limit(1)
    )
    if row is None:
        return None
    return PublicationView(
        id=row.id,
        subject=row.subject,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        content=row.content,
    )


async def _works(session: AsyncSession, rid: str) -> tuple[WorksView, ...]:
    rows = await session.execute(
        select(WorkItem.state, func.count())
        .where(WorkItem.renovation_id == rid)
        .group_by(WorkItem.state)
        .order_by(WorkItem.state)
    )
    return tuple(WorksView(state=state, items=items) for state, items in rows)


async def _tickets(session: AsyncSession, rid: str) -> tuple[TicketView, ...]:
    rows = await session.scalars(
        select(Ticket)
        .where(Ticket.renovation_id == rid)
        .order_by(Ticket.opened_at.desc(), Ticket.id)
        .limit(TICKETS)
    )
    return tuple(
        TicketView(id=row.id, kind=row.kind, level=row.level, state=row.state, due_at=row.due_at)
        for row in rows
    )


async def _open_tickets(session: AsyncSession, rid: str) -> int:
    found = await session.scalar(
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.renovation_id == rid, Ticket.state.not_in(("closed", "referred")))
    )
    return found or 0
