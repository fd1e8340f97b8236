"""Whether the parts of the estate that a scheme names are on the roll."""

from collections.abc import Callable, Iterator, Sequence

from formats.file_mapping import Path, in_words
from models.values.cost_sharing import ShareUnit
from models.values.refusal import Problem, problem
from models.values.scheme import SchemeContent

SHOWN = 32


def part_problems(
    scheme: SchemeContent,
    units: Sequence[ShareUnit],
    roll_name: str,
    where: Callable[[Path], str] = in_words,
) -> Iterator[Problem]:
    """Whether the buildings and entrances that vote, and the units that works occupy, are on the roll."""
    entrances = {(unit.building, unit.entrance) for unit in units}
    parts = {(building, "") for building, _ in entrances} | entrances
    for place, motion in enumerate(scheme.motions):
        part = (motion.scope.building, motion.scope.entrance)
        if motion.scope.building and part not in parts:
            yield problem(
                "opening.scope_unknown",
                where=where(("scheme", "motions", place, "scope")),
                part="/".join(part),
                roll=roll_name,
            )
    numbers = {unit.number for unit in units}
    for place, work in enumerate(scheme.works):
        for number in sorted(set(work.occupies) - numbers):
            yield problem(
                "opening.occupied_unknown",
                where=where(("scheme", "works", place, "occupies")),
                unit=number[:SHOWN],
                roll=roll_name,
            )
