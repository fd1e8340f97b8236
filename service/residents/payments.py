"""Payments that a bank or a payment service reports: booked all or none, each of them once."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import CaseWait, LedgerTransfer, Payment, Renovation, UnclaimedSum
from models.values.actor import Actor
from models.values.ledger import (
    ESCROW,
    PAYERS,
    AccountKind,
    SumState,
    Transfer,
    TransferKind,
    account_named,
)
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import ENDING_STATES, OPEN_STATES, Stage
from models.values.waits import ACCOUNTS, ACCOUNTS_SETTLED, ARREARS, PAID_UP, at_work
from runtime.ledger.booking import book, key_of
from runtime.ledger.fees import charge_late
from runtime.ledger.net import NET_PAID
from runtime.ledger.payments import NewPayment, add_payments
from runtime.ledger.reading import load_balances
from runtime.ledger.refunds import load_going_out, load_open_accounts
from runtime.outbox import notice_of
from runtime.record.agenda import add_waits, of_collection
from runtime.record.journal import load_tick
from service.bodies import Accepted, ReportPayments
from service.parts import Parts
from service.recording import Details, accept, refuse_unknown_units
from service.residents.joinings import credit_on
from service.situation import Situation

DUE = text("""
SELECT (SELECT state FROM renovation WHERE id = :rid) AS state,
  EXISTS (SELECT 1 FROM instalment WHERE renovation_id = :rid) AS is_due, ARRAY(
  SELECT unit #>> '{}'
  FROM (SELECT content FROM scheme WHERE renovation_id = :rid AND version <= coalesce(
      (SELECT max(scheme_version) FROM share WHERE renovation_id = :rid), version)
    ORDER BY version DESC LIMIT 1) last
  CROSS JOIN LATERAL jsonb_path_query(last.content, '$.items[*].payers.joined[*]') unit) AS joined
""")
"""The state of the case, whether there are instalments, and who has joined an item later, by the version of the
scheme that was billed last.
"""
OUTSTANDING = text(f"""
SELECT EXISTS (
  SELECT 1 FROM (
    SELECT unit_number, sum(amount_fen) AS due FROM instalment
    WHERE renovation_id = :rid
      AND due_at <= greatest(:now, (SELECT min(due_at) FROM instalment WHERE renovation_id = :rid))
    GROUP BY unit_number) d
  LEFT JOIN ({NET_PAID}) p USING (unit_number)
  WHERE coalesce(p.fen, 0) < d.due)
""")  # noqa: S608 - our own text
"""Whether anything that is due at `now` is unpaid; the first instalment is called before it is due."""
OVERDUE = text("""
SELECT EXISTS (
  SELECT 1 FROM ledger_account a
  LEFT JOIN (
    SELECT unit_number, sum(amount_fen) AS fen FROM instalment
    WHERE renovation_id = :rid AND due_at > :now GROUP BY unit_number) later ON later.unit_number = a.name
  LEFT JOIN (
    SELECT unit_number, sum(amount_fen) AS fen FROM late_fee
    WHERE renovation_id = :rid GROUP BY unit_number) late ON late.unit_number = later.unit_number
  WHERE a.renovation_id = :rid AND a.kind = 'household'
    AND a.balance_fen > coalesce(later.fen, 0) + coalesce(late.fen, 0))
