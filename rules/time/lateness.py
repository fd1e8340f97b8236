"""Whoever keeps a case waiting: until when an act is awaited, and what follows when nobody comes.

Nothing is decided in anybody's place. Whoever is awaited is reminded when the time is over and is late
from then on; after each further period the level above hears of it (rules.md 5.2, levels [V], times
[D]; that the street office orders what the committee leaves undone: Shandong PM Regs art. 28, Weifang
art. 32). After the top they stay late. So a wait has at most one reminder and one notice a level.
"""

from collections.abc import Mapping
from datetime import datetime

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
    "approve_payment": "contractor_payment",
}
"""What is awaited, by its word on the agenda, to the field of the timetable within which it is done."""


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
