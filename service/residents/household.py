"""What a home reads of its own: its share as computed today, what it paid, what it said and was answered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Event,
    Instalment,
    Notice,
    Objection,
    OwnerReplacement,
    Payment,
    Publication,
    Refund,
    ShareTotal,
    Ticket,
)
from models.values.base import Carried
from models.values.states import ObjectionState, TicketState
from service.showing import shown

BASES = ("settlement", "award", "estimate")
"""Of these the first that is there is what the home owes today."""


class InstalmentView(Carried):
    """One part of the share, in fen, and the case time by which it is due."""

    number: int
    due_at: datetime
    amount_fen: int


class OwnTicket(Carried):
    """A complaint of this home, in its own words, with the last answer; "" where there is none yet."""

    id: str
    kind: str
    text: str
    state: TicketState
    opened_at: datetime
    due_at: datetime
    answer: str = ""


class OwnObjection(Carried):
    """An objection of this home against something that was posted, with its answer."""

    id: str
    publication_id: str
    text: str
    filed_at: datetime
    state: ObjectionState
    upheld: bool | None
    answer: str | None
    answered_at: datetime | None


class HouseholdView(Carried):
    """What a home reads of its own in one renovation. Money in fen, moments in case time.

    `basis` says by what the share was computed: the "estimate", the "award", or the "settlement" of a
    renovation that was cancelled; "" before there is one. Nothing from before a sale is shown to the buyer.
    """

    unit_number: str
    basis: str
    share_fen: int
    paid_fen: int
    """From every source, reliefs and subsidies too."""
    refund_fen: int
    instalments: tuple[InstalmentView, ...]
    tickets: tuple[OwnTicket, ...]
    objections: tuple[OwnObjection, ...]


async def load_household(session: AsyncSession, rid: str, unit: str) -> HouseholdView:
    """The view of one unit; empty where nothing was computed or said."""
    totals = await session.execute(
        select(ShareTotal.basis, ShareTotal.amount_fen).where(
            ShareTotal.renovation_id == rid, ShareTotal.unit_number == unit
        )
    )
    owed: dict[str, int] = {row.basis: row.amount_fen for row in totals}
    basis = next((each for each in BASES if each in owed), "")
    parts = await session.scalars(
        select(Instalment)
        .where(Instalment.renovation_id == rid, Instalment.unit_number == unit)
        .order_by(Instalment.number)
    )
    since = await session.scalar(
        select(func.max(OwnerReplacement.recorded_at)).where(
            OwnerReplacement.renovation_id == rid, OwnerReplacement.unit_number == unit
        )
    )
    return HouseholdView(
        unit_number=unit,
        basis=basis,
        share_fen=owed.get(basis, 0),
        paid_fen=await _sum(session, Payment, rid, unit),
        refund_fen=await _sum(session, Refund, rid, unit),
        instalments=tuple(shown(InstalmentView, part) for part in parts),
        tickets=await _tickets(session, rid, unit, since),
        objections=await _objections(session, rid, unit, since),
    )


async def _sum(
    session: AsyncSession, table: type[Payment] | type[Refund], rid: str, unit: str
) -> int:
    total = select(func.coalesce(func.sum(table.amount_fen), 0))
    query = total.where(table.renovation_id == rid, table.unit_number == unit)
    return int(await session.scalar(query) or 0)


async def _tickets(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[OwnTicket, ...]:
    query = select(Ticket).where(Ticket.renovation_id == rid, Ticket.unit_number == unit)
    if since is not None:
        query = query.join(Event, Event.command_id == Ticket.command_id)
        query = query.where(Event.recorded_at > since)
    rows = (await session.scalars(query.order_by(Ticket.opened_at.desc(), Ticket.id))).all()
    answers = await _answers(session, rid, [row.id for row in rows])
    return tuple(
        shown(OwnTicket, row).model_copy(update={"answer": answers.get(row.id, "")}) for row in rows
    )


async def _answers(session: AsyncSession, rid: str, tickets: Sequence[str]) -> dict[str, str]:
    """The last answer to each ticket, as its complainant was told it."""
    ticket = Notice.params["ticket"].astext
    rows = await session.execute(
        select(ticket, Notice.params["answer"].astext)
        .where(
            Notice.renovation_id == rid,
            Notice.template == "ticket_answered",
            ticket.in_(tickets),
        )
        .order_by(Notice.created_at)
    )
    return {name: answer or "" for name, answer in rows}


async def _objections(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[OwnObjection, ...]:
    query = (
        select(Objection)
        .join(Publication, Publication.id == Objection.publication_id)
        .where(Publication.renovation_id == rid, Objection.unit_number == unit)
        .order_by(Objection.filed_at.desc(), Objection.id)
    )
    if since is not None:
        query = query.where(Objection.recorded_at > since)
    return tuple(shown(OwnObjection, row) for row in await session.scalars(query))
