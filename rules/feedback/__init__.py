"""Feedback (反馈评价) as law and arithmetic: rule book section 5, E44, E48.

The ladder of a ticket with its deadlines, who may answer, how often it may come back, and the
evaluation: fractions beside targets, and the Wilson interval in integers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from math import isqrt

from models.values.actor import Actor, Role
from models.values.cost_sharing import PERMILLE
from models.values.decisions.decision import Decision, Operator
from models.values.feedback import (
    LEVELS,
    LOWER_IS_BETTER,
    EvaluationFacts,
    GradeStep,
    Indicator,
    Interval,
    Level,
    Measurement,
    Reopening,
    TargetResult,
)
from models.values.refusal import Problem, problem, refusal
from models.values.scheme import Target
from models.values.timetable import Period, Timetable, WorkCalendar, working_days
from rules.checks import check, decide
from rules.time.deadlines import deadline, hours_after

_HIGHEST_LEVEL_OF: dict[Role, Level] = {
    Role.GRID_WORKER: "grid",
    Role.RESIDENTS_COMMITTEE: "community",
    Role.STREET_OFFICE: "street",
    # The project knows no role above the district: its bureau answers for the city as well.
    Role.DISTRICT_BUREAU: "city",
}

FEWEST_SHOWN = 5
"""So many households at least stand behind each number of the survey that is shown."""

_Z = (1_959_963_985, 1_000_000_000)
"""The 97.5 % point of the normal distribution, rounded up so that the interval is not too short."""

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000


def level_above(level: Level) -> Level | None:
    """The next level of the ladder; None above the city."""
    place = LEVELS.index(level) + 1
    return LEVELS[place] if place < len(LEVELS) else None


def ticket_due(
    level: Level,
    opened_at: datetime,
    now: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> datetime:
    """Until when a level that gets the ticket `now` must answer; case time, UTC.

    The grid worker has hours, the levels above working days. Up to the district all of them stay
    within the total of the hotline law (Weifang art. 20: 5 working days from the opening), so the
    district has what is left of it. Once the total is over, the level that holds the ticket gets
    its own time: the delay is on record, and nobody can answer in the past.
    """
    if level == "grid":
        own = hours_after(now, timetable.ticket_grid_hours)
    else:
        own = deadline(now, _period(level, timetable), calendar, timetable.zone)
    if level == "city":
        return own
    total = total_due(opened_at, timetable, calendar)
    return min(own, total) if total > now else own


def total_due(opened_at: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    """Until when a ticket is to be resolved, whoever holds it (Weifang Hotline Regs art. 20)."""
    return deadline(opened_at, timetable.ticket_total, calendar, timetable.zone)


def answer_problems(level: Level, actor: Actor) -> tuple[Problem, ...]:
    """Who may answer: the level that holds the ticket, and every level above it (F-7, rules 5.2)."""
    highest = _HIGHEST_LEVEL_OF.get(actor.role)
    if highest is not None and LEVELS.index(highest) >= LEVELS.index(level):
        return ()
    return (problem("feedback.not_this_level", level=level, role=actor.role.value),)


def resolved_in_time(
    opened_at: datetime, resolved_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> Decision:
    """The seconds a ticket took against the seconds it may take, days off included."""
    took = Fraction((resolved_at - opened_at) // _MICROSECOND, _SECOND)
    limit = total_due(opened_at, timetable, calendar)
    may = Fraction((limit - opened_at) // _MICROSECOND, _SECOND)
    return decide(
        check("feedback.resolved_within", "Weifang Hotline Regs art. 20", took, "<=", may, "s")
    )


def reopening(
    level: Level,
    reopened: int,
    resolved_at: datetime,
    now: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> Reopening:
    """Where a ticket goes whose complainant is not satisfied (rules.md 5.2).

    The first time it stays at its level, from the second time on it goes one level up.

    Raises:
        Refused: `feedback.reopen_too_late` after the period; `feedback.reopen_exhausted` when the
            highest level has answered again: the ways left are those of F-4 (review, court).
    """
    limit = deadline(resolved_at, timetable.ticket_reopen, calendar, timetable.zone)
    if now > limit:
        raise refusal("feedback.reopen_too_late", until=limit.isoformat())
    if reopened == 0:
        return Reopening(level=level, reopened=1)
    above = level_above(level)
    if above is None:
        raise refusal("feedback.reopen_exhausted", times=reopened)
    return Reopening(level=above, reopened=reopened + 1)


def tickets_limit(
    survey_closes_at: datetime, timetable: Timetable, calendar: WorkCalendar
) -> datetime:
    """How long the evaluation waits for open tickets: the hotline's total after the survey."""
    return deadline(survey_closes_at, timetable.ticket_total, calendar, timetable.zone)


