"""The legal minimum and maximum of every period of a timetable, each with one check.

Only what a text of law fixes is tested here; defaults of this project may be set freely.
"""

from dataclasses import dataclass

from models.values.decisions.decision import Check, Decision, Operator
from models.values.timetable import Period, Timetable
from rules.checks import check, decide

_LONGEST_REST_DAYS = 9
"""The longest run of days off that an announcement has made; see `_calendar_days_at_most`."""


@dataclass(frozen=True)
class Bound:
    """One legal limit: `field op limit`, in days of `kind` or in the field's own unit."""

    field: str
    op: Operator
    limit: int
    article: str
    kind: str = "calendar"
    """For periods "calendar" or "working"; for plain numbers the unit."""


LEGAL_BOUNDS: tuple[Bound, ...] = (
    Bound("vote_notice", ">=", 15, "Property Management Regs art. 14"),
    Bound("vote_open", ">=", 5, "Hangzhou Property Management Regs art. 20"),
    Bound("vote_open", "<=", 60, "Hangzhou Property Management Regs art. 20"),
    Bound("vote_open_max", "<=", 60, "Hangzhou Property Management Regs art. 20"),
    Bound("decision_publication", "<=", 3, "Shandong Property Management Regs art. 32"),
    Bound("challenge", ">=", 365, "SPC interpretation on condominiums (2020) art. 12"),
    Bound("document_sale", ">=", 5, "Tendering Regs art. 16"),
    Bound("bid_preparation", ">=", 20, "Tendering Law art. 24"),
    Bound("clarification_before_deadline", ">=", 15, "Tendering Law art. 23"),
    # A right of the bidders: neither a longer nor a shorter time leaves it as the law has it.
    Bound("document_objection_before_deadline", "==", 10, "Tendering Regs art. 22"),
    Bound("tender_objection_answer", "<=", 3, "Tendering Regs art. 22, 54"),
    Bound("candidate_publication", "<=", 3, "Tendering Regs art. 54"),
    Bound("candidate_publicity", ">=", 3, "Tendering Regs art. 54"),
    Bound("contract_signing", "<=", 30, "Tendering Law art. 46"),
    Bound("award_report", "<=", 15, "Tendering Law art. 47"),
    Bound("bond_return", "<=", 5, "Tendering Regs art. 35, 57"),
    Bound("bid_bond_permille", "<=", 20, "Tendering Regs art. 26", "permille"),
    Bound("performance_bond_permille", "<=", 100, "Tendering Regs art. 58", "permille"),
    Bound("completion_filing", "<=", 15, "Quality Regs art. 49"),
    Bound("retention_permille", "<=", 30, "Jianzhi 2017 no. 138", "permille"),
    Bound("contractor_payment", "<=", 60, "SME Payment Regs art. 9"),
    Bound("ticket_total", "<=", 5, "Weifang Hotline Regs art. 20", "working"),
)
"""Every legal minimum and maximum that the timetable could break."""


def check_timetable(timetable: Timetable) -> Decision:
    """Compare every legally bounded value with its bound; codes are "timetable.<field>"."""
    return decide(*(_check(timetable, bound) for bound in LEGAL_BOUNDS))


def _check(timetable: Timetable, bound: Bound) -> Check:
    value = getattr(timetable, bound.field)
    is_period = isinstance(value, Period)
    have = _days(value, bound) if is_period else int(value)
    unit = f"{bound.kind}_days" if is_period else bound.kind
    return check(f"timetable.{bound.field}", bound.article, have, bound.op, bound.limit, unit)


def _days(period: Period, bound: Bound) -> int:
    """The period in days of the bound's kind, rounded to the side on which the law is kept.

    N working days last at least N calendar days, and N calendar days hold at most N working days.
    """
    if bound.op != ">=" and period.kind == "working" and bound.kind == "calendar" and period.days:
        return _calendar_days_at_most(period.days)
    return period.days


def _calendar_days_at_most(days: int) -> int:
    """More calendar days than `days` working days can last: a weekend each four, one long rest."""
    return 2 * days + _LONGEST_REST_DAYS
