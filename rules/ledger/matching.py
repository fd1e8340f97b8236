"""Which unit a sum on a bank statement is for: one predicate, for the preview and for what is booked."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from models.values.base import Carried
from models.values.ledger import SumState, Unmatched

State = Literal["matched", "assigned", "booked", "outgoing", "unmatched", "waiting", "returned"]
BEFORE: Mapping[SumState, State] = {
    SumState.OPEN: "waiting",
    SumState.ASSIGNED: "booked",
    SumState.RETURNED: "returned",
}
"""What is said of a sum that was for no unit when an earlier statement told of it."""
_BETWEEN = re.compile(r"(?:号楼|号院|号|楼|栋|幢|座|单元|门|室|户|[-－—–_#/])+")
_NAMED = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+")


class SumPart(Carried):
    """What of a sum is for a unit, in fen."""

    unit_number: str
    amount_fen: int


class StatementSum(Carried):
    """A line of a statement as it concerns a case, in fen."""

    place: str
    booked_on: date
    amount_fen: int
    reference: str
    payer: str = ""
    memo: str = ""
    state: State
    parts: tuple[SumPart, ...] = ()
    why: Unmatched | Literal[""] = ""
    """Of what is not matched; else ""."""


class StatementEntry(Carried):
    """What the matching needs to know of a line."""

    place: str
    booked_on: date
    amount_fen: int
    reference: str
    payer: str = ""
    memo: str = ""


def all_matched(
    entries: Sequence[StatementEntry],
    units: Mapping[str, str],
    open_fen: Mapping[str, int],
    booked: Collection[str],
    kept: Mapping[str, SumState],
    assigned: Mapping[str, Sequence[str]],
) -> tuple[StatementSum, ...]:
    """What becomes of each line, as `matched` says; what an earlier line pays is not owed for a later one."""
    left, found = dict(open_fen), []
    for entry in entries:
        one = matched(entry, units, left, booked, kept, assigned)
        for part in one.parts:
            left[part.unit_number] = max(left.get(part.unit_number, 0) - part.amount_fen, 0)
        found.append(one)
    return tuple(found)


def matched(
    entry: StatementEntry,
    units: Mapping[str, str],
    open_fen: Mapping[str, int],
    booked: Collection[str],
    kept: Mapping[str, SumState],
    assigned: Mapping[str, Sequence[str]],
) -> StatementSum:
    """What becomes of a line.

    `units` are the numbers by `plain_number`, `open_fen` what each still owes, `booked` the references that
    are booked, `kept` those that were for no unit before, `assigned` the units that a person names for a
    reference. A sum for several units is theirs if it is what they owe together; assigned to several, each
    gets what it owes and the first the rest.
    """

    def told(
        state: State, parts: tuple[SumPart, ...] = (), why: Unmatched | Literal[""] = ""
    ) -> StatementSum:
        return StatementSum(**entry.model_dump(), state=state, parts=parts, why=why)

    known: State | None = "outgoing" if entry.amount_fen <= 0 else None
    if entry.reference in booked:
        known = known or "booked"
    elif entry.reference in kept:
        known = known or BEFORE[kept[entry.reference]]
    if known is not None:
        return told(known)
    if entry.reference in assigned:
        return told("assigned", split(entry.amount_fen, assigned[entry.reference], open_fen))
    named = tuple(dict.fromkeys(_named(f"{entry.memo} {entry.payer}", units)))
    if not named:
        return told("unmatched", why=Unmatched.NO_UNIT)
    if len(named) > 1 and sum(open_fen.get(unit, 0) for unit in named) != entry.amount_fen:
        return told("unmatched", why=Unmatched.SEVERAL_UNITS)
    return told("matched", split(entry.amount_fen, named, open_fen))


def plain_number(number: str) -> str:
    """A unit's number as statements may write it: 3号楼2单元501室 is 3-2-501."""
    return _BETWEEN.sub("-", number).strip("-")


def _named(text: str, units: Mapping[str, str]) -> Iterator[str]:
    for found in _NAMED.findall(_BETWEEN.sub("-", text)):
        if found in units:
            yield units[found]


def split(
    amount_fen: int, units: Sequence[str], open_fen: Mapping[str, int]
) -> tuple[SumPart, ...]:
    """A sum for several units: each gets what it owes, in their order, and the first the rest."""
    left, parts = amount_fen, {}
    for unit in units:
        parts[unit] = min(open_fen.get(unit, 0), left)
        left -= parts[unit]
    parts[units[0]] += left
    return tuple(SumPart(unit_number=unit, amount_fen=fen) for unit, fen in parts.items() if fen)
