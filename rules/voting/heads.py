"""Who counts as one head, and the count of the ballots (rule book V-CN-2 to V-CN-4)."""

from collections import defaultdict
from collections.abc import Iterable

from models.values.refusal import problem, refuse_if_any
from models.values.voting import HeadGroup, RollUnit, VotingPack

DEVELOPER_KEY = "developer"
KIND_NOT_COUNTED = "kind_not_counted"
"""`excluded_reason` of parking bays and storage rooms where the pack leaves them out (V-CN-3)."""


def head_groups(units: Iterable[RollUnit], pack: VotingPack) -> tuple[HeadGroup, ...]:
    """The entries of the roll, sorted by id: one exclusive unit is one head (V-CN-2, V-CN-3).

    All units of exactly the same owners are one head with the summed area; everything that is the
    developer's is one head; {A} and {A, B} stay apart, and so do units whose owners are unknown.
    What does not count becomes an entry with its reason, outside of the denominators. An entry is
    called after the first of its units in the order of their numbers.

    Raises:
        Refused: `voting.unit_twice`, once for every unit number that is on the roll twice.
    """
    grouped: dict[tuple[str, str, str], list[RollUnit]] = defaultdict(list)
    seen: set[str] = set()
    twice: list[str] = []
    for unit in units:
        if unit.number in seen:
            twice.append(unit.number)
        seen.add(unit.number)
        grouped[_head_key(unit, pack)].append(unit)
    refuse_if_any(problem("voting.unit_twice", unit=number) for number in twice)
    groups = (_group(members, key[0]) for key, members in grouped.items())
    return tuple(sorted(groups, key=lambda group: group.entry_id))


def _head_key(unit: RollUnit, pack: VotingPack) -> tuple[str, str, str]:
    """(why it does not vote, what kind of head, whose)."""
    reason = unit.excluded_reason or ""
    if not reason and unit.kind not in pack.counted_kinds:
        reason = KIND_NOT_COUNTED
    if pack.heads == "units":
        return reason, "unit", unit.number
    if unit.developer:
        return reason, DEVELOPER_KEY, ""
    return (reason, "owners", unit.owner_key) if unit.owner_key else (reason, "unit", unit.number)


def _group(members: list[RollUnit], reason: str) -> HeadGroup:
    numbers = sorted(unit.number for unit in members)
    return HeadGroup(
        entry_id=numbers[0],
        area_dm2=sum(unit.area_dm2 for unit in members),
        units=tuple(numbers),
        developer=members[0].developer,
        excluded_reason=reason or None,
    )