def next_look(
    now: datetime,
    survey_closes_at: datetime,
    open_tickets: int,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> datetime | None:
    """When open tickets are looked at again: every working day until the limit; None to evaluate now."""
    limit = tickets_limit(survey_closes_at, timetable, calendar)
    if open_tickets == 0 or now >= limit:
        return None
    # From yesterday on: the first look is at the end of today, even when a look came at midnight.
    today_ends = deadline(now - _DAY, working_days(1), calendar, timetable.zone)
    return min(today_ends, limit)


def text_hash(ticket_id: str, text: str) -> str:
    """SHA-256 of what a person wrote, with its ticket: the event proves the words without showing them."""
    return hashlib.sha256(f"{ticket_id}\n{text}".encode()).hexdigest()


def measurements(facts: EvaluationFacts) -> tuple[Measurement, ...]:
    """Every indicator of rules.md 5.6 as numerator, denominator and what is missing."""
    fractions: tuple[tuple[Indicator, int, int, int], ...] = (
        (Indicator.PARTICIPATION_HEADS, facts.participating_heads, facts.roll_heads, 0),
        (Indicator.PARTICIPATION_AREA, facts.participating_area_dm2, facts.roll_area_dm2, 0),
        (Indicator.COLLECTION_UNITS, facts.units_paid, facts.units_due, 0),
        (Indicator.COLLECTION_AMOUNT, facts.paid_fen, facts.due_fen, 0),
        (Indicator.COMPLETION, facts.items_passed, facts.items_planned, 0),
        (
            Indicator.FIRST_PASS,
            facts.items_passed_at_once,
            facts.items_inspected,
            facts.items_planned - facts.items_inspected,
        ),
        (Indicator.BUDGET_EXECUTION, facts.certified_fen, facts.budget_fen, 0),
        (Indicator.SATISFACTION, facts.satisfied, facts.answers, facts.units - facts.answers),
        (Indicator.RESPONSE, facts.answers, facts.units, 0),
        (
            Indicator.TICKETS_IN_TIME,
            facts.tickets_in_time,
            facts.tickets_answered + facts.tickets_overdue,
            facts.tickets_open - facts.tickets_overdue,
        ),
        (
            Indicator.REOPEN_RATE,
            facts.tickets_reopened,
            facts.tickets_answered,
            facts.tickets_open,
        ),
    )
    return tuple(
        Measurement(indicator=name.value, numerator=part, denominator=whole, missing=missing)
        for name, part, whole, missing in fractions
    )


def compare_with_target(measured: Sequence[Measurement], target: Target) -> TargetResult:
    """A target beside its measurement, by cross-multiplication; unknown when nothing was measured.

    A target whose indicator the evaluation does not know stays unknown, and so unmet.
    """
    found = next((each for each in measured if each.indicator == target.indicator), None)
    mine = found or Measurement(indicator=target.indicator, numerator=0, denominator=0)
    op: Operator = "<=" if target.indicator in LOWER_IS_BETTER else ">="
    found_check = check(
        "feedback.target_met",
        f"target {target.indicator}, set before the start; rules 5.6",
        Fraction(mine.numerator, mine.denominator) if mine.denominator else None,
        op,
        Fraction(target.numerator, target.denominator),
        "fraction",
    )
    return TargetResult(
        measured=mine,
        target_numerator=target.numerator,
        target_denominator=target.denominator,
        check=found_check,
    )


def shown_cells(counts: Mapping[int, int]) -> dict[int, int | None]:
    """How many households gave each score, with None for a number that could tell of one household.

    Hidden is every number below `FEWEST_SHOWN`; where that is a single one, which the sum of all would
    tell, the smallest of the others too (secondary suppression). [D] after P-4 of the law page.
    """
    hidden = {score for score, n in counts.items() if n < FEWEST_SHOWN}
    others = sorted((n, score) for score, n in counts.items() if score not in hidden)
    if len(hidden) == 1 and others:
        hidden.add(others[0][1])
    return {score: None if score in hidden else n for score, n in counts.items()}


def satisfaction_floor(satisfied: int, answers: int, timetable: Timetable) -> Decision:
    """Satisfaction against the floor (E48); nobody's answer leaves it unknown."""
    return decide(
        check(
            "feedback.satisfaction_floor",
            "rules E48",
            Fraction(satisfied, answers) if answers else None,
            ">=",
            Fraction(timetable.satisfaction_floor_permille, PERMILLE),
            "fraction",
        )
    )


def wilson(satisfied: int, answers: int) -> Interval | None:
    """The Wilson 95 % interval of a share, in permille rounded outward; None without answers.

    Exact integer arithmetic. With z = p/q, k of n:
    bounds = (n(2kq2 + p2) -/+ sqrt(n p2 (4k(n-k)q2 + n p2))) / (2n(nq2 + p2)).
    Raises ValueError when more are satisfied than answered.
    """
    if not 0 <= satisfied <= answers:
        raise ValueError("satisfied is between 0 and the answers")
    if answers == 0:
        return None
    p2, q2 = _Z[0] ** 2, _Z[1] ** 2
    k, n = satisfied, answers
    middle = n * (2 * k * q2 + p2) * PERMILLE
    root = _root_up(n * p2 * (4 * k * (n - k) * q2 + n * p2) * PERMILLE**2)
    scale = 2 * n * (n * q2 + p2)
    return Interval(
        lower_permille=(middle - root) // scale, upper_permille=-(-(middle + root) // scale)
    )


# waits for performance reports
def percent(part: Fraction, whole: Fraction, digits: int = 2) -> Fraction:
    """`part / whole` in per cent, rounded half up to `digits` decimals (执行率 and the like)."""
    scale = 10**digits
    exact = part * 100 * scale / whole
    return Fraction((2 * exact.numerator + exact.denominator) // (2 * exact.denominator), scale)


# waits for performance reports
def grade(score: Fraction, scale: Sequence[GradeStep], lowest: str) -> str:
    """The grade of a score; the scale is configuration, best step first, each strictly above."""
    return next((step.grade for step in scale if score > step.above), lowest)


def _root_up(number: int) -> int:
    """The square root rounded up: outward for both ends of the interval."""
    root = isqrt(number)
    return root if root * root == number else root + 1


def _period(level: Level, timetable: Timetable) -> Period:
    return {
        "community": timetable.ticket_community,
        "street": timetable.ticket_street,
        "district": timetable.ticket_district,
        "city": timetable.ticket_city,
    }[level]
