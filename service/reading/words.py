"""What people wrote and were answered: publications, objections, complaints, for whom each may read."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    BallotBox,
    Event,
    Notice,
    Objection,
    Publication,
    Ticket,
    VoteObjection,
)
from models.values.base import Carried
from models.values.states import ObjectionState, PublicationState, TicketState
from service.access.sold import sold_at
from service.http.keysets import behind
from service.http.paging import Slice
from service.reading.parties import not_about
from service.reading.shaping import Viewer, view_for
from service.showing import dated, shown
from service.situation import Situation

OVER = (TicketState.CLOSED, TicketState.REFERRED)


class PostedView(Carried):
    """Something that is or was posted (公示), with its content and how it ended. Case time."""

    id: str
    subject: str
    content: JsonValue
    opens_at: datetime
    closes_at: datetime
    provisional: bool = False
    """A holiday that is not announced yet may still move the end."""
    state: PublicationState
    outcome: str | None
    objections: int = 0
    unanswered: int = 0


class ObjectionView(Carried):
    """An objection to what was posted. Its words, who filed it and the answer are for whoever filed it
    and for whom must answer; null for all others.
    """

    id: str
    publication_id: str
    filed_at: datetime
    state: ObjectionState
    upheld: bool | None
    answered_at: datetime | None
    unit_number: str | None
    filed_by: str | None
    """Where it was not filed for a unit: the actor."""
    text: str | None
    answer: str | None
    answered_by: str | None


class TicketWords(Carried):
    """A complaint or a suggestion. Its words, its unit and the answers are for whoever wrote it and for
    whom must answer; null for all others. Of a confidential one nobody reads the unit but the home.
    """

    id: str
    kind: str
    level: str
    state: TicketState
    opened_at: datetime
    due_at: datetime
    provisional: bool = False
    resolved_at: datetime | None
    reopened: int
    confidential: bool | None
    unit_number: str | None
    about_unit: str | None
    """The home that it complains about, which reads nothing of it."""
    about_firm: str | None
    text: str | None
    answers: tuple[str, ...] | None = None
    """The last one is the answer that stands."""
    satisfied: bool | None


class TicketAnswer(Carried):
    """One of the answers to a ticket, as its complainant was told it."""

    text: str
    answered_at: datetime


class VoteObjectionView(Carried):
    """An owner's objection in the time after a vote; `entry_id` is the line of the roll."""

    box_id: str
    entry_id: str
    unit_number: str
    objected_at: datetime


async def list_publications(session: AsyncSession, situation: Situation) -> tuple[PostedView, ...]:
    """Everything that was posted in a case, in its order, with how many objections there were."""
    counted = select(
        Objection.publication_id,
        func.count().label("objections"),
        func.count().filter(Objection.answered_at.is_(None)).label("unanswered"),
    ).group_by(Objection.publication_id)
    of_each = {row.publication_id: row for row in await session.execute(counted)}
    rows = await session.scalars(
        select(Publication)
        .where(Publication.renovation_id == situation.id)
        .order_by(Publication.opens_at, Publication.id)
    )
    zone = situation.timetable.zone
    return tuple(
        _counted(dated(PostedView, row, row.closes_at, zone), of_each.get(row.id)) for row in rows
    )


def _counted(view: PostedView, counts: object) -> PostedView:
    names = ("objections", "unanswered")
    return view.model_copy(update={name: getattr(counts, name, 0) for name in names})


