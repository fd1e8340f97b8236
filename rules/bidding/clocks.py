"""The clocks of a tender (rules B-2 to B-5, B-14), and how bidding writes down a check.

Moments are case time. S11 is the Tendering Law (招标投标法), S12 its Regulations (实施条例).
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from models.values.decisions.decision import Check, Decision, Operator, Verdict
from models.values.timetable import Period, Timetable, WorkCalendar
from rules.time.deadlines import deadline, is_working_day, latest_before

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_COMPARE = {
    ">=": Fraction.__ge__,
    ">": Fraction.__gt__,
    "<=": Fraction.__le__,
    "<": Fraction.__lt__,
    "==": Fraction.__eq__,
}


def check(
    code: str, article: str, have: int | Fraction, op: Operator, need: int | Fraction, unit: str
) -> Check:
    """One test of bidding; the comparison is exact."""
    left, right = Fraction(have), Fraction(need)
    return Check(
        code=f"bidding.{code}",
        article=article,
        have=left,
        op=op,
        need=right,
        unit=unit,
        passed=bool(_COMPARE[op](left, right)),
    )


def decide(*checks: Check) -> Decision:
    """All checks together: FAIL beats INDETERMINATE beats PASS."""
    verdict: Verdict = "PASS"
    if any(each.passed is False for each in checks):
        verdict = "FAIL"
    elif any(each.passed is None for each in checks):
        verdict = "INDETERMINATE"
    return Decision(verdict=verdict, checks=checks)


def days_between(
    start: datetime, end: datetime, period: Period, calendar: WorkCalendar, zone: str
) -> int:
    """Days from the day of `start`, which does not count, to the day of `end`, which does.

    An end at 24:00 belongs to the day that it ends. Counted in the kind of days of `period`; an
    end before the start gives a number below zero (calendar days) or zero (working days).
    """
    first, last = _day_of(start, zone), _day_of(end - _MICROSECOND, zone)
    if period.kind == "calendar":
        return (last - first).days
    span = (last - first).days
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
            "notice_before_documents",
            "Tendering Law art. 16",
            _seconds(documents_from - notice_at),
            ">=",
            0,
            "seconds",
        ),
        check(
            "document_sale",
            "Tendering Regs art. 16",
            days_between(documents_from - _DAY, documents_until, sale, calendar, zone),
            ">=",
            sale.days,
            f"{sale.kind} days",
        ),
        check(
            "preparation",
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
    return _before(
        "clarification",
        "Tendering Law art. 23; Tendering Regs art. 21",
        changed_at,
        deadline_at,
        timetable.clarification_before_deadline,
        (calendar, timetable.zone),
    )


# waits for changes of the tender documents (E28)
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
    """An objection to the documents comes at least 10 days before the deadline (B-5)."""
    return _before(
        "document_objection",
        "Tendering Regs art. 22",
        filed_at,
        deadline_at,
        timetable.document_objection_before_deadline,
        (calendar, timetable.zone),
    )


# waits for objections to the tender documents
def objection_answer(
    filed_at: datetime, answered_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """An objection is answered within 3 days; what it is about stands still meanwhile (B-5, B-14)."""
    return within(
        "objection_answer",
        "Tendering Regs art. 22, 54",
        (filed_at, answered_at),
        timetable.tender_objection_answer,
        calendar,
        timetable.zone,
    )


# waits for the clock from the report to the publication (B-14)
def candidates_published(
    report_at: datetime, published_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """The candidates are published within 3 days of the report (B-14)."""
    return within(
        "candidates_published",
        "Tendering Regs art. 54",
        (report_at, published_at),
        timetable.candidate_publication,
        calendar,
        timetable.zone,
    )


def clarify_until(deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """The last moment for a change that leaves the deadline where it is (B-4); UTC."""
    return latest_before(
        deadline_at, timetable.clarification_before_deadline, calendar, timetable.zone
    )


def object_until(deadline_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """The last moment for an objection to the documents (B-5); UTC."""
    return latest_before(
        deadline_at, timetable.document_objection_before_deadline, calendar, timetable.zone
    )


def _before(
    code: str,
    article: str,
    moment: datetime,
    end: datetime,
    period: Period,
    place: tuple[WorkCalendar, str],
) -> Decision:
    calendar, zone = place
    last = latest_before(end, period, calendar, zone)
    return decide(
        check(code, article, _seconds(last - moment), ">=", 0, "seconds before the last moment")
    )


def within(
    code: str,
    article: str,
    span: tuple[datetime, datetime],
    period: Period,
    calendar: WorkCalendar,
    zone: str,
) -> Decision:
    """The second moment of `span` is not after the period that the first one set off."""
    start, end = span
    last = deadline(start, period, calendar, zone)
    allowed = max(days_between(start, last, period, calendar, zone), period.days)
    have = max(days_between(start, end, period, calendar, zone), 0)
    return decide(check(code, article, have, "<=", allowed, f"{period.kind} days"))


def _day_of(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // _MICROSECOND, 1_000_000)
