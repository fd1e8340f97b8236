"""Payments that a bank or a payment service reports: booked all or none, each of them once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseWait, Instalment, Payment, Renovation
from models.values.actor import Actor
from models.values.ledger import Transfer
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import RenovationState, Stage
from models.values.waits import PAID_UP, at_work
from runtime.ledger.booking import book, key_of
from runtime.ledger.payments import NewPayment, add_payments
from runtime.ledger.reading import load_paid_out
from runtime.record.agenda import add_waits
from runtime.record.journal import load_tick
from service.bodies import Accepted, ReportPayments
from service.parts import Parts
from service.recording import Details, accept, refuse_unknown_units
from service.situation import Situation

OUTSTANDING = text("""
SELECT EXISTS (
  SELECT 1 FROM (
    SELECT unit_number, sum(amount_fen) AS due FROM instalment
    WHERE renovation_id = :rid AND (number = 1 OR due_at <= :now) GROUP BY unit_number) d
  LEFT JOIN (
    SELECT unit_number, sum(amount_fen) AS paid FROM payment
    WHERE renovation_id = :rid GROUP BY unit_number) p USING (unit_number)
  WHERE coalesce(p.paid, 0) < d.due)
""")
"""Whether anything that is due at `now` is unpaid."""
PAYMENTS = "payments"
"""The name of the collection's wait on the agenda."""


async def report_payments(
    parts: Parts, situation: Situation, provider: Actor, command: ReportPayments
) -> Accepted:
    """Book the payments; if nothing is due any more, the collection hears of it.

    Raises:
        Refused: `cost_sharing.nothing_due`, `cost_sharing.unit_unknown`,
            `cost_sharing.payment_booked`.
    """

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        rows = new_payments(situation, command, key)
        await refuse_payments(session, situation, rows)
        details = await book_payments(session, situation, key, now, rows)
        return command.command_id, {**details, "source": command.source}

    kind = "cost_sharing.payments_received"
    accepted = await accept(parts.gathered, situation, provider, command, kind, change)
    await tell_if_paid_up(parts, situation)
    return accepted


async def book_payments(
    session: AsyncSession,
    situation: Situation,
    key: str,
    now: datetime,
    rows: Sequence[NewPayment],
    beside: Sequence[Transfer] = (),
) -> dict[str, JsonValue]:
    """Write the payments of an event and their transfers, after those `beside` them; for its details.

    What was released and lacked the money goes out with it.
    """
    total_fen = sum(payment.amount_fen for payment in rows)
    came_in = await add_payments(session, situation.id, now, rows)
    name = key_of(situation.id, key)
    went_out = await load_paid_out(session, situation.id, name, total_fen)
    booked = await book(session, situation.id, key, now, (*beside, *came_in, *went_out))
    await _add_wait_if_paid_up(session, situation, now)
    return {
        "payments": len(rows),
        "total_fen": total_fen,
        "paid_out_fen": sum(transfer.amount_fen for transfer in went_out),
        **booked,
    }


async def tell_if_paid_up(parts: Parts, situation: Situation) -> None:
    """If nothing is due any more, the collection hears of it."""
    if situation.stage == Stage.COST_SHARING:
        async with parts.database.session() as session:
            now = await load_tick(session, situation.id)
            outstanding = await _outstanding(session, situation, now)
        if not outstanding:
            await parts.gateway.everyone_paid(situation)


def new_payments(situation: Situation, command: ReportPayments, key: str) -> list[NewPayment]:
    """What came in; a payment with a reference has the same id in whatever report it comes."""
    rows: list[NewPayment] = []
    for number, payment in enumerate(command.payments, start=1):
        own = f"{key}/{number}"
        name = payment.reference or own
        rows.append(
            NewPayment(
                id=payment_id(situation.id, name),
                command_id=own,
                unit_number=payment.unit_number,
                amount_fen=payment.amount_fen,
                source=command.source,
                reference=payment.reference,
            )
        )
    return rows


def payment_id(renovation_id: str, reference: str) -> str:
    """The id of the payment with a reference: the same in whatever report it comes."""
    digest = hashlib.sha256(f"{renovation_id}\0{reference}".encode()).hexdigest()[:32]
    return f"{renovation_id}.p{digest}"


async def refuse_payments(
    session: AsyncSession, situation: Situation, rows: Sequence[NewPayment]
) -> None:
    """Refuse what cannot be booked: no shares yet, unknown units, money that is booked already.

    Raises:
        Refused: `cost_sharing.nothing_due`, `cost_sharing.unit_unknown`, `cost_sharing.payment_booked`.
    """
    await refuse_nothing_due(session, situation)
    numbers = {payment.unit_number for payment in rows}
    await refuse_unknown_units(session, situation, numbers, "cost_sharing.unit_unknown")
    ids = [row.id for row in rows]
    booked = set(await session.scalars(select(Payment.id).where(Payment.id.in_(ids))))
    refuse_if_any(
        problem(
            "cost_sharing.payment_booked",
            where=f"payments.{place}",
            reference=rows[place].reference,
        )
        for place, name in enumerate(ids)
        if name in booked or name in ids[:place]
    )


async def refuse_nothing_due(session: AsyncSession, situation: Situation) -> None:
    """Money comes in from the computation of the shares on, as long as the case runs.

    Raises:
        Refused: `cost_sharing.nothing_due`.
    """
    due = await session.scalar(
        select(Instalment.number).where(Instalment.renovation_id == situation.id).limit(1)
    )
    if due is None or situation.state != RenovationState.RUNNING:
        raise refusal("cost_sharing.nothing_due", where=situation.id)


async def _add_wait_if_paid_up(session: AsyncSession, situation: Situation, now: datetime) -> None:
    """Put the count of the collection on the agenda when all is paid, so that no clock moves past it."""
    row = await session.get_one(Renovation, situation.id)
    if row.stage != Stage.COST_SHARING or await _outstanding(session, situation, now):
        return
    running = (CaseWait.workflow_id == row.stage_workflow_id, CaseWait.what == PAYMENTS)
    if await session.scalar(select(CaseWait.what).where(*running)):
        wait = at_work(PAID_UP, now)
        await add_waits(session, situation.id, row.stage_workflow_id, (wait,), now)


async def _outstanding(session: AsyncSession, situation: Situation, now: datetime) -> bool:
    return bool(await session.scalar(OUTSTANDING, {"rid": situation.id, "now": now}))
