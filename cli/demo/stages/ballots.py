"""The ballots of the demo: who votes when and how, and the ones that must be refused."""

import random

from pydantic import JsonValue

from cli.demo.town.estate import DemoUnit
from cli.demo.town.scheme import FUND_MOTION, MAIN_MOTION
from models.values.base import Value
from models.values.voting import Choice

FIRST_PERCENT = 50
"""Returned before the extension: short of the quorum of two thirds."""
SECOND_PERCENT = 36
FEW_PERCENT = 2
MOST_OF_A_FEW = 20
AGENTS = 1
"""So many households have an agent vote for them; each costs the demo some six requests one after the other."""


class DemoBallot(Value):
    """One ballot as one client sends it; `credential_of` is whose credential comes with it."""

    command_id: str
    unit_number: str
    choices: dict[str, str]
    credential_of: str

    def body(self) -> dict[str, JsonValue]:
        """The request."""
        return {
            "command_id": self.command_id,
            "unit_number": self.unit_number,
            "choices": dict(self.choices),
        }


class VotePlan(Value):
    """Every ballot of the demo in its wave."""

    first: tuple[DemoBallot, ...]
    again: tuple[DemoBallot, ...]
    """The same ballots under the same command ids: the same receipts, counted once."""
    changed: tuple[DemoBallot, ...]
    """Owners of the first wave who change their mind: the last ballot counts."""
    forged: tuple[DemoBallot, ...]
    strange: tuple[DemoBallot, ...]
    """A unit that is not on the roll, and a motion that nobody put."""
    second: tuple[DemoBallot, ...]
    late: tuple[DemoBallot, ...]
    by_agent: tuple[str, ...]
    """Units of the first wave whose ballot an agent casts."""


def vote_plan(units: tuple[DemoUnit, ...], seed: int, renovation_id: str) -> VotePlan:
    """One flat votes for each set of owners; the order is drawn from the seed."""
    voters = _one_for_each_owner(units)
    random.Random(f"turnout-{seed}").shuffle(voters)  # noqa: S311 - a repeatable demo
    first_end = len(voters) * FIRST_PERCENT // 100
    second_end = first_end + -(-len(voters) * SECOND_PERCENT // 100)
    few = max(1, min(MOST_OF_A_FEW, len(voters) * FEW_PERCENT // 100))
    casts = [_cast(renovation_id, place, unit) for place, unit in enumerate(voters)]
    first, second, silent = casts[:first_end], casts[first_end:second_end], casts[second_end:]
    return VotePlan(
        first=tuple(first),
        again=tuple(first[:few]),
        changed=tuple(_changed(cast) for cast in first[few : 2 * few]),
        forged=tuple(_forged(cast, first[0]) for cast in silent[:few]),
        strange=_strange(renovation_id, first[0]),
        second=tuple(second),
        late=tuple(_late(cast) for cast in silent[-few:]),
        by_agent=tuple(cast.unit_number for cast in first[2 * few :][-AGENTS:]),
    )


def _one_for_each_owner(units: tuple[DemoUnit, ...]) -> list[DemoUnit]:
    seen: dict[tuple[str, ...], DemoUnit] = {}
    for unit in units:
        seen.setdefault(unit.owners, unit)
    return list(seen.values())


def _cast(renovation_id: str, place: int, unit: DemoUnit) -> DemoBallot:
    """22 of 25 say yes, 2 no, 1 abstains: enough for every threshold, in heads and in area."""
    choice = {0: Choice.NO, 1: Choice.NO, 2: Choice.ABSTAIN}.get(place % 25, Choice.YES)
    return DemoBallot(
        command_id=f"{renovation_id}-ballot-{unit.number}",
        unit_number=unit.number,
        choices={MAIN_MOTION: choice.value, FUND_MOTION: choice.value},
        credential_of=unit.number,
    )


def _changed(cast: DemoBallot) -> DemoBallot:
    choices = {MAIN_MOTION: Choice.YES.value, FUND_MOTION: Choice.ABSTAIN.value}
    return cast.model_copy(update={"command_id": f"{cast.command_id}-changed", "choices": choices})


def _forged(cast: DemoBallot, other: DemoBallot) -> DemoBallot:
    """Somebody votes for a neighbour with the credential of another flat."""
    return cast.model_copy(
        update={
            "command_id": f"{cast.command_id}-forged",
            "credential_of": other.unit_number,
        }
    )


def _strange(renovation_id: str, cast: DemoBallot) -> tuple[DemoBallot, ...]:
    nowhere = "0-0-000"
    return (
        cast.model_copy(
            update={
                "command_id": f"{renovation_id}-ballot-nowhere",
                "unit_number": nowhere,
                "credential_of": nowhere,
            }
        ),
        cast.model_copy(
            update={
                "command_id": f"{renovation_id}-ballot-strange",
                "choices": {"swimming-pool": Choice.YES.value},
            }
        ),
    )


def _late(cast: DemoBallot) -> DemoBallot:
    return cast.model_copy(update={"command_id": f"{cast.command_id}-late"})
