"""What a home reads of its own: its share as computed today and why, what it paid, said and was answered."""

from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    BallotBox,
    Event,
    Objection,
    PartConsent,
    Payment,
    Publication,
    Refund,
    Relief,
    SurveyAnswer,
    Ticket,
    Unit,
    VoteObjection,
    VoteOpinion,
)
from models.values.base import Carried
from models.values.explanation import Explanation, ShareReason
from models.values.states import ObjectionState, TicketState
from runtime.ledger.fees import fee_today
from runtime.ledger.net import load_net_paid
from service.access.sold import last_sale, sold_in_case
from service.reading.money import (
    RELIEF,
    OwedLine,
    PaymentLine,
    RefundLine,
    ReliefView,
    ShareOfItem,
    basis_and_share,
    instalments_of,
    shares_of,
)
from service.reading.reasons import list_fees, load_reasons
from service.reading.words import TicketAnswer, VoteObjectionView, answers_of
from service.showing import shown
from service.situation import Situation


class OwnUnit(Carried):
    """The unit as the roll has it; the area in 0.01 m2."""

    number: str
    building: str
    entrance: str
    floor: int
    kind: str
    area_dm2: int
    shares: int | None
    excluded_reason: str | None
    """Why it has no vote."""


class OwnTicket(Carried):
    """A complaint of this home, in its own words, with every answer to it; `answer` is the last, "" before it.

    Between two answers the home has said that the first did not help: nothing else opens a ticket again.
    """

    id: str
    kind: str
    text: str
    state: TicketState
    level: str
    """Who has to answer it."""
    opened_at: datetime
    due_at: datetime
    confidential: bool
    satisfied: bool | None
    about_unit: str | None
    about_firm: str | None
    answer: str = ""
    answers: tuple[TicketAnswer, ...] = ()


class OwnObjection(Carried):
    """An objection of this home against something that was posted, with its answer."""

    id: str
    publication_id: str
    text: str
    filed_at: datetime
    state: ObjectionState
    upheld: bool | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


class OwnConsent(Carried):
    """What the owner said last of a work that occupies part of the unit (E9)."""

    work_id: str
    given: bool
    consented_at: datetime


class OwnOpinion(Carried):
    """What the home said last where only the city's system takes its ballot: it counts for nothing."""

    box_id: str
    choices: JsonValue
    said_at: datetime


class OwnAnswer(Carried):
    """What the home answered last in the survey, from 1 (poor) to 5 (very good); real time."""

    score: int
    recorded_at: datetime


class OwnShare(NamedTuple):
    """What a unit owes in all as computed today, in fen, and by what: "" before there is a computation."""

    basis: str
    share_fen: int


class HouseholdSummary(Carried):
    """What a home is told on its first page of its own in one renovation. Money in fen, moments in case time.

    `basis` says by what the share was computed: the "estimate", the "award", or the "settlement" of a
    renovation that was cancelled; "" before there is one. Nothing that was said before a sale is shown
    to the buyer.
    """

    unit_number: str
    unit: OwnUnit | None = None
    basis: str
    share_fen: int
    instalments: tuple[OwedLine, ...]
    tickets: tuple[OwnTicket, ...]
    objections: tuple[OwnObjection, ...]


class HouseholdView(HouseholdSummary):
    """All that a home reads of its own in one renovation; `paid_fen` stays with the unit when it is sold."""

    why: Explanation | None = None
    """How the share follows, with each step of rounding; `reasons` are its items."""
    reasons: tuple[ShareReason, ...] = ()
    """How the share follows from the items; they sum to it."""
    items: tuple[ShareOfItem, ...] = ()
    """The parts of the estimate."""
    paid_fen: int
    """From every source, reliefs and subsidies too, less what has gone back."""
    overdue_fen: int = 0
    """What has fallen due and is not paid; since the unit was sold, if it was."""
    before_sale_fen: int = 0
    """What fell due before the unit was sold and is not paid: the seller owes it (E18)."""
    late_fee_fen: int = 0
    """What it owes beside its share because it has paid late, paid or not."""
    fee_today_fen: int = 0
    """What late fee would be added if what is overdue were paid today."""
    refund_fen: int
    refund: RefundLine | None = None
    payments: tuple[PaymentLine, ...] = ()
    reliefs: tuple[ReliefView, ...] = ()
    consents: tuple[OwnConsent, ...] = ()
    opinions: tuple[OwnOpinion, ...] = ()
    vote_objections: tuple[VoteObjectionView, ...] = ()
    survey: OwnAnswer | None = None


