"""The clocks of a tender: rules B-2 to B-5 and B-14.

Moments are case time. S11 is the Tendering Law (招标投标法), S12 its Regulations (实施条例).
"""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from models.values.decisions.decision import Decision
from models.values.timetable import Period, Timetable, WorkCalendar
from rules.checks import check, decide
from rules.time.deadlines import deadline, is_working_day, last_right_before, latest_before
from rules.time.spans import days_from, within

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


def days_between(
    start: datetime, end: datetime, period: Period, calendar: WorkCalendar, zone: str
) -> int:
    """Days from the day of `start`, which does not count, to the day of `end`, which does.

    An end at 24:00 belongs to the day that it ends. Counted in the kind of days of `period`; an
    end before the start gives a number below zero (calendar days) or zero (working days).
    """
    span = days_from(start, end, zone)
    if period.kind == "calendar":
        return span
    first = start.astimezone(ZoneInfo(zone)).date()
    return sum(is_working_day(first + n * _DAY, calendar) for n in range(1, span + 1))


def tender_clocks(
    *,
    notice_at: datetime,
    documents_from: datetime,
    documents_until: datetime,
    deadline_at: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> Decision:
    """The notice comes first, the documents are on sale long enough, and there is time to prepare.

    Rules B-2 and B-3. The document sale is counted with its first day, as a span of days on which
    one may come (at least 5); the preparation from the issue of the documents to the deadline (at
    least 20, the day of issue not counted).
    """
    zone = timetable.zone
    sale, preparation = timetable.document_sale, timetable.bid_preparation
    return decide(
        check(
            "bidding.notice_before_documents",
            "Tendering Law art. 16",
            _seconds(documents_from - notice_at),
            ">=",
            0,
            "seconds",
        ),
        check(
            "bidding.document_sale",
            "Tendering Regs art. 16",
            days_between(documents_from - _DAY, documents_until, sale, calendar, zone),
            ">=",
            sale.days,
            f"{sale.kind} days",
        ),
        check(
            "bidding.preparation",
            "Tendering Law art. 24",
            days_between(documents_from, deadline_at, preparation, calendar, zone),
            ">=",
            preparation.days,
            f"{preparation.kind} days",
        ),
    )


def clarification(
    changed_at: datetime, deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """A change that affects bids comes at least 15 days before the deadline (B-4)."""
    article = "Tendering Law art. 23; Tendering Regs art. 21"
    last = clarify_until(deadline_at, timetable, calendar)
    return _before("bidding.clarification", article, changed_at, last)


def deadline_after_clarification(
    changed_at: datetime, deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> datetime:
    """The deadline once the documents have changed: moved if the change came too late (E28); UTC."""
    if clarification(changed_at, deadline_at, timetable, calendar).passed:
        return deadline_at
    return deadline(changed_at, timetable.clarification_before_deadline, calendar, timetable.zone)


# waits for objections to the tender documents
def document_objection(
    filed_at: datetime, deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """An objection to the documents comes ten days before the deadline at the latest (B-5)."""
    last = object_until(deadline_at, timetable, calendar)
    return _before("bidding.document_objection", "Tendering Regs art. 22", filed_at, last)


# waits for objections to the tender documents
def objection_answer(
    filed_at: datetime, answered_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """An objection is answered within 3 days; what it is about stands still meanwhile (B-5, B-14)."""
    return within(
        "bidding.objection_answer",
        "Tendering Regs art. 22, 54",
        (filed_at, answered_at),
        timetable.tender_objection_answer,
        calendar,
        timetable.zone,
    )


def candidates_published(
    report_at: datetime,
    published_at: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
    *,
    until: datetime | None = None,
) -> Decision:
    """The candidates are published within 3 days of the report (B-14).

    In a case that stood still since, `until` says when they are over.
    """
    return within(
        "bidding.candidates_published",
        "Tendering Regs art. 54",
        (report_at, published_at),
        timetable.candidate_publication,
        calendar,
        timetable.zone,
        until=until,
    )


def clarify_until(deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """The last moment for a change that leaves the deadline where it is (B-4); UTC.

    The article protects the bidders: of the two readings the one that leaves them more days.
    """
    return latest_before(
        deadline_at, timetable.clarification_before_deadline, calendar, timetable.zone
    )


def object_until(deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """The last moment for an objection to the documents (B-5); UTC.

    The article gives the bidders a right: of the two readings of "ten days before" the longer one.
    """
    return last_right_before(
        deadline_at, timetable.document_objection_before_deadline, calendar, timetable.zone
    )


def _before(code: str, article: str, moment: datetime, last: datetime) -> Decision:
    return decide(
        check(code, article, _seconds(last - moment), ">=", 0, "seconds before the last moment")
    )


def seconds_between(start: datetime, end: datetime) -> Fraction:
    """Exact seconds from one moment to another; below zero where the second comes first."""
    return _seconds(end - start)


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // _MICROSECOND, 1_000_000)
