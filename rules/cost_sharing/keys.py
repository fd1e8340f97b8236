"""The keys that spread an item's gap over the units that pay for it (rules.md 2.3)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FundedItem,
    Rounding,
    ShareUnit,
)
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.voting import UnitKind
from rules.cost_sharing.bills import Bill, Weights, spread_bill, spread_items

COUNTED_KINDS: tuple[UnitKind, ...] = ("flat", "shop", "other")
"""Exclusive parts (专有部分) that share costs unless the rule pack says otherwise; parking and
storage rarely can be registered, so they pay only where an item lists them by number."""

ALL_PERCENT = 100
FLOOR_KEYS = (CostKey.FLOOR_COEFFICIENT, CostKey.COEFFICIENT_AREA, CostKey.FLOOR_PERCENT)


def payers(
    item: CostItem, units: Iterable[ShareUnit], counted: Sequence[UnitKind] = COUNTED_KINDS
) -> tuple[ShareUnit, ...]:
    """The units that pay for an item, in the order given. Refused: a listed unit that is unknown."""
    units = tuple(units)
    who = item.payers
    if who.scope == "listed":
        unknown = sorted(set(who.units) - {unit.number for unit in units})
        refuse_if_any(
            problem("cost_sharing.payer_unknown", where=item.id, unit=number) for number in unknown
        )
        listed = set(who.units)
        found = [unit for unit in units if unit.number in listed]
    else:
        found = [
            unit
            for unit in units
            if unit.kind in counted
            and (who.scope == "estate" or unit.building == who.building)
            and (who.scope != "entrance" or unit.entrance == who.entrance)
        ]
    return tuple(unit for unit in found if unit.floor not in who.exempt_floors)


def weights(item: CostItem, paying: Sequence[ShareUnit]) -> dict[str, int | Fraction]:
    """The weight of each paying unit under the item's key; only their proportion has a meaning.

    Refused: a floor without a voted coefficient, percentages that are not 100 or that fall on a
    floor where nobody pays, undivided shares that are not known.
    """
    if item.key is CostKey.AREA:
        return {unit.number: unit.area_dm2 for unit in paying}
    if item.key is CostKey.HOUSEHOLD:
        return {unit.number: 1 for unit in paying}
    if item.key is CostKey.SHARE:
        return _by_shares(item, paying)
    floors = _floor_weights(item, paying)
    if item.key is CostKey.COEFFICIENT_AREA:
        return {unit.number: floors[unit.floor] * unit.area_dm2 for unit in paying}
    # First between the floors, then by area within the floor: it differs from coefficient times
    # area as soon as the floors differ in area.
    area: dict[int, int] = defaultdict(int)
    for unit in paying:
        area[unit.floor] += unit.area_dm2
    return {
        unit.number: floors[unit.floor] * Fraction(unit.area_dm2, area[unit.floor])
        for unit in paying
    }


def share_bill(
    items: Sequence[CostItem],
    funded: Sequence[FundedItem],
    units: Sequence[ShareUnit],
    counted: Sequence[UnitKind],
    rounding: Rounding,
) -> Bill:
    """The bill behind a share table: of each item with a gap who pays by which weight, in whole fen.

    Whoever joins an item later has no part in it. Refused: a unit number twice, an item with a gap that
    nobody pays for, and what `weights` refuses.
    """
    twice = _twice(unit.number for unit in units)
    refuse_if_any(problem("cost_sharing.unit_twice", where=unit) for unit in twice)
    rules = {item.id: item for item in items}
    gaps: dict[str, int] = {}
    weighed: dict[str, Weights] = {}
    for part in funded:
        item = rules[part.item_id]
        if part.gap_fen == 0:
            continue
        paying = payers(item, units, counted)
        if not paying:
            raise refusal("cost_sharing.item_without_payers", where=item.id)
        gaps[item.id], weighed[item.id] = part.gap_fen, weights(item, paying)
    whole = rounding is Rounding.WHOLE_BILL
    return spread_bill(gaps, weighed) if whole else spread_items(gaps, weighed)


def unit_price_fen(
    area_dm2: int | Fraction,
    price_fen_per_m2: int | Fraction,
    *,
    minimum_dm2: int | Fraction = 0,
    extension_dm2: int | Fraction = 0,
    extension_max_dm2: int | Fraction = 0,
    extension_price_fen_per_m2: int | Fraction = 0,
) -> int:
    """A price per square metre with a least area, and a dearer one for an extension (Hangzhou).

    A broken fen is left to the payer. Refused: an extension above the most that is allowed.
    """
    if extension_dm2 > extension_max_dm2:
        raise refusal(
            "cost_sharing.extension_too_large", have=str(extension_dm2), most=str(extension_max_dm2)
        )
    charged = max(area_dm2, minimum_dm2) * price_fen_per_m2
    return int((charged + extension_dm2 * extension_price_fen_per_m2) // 100)


def _by_shares(item: CostItem, paying: Sequence[ShareUnit]) -> dict[str, int | Fraction]:
    found: dict[str, int | Fraction] = {}
    problems = []
    for unit in paying:
        if unit.shares is None:
            problems.append(problem("cost_sharing.shares_unknown", where=item.id, unit=unit.number))
        else:
            found[unit.number] = unit.shares
    refuse_if_any(problems)
    return found


def _floor_weights(item: CostItem, paying: Sequence[ShareUnit]) -> dict[int, Fraction]:
    """The voted table of floors, complete for those who pay and with nothing left over."""
    twice = _twice(str(row.floor) for row in item.floors)
    table = {row.floor: row.weight for row in item.floors}
    there = {unit.floor for unit in paying}
    problems = [problem("cost_sharing.floor_twice", where=item.id, floor=floor) for floor in twice]
    problems += [
        problem("cost_sharing.floor_without_weight", where=item.id, floor=floor)
        for floor in sorted(there - set(table))
    ]
    if item.key is CostKey.FLOOR_PERCENT:
        total = sum(table.values())
        if total != ALL_PERCENT:
            problems.append(
                problem(
                    "cost_sharing.floor_percent_sum",
                    where=item.id,
                    have=str(total),
                    need=ALL_PERCENT,
                )
            )
        problems += [
            problem("cost_sharing.floor_without_payers", where=item.id, floor=floor)
            for floor in sorted(set(table) - there)
            if table[floor] > 0
        ]
    refuse_if_any(problems)
    return table


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again: set[str] = set()
    for name in names:
        (again if name in seen else seen).add(name)
    return sorted(again)
