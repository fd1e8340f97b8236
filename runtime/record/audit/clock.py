"""The audit of time: whether the events of a case are in the order of its clock.

The clock of a case never goes back; a told clock moves only by its own events; and no deadline lies
before the event that sets it. Cases from before migration 0007 that ran on a sandbox clock (their
opening says so) are excepted from the first two: their events carry the time of whoever wrote them,
and one writer could be late. Of these only the deadlines are checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from runtime.rows import AuditedClock, AuditedEvent

OPENED, ADVANCED, TOLD = "renovation.opened", "clock.advanced", "told"
OF_BEFORE = "sandbox_day_s"
"""A detail that only the opening of a case from before migration 0007 has."""
TURNOUT = "voting.turnout_checked"
DEADLINES: Mapping[str, Sequence[str]] = {
    "voting.box_announced": ("opens_at", "closes_at"),
    TURNOUT: ("closes_at",),
    "voting.result_declared": ("challenge_until",),
    "publication.opened": ("closes_at",),
    "cost_sharing.shares_computed": ("due_at",),
    "cost_sharing.payments_called": ("next_at", "deadline"),
    "bidding.tender_published": ("deadline_at",),
    "bidding.tender_clarified": ("deadline_at",),
    "bidding.contract_awarded": ("sign_until", "report_until"),
    "bidding.contract_signed": ("bonds_back_until",),
    "inspection.inspection_recorded": ("due_at",),
    "inspection.works_accepted": ("filing_due",),
    "feedback.survey_opened": ("closes_at",),
    "feedback.ticket_escalated": ("due_at",),
    "feedback.ticket_resolved": ("due_at",),
    "feedback.ticket_reopened": ("due_at",),
    "feedback.tickets_looked_at": ("look_again_at",),
    "feedback.evaluated": ("re_survey_at",),
    "settlement.refunds_paid": ("due_at",),
    "warranty.refunds_ordered": ("due_at",),
    "warranty.retention_released": ("pay_by",),
    "renovation.revision_asked": ("until",),
}
"""Kind of event to those of its details that are deadlines, or lists of deadlines, which it sets.

The first deadlines of a ticket are left out because they run from the moment it was handed in, which
is before its event; so is the time to pay, which runs from the acceptance. A reminder is left out because it repeats the deadline that the call has set.
"""


class ClockAudit:
    """Checks the events of one case, which the audit hands over in their order.

    `told` is the clock of a told case, None for a case on the wall clock.
    """

    def __init__(self, told: AuditedClock | None) -> None:
        self._told = told
        self._now: datetime | None = None
        """Of a told case the tick at which the next event happens, else that of the last one."""
        self._moved_seq = 1
        self._of_before = False

    def fault(self, event: AuditedEvent) -> str | None:
        """What is wrong with the time of the next event, as `BadEvent.reason`; None: nothing."""
        if self._now is None:
            self._now = event.happened_at
            self._of_before = OF_BEFORE in event.details
            if event.kind == OPENED and (event.details.get("clock") == TOLD) != bool(self._told):
                return "clock"
        fault = None if self._of_before else self._clock_fault(event, self._now)
        return fault or _deadline_fault(event)

    def fault_at_end(self) -> str | None:
        """What is wrong when the clock of a told case stands elsewhere than its events left it."""
        if self._told is None or self._now is None:
            return None
        stands = (self._told.now, self._told.moved_seq)
        return None if stands == (self._now, self._moved_seq) else "clock"

    def _clock_fault(self, event: AuditedEvent, now: datetime) -> str | None:
        if self._told is None:
            self._now = event.happened_at
            if event.kind == ADVANCED:
                return "clock"
            return "backwards" if event.happened_at < now else None
        if event.happened_at != now:
            return "clock"
        if event.kind == ADVANCED:
            start, end = _moment(event.details.get("from")), _moment(event.details.get("to"))
            if start != now or end is None or end <= now:
                return "clock"
            self._now, self._moved_seq = end, event.seq
        return None


def _deadline_fault(event: AuditedEvent) -> str | None:
    # A look at the turnout that extends nothing sets nothing; it may come late.
    if event.kind == TURNOUT and event.details.get("extended") is False:
        return None
    moments = (moment for key in DEADLINES.get(event.kind, ()) for moment in _moments(event, key))
    return "deadline" if any(moment < event.happened_at for moment in moments) else None


def _moments(event: AuditedEvent, key: str) -> Iterator[datetime]:
    """The moments under a key; what is not there or null sets nothing."""
    detail = event.details.get(key)
    for each in detail if isinstance(detail, list) else [detail]:
        moment = _moment(each)
        if moment is not None:
            yield moment


def _moment(detail: JsonValue) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(detail))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