async def list_objections(
    session: AsyncSession,
    situation: Situation,
    viewer: Viewer,
    part: Slice,
    publication: str | None = None,
) -> tuple[ObjectionView, ...]:
    """The objections of a case, or to one publication, in the order in which they came.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = select(Objection).join(Publication, Publication.id == Objection.publication_id)
    query = query.where(Publication.renovation_id == situation.id)
    if publication is not None:
        query = query.where(Publication.id == publication)
    order = (Objection.filed_at, Objection.id)
    query = query.where(*behind(order, part)).order_by(*order).limit(part.limit)
    rows = (await session.scalars(query)).all()
    authors = await _authors(session, [row.command_id for row in rows])
    own = await _own(session, situation, viewer, authors)
    return tuple(_objection(row, viewer, authors, own) for row in rows)


def _objection(
    row: Objection, viewer: Viewer, authors: dict[str, tuple[str, datetime]], own: frozenset[str]
) -> ObjectionView:
    actor = authors.get(row.command_id, ("", row.recorded_at))[0]
    named = {name: getattr(row, name) for name in ObjectionView.model_fields if hasattr(row, name)}
    whole = ObjectionView(**named, filed_by=None if row.unit_number else actor or None)
    return view_for(viewer.as_author() if row.command_id in own else viewer.reader, whole)


async def list_tickets(
    session: AsyncSession,
    situation: Situation,
    viewer: Viewer,
    part: Slice,
    *,
    waiting: bool = False,
) -> tuple[TicketWords, ...]:
    """The complaints and suggestions of a case in the order in which they came, or those not yet closed.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = select(Ticket).where(Ticket.renovation_id == situation.id, *not_about(viewer))
    if waiting:
        query = query.where(Ticket.state.not_in(OVER))
    order = (Ticket.opened_at, Ticket.id)
    query = query.where(*behind(order, part)).order_by(*order).limit(part.limit)
    rows = (await session.scalars(query)).all()
    authors = await _authors(session, [row.command_id for row in rows])
    since = await sold_at(session, situation.id, viewer.unit_number or "")
    answers = await answers_of(session, situation.id, [row.id for row in rows])
    return tuple(
        _ticket(
            row,
            viewer,
            tuple(each.text for each in answers.get(row.id, ())),
            situation.timetable.zone,
            own=viewer.unit_number is not None
            and row.unit_number == viewer.unit_number
            and _after(authors.get(row.command_id), since),
        )
        for row in rows
    )


def _ticket(
    row: Ticket, viewer: Viewer, answers: tuple[str, ...], zone: str, *, own: bool
) -> TicketWords:
    whole = dated(TicketWords, row, row.due_at, zone).model_copy(update={"answers": answers})
    if row.confidential and not own:
        whole = whole.model_copy(update={"unit_number": None})
    return view_for(viewer.as_author() if own else viewer.reader, whole)


async def list_vote_objections(
    session: AsyncSession, situation: Situation
) -> tuple[VoteObjectionView, ...]:
    """Who objected after the votes of a case, in the order in which they did."""
    boxes = select(BallotBox.id).where(BallotBox.renovation_id == situation.id)
    rows = await session.scalars(
        select(VoteObjection)
        .where(VoteObjection.box_id.in_(boxes))
        .order_by(VoteObjection.objected_at, VoteObjection.unit_number)
    )
    return tuple(shown(VoteObjectionView, row) for row in rows)


async def answers_of(
    session: AsyncSession, renovation_id: str, tickets: Sequence[str]
) -> dict[str, tuple[TicketAnswer, ...]]:
    """The answers to each ticket, as its complainant was told them, the last one last."""
    ticket = Notice.params["ticket"].astext
    rows = await session.execute(
        select(ticket, Notice.params["answer"].astext, Notice.created_at)
        .where(
            Notice.renovation_id == renovation_id,
            Notice.template == "ticket_answered",
            ticket.in_(tickets),
        )
        .order_by(Notice.created_at, Notice.queued_at)
    )
    found: dict[str, tuple[TicketAnswer, ...]] = {}
    for name, text, answered_at in rows:
        told = TicketAnswer(text=text or "", answered_at=answered_at)
        found[name] = (*found.get(name, ()), told)
    return found


async def _authors(
    session: AsyncSession, commands: Sequence[str]
) -> dict[str, tuple[str, datetime]]:
    """Who is on record for each command, and when by the database's clock."""
    rows = await session.execute(
        select(Event.command_id, Event.actor_id, Event.recorded_at).where(
            Event.command_id.in_(commands)
        )
    )
    return {command: (actor, at) for command, actor, at in rows}


async def _own(
    session: AsyncSession,
    situation: Situation,
    viewer: Viewer,
    authors: dict[str, tuple[str, datetime]],
) -> frozenset[str]:
    """The commands that the viewer has sent; of a unit that was sold, its owner of today."""
    since = await sold_at(session, situation.id, viewer.unit_number or "")
    return frozenset(
        command
        for command, said in authors.items()
        if viewer.sender and said[0] == viewer.sender and _after(said, since)
    )


def _after(said: tuple[str, datetime] | None, since: datetime | None) -> bool:
    return since is None or (said is not None and said[1] > since)
