"""Door to door: what a grid worker (网格员) may write down; a choice is not among it.

The worker hands over a sealed envelope with the unit's code, and the resident votes on the own or
the worker's device under the own credential. So the worker can neither read nor cast a ballot.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from models.values.channels import Visit
from models.values.refusal import Problem, problem


class Door(NamedTuple):
    """One visit."""

    unit_number: str
    outcome: Visit
    envelope: str
    """The number on the sealed envelope that was handed over; "" if none was."""


def visit_problems(doors: Iterable[Door], roll: Collection[str]) -> tuple[Problem, ...]:
    """Everything that is wrong with a round of visits, by their numbers from 1."""
    problems: list[Problem] = []
    for number, door in enumerate(doors, start=1):
        where, params = f"visits.{number}", {"unit": door.unit_number}
        if door.unit_number not in roll:
            problems.append(problem("voting.unit_not_on_roll", where=where, **params))
        if (door.outcome == "handed_over") != bool(door.envelope):
            problems.append(problem("door.envelope", where=where, **params))
    return tuple(problems)