""")
"""Whether a household owes more than what falls due after `now`, late fees with its last instalment: of that the collection beside the stages waits."""
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
        joined = await _refuse(session, situation, command, key)
        rows = new_payments(situation, command, key)
        funds = new_funds(situation, command, key)
        details = await book_payments(
            session, situation, key, now, rows, joined=joined, funds=funds
        )
        return command.command_id, {**details, "source": command.source}

    kind = "cost_sharing.payments_received"
    accepted = await accept(parts.gathered, situation, provider, command, kind, change)
    await tell_what_is_paid(parts, situation)
    return accepted


async def book_payments(
    session: AsyncSession,
    situation: Situation,
    key: str,
    now: datetime,
    rows: Sequence[NewPayment],
    beside: Sequence[Transfer] = (),
    *,
    joined: Collection[str],
    funds: Sequence[Transfer] = (),
) -> dict[str, JsonValue]:
    """Write the payments of an event and their transfers, after those `beside` them; for its details.

    `joined` are the homes that have joined an item later, as `refuse_nothing_due` says. `funds` came in from those who pay beside the households. What was released or is owed back and lacked
    the money goes out with it.
    """
    total_fen = sum(each.amount_fen for each in rows) + sum(each.amount_fen for each in funds)
    came_in = await add_payments(session, situation.id, now, rows) if rows else ()
    fees = await _charge_late(session, situation, key, now, rows)
    # As the journal has locked it: it may have ended since the request came in.
    ended = (await session.get_one(Renovation, situation.id)).state in ENDING_STATES
    name = key_of(situation.id, key)
    await credit_on(session, situation, key, now, rows, joined)
    went_out = await load_going_out(session, situation.id, name, total_fen, of_others=ended)
    moved = (*beside, *came_in, *fees, *funds, *went_out)
    booked = await book(session, situation.id, key, now, moved)
    await _add_wait_if_paid_up(session, situation, now)
    await await_end_if_settled(session, situation, now)
    late: dict[str, JsonValue] = {"late_fees_fen": sum(each.amount_fen for each in fees)}
    return {
        "payments": len(rows) + len(funds),
        "total_fen": total_fen,
        **(late if fees else {}),
        "paid_out_fen": sum(transfer.amount_fen for transfer in went_out),
        **booked,
    }


async def _charge_late(
    session: AsyncSession,
    situation: Situation,
    key: str,
    now: datetime,
    rows: Sequence[NewPayment],
) -> tuple[Transfer, ...]:
    """What payments owe for being late, where the scheme says a fee; each home hears of its own."""
    zone = situation.timetable.zone
    fees = await charge_late(session, situation.id, zone, now, rows)
    command = Command(command_id=key, renovation_id=situation.id)
    sums: Counter[str] = Counter()
    for each in fees:
        sums[each.target.name] += each.amount_fen
    for unit, fen in sorted(sums.items()):
        said: dict[str, JsonValue] = {"amount_fen": fen, "only": [unit]}
        session.add(notice_of(command, "units", "late_fee_charged", said, now))
    return fees


async def await_end_if_settled(session: AsyncSession, situation: Situation, now: datetime) -> None:
    """Put the end of the money on the agenda when nobody owes anything any more, so that no clock moves past it."""
    if await _is_settled(session, situation):
        stage = (await session.get_one(Renovation, situation.id)).stage_workflow_id
        await add_waits(session, situation.id, stage, (at_work(ACCOUNTS_SETTLED, now),), now)


async def tell_what_is_paid(parts: Parts, situation: Situation) -> None:
    """If nothing is due any more the collection hears of it; if the accounts at the end are settled, that end."""
    async with parts.database.session() as session:
        row = await session.get_one(Renovation, situation.id)
        collecting = row.stage == Stage.COST_SHARING and row.state not in ENDING_STATES
        if collecting:
            now = await load_tick(session, situation.id)
            told = not await _outstanding(session, situation, now)
        else:
            told = await _is_settled(session, situation)
        beside = await _paid_up_beside(session, situation)
    for workflow_id in beside:
        await parts.gateway.signal(workflow_id, "everyone_paid")
    if told:
        word = "everyone_paid" if collecting else "accounts_settled"
        await parts.gateway.signal(row.stage_workflow_id, word)


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
                paid_on=payment.paid_on,
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
) -> frozenset[str]:
    """Refuse what cannot be booked: no shares yet, unknown units, money that is booked already.

    As `refuse_nothing_due` it says who has joined an item later.
    """
    joined = await refuse_nothing_due(session, situation)
    refuse_if_any(
        problem("cost_sharing.payer_or_unit", where=f"payments.{place}")
        for place, payment in enumerate(command.payments)
        if (payment.unit_number is None) != bool(payment.payer)
    )
    numbers = {each.unit_number for each in command.payments if each.unit_number is not None}
    await refuse_unknown_units(session, situation, numbers, "cost_sharing.unit_unknown")
    others = (AccountKind.BOND, AccountKind.WAGES)
    known = await load_balances(session, situation.id, *PAYERS, *others)
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
    references = [
        payment.reference or f"{key}/{number}"
        for number, payment in enumerate(command.payments, start=1)
    ]
    await _refuse_booked(session, situation, references)
    return joined


async def refuse_payments(
    session: AsyncSession,
    situation: Situation,
    units: Collection[str],
    references: Sequence[str],
    assigned: str = "",
) -> frozenset[str]:
    """Refuse payments of units that cannot be booked, by their references; who has joined an item later.

    `assigned` is the reference of a sum without an owner that these payments are.

    Raises:
        Refused: `cost_sharing.nothing_due`, `cost_sharing.unit_unknown`, `cost_sharing.payment_booked`.
    """
    joined = await refuse_nothing_due(session, situation)
    await refuse_unknown_units(session, situation, set(units), "cost_sharing.unit_unknown")
    await _refuse_booked(session, situation, references, assigned)
    return joined


async def refuse_nothing_due(session: AsyncSession, situation: Situation) -> frozenset[str]:
    """Money comes in from the computation of the shares on, as long as the case is open.

    The homes that have joined an item later: whoever books what they pay needs them, and each payment one
    statement less.

    Raises:
        Refused: `cost_sharing.nothing_due`.
    """
    row = (await session.execute(DUE, {"rid": situation.id})).one()
    if not row.is_due or row.state not in OPEN_STATES:
        raise refusal("cost_sharing.nothing_due", where=situation.id)
    return frozenset(row.joined)


async def load_booked_references(
    session: AsyncSession, renovation_id: str, references: Collection[str]
) -> frozenset[str]:
    """Those of the references under which money is booked: of a household, or of whoever pays beside them."""
    names = {payment_id(renovation_id, each): each for each in references}
    found = select(LedgerTransfer.id).where(LedgerTransfer.id.in_(names))
    of_homes = select(Payment.id).where(Payment.id.in_(names))
    return frozenset(names[each] for each in await session.scalars(found.union(of_homes)))


async def _refuse_booked(
    session: AsyncSession, situation: Situation, references: Sequence[str], assigned: str = ""
) -> None:
    """Refuse what is booked, and what is kept as a sum without an owner: two people decide on it."""
    booked = await load_booked_references(session, situation.id, references)
    kept = select(UnclaimedSum.reference).where(
        UnclaimedSum.renovation_id == situation.id,
        UnclaimedSum.reference.in_(references),
        UnclaimedSum.reference != assigned,
        UnclaimedSum.state != SumState.RETURNED,
    )
    booked |= set(await session.scalars(kept))
    refuse_if_any(
        problem("cost_sharing.payment_booked", where=f"payments.{place}", reference=name)
        for place, name in enumerate(references)
        if name in booked or name in references[:place]
    )


async def _is_settled(session: AsyncSession, situation: Situation) -> bool:
    """Whether a case at its end waits for its accounts, and nobody owes it anything any more.

    Whoever has paid too much gets it back with the end; a sum that nobody has claimed keeps it open.
    """
    row = await session.get_one(Renovation, situation.id)
    awaited = (CaseWait.workflow_id == row.stage_workflow_id, CaseWait.what == ACCOUNTS)
    if await session.scalar(select(CaseWait.what).where(*awaited)) is None:
        return False
    open_ = await load_open_accounts(session, situation.id)
    return not any(
        (fen > 0 and account != ESCROW) or account.kind is AccountKind.SUSPENSE
        for account, fen in open_.items()
    )


async def _paid_up_beside(session: AsyncSession, situation: Situation) -> Sequence[str]:
    """What collects beside the stages and has nothing to wait for any more."""
    paid_up = (*of_collection(situation.id), CaseWait.what == PAID_UP)
    return (await session.scalars(select(CaseWait.workflow_id).where(*paid_up))).all()


async def _add_wait_beside(session: AsyncSession, situation: Situation, now: datetime) -> None:
    """The collection beside the stages has something to do when all that was called is paid."""
    of_people = (*of_collection(situation.id), CaseWait.what.in_((PAYMENTS, ARREARS)))
    workflow_id = await session.scalar(select(CaseWait.workflow_id).where(*of_people).limit(1))
    given = {"rid": situation.id, "now": now}
    if workflow_id is not None and not await session.scalar(OVERDUE, given):
        await add_waits(session, situation.id, workflow_id, (at_work(PAID_UP, now),), now)


async def _add_wait_if_paid_up(session: AsyncSession, situation: Situation, now: datetime) -> None:
    """Put the count of the collection on the agenda when all is paid, so that no clock moves past it."""
    await _add_wait_beside(session, situation, now)
    row = await session.get_one(Renovation, situation.id)
    if row.stage != Stage.COST_SHARING or await _outstanding(session, situation, now):
        return
    running = (CaseWait.workflow_id == row.stage_workflow_id, CaseWait.what == PAYMENTS)
    if await session.scalar(select(CaseWait.what).where(*running)):
        wait = at_work(PAID_UP, now)
        await add_waits(session, situation.id, row.stage_workflow_id, (wait,), now)


async def _outstanding(session: AsyncSession, situation: Situation, now: datetime) -> bool:
    return bool(await session.scalar(OUTSTANDING, {"rid": situation.id, "now": now}))