async def load_share(session: AsyncSession, renovation_id: str, unit: str) -> OwnShare:
    """What one unit owes; 0 where nothing was computed."""
    return OwnShare(*await basis_and_share(session, renovation_id, unit))


async def load_summary(
    session: AsyncSession, situation: Situation, unit: str, *, answers: bool = True
) -> HouseholdSummary:
    """The summary of one unit; empty where nothing was computed or said. Without `answers` none is read."""
    found, since = await _unit_and_sale(session, situation, unit)
    return await _summary(session, situation, unit, found, since, answers=answers)


async def _summary(
    session: AsyncSession,
    situation: Situation,
    unit: str,
    found: OwnUnit | None,
    since: datetime | None,
    *,
    answers: bool = True,
) -> HouseholdSummary:
    rid = situation.id
    basis, share_fen = await load_share(session, rid, unit)
    return HouseholdSummary(
        unit_number=unit,
        unit=found,
        basis=basis,
        share_fen=share_fen,
        instalments=await instalments_of(session, situation, [unit]),
        tickets=await load_tickets(session, rid, unit, since, answers=answers),
        objections=await load_objections(session, rid, unit, since),
    )


async def load_household(session: AsyncSession, situation: Situation, unit: str) -> HouseholdView:
    """The view of one unit; empty where nothing was computed or said."""
    rid = situation.id
    found, since = await _unit_and_sale(session, situation, unit)
    told = await _summary(session, situation, unit, found, since)
    refund = await session.get(Refund, (rid, unit))
    why = await load_reasons(session, situation, unit, told.basis, told.share_fen)
    due = [part for part in told.instalments if part.due]
    sold = since and await sold_in_case(session, rid, unit)
    zone = situation.timetable.zone
    fees = await list_fees(session, rid, unit)
    paid = (await load_net_paid(session, rid, [unit])).get(unit)
    return HouseholdView(
        **{name: getattr(told, name) for name in HouseholdSummary.model_fields},
        why=why and why.model_copy(update={"fees": fees}),
        reasons=why.items if why else (),
        items=(await shares_of(session, rid, [unit])).get(unit, ()),
        paid_fen=paid.fen if paid else 0,
        overdue_fen=sum(part.open_fen for part in due if sold is None or part.due_at > sold),
        before_sale_fen=sum(part.open_fen for part in due if sold and part.due_at <= sold),
        late_fee_fen=sum(each.amount_fen for each in fees),
        fee_today_fen=await fee_today(session, rid, zone, situation.now, unit),
        refund_fen=0 if refund is None else refund.amount_fen,
        refund=None if refund is None else shown(RefundLine, refund),
        payments=await _payments(session, rid, unit, since),
        reliefs=await _reliefs(session, rid, unit, since),
        consents=await _consents(session, rid, unit, since),
        opinions=await _opinions(session, rid, unit, since),
        vote_objections=await _vote_objections(session, rid, unit, since),
        survey=await _survey(session, rid, unit, since),
    )


