"""What the works wait for beside the contractor: owners whose own part a work occupies (E9)."""

from activities.recording import Case
from models.values.refusal import Problem
from rules.inspection import consent_problems
from runtime.database import driver_connection
from runtime.record.consents import load_occupied


async def missing_consents(case: Case, item_id: str) -> tuple[Problem, ...]:
    """The consents that a work of the scheme still lacks, a problem for each unit."""
    found = await load_occupied(await driver_connection(case.session), case.renovation.id)
    of_item = {part.unit_number: given for part, given in found.items() if part.work_id == item_id}
    return consent_problems(item_id, list(of_item), {u for u, given in of_item.items() if given})
