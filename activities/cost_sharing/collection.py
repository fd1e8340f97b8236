"""A round of collection (收缴): its moments, what it collects, and who still owes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from activities.cost_sharing import rows as share_rows
from activities.recording import Case
from models.tables import CaseWait, Event
from models.values import cost_sharing as values
from models.values.waits import PAID_UP, Consequence, Wait, at_work
from rules import cost_sharing as law
from runtime.record.agenda import add_waits

CALLED = "cost_sharing.payments_called"
"""The first word of a round of collection; its moment is the start of the round's periods."""
REMINDED, NOBODY = "cost_sharing.reminder_ordered", "cost_sharing.reminder_not_needed"
"""A reminder is ordered; that it arrived is an event of its own. Earlier releases wrote `reminder_sent`."""

PAYMENTS = "payments"
"""The name of the collection's wait on the agenda."""


def await_payments(case: Case, deadline_at: datetime, remind_at: datetime | None) -> None:
    """Until the deadline the owners pay; before it, whoever has not is reminded."""
    case.wait_for(PAYMENTS, deadline_at, who="owners", then=Consequence.COLLECTION_COUNTED)
    if remind_at is not None:
        case.await_too(
            Wait(what="reminder", due_at=remind_at, consequence=Consequence.REMINDER_SENT)
        )


def moments(case: Case, start: datetime) -> list[datetime]:
    """The reminders of a round and its deadline, in case time; none comes after the deadline."""
    deadline = case.ends(start, case.timetable.collection_deadline)
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
    if start is None or await debtors(case, start):
        return ()
    return (at_work(PAID_UP, case.now),)


async def debtors(case: Case, called_at: datetime) -> tuple[str, ...]:
    """The units that still owe something of what was due."""
    money = await share_rows.load_money(case)
    return tuple(
        total.unit_number
        for total in await due(case, called_at)
        if total.amount_fen > money.get(total.unit_number, (0, 0))[0]
    )
