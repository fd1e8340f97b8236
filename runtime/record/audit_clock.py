"""The audit of time: the clock of a case never goes back, a told one moves by its events only, and no
deadline lies before the event that sets it.

A case of before the ticks has an opening that speaks of a sandbox's days: its events happened at the
times of whoever wrote them, one of whom could be late. Only its deadlines are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from pydantic import JsonValue

from models.tables import CaseClock, Event

OPENED, ADVANCED, TOLD = "renovation.opened", "clock.advanced", "told"
OF_BEFORE = "sandbox_day_s"
"""What only the opening of a case of before the ticks says."""
TURNOUT = "voting.turnout_checked"
MICROSECOND = timedelta(microseconds=1)
DEADLINES: Mapping[str, Sequence[str]] = {
    "voting.box_announced": ("opens_at", "closes_at"),
    TURNOUT: ("closes_at",),
    "publication.opened": ("closes_at",),
    "cost_sharing.shares_computed": ("due_at",),
    "cost_sharing.payments_called": ("next_at", "deadline"),
    "bidding.tender_published": ("deadline_at",),
    "bidding.contract_awarded": ("sign_until", "report_until"),
    "bidding.contract_signed": ("bonds_back_until",),
    "inspection.inspection_recorded": ("due_at",),
    "inspection.works_accepted": ("filing_due",),
    "inspection.payment_released": ("pay_by",),
    "feedback.survey_opened": ("closes_at",),
    "feedback.ticket_escalated": ("due_at",),
    "feedback.ticket_resolved": ("due_at",),
    "feedback.ticket_reopened": ("due_at",),
    "feedback.tickets_looked_at": ("look_again_at",),
    "feedback.evaluated": ("re_survey_at",),
    "settlement.refunds_paid": ("due_at",),
}
"""Kind of event to the details that are moments, or lists of them, which it sets.

A ticket's first deadlines are not here, they run from when it was handed in; nor is a reminder's,
which says again what the call has set.
"""


class ClockAudit:
    """Takes the events of one case in their order, and says which is the first that breaks time.

    `told` is the clock of a told case, None for a case on the wall clock.
    """

    def __init__(self, told: CaseClock | None) -> None:
        self._told = told
        self._now: datetime | None = None
        """Of a told case the tick at which the next event happens, else that of the last one."""
        self._moved_seq = 1
        self._of_before = False

    def fault_of(self, event: Event) -> str | None:
        """Why an event that follows those before it breaks time, as `BadEvent` calls it."""
        if self._now is None:
            self._now = event.happened_at
            self._of_before = OF_BEFORE in event.details
            if event.kind == OPENED and (event.details.get("clock") == TOLD) != bool(self._told):
                return "clock"
        fault = None if self._of_before else self._fault_of_clock(event, self._now)
        return fault or _fault_of_deadlines(event)

    def fault_at_end(self) -> str | None:
        """What is wrong when the clock of a told case stands elsewhere than its events left it."""
        if self._told is None or self._now is None:
            return None
        stands = (self._told.now, self._told.moved_seq)
        return None if stands == (self._now, self._moved_seq) else "clock"

    def _fault_of_clock(self, event: Event, now: datetime) -> str | None:
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


def image_of(clock: Mapping[str, JsonValue], real: datetime) -> datetime:
    """What a real moment was in a case of format 1: itself, or the image of an old sandbox's clock.

    `case_origin + (real - real_origin) * rate`, rounded down to the microsecond.
    """
    if not clock:
        return real
    origin = datetime.fromisoformat(str(clock["real_origin"]))
    passed = (real - origin) // MICROSECOND * Fraction(str(clock["rate"]))
    begun = datetime.fromisoformat(str(clock["case_origin"]))
    return begun + passed.numerator // passed.denominator * MICROSECOND


def _fault_of_deadlines(event: Event) -> str | None:
    # A look at the turnout that extends nothing sets nothing; it may come late.
    if event.kind == TURNOUT and event.details.get("extended") is False:
        return None
    moments = (moment for key in DEADLINES.get(event.kind, ()) for moment in _moments(event, key))
    return "deadline" if any(moment < event.happened_at for moment in moments) else None


def _moments(event: Event, key: str) -> Iterator[datetime]:
    """The moments under a key; what is not there or null sets nothing."""
    said = event.details.get(key)
    for each in said if isinstance(said, list) else [said]:
        moment = _moment(each)
        if moment is not None:
            yield moment


def _moment(said: JsonValue) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
