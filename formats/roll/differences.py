"""Comparing two rolls, and the figures of one; neither shows a name."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from formats.roll.numbering import spelling_key
from models.files.roll import (
    ExclusionReason,
    KindSummary,
    RegisteredUnit,
    RollDifference,
    RollSummary,
    UnitChange,
)
from models.values.voting import UnitKind
from proof.canonical import canonical_text

COMPARED = (
    *("building", "entrance", "floor", "kind", "area_dm2", "shares", "developer"),
    "excluded_reason",
)
"""Fields whose change is shown before and after; the owners' is only said."""
DEVELOPER = "developer"


def differences(
    old: Iterable[RegisteredUnit],
    new: Iterable[RegisteredUnit],
    stored: Callable[[str], str] = str,
) -> RollDifference:
    """What changed from one roll to the next.

    `stored` makes a key of `new` comparable with those of `old`, where `old` comes from the database.
    """
    before = {unit.number: unit for unit in old}
    after = {unit.number: unit for unit in new}
    heads = {number: head_of(unit) for number, unit in before.items()}
    heads_now = {number: head_of(unit, stored) for number, unit in after.items()}
    both = [number for number in after if number in before]
    changed = [
        UnitChange(number=number, fields=fields)
        for number in both
        if (fields := _fields(before[number], after[number], stored))
    ]
    members, members_now = _members(heads), _members(heads_now)
    regrouped = [
        number
        for number in both
        if heads[number] == heads_now[number]
        and members[heads[number]] != members_now[heads_now[number]]
    ]
    added = tuple(sorted(after.keys() - before.keys()))
    removed = tuple(sorted(before.keys() - after.keys()))
    return RollDifference(
        added=added,
        removed=removed,
        respelled=_respelled(removed, added),
        changed=tuple(sorted(changed, key=lambda change: change.number)),
        regrouped=tuple(sorted(regrouped)),
    )


def _respelled(removed: Sequence[str], added: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Units that seem to have gone and come, and differ in the spelling of the number only."""
    new = {spelling_key(number): number for number in added} if removed else {}
    keys = ((number, spelling_key(number)) for number in removed)
    return tuple((number, new[key]) for number, key in keys if key in new)


def head_of(unit: RegisteredUnit, stored: Callable[[str], str] = str) -> str:
    """Whose a unit is: all of the developer's are one head, else the exact set of owners (V-CN-2)."""
    return DEVELOPER if unit.developer else stored(unit.owner_key)


def summary(units: Sequence[RegisteredUnit]) -> RollSummary:
    """The figures of a roll that people compare with what they know."""
    kinds: dict[UnitKind, list[int]] = defaultdict(list)
    excluded: dict[ExclusionReason, list[int]] = defaultdict(list)
    for unit in units:
        kinds[unit.kind].append(unit.area_dm2)
        if unit.excluded_reason is not None:
            excluded[unit.excluded_reason].append(unit.area_dm2)
    heads = Counter(head_of(unit) for unit in units)
    sizes = Counter(count for head, count in heads.items() if head != DEVELOPER)
    developers = [unit.area_dm2 for unit in units if unit.developer]
    return RollSummary(
        units=len(units),
        heads=len(heads),
        heads_by_units=dict(sorted(sizes.items())),
        area_dm2=sum(unit.area_dm2 for unit in units),
        kinds={kind: _sum(areas) for kind, areas in sorted(kinds.items())},
        developer_units=len(developers),
        developer_area_dm2=sum(developers),
        excluded={reason: _sum(areas) for reason, areas in sorted(excluded.items())},
        co_owned_units=sum(len(unit.owners) > 1 for unit in units),
        roll_sha256=digest(units),
    )


def digest(units: Iterable[RegisteredUnit]) -> str:
    """SHA-256 over the units by number, each with the first unit of its head instead of owners."""
    ordered = sorted(units, key=lambda unit: unit.number)
    first: dict[str, str] = {}
    result = hashlib.sha256()
    for unit in ordered:
        line = {
            "number": unit.number,
            "head": first.setdefault(head_of(unit), unit.number),
            **{name: getattr(unit, name) for name in COMPARED},
        }
        result.update(f"{canonical_text(line)}\n".encode())
    return result.hexdigest()


def _fields(
    before: RegisteredUnit, after: RegisteredUnit, stored: Callable[[str], str]
) -> dict[str, tuple[str, str]]:
    fields = {
        name: (str(getattr(before, name)), str(getattr(after, name)))
        for name in COMPARED
        if getattr(before, name) != getattr(after, name)
    }
    if before.owner_key != stored(after.owner_key):
        fields["owners"] = ("", "changed")
    return fields


def _members(heads: Mapping[str, str]) -> Mapping[str, set[str]]:
    members: dict[str, set[str]] = defaultdict(set)
    for number, head in heads.items():
        members[head].add(number)
    return members


def _sum(areas: Sequence[int]) -> KindSummary:
    return KindSummary(units=len(areas), area_dm2=sum(areas))
