"""A round of collection (收缴): its moments, what it collects, and who still owes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from activities.cost_sharing import rows as share_rows
from activities.recording import Case
from activities.sealed import kind_of
from models.messages.ids import COLLECTION
from models.tables import CaseWait, Event, Instalment, LateFee, OwnerReplacement, Payment
from models.values import cost_sharing as values
from models.values.ledger import AccountKind
from models.values.waits import ARREARS, ENGINE, PAID_UP, Consequence, Wait, at_work
from rules import cost_sharing as law
from rules.ledger import left_after
from runtime.ledger import fees as late_fees
from runtime.ledger.reading import load_balances
from runtime.record.agenda import add_waits, of_collection

CALLED = "cost_sharing.payments_called"
"""The first word of a round of collection; its moment is the start of the round's periods."""
REMINDED, NOBODY = "cost_sharing.reminder_ordered", "cost_sharing.reminder_not_needed"
"""A reminder is ordered; that it arrived is an event of its own. Earlier releases wrote `reminder_sent`."""

PAYMENTS = "payments"
"""The name of the collection's wait on the agenda."""


def is_beside(case: Case, workflow_id: str = "") -> bool:
    """Whether later instalments are collected, beside a stage: what the case waits for is not this.

    It is asked of the workflow that writes, unless another one is named.
    """
    return kind_of(workflow_id or case.command.workflow_id, case.renovation.id) == COLLECTION


def goes_on(case: Case) -> None:
    """The collection goes on by itself."""
    if is_beside(case):
        case.await_only(at_work(ENGINE, case.now))
    else:
        case.goes_on()


def await_payments(case: Case, deadline_at: datetime, remind_at: datetime | None) -> None:
    """Until the deadline the owners pay; before it, whoever has not is reminded."""
    then = Consequence.COLLECTION_COUNTED
    if is_beside(case):
        case.await_only(case.wait(PAYMENTS, deadline_at, who="owners", then=then))
    else:
        case.wait_for(PAYMENTS, deadline_at, who="owners", then=then)
    if remind_at is not None:
        case.await_too(
            Wait(what="reminder", due_at=remind_at, consequence=Consequence.REMINDER_SENT)
        )


async def moments(case: Case, start: datetime) -> list[datetime]:
    """The reminders of a round and its deadline, in case time; none comes after the deadline.

    A round of later instalments is over at the latest when the next one falls due: the next round
    collects what is open of this one too.
    """
    deadline = case.ends(start, case.timetable.collection_deadline)
    if is_beside(case):
        deadline = min(deadline, await _planned_after(case, start) or deadline)
    reminders = sorted(case.ends(start, period) for period in case.timetable.collection_reminders)
    return [*(moment for moment in reminders if moment < deadline), deadline]


async def called_at(case: Case, workflow_id: str = "") -> datetime | None:
    """When the present round of collection was called, in case time; of another workflow than this one too."""
    return await case.session.scalar(
        select(Event.happened_at)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == CALLED,
            Event.workflow_id == (workflow_id or case.command.workflow_id),
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )


async def due(case: Case, called_at: datetime) -> tuple[values.ShareTotal, ...]:
    """What a round collects: what was due at its call, and in any case the first instalment.

    Instalments that fall due later are not in arrears yet.
    """
    table = await share_rows.load_instalments(case)
    first = min((due_at for _, due_at in table), default=called_at)
    return law.due_by(table, max(called_at, first))


async def all_is_paid(case: Case) -> bool:
    """Whether a round is running in which nobody owes anything any more; then its count is due at once.

    The count is put on the agenda, so that no clock moves past it.
    """
    workflow_id = case.command.workflow_id
    running = (CaseWait.workflow_id == workflow_id, CaseWait.what == PAYMENTS)
    start = await called_at(case)
    if start is None or await case.session.scalar(select(CaseWait.what).where(*running)) is None:
        return False
    if await debtors(case, start):
        return False
    wait = at_work(PAID_UP, case.now)
    await add_waits(case.session, case.renovation.id, workflow_id, (wait,), case.now)
    return True


