"""Whoever keeps a case waiting: until when an act is awaited, and what follows when nobody comes.

Nothing is decided in anybody's place. Whoever is awaited is reminded when the time is over and is late
from then on; after each further period the level above hears of it (rules.md 5.2, levels [V], times
[D]; that the street office orders what the committee leaves undone: Shandong PM Regs art. 28, Weifang
art. 32). After the top they stay late. So a wait has at most one reminder and one notice a level.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from models.values.actor import Role
from models.values.base import Value
from models.values.timetable import Period, Timetable, WorkCalendar
from models.values.waits import Consequence, Wait
from rules.time.deadlines import deadline

LADDER: tuple[str, ...] = (
    Role.OWNERS_COMMITTEE.value,
    Role.RESIDENTS_COMMITTEE.value,
    Role.STREET_OFFICE.value,
    Role.DISTRICT_BUREAU.value,
)
"""The levels from below: the committee of the owners, the community, the street office, the district."""
WITHIN: Mapping[str, str] = {
    "open_vote": "vote_opening",
    "revise_scheme": "scheme_revision",
    "answers": "objection_answer",
    "answers.candidates": "tender_objection_answer",
    "subsidy": "subsidy_decision",
    "decide_collection": "collection_decision",
    "publish_tender": "tender_publication",
    "record_evaluation": "bid_evaluation",
    "approve_direct_award": "direct_award",
    "award_contract": "award",
    "sign_contract": "contract_signing",
    "works": "works_silence",
    "part_consent": "part_consent",
    "record_inspection": "item_inspection",
    "accept_works": "completion_acceptance",
    "terminate_contract": "termination_decision",
    "measure_works": "termination_measurement",
    "approve_payment": "contractor_payment",
    "resume_renovation": "suspension_review",
    "release_retention": "retention_verification",
    "accounts": "collection_decision",
    "arrears": "collection_decision",
    "unblock_payments": "payment_unblocking",
}
"""What is awaited, by its word on the agenda, to the field of the timetable within which it is done."""


class BasisOfWait(NamedTuple):
    """By which rule of rules.md something is awaited, and by which article where a text of law has it."""

    rule: str
    article: str = ""


BASES: Mapping[str, BasisOfWait] = {
    "open_vote": BasisOfWait("1.2", "Property Management Regs art. 14"),
    "ballots": BasisOfWait("1.2", "Civil Code art. 278(2)"),
    "turnout": BasisOfWait("1.2", "Civil Code art. 278(2)"),
    "votes": BasisOfWait("1.2", "Civil Code art. 278(2)"),
    "vote_objections": BasisOfWait("1.1"),
    "revise_scheme": BasisOfWait("8, E1"),
    "publication": BasisOfWait("5.4"),
    "objections": BasisOfWait("5.4"),
    "answers": BasisOfWait("5.4"),
    "objections.candidates": BasisOfWait("3.2, B-14", "Tendering Regs art. 54"),
    "answers.candidates": BasisOfWait("3.2, B-14", "Tendering Regs art. 54"),
    "subsidy": BasisOfWait("2.2", "Administrative License Law art. 42"),
    "payments": BasisOfWait("2.5"),
    "paid_up": BasisOfWait("2.5"),
    "rest_money": BasisOfWait("2.5"),
    "instalment": BasisOfWait("2.5"),
    "arrears": BasisOfWait("8, E13"),
    "decide_collection": BasisOfWait("2.5"),
    "publish_tender": BasisOfWait("3.1", "Tendering Law art. 9"),
    "bids": BasisOfWait("3.2, B-4", "Tendering Law art. 24"),
    "record_evaluation": BasisOfWait("3.2"),
    "approve_direct_award": BasisOfWait("3.2, B-20"),
    "award_contract": BasisOfWait("3.2", "Tendering Law art. 45"),
    "sign_contract": BasisOfWait("3.2", "Tendering Law art. 46"),
    "works": BasisOfWait("4.1"),
    "part_consent": BasisOfWait("4.1"),
    "record_inspection": BasisOfWait("4.1"),
    "rectification": BasisOfWait("4.1", "Quality Regs art. 32"),
    "accept_works": BasisOfWait("4.1", "Quality Regs art. 16(2)"),
    "cure": BasisOfWait("8", "Civil Code art. 563(1)(3)"),
    "terminate_contract": BasisOfWait("8", "Civil Code art. 563(1)(3)"),
    "standstill": BasisOfWait("8"),
    "measure_works": BasisOfWait("2.6", "Civil Code art. 806"),
    "approve_payment": BasisOfWait("4.2", "SME Payment Regs art. 9"),
    "warranty": BasisOfWait("4.2"),
    "settling": BasisOfWait("8, E42"),
    "unblock_payments": BasisOfWait("8, E17"),
    "accounts": BasisOfWait("8, E47"),
    "accounts_settled": BasisOfWait(""),
    "retention": BasisOfWait("4.2", "Jianzhi 2017 no. 138 art. 2"),
    "release_retention": BasisOfWait("8, E46", "Jianzhi 2017 no. 138 art. 11"),
    "tickets": BasisOfWait("5.1", "Weifang Hotline Regs art. 20"),
    "answer": BasisOfWait("5.1", "Weifang Hotline Regs art. 20"),
    "confirmation": BasisOfWait("5.1", "Weifang Hotline Regs art. 20"),
    "call_back": BasisOfWait("5.1", "Weifang Hotline Regs art. 20"),
    "survey": BasisOfWait("5.6"),
    "resume_renovation": BasisOfWait("8, E6", "Property Management Regs art. 19"),
    "report_corrected": BasisOfWait("8, E6", "Property Management Regs art. 19"),
    "review_suggestion": BasisOfWait("5.3"),
    "answer_suggestion": BasisOfWait("5.3"),
    "reminder": BasisOfWait("5.2"),
    "engine": BasisOfWait(""),
    "stage": BasisOfWait(""),
    "starting": BasisOfWait(""),
}
"""What is awaited, by its word on the agenda; with its subject where the law has that one apart."""


def basis(what: str) -> BasisOfWait:
    """By which rule and article this is awaited."""
    kind, _, subject = what.partition(".")
    return BASES.get(f"{kind}.{subject}") or BASES.get(kind) or BasisOfWait("")


class Overdue(Value):
    """A wait after nobody has come in time: how it goes on, and the audiences that are told now."""

    wait: Wait
    told: tuple[str, ...]


def due(
    what: str, start: datetime, timetable: Timetable, calendar: WorkCalendar
) -> datetime | None:
    """Until when this is done if it is awaited from `start` on; None where nothing says so. UTC."""
    if what not in WITHIN:
        return None
    period = getattr(timetable, WITHIN[what])
    assert isinstance(period, Period), what
    return deadline(start, period, calendar, timetable.zone)


def answers_to(subject: str) -> str:
    """By which period an objection to this is answered: in tender matters the law hurries."""
    kind = f"answers.{subject}"
    return kind if kind in WITHIN else "answers"


def overdue(wait: Wait, now: datetime, timetable: Timetable, calendar: WorkCalendar) -> Overdue:
    """What follows when the moment of a wait is over and nobody has come.

    First whoever is awaited is told, of several the lowest level; then the levels above, one by one.
    """
    told = _awaited(wait) if wait.late_since is None else _above(wait.level)[:1]
    level = next((each for each in told if each in LADDER), wait.level)
    now_late = {"late_since": wait.late_since or wait.due_at, "level": level}
    further: dict[str, object] = {"due_at": None, "consequence": Consequence.NONE}
    if _above(level):
        next_at = deadline(now, timetable.escalation, calendar, timetable.zone)
        further = {"due_at": next_at, "consequence": Consequence.ESCALATED}
    return Overdue(wait=wait.model_copy(update=now_late | further), told=told)


def _awaited(wait: Wait) -> tuple[str, ...]:
    """Who is told first: the lowest level that may do it, else everybody who may."""
    awaited = tuple(wait.who.split(", "))
    return next(((level,) for level in LADDER if level in awaited), awaited)


def _above(level: str) -> tuple[str, ...]:
    """The levels that have not heard of it, from below; above whoever has no level stand all."""
    return LADDER[LADDER.index(level) + 1 :] if level in LADDER else LADDER
