"""The calendar that a timetable implies: what a convener sees before opening a case.

It is no promise. Every step begins when the one before is over, and whoever has until a day takes all of it;
a vote is not repeated, a tender not held twice, nobody objects. The engine computes each moment anew when
it comes to it.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.values.states import Stage
from models.values.timetable import Period, Timetable, WorkCalendar
from rules.time.deadlines import deadline, is_provisional, last_day
from rules.time.timetables import LEGAL_BOUNDS

STEPS: tuple[tuple[Stage, str, bool], ...] = (
    (Stage.VOTING, "vote_notice", True),
    (Stage.VOTING, "vote_open", True),
    (Stage.VOTING, "result_objection", True),
    (Stage.COST_SHARING, "scheme_publication", True),
    (Stage.COST_SHARING, "collection_deadline", False),
    (Stage.BIDDING, "tender_publication", False),
    (Stage.BIDDING, "bid_preparation", True),
    (Stage.BIDDING, "bid_evaluation", False),
    (Stage.BIDDING, "candidate_publicity", True),
    (Stage.BIDDING, "award", False),
    (Stage.BIDDING, "contract_signing", False),
    (Stage.INSPECTION, "works_start", False),
)
"""The periods of a case in their order; True for those that are waited for, False for those that somebody
has at most."""
FIRST: tuple[Stage, str, bool] = (Stage.VOTING, "vote_opening", False)
"""What a case that is open begins with."""
AFTER_WORKS: tuple[tuple[Stage, str, bool], ...] = ((Stage.FEEDBACK, "survey_open", True),)
"""What follows when the works are done, which no timetable knows."""


class Step(NamedTuple):
    """One period of the calendar, with its first and its last day."""

    stage: Stage
    period: str
    """The name of the timetable's field."""
    begins_on: date
    ends_on: date
    waited_for: bool
    """False where somebody may be done earlier."""
    provisional: bool
    """A holiday that is not announced yet may still move the end."""
    article: str
    """The provision that bounds it, "" where it is this project's default."""


class Course(NamedTuple):
    """The steps up to the works, what is left for the works, and the steps after them."""

    steps: tuple[Step, ...]
    works: Step
    after: tuple[Step, ...]

    @property
    def days_for_works(self) -> int:
        """Calendar days from the beginning of the works to their planned end; below 1 there is no time."""
        return (self.works.ends_on - self.works.begins_on).days + 1


def course(opens: datetime, ends_on: date, timetable: Timetable, calendar: WorkCalendar) -> Course:
    """The calendar of a case whose vote is announced at `opens`, and whose works are to end on `ends_on`."""
    zone = timetable.zone
    steps, begun = _steps(STEPS, opens, timetable, calendar)
    first = begun.astimezone(ZoneInfo(zone)).date()
    works = Step(
        Stage.INSPECTION, "works", first, ends_on, False, is_provisional(ends_on, calendar), ""
    )
    finished = datetime.combine(
        max(ends_on, first), opens.astimezone(ZoneInfo(zone)).time(), ZoneInfo(zone)
    )
    after, _ = _steps(AFTER_WORKS, finished, timetable, calendar)
    return Course(steps, works, after)


class StagePlan(NamedTuple):
    """A stage of the plan: from its first day to its last, at the latest."""

    stage: Stage
    begins_on: date
    ends_on: date

    @property
    def days(self) -> int:
        """Calendar days, the first and the last among them."""
        return (self.ends_on - self.begins_on).days + 1


def planned_stages(
    entered: datetime, timetable: Timetable, calendar: WorkCalendar
) -> tuple[StagePlan, ...]:
    """When each stage before the works is over at the latest, in a case that was entered then.

    As in `course` nothing is done twice and nobody objects. How long works take no timetable knows: that plan
    is the contract's, and with it the stages after them.
    """
    names = tuple(each for each in (FIRST, *STEPS) if each[0] is not Stage.INSPECTION)
    steps, _ = _steps(names, entered, timetable, calendar)
    stages = dict.fromkeys(each.stage for each in steps)
    return tuple(
        StagePlan(
            stage,
            min(each.begins_on for each in steps if each.stage is stage),
            max(each.ends_on for each in steps if each.stage is stage),
        )
        for stage in stages
    )


def course_of_vote(
    opens: datetime, timetable: Timetable, calendar: WorkCalendar
) -> tuple[Step, ...]:
    """The steps of a vote that is announced at `opens`: what follows from announcing it now."""
    of_vote = tuple(each for each in STEPS if each[0] is Stage.VOTING)
    return _steps(of_vote, opens, timetable, calendar)[0]


def _steps(
    names: tuple[tuple[Stage, str, bool], ...],
    start: datetime,
    timetable: Timetable,
    calendar: WorkCalendar,
) -> tuple[tuple[Step, ...], datetime]:
    """The steps one after the other, and the moment at which the last one is over."""
    found = []
    for stage, name, waited_for in names:
        end = _end(name, start, timetable, calendar)
        last = last_day(end, timetable.zone)
        found.append(
            Step(
                stage,
                name,
                start.astimezone(ZoneInfo(timetable.zone)).date(),
                last,
                waited_for,
                is_provisional(last, calendar),
                _article(name),
            )
        )
        start = end
    return tuple(found), start


def _end(name: str, start: datetime, timetable: Timetable, calendar: WorkCalendar) -> datetime:
    period: Period = getattr(timetable, name)
    end = deadline(start, period, calendar, timetable.zone)
    if name != "vote_open":
        return end
    # The window has a longest length that no day off moves on (`activities.voting.announcing`).
    return min(end, start + timedelta(days=timetable.vote_open_max.days))


def _article(name: str) -> str:
    return next((bound.article for bound in LEGAL_BOUNDS if bound.field == name), "")
