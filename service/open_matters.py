"""What of a renovation is open to everybody: the publication, and the complaints."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import String, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.publication import Subject
from models.tables import Publication, Ticket
from models.values.base import Carried
from models.values.states import PublicationState, TicketState
from service.showing import dated

TICKETS = 50
_OF_CASE = bindparam("renovation", type_=String)
POSTED = (
    select(Publication)
    .where(Publication.renovation_id == _OF_CASE, Publication.state == PublicationState.OPEN)
    .order_by(Publication.opens_at.desc())
)
NEWEST_TICKETS = (
    select(Ticket)
    .where(Ticket.renovation_id == _OF_CASE)
    .order_by(Ticket.opened_at.desc(), Ticket.id)
    .limit(TICKETS)
)
OPEN_TICKETS = (
    select(func.count())
    .select_from(Ticket)
    .where(
        Ticket.renovation_id == _OF_CASE,
        Ticket.state.not_in((TicketState.CLOSED, TicketState.REFERRED)),
    )
)
"""Made once: whoever looks at a case asks them."""


class PublicationView(Carried):
    """Something that is posted now."""

    id: str
    subject: Subject
    opens_at: datetime
    closes_at: datetime
    content: JsonValue
    provisional: bool = False
    """A holiday that is not announced yet may still move the end."""


class TicketView(Carried):
    """A complaint and the level that has to answer it; never its text."""

    id: str
    kind: str
    level: str
    state: TicketState
    due_at: datetime
    provisional: bool = False


async def load_publication(session: AsyncSession, rid: str, zone: str) -> PublicationView | None:
    """What was posted last and is still open."""
    return next(iter(await load_publications(session, rid, zone)), None)


async def load_publications(
    session: AsyncSession, rid: str, zone: str
) -> tuple[PublicationView, ...]:
    """What is posted now, the latest first."""
    rows = await session.scalars(POSTED, {"renovation": rid})
    return tuple(dated(PublicationView, row, row.closes_at, zone) for row in rows)


async def load_tickets(session: AsyncSession, rid: str, zone: str) -> tuple[TicketView, ...]:
    """The newest fifty complaints."""
    rows = await session.scalars(NEWEST_TICKETS, {"renovation": rid})
    return tuple(dated(TicketView, row, row.due_at, zone) for row in rows)


async def count_open_tickets(session: AsyncSession, rid: str) -> int:
    """How many complaints are not closed."""
    return await session.scalar(OPEN_TICKETS, {"renovation": rid}) or 0