async def paid_up_at_rest(case: Case, rests: Sequence[Wait], workflow_id: str) -> tuple[Wait, ...]:
    """Of a collection that has stood still: its count is due at once where all was paid meanwhile."""
    if not any(wait.what == PAYMENTS for wait in rests):
        return ()
    start = await called_at(case, workflow_id)
    if start is None or await debtors(case, start, workflow_id):
        return ()
    return (at_work(PAID_UP, case.now),)


async def debtors(case: Case, called_at: datetime, workflow_id: str = "") -> tuple[str, ...]:
    """The units that still owe something of what was due."""
    if is_beside(case, workflow_id):
        return tuple(sorted(law.overdue(await unpaid(case), called_at)))
    money = await share_rows.load_money(case)
    return tuple(
        total.unit_number
        for total in await due(case, called_at)
        if total.amount_fen > money.get(total.unit_number, (0, 0))[0]
    )


async def last_called_at(case: Case) -> datetime:
    """Until when what has fallen due was called, by whichever collection, in case time.

    The first instalment in any case: nothing is collected beside a stage before it was called.
    """
    called = await case.session.scalar(
        select(Event.happened_at)
        .where(Event.renovation_id == case.renovation.id, Event.kind == CALLED)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    of_case = Instalment.renovation_id == case.renovation.id
    first = await case.session.scalar(select(func.min(Instalment.due_at)).where(of_case))
    return max(called or case.now, first or case.now)


async def _planned_after(case: Case, moment: datetime) -> datetime | None:
    """When the next instalment after a moment falls due by the plan, whoever has paid it."""
    later: datetime | None = await case.session.scalar(
        select(func.min(Instalment.due_at)).where(
            Instalment.renovation_id == case.renovation.id, Instalment.due_at > moment
        )
    )
    return later


async def unpaid(case: Case, without: Mapping[str, int] | None = None) -> tuple[law.Open, ...]:
    """What of each instalment has not come in, with its due date, by the accounts of the households after this write.

    Late fees are due with the last one, but by unit those that are left out.
    """
    balances = await load_balances(case.session, case.renovation.id, AccountKind.HOUSEHOLD)
    before = {account: each.balance_fen for account, each in balances.items()}
    after, out = left_after(before, case.transfers), without or {}
    owed = {
        each.name: fen - out.get(each.name, 0)
        for each, fen in after.items()
        if each.kind is AccountKind.HOUSEHOLD
    }
    fees = await late_fees.load_fees(case.session, case.renovation.id)
    late = {unit: fen - out.get(unit, 0) for unit, fen in fees.items()}
    return law.unpaid(await share_rows.load_instalments(case), owed, late)


async def go_on_beside(case: Case) -> None:
    """Where nobody owes any more what was called, the collection beside the stage goes on at once.

    It is put on the agenda, so that no clock moves past it.
    """
    of_people = (*of_collection(case.renovation.id), CaseWait.what.in_((PAYMENTS, ARREARS)))
    workflow_id = await case.session.scalar(select(CaseWait.workflow_id).where(*of_people).limit(1))
    if workflow_id is None or law.overdue(await unpaid(case), await last_called_at(case)):
        return
    waits = (at_work(PAID_UP, case.now),)
    await add_waits(case.session, case.renovation.id, workflow_id, waits, case.now)


async def count(case: Case, called_at: datetime) -> values.Counted:
    """What of what was called is collected or guaranteed: capped per unit, a neighbour's overpayment covers
    nobody else.
    """
    if is_beside(case):
        table, charges = await share_rows.load_instalments(case), await share_rows.charges(case)
        called = law.called_for(charges, table, called_at)
        fees = await late_fees.load_fees(case.session, case.renovation.id)
        owing = law.overdue(await unpaid(case, fees), called_at)
        called_fen, owing_fen = sum(called.values()), sum(owing.values())
        return values.Counted(collected_fen=max(called_fen - owing_fen, 0), due_fen=called_fen)
    owed = {total.unit_number: total.amount_fen for total in await due(case, called_at)}
    money = await share_rows.load_money(case)
    have = sum(min(money.get(unit, (0, 0))[0], amount) for unit, amount in owed.items())
    return values.Counted(collected_fen=have, due_fen=sum(owed.values()))


async def refuse_early_call(case: Case) -> None:
    """A later instalment is called when it falls due, whatever of it has come in by then; what somebody owes whom
    this collection has not called yet, at once.

    Raises:
        NotYetError: it does not yet.
    """
    called, open_ = await last_called_at(case), await unpaid(case)
    owing = law.overdue(open_, called) and law.next_due(open_, called) is None
    if owing and await called_at(case) is None:
        return
    later = await _planned_after(case, called)
    if later is not None:
        case.not_before(later)


async def owing_themselves(
    case: Case, called_at: datetime, debtors: Sequence[str]
) -> tuple[str, ...]:
    """Of these the homes that are told: what fell due before a sale the seller owes, not the buyer, and so the late
    fees of what the seller has paid (E18).
    """
    rows = await case.session.execute(
        select(OwnerReplacement.unit_number, func.max(Event.happened_at))
        .join(Event, OwnerReplacement.command_id == Event.command_id)
        .where(OwnerReplacement.renovation_id == case.renovation.id)
        .group_by(OwnerReplacement.unit_number)
    )
    sold = {unit: at for unit, at in rows if unit in debtors}
    if not sold:
        return tuple(debtors)
    since_sale = [
        (part, due_at)
        for part, due_at in await unpaid(case, await _fees_before(case, sold))
        if part.unit_number not in sold or due_at > sold[part.unit_number]
    ]
    owing = law.overdue(since_sale, called_at)
    return tuple(unit for unit in debtors if unit in owing)


async def _fees_before(case: Case, sold: Mapping[str, datetime]) -> dict[str, int]:
    """By unit the late fees of what had come in when it was sold, paid or not."""
    rows = await case.session.execute(
        select(LateFee.unit_number, LateFee.amount_fen, Payment.received_at)
        .join(Payment, Payment.id == LateFee.payment_id)
        .where(LateFee.renovation_id == case.renovation.id, LateFee.unit_number.in_(sold))
    )
    sums: dict[str, int] = {}
    for unit, fen, received_at in rows:
        if received_at <= sold[unit]:
            sums[unit] = sums.get(unit, 0) + fen
    return sums


async def tell(case: Case, step: tuple[int, int], debtors: Sequence[str], until: datetime) -> None:
    """The owners are called to pay, or whoever owes is reminded; `step` is the round and its reminder.

    Where the scheme has a late fee the call says from when it counts: from the end of the round.
    """
    round_number, reminder = step
    fee = None if reminder else await late_fees.load_terms(case.session, case.renovation.id)
    if reminder and debtors:
        case.notify("non_payers", "payment_reminder", debtors, round=round_number, number=reminder)
    elif fee is not None and (debtors or not is_beside(case)):
        part = fee.permille_a_month
        if is_beside(case):
            case.notify("non_payers", "instalment_called_fee", debtors, until=until, permille=part)
        else:
            case.notify(
                "all_owners", "payment_called_fee", round=round_number, until=until, permille=part
            )
    elif reminder == 0 and not is_beside(case):
        case.notify("all_owners", "payment_called", round=round_number)
    elif reminder == 0 and debtors:
        case.notify("non_payers", "instalment_called", debtors, until=until)


def tell_of_arrears(case: Case, owing: Sequence[str], debtors: int, found: values.Counted) -> None:
    """What was called is overdue: whoever owes hears of it once more, and the committee of how much (E13).

    The works go on: what was voted binds whoever has not paid (Civil Code art. 280).
    """
    if owing:
        case.notify("non_payers", "instalment_overdue", owing)
    if debtors:
        case.notify(
            "committee",
            "instalments_counted",
            collected_fen=found.collected_fen,
            due_fen=found.due_fen,
            debtors=debtors,
        )
