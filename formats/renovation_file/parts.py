"""Whether the parts of the estate that a scheme names are on the roll."""

from collections.abc import Iterator, Sequence

from models.values.cost_sharing import ShareUnit
from models.values.refusal import Problem, problem
from models.values.scheme import SchemeContent

SHOWN = 32


def part_problems(
    scheme: SchemeContent, units: Sequence[ShareUnit], roll_name: str
) -> Iterator[Problem]:
    """Whether the buildings and entrances that vote, and the units that works occupy, are on the roll."""
    entrances = {(unit.building, unit.entrance) for unit in units}
    parts = {(building, "") for building, _ in entrances} | entrances
    for motion in scheme.motions:
        part = (motion.scope.building, motion.scope.entrance)
        if motion.scope.building and part not in parts:
            yield problem(
                "opening.scope_unknown", where=motion.id, part="/".join(part), roll=roll_name
            )
    numbers = {unit.number for unit in units}
    for work in scheme.works:
        for number in sorted(set(work.occupies) - numbers):
            yield problem(
                "opening.occupied_unknown", where=work.id, unit=number[:SHOWN], roll=roll_name
            )
