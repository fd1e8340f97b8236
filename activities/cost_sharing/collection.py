"""A round of collection (收缴): its moments, what it collects, and who still owes."""

from datetime import datetime

from sqlalchemy import select

from activities.cost_sharing import rows as share_rows
from activities.recording import Case
from models.tables import Event
from models.values import cost_sharing as values
from models.values.waits import Consequence, Wait
from rules import cost_sharing as law

CALLED = "cost_sharing.payments_called"
"""The first word of a round of collection; its moment is the start of the round's periods."""


def await_payments(case: Case, deadline_at: datetime, remind_at: datetime | None) -> None:
    """Until the deadline the owners pay; before it, whoever has not is reminded."""
    case.wait_for("payments", deadline_at, who="owners", then=Consequence.COLLECTION_COUNTED)
    if remind_at is not None:
        case.await_too(
            Wait(what="reminder", due_at=remind_at, consequence=Consequence.REMINDER_SENT)
        )


def moments(case: Case, start: datetime) -> list[datetime]:
    """The reminders of a round and its deadline, in case time; none comes after the deadline."""
    deadline = case.ends(start, case.timetable.collection_deadline)
    reminders = sorted(case.ends(start, period) for period in case.timetable.collection_reminders)
    return [*(moment for moment in reminders if moment < deadline), deadline]


async def called_at(case: Case) -> datetime | None:
    """When the present round of collection was called, in case time."""
    return await case.session.scalar(
        select(Event.happened_at)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == CALLED,
            Event.workflow_id == case.command.workflow_id,
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


async def debtors(case: Case, called_at: datetime) -> int:
    """How many units still owe something of what was due."""
    money = await share_rows.load_money(case)
    return sum(
        total.amount_fen > money.get(total.unit_number, (0, 0))[0]
        for total in await due(case, called_at)
    )