async def _unit_and_sale(
    session: AsyncSession, situation: Situation, number: str
) -> tuple[OwnUnit | None, datetime | None]:
    """The unit as the roll has it, and when it was sold last."""
    sale = last_sale(situation.id, number)
    query = select(Unit, sale.scalar_subquery()).where(
        Unit.estate_id == situation.estate_id, Unit.number == number
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:  # it is no longer on the roll
        return None, await session.scalar(sale)
    return shown(OwnUnit, row[0]), row[1]


async def _payments(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[PaymentLine, ...]:
    query = select(Payment).where(Payment.renovation_id == rid, Payment.unit_number == unit)
    if since is not None:
        query = query.join(Event, Event.command_id == Payment.command_id)
        query = query.where(Event.recorded_at > since)
    rows = await session.scalars(query.order_by(Payment.received_at, Payment.id))
    return tuple(shown(PaymentLine, row) for row in rows)


async def _reliefs(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[ReliefView, ...]:
    """Those of the owner of today: a relief is booked as a payment, whose event has the moment."""
    query = select(Relief).where(Relief.renovation_id == rid, Relief.unit_number == unit)
    rows = (await session.scalars(query.order_by(Relief.kind))).all()
    if since is not None:
        booked = await _payments(session, rid, unit, since)
        later = {each.amount_fen for each in booked if each.source == RELIEF}
        rows = [row for row in rows if row.amount_fen in later]
    return tuple(shown(ReliefView, row) for row in rows)


async def _consents(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[OwnConsent, ...]:
    rows = await session.scalars(
        select(PartConsent)
        .where(PartConsent.renovation_id == rid, PartConsent.unit_number == unit)
        .order_by(PartConsent.work_id, PartConsent.number)
    )
    last = {row.work_id: row for row in rows if since is None or row.recorded_at > since}
    return tuple(shown(OwnConsent, row) for row in last.values())


async def _opinions(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[OwnOpinion, ...]:
    rows = await session.scalars(
        select(VoteOpinion)
        .join(BallotBox, BallotBox.id == VoteOpinion.box_id)
        .where(BallotBox.renovation_id == rid, VoteOpinion.unit_number == unit)
        .order_by(VoteOpinion.box_id, VoteOpinion.seq)
    )
    last = {row.box_id: row for row in rows if since is None or row.recorded_at > since}
    return tuple(shown(OwnOpinion, row) for row in last.values())


async def _vote_objections(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[VoteObjectionView, ...]:
    query = (
        select(VoteObjection)
        .join(BallotBox, BallotBox.id == VoteObjection.box_id)
        .where(BallotBox.renovation_id == rid, VoteObjection.unit_number == unit)
        .order_by(VoteObjection.objected_at)
    )
    rows = await session.scalars(query)
    return tuple(
        shown(VoteObjectionView, row) for row in rows if since is None or row.recorded_at > since
    )


async def _survey(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> OwnAnswer | None:
    query = select(SurveyAnswer).where(
        SurveyAnswer.renovation_id == rid, SurveyAnswer.unit_number == unit
    )
    last = query.order_by(SurveyAnswer.recorded_at.desc(), SurveyAnswer.command_id.desc()).limit(1)
    row = await session.scalar(last)
    sold = row is not None and since is not None and row.recorded_at <= since
    return None if row is None or sold else shown(OwnAnswer, row)


async def load_tickets(
    session: AsyncSession, rid: str, unit: str, since: datetime | None, *, answers: bool = True
) -> tuple[OwnTicket, ...]:
    """The complaints of a home, the last one first; those since a sale where there was one."""
    query = select(Ticket).where(Ticket.renovation_id == rid, Ticket.unit_number == unit)
    if since is not None:
        query = query.join(Event, Event.command_id == Ticket.command_id)
        query = query.where(Event.recorded_at > since)
    rows = (await session.scalars(query.order_by(Ticket.opened_at.desc(), Ticket.id))).all()
    asked = [row.id for row in rows] if answers else []
    found = await answers_of(session, rid, asked) if asked else {}
    return tuple(_own_ticket(row, found.get(row.id, ())) for row in rows)


def _own_ticket(row: Ticket, answers: tuple[TicketAnswer, ...]) -> OwnTicket:
    last = answers[-1].text if answers else ""
    return shown(OwnTicket, row).model_copy(update={"answer": last, "answers": answers})


async def load_objections(
    session: AsyncSession, rid: str, unit: str, since: datetime | None
) -> tuple[OwnObjection, ...]:
    """The objections of a home, the last one first; those since a sale where there was one."""
    query = (
        select(Objection)
        .join(Publication, Publication.id == Objection.publication_id)
        .where(Publication.renovation_id == rid, Objection.unit_number == unit)
        .order_by(Objection.filed_at.desc(), Objection.id)
    )
    if since is not None:
        query = query.where(Objection.recorded_at > since)
    return tuple(shown(OwnObjection, row) for row in await session.scalars(query))
