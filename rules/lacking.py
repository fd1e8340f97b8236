"""What a stage lacks: acts that nobody may do, bids that too few may make, a second person who is not there.

Told, not refused: whoever is missing may still come. The opening of a case and each of its stages ask
here, about the people who hold roles at the place now.
"""

from collections.abc import Collection, Mapping

from models.messages.acts import ACTS
from models.values.actor import RESIDENTS, Role
from models.values.states import Stage
from models.values.waits import Lack, LackKind
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.bidding import MIN_BIDS

People = Mapping[Role, Collection[str]]
"""The ids of those who hold a role at a place, by role; a firm counts once."""
WRITES = {"payments": frozenset({Role.PAYMENT_PROVIDER})}
"""What a stage needs beside its acts."""
SECOND = "confirm_proposal"
"""Two people of these type each count sheet and see what makes voting power (rules 1.4.4, four eyes)."""
TWO = 2


def lacking(people: People, *stages: Stage) -> tuple[Lack, ...]:
    """What these stages lack with these people, in their order, and what may be done at every stage."""
    found = (lack for stage in stages for lack in _of_stage(people, stage))
    return (*found, *_nobody(people, None))


def _of_stage(people: People, stage: Stage) -> tuple[Lack, ...]:
    bidders = len(people.get(Role.CONTRACTOR, ()))
    found = list(_nobody(people, stage))
    if stage is Stage.VOTING:
        roles = ROLES_OF_WRITE[SECOND].roles
        there = {actor for role in roles for actor in people.get(role, ())}
        if len(there) < TWO:
            found.append(_lack(stage, LackKind.ONE_ALONE, roles, (SECOND,), len(there), TWO))
    if stage is Stage.BIDDING and bidders < MIN_BIDS:
        roles = frozenset({Role.CONTRACTOR})
        found.append(_lack(stage, LackKind.FEW_BIDDERS, roles, (), bidders, MIN_BIDS))
    return tuple(found)


def _nobody(people: People, stage: Stage | None) -> tuple[Lack, ...]:
    """The acts that nobody may do, those of the same roles together."""
    missing: dict[frozenset[Role], list[str]] = {}
    for act, roles in _needed(stage).items():
        if not roles & RESIDENTS and not any(people.get(role) for role in roles):
            missing.setdefault(roles, []).append(act)
    return tuple(
        _lack(stage, LackKind.NOBODY, roles, tuple(acts)) for roles, acts in missing.items()
    )


def _needed(stage: Stage | None) -> dict[str, frozenset[Role]]:
    wanted = "" if stage is None else stage.value
    acts = {name: who.roles for name, who in ROLES_OF_ACT.items() if ACTS[name].stage == wanted}
    return {**acts, **(WRITES if stage is Stage.COST_SHARING else {})}


def _lack(
    stage: Stage | None,
    kind: LackKind,
    roles: frozenset[Role],
    acts: tuple[str, ...],
    have: int = 0,
    need: int = 1,
) -> Lack:
    return Lack(stage=stage, kind=kind, roles=tuple(sorted(roles)), acts=acts, have=have, need=need)
