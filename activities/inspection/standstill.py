"""Works that do not begin, or stand still (E36): when that is a default, and its notice to cure."""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from activities.recording import Case, who_does
from models.tables import Contract
from models.values.inspection import ItemState
from models.values.refusal import refusal
from models.values.states import ContractState
from models.values.waits import Consequence, Wait
from rules.oversight import rested
from rules.termination import idle_from
from rules.time.deadlines import end_of_natural_day

STANDSTILL = ""
"""The name of works that stand still among the items in default: none of them has it."""
BUSY = (ItemState.REPORTED, ItemState.REJECTED, ItemState.DEFAULT)
"""Of these somebody else is awaited, or a time of their own runs."""


def start_by(case: Case, day: date | None) -> datetime:
    """Until when the works of a contract that is signed now begin (case time).

    Raises:
        Refused: `bidding.start_is_past`.
    """
    if day is None:
        return case.ends(case.now, case.timetable.works_start)
    zone = case.timetable.zone
    until = end_of_natural_day(datetime.combine(day, time(12), ZoneInfo(zone)), 0, zone)
    if until <= case.now:
        raise refusal("bidding.start_is_past", where="start_by", day=day.isoformat())
    return until


def moved(case: Case, contract: Contract) -> None:
    """Something of the works was reported or inspected: they have begun, and go on."""
    contract.moved_at, contract.cure_until = case.now, None


def works_due(case: Case, contract: Contract | None) -> datetime | None:
    """Until when something of the works is reported next; None in contracts that know no such day."""
    if contract is None or contract.moved_at is None:
        return None if contract is None else contract.start_by
    return case.due("works", contract.moved_at)


def idle_at(
    case: Case, contract: Contract | None, number: Mapping[ItemState, int], waiting: int
) -> datetime | None:
    """When works that stand still are a default; None while it is not the contractor who is awaited.

    `number` is how many items are in which state, `waiting` how many of the planned ones wait for an
    owner's consent.
    """
    if contract is None or contract.state is not ContractState.SIGNED:
        return None
    noticed = contract.cure_until is not None or contract.decide_by is not None
    busy = any(number.get(state) for state in BUSY)
    if noticed or busy or number.get(ItemState.PLANNED, 0) <= waiting:
        return None
    begun = contract.moved_at or contract.start_by
    end = idle_from(contract.start_by, contract.moved_at, case.timetable, case.calendar)
    return end and begun and rested(end, begun, case.renovation.rests)


def standing_still(due_at: datetime) -> Wait:
    """The line of the agenda for works that are to begin, or to go on."""
    return Wait(
        what="standstill",
        due_at=due_at,
        who=who_does("report_item"),
        consequence=Consequence.CURE_NOTICED,
    )
