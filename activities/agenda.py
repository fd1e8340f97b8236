"""Whoever is late is reminded, and the levels above hear of it: each time an event and its notices."""

from pydantic import JsonValue
from sqlalchemy import select

from activities.recording import Case, Writer, writes
from models.messages.journey import Ticked
from models.tables import CaseWait
from models.values.waits import REMINDING, Consequence, Wait, next_reminder
from rules.time.lateness import overdue
from rules.time.told_clock import is_due
from runtime.record.journal import Recorded

REMINDED, ESCALATED = "agenda.reminder_ordered", "agenda.escalated"
"""That it arrives is another event. Earlier releases wrote `agenda.reminded`, which stays in request hashes."""


class Agenda(Writer):
    """Writes what follows when nobody has come in time."""

    @writes("Agenda.remind", event="agenda.reminded", into=Ticked)
    async def remind(self, case: Case) -> Recorded[Ticked]:
        """Remind whoever this workflow waits for and is late, or tell the level above; decide nothing."""
        waits = await _load_own(case)
        case.not_before(next_reminder(waits) or case.now)
        late = [wait for wait in waits if wait.consequence in REMINDING and is_due(wait, case.now)]
        told = [_tell(case, wait) for wait in late]
        case.await_only(*(wait for wait in waits if wait not in late), *(wait for wait, _ in told))
        escalated = any(wait.consequence is Consequence.ESCALATED for wait in late)
        details: list[JsonValue] = [detail for _, detail in told]
        return Recorded(Ticked(), {"late": details}, kind=ESCALATED if escalated else REMINDED)


async def _load_own(case: Case) -> list[Wait]:
    """What this workflow waits for."""
    rows = await case.session.scalars(
        select(CaseWait)
        .where(CaseWait.workflow_id == case.command.workflow_id)
        .order_by(CaseWait.what, CaseWait.subject)
    )
    return [Wait.model_validate(row, from_attributes=True) for row in rows]


def _tell(case: Case, wait: Wait) -> tuple[Wait, JsonValue]:
    """The wait as it goes on, and what the event says of it; whoever is told gets a notice."""
    found = overdue(wait, case.now, case.timetable, case.calendar)
    after, step = found.wait, str(wait.consequence)
    moments = {"late_since": after.late_since, "next_at": after.due_at}
    known = {name: moment for name, moment in moments.items() if moment is not None}
    said = {"what": after.what, "subject": after.subject, "who": after.who}
    for audience in found.told:
        case.notify(audience, f"act_{step}", **said, **known)
    dates = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
    return after, {**said, **dates, "step": step, "told": list(found.told)}
