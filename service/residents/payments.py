"""Payments that a bank or a payment service reports: booked all or none, each of them once."""

import hashlib
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseWait, Instalment, LedgerTransfer, Payment, Renovation
from models.values.actor import Actor
from models.values.ledger import ESCROW, PAYERS, AccountKind, Transfer, TransferKind, account_named
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import OPEN_STATES, RenovationState, Stage
from models.values.waits import ACCOUNTS, ACCOUNTS_SETTLED, PAID_UP, at_work
from runtime.ledger.booking import book, key_of
from runtime.ledger.payments import NewPayment, add_payments
from runtime.ledger.reading import load_balances
from runtime.ledger.refunds import load_going_out, load_open_accounts
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
    settled = {"all": False}

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        await _refuse(session, situation, command, key)
        rows = new_payments(situation, command, key)
        funds = new_funds(situation, command, key)
        total_fen = sum(payment.amount_fen for payment in command.payments)
        came_in = await add_payments(session, situation.id, now, rows) if rows else ()
        # What was released or is owed back and lacked the money goes out with it.
        ended = situation.state == RenovationState.IN_WARRANTY
        name = key_of(situation.id, key)
        went_out = await load_going_out(session, situation.id, name, total_fen, of_others=ended)
        booked = await book(session, situation.id, key, now, (*came_in, *funds, *went_out))
        await _add_wait_if_paid_up(session, situation, now)
        settled["all"] = await _add_wait_if_settled(session, situation, now)
        return command.command_id, {
            "payments": len(command.payments),
            "total_fen": total_fen,
            "source": command.source,
            "paid_out_fen": sum(transfer.amount_fen for transfer in went_out),
            **booked,
        }

    kind = "cost_sharing.payments_received"
    accepted = await accept(parts.journal, situation, provider, command, kind, change)
    if situation.stage == Stage.COST_SHARING:
        async with parts.database.session() as session:
            now = await load_tick(session, situation.id)
            outstanding = await _outstanding(session, situation, now)
        if not outstanding:
            await parts.gateway.everyone_paid(situation)
    elif settled["all"]:
        await parts.gateway.signal(situation.stage_workflow_id, "accounts_settled")
    return accepted


def new_payments(situation: Situation, command: ReportPayments, key: str) -> list[NewPayment]:
    """What came in; a payment with a reference has the same id in whatever report it comes."""
    rows: list[NewPayment] = []
    for number, payment in enumerate(command.payments, start=1):
        if payment.unit_number is None:
            continue
        own = f"{key}/{number}"
        name = payment.reference or own
        rows.append(
            NewPayment(
                id=payment_id(situation.id, name),
                command_id=own,
                unit_number=payment.unit_number,
                amount_fen=payment.amount_fen,
                source=command.source,
            )
        )
    return rows


def new_funds(situation: Situation, command: ReportPayments, key: str) -> list[Transfer]:
    """What came in from those who pay beside the households; only the ledger has it."""
    return [
        Transfer(
            id=payment_id(situation.id, payment.reference or f"{key}/{number}"),
            source=account_named(payment.payer),
            target=ESCROW,
            amount_fen=payment.amount_fen,
            kind=TransferKind.PAYMENT,
        )
        for number, payment in enumerate(command.payments, start=1)
        if payment.payer and payment.unit_number is None
    ]


def payment_id(renovation_id: str, reference: str) -> str:
    """The id of the payment with a reference: the same in whatever report it comes."""
    digest = hashlib.sha256(f"{renovation_id}\0{reference}".encode()).hexdigest()[:32]
    return f"{renovation_id}.p{digest}"


async def _refuse(
    session: AsyncSession,
    situation: Situation,
    command: ReportPayments,
    key: str,
) -> None:
    """Refuse what cannot be booked: no shares yet, unknown units, money that is booked already."""
    due = await session.scalar(
        select(Instalment.number).where(Instalment.renovation_id == situation.id).limit(1)
    )
    if due is None or situation.state not in OPEN_STATES:
        raise refusal("cost_sharing.nothing_due", where=situation.id)
    refuse_if_any(
        problem("cost_sharing.payer_or_unit", where=f"payments.{place}")
        for place, payment in enumerate(command.payments)
        if (payment.unit_number is None) != bool(payment.payer)
    )
    numbers = {each.unit_number for each in command.payments if each.unit_number is not None}
    await refuse_unknown_units(session, situation, numbers, "cost_sharing.unit_unknown")
    known = await load_balances(session, situation.id, *PAYERS, AccountKind.BOND)
    codes = {account.code for account in known}
    refuse_if_any(
        problem(
            "cost_sharing.payer_not_here",
            where=f"payments.{place}.payer",
            payer=payment.payer,
            known=", ".join(sorted(codes)),
        )
        for place, payment in enumerate(command.payments)
        if payment.payer and payment.payer not in codes
    )
    ids = [
        payment_id(situation.id, payment.reference or f"{key}/{number}")
        for number, payment in enumerate(command.payments, start=1)
    ]
    found = select(LedgerTransfer.id).where(LedgerTransfer.id.in_(ids))
    booked = set(await session.scalars(found.union(select(Payment.id).where(Payment.id.in_(ids)))))
    refuse_if_any(
        problem(
            "cost_sharing.payment_booked",
            where=f"payments.{place}",
            reference=command.payments[place].reference,
        )
        for place, name in enumerate(ids)
        if name in booked or name in ids[:place]
    )


async def _add_wait_if_settled(session: AsyncSession, situation: Situation, now: datetime) -> bool:
    """Put the end on the agenda when nobody owes a case in warranty anything any more; whether that is so.

    Whoever has paid too much gets it back with the end.
    """
    row = await session.get_one(Renovation, situation.id)
    awaited = (CaseWait.workflow_id == row.stage_workflow_id, CaseWait.what == ACCOUNTS)
    if await session.scalar(select(CaseWait.what).where(*awaited)) is None:
        return False
    open_ = await load_open_accounts(session, situation.id)
    if any(fen > 0 and account != ESCROW for account, fen in open_.items()):
        return False
    wait = at_work(ACCOUNTS_SETTLED, now)
    await add_waits(session, situation.id, row.stage_workflow_id, (wait,), now)
    return True


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
