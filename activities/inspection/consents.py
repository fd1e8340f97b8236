"""What the works wait for beside the contractor: owners whose own part a work occupies (E9)."""

from collections.abc import Iterable

from sqlalchemy import select

from activities.recording import Case
from models.tables import WorkItem
from models.values.inspection import ItemState
from models.values.refusal import Problem
from models.values.waits import Wait
from rules.inspection import consent_problems
from runtime.database import driver_connection
from runtime.record.consents import PART_CONSENT, OccupiedPart, load_missing_consents, load_occupied


async def missing_consents(case: Case, item_id: str) -> tuple[Problem, ...]:
    """The consents that a work of the scheme still lacks, a problem for each unit."""
    found = await load_occupied(await driver_connection(case.session), case.renovation.id)
    of_item = {part.unit_number: given for part, given in found.items() if part.work_id == item_id}
    return consent_problems(item_id, list(of_item), {u for u, given in of_item.items() if given})


async def awaited_parts(case: Case) -> tuple[OccupiedPart, ...]:
    """The parts whose owners' consent works wait for: what was reported has begun."""
    driver = await driver_connection(case.session)
    missing = await load_missing_consents(driver, case.renovation.id)
    names = [f"{case.renovation.id}.{part.work_id}" for part in missing]
    planned = select(WorkItem.id).where(WorkItem.id.in_(names), WorkItem.state == ItemState.PLANNED)
    open_ = set(await case.session.scalars(planned)) if missing else set()
    return tuple(part for part, name in zip(missing, names, strict=True) if name in open_)


def await_consents(case: Case, parts: Iterable[OccupiedPart]) -> tuple[Wait, ...]:
    """A line of the agenda for each of these consents."""
    return tuple(case.wait(PART_CONSENT, subject=part.subject, who="owners") for part in parts)
