"""Whole fen over a whole bill: items and units sum exactly, and nobody is two fen apart from an equal.

A cell is what one unit pays for one item. Rounded item by item (rules.md 2.4), a unit that is last in
the order of ties loses or wins a fen with every item: over twelve items equal flats may be twelve fen
apart. Here the unit's total comes first: the largest remainders of the exact sums over all items have
one fen more. The cells are then the floor or the ceiling of their exact values, so that each item sums
to its gap and each unit to its total (controlled rounding: Cox 1987, Bacharach 1966). A bill of one item
is the largest remainder of rules 2.4.

Where items are paid by different units the order cannot always be kept: the fen of the stairwell's lift
cannot be carried by a unit of another stairwell. Then the next unit in the order has the fen, so that
the units that have one are the first in the order for which whole fen exist (a greedy basis of the
matroid of the sets of rows that a flow can serve). Whoever was passed over pays less, never more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import lcm

from rules.cost_sharing.filling import Filling, bits
from rules.cost_sharing.rounding import integers, largest_remainder, scale_of

Weights = Mapping[str, int | Fraction]


@dataclass(frozen=True, slots=True)
class Column:
    """One item of a bill: its sum in fen and the weights, as integers, of those who share it."""

    total_fen: int
    weights: Mapping[str, int]
    weight: int
    """All weights together."""
    scale: int
    """The weights are so many times those of the key."""
    extra_fen: int
    """So many units pay a fen more than the floor of their exact part."""

    def floor(self, unit: str) -> int:
        """The whole fen of a unit's exact part."""
        return self.total_fen * self.weights[unit] // self.weight

    def remainder(self, unit: str) -> Fraction:
        """What of a fen the exact part is above its floor."""
        return Fraction(self.total_fen * self.weights[unit] % self.weight, self.weight)

    def order(self) -> Sequence[str]:
        """Units whose exact part is no whole number of fen, those with the largest remainder first."""
        rest = {unit: self.total_fen * part % self.weight for unit, part in self.weights.items()}
        return sorted((unit for unit in rest if rest[unit]), key=lambda unit: (-rest[unit], unit))


@dataclass(frozen=True, slots=True)
class Bill:
    """The cells of a bill and its totals, in fen, with what proves them."""

    columns: Mapping[str, Column]
    cells: Mapping[str, Mapping[str, int]]
    """By item, then by unit."""
    totals: Mapping[str, int]
    extra_fen: int
    """So many units pay a fen more than the floor of their exact total."""
    order: Sequence[str]
    """Of a bill that is rounded as a whole: units whose exact total is no whole number of fen, those with the largest remainder first."""
    with_fen: frozenset[str]
    """Those who pay the fen more: the first of `order`, less those passed over."""

    whole: bool
    """Rounded as a whole; else each item for itself."""

    @property
    def last(self) -> str:
        """The last unit in the order that pays a fen more; "" where nobody does."""
        return next((unit for unit in reversed(self.order) if unit in self.with_fen), "")

    def passed_over(self) -> tuple[str, ...]:
        """Units before the last that pay none, because the items they share had no fen left."""
        last = self.last
        before = self.order[: self.order.index(last)] if last else ()
        return tuple(unit for unit in before if unit not in self.with_fen)

    def exact(self, unit: str) -> Fraction:
        """The exact total of a unit, in fen."""
        parts = (
            Fraction(column.total_fen * column.weights[unit], column.weight)
            for column in self.columns.values()
            if unit in column.weights
        )
        return sum(parts, Fraction(0))


def spread_bill(gaps: Mapping[str, int], weights: Mapping[str, Weights]) -> Bill:
    """Spread the fen of each item over the units that share it.

    The order of the items and of the units makes no difference: ties go to the lowest id. Refused: as
    `largest_remainder` refuses.
    """
    whole = {item: integers(gaps[item], weights[item]) for item in sorted(gaps)}
    sums = {item: sum(parts.values()) or 1 for item, parts in whole.items()}
    one = lcm(*sums.values())
    totals = dict.fromkeys(chain.from_iterable(whole.values()), 0)
    beyond, reach = dict(totals), dict(totals)
    columns, cells = {}, {}
    for place, (item, parts) in enumerate(whole.items()):
        cells[item] = _floors(gaps[item], parts, sums[item], totals)
        extra = gaps[item] - sum(cells[item].values())
        columns[item] = Column(gaps[item], parts, sums[item], scale_of(weights[item]), extra)
        if extra:
            _beyond(columns[item], one // sums[item], 1 << place, beyond, reach)
    order = sorted(
        (unit for unit, part in beyond.items() if part % one),
        key=lambda unit: (-(beyond[unit] % one), unit),
    )
    filling = Filling([column.extra_fen for column in columns.values()], reach)
    for unit in sorted(beyond, key=lambda unit: (reach[unit].bit_count(), unit)):
        # The exact cells, cut down, are a flow of these fen: so there is one of whole fen.
        assert filling.serve(unit, beyond[unit] // one)
    with_fen = frozenset(filling.served(order))
    rows = tuple(cells.values())
    for (_, carried), units in filling.kinds.items():
        for unit in units:
            totals[unit] += carried.bit_count()
        for place in bits(carried):
            for unit in units:
                rows[place][unit] += 1
    return Bill(columns, cells, totals, len(with_fen), order, with_fen, whole=True)


def spread_items(gaps: Mapping[str, int], weights: Mapping[str, Weights]) -> Bill:
    """Each item for itself by largest remainder, as schemes were voted before the whole bill. Refused: as there."""
    columns: dict[str, Column] = {}
    cells: dict[str, dict[str, int]] = {}
    totals: dict[str, int] = {}
    for item in sorted(gaps):
        parts = integers(gaps[item], weights[item])
        cells[item] = largest_remainder(gaps[item], parts)
        everything = sum(parts.values()) or 1
        floors = sum(gaps[item] * part // everything for part in parts.values())
        scale = scale_of(weights[item])
        columns[item] = Column(gaps[item], parts, everything, scale, gaps[item] - floors)
        for unit, fen in cells[item].items():
            totals[unit] = totals.get(unit, 0) + fen
    return Bill(columns, cells, totals, 0, (), frozenset(), whole=False)


def _floors(
    total: int, parts: Mapping[str, int], everything: int, totals: dict[str, int]
) -> dict[str, int]:
    floors = {unit: total * part // everything for unit, part in parts.items()}
    for unit, floor in floors.items():
        totals[unit] += floor
    return floors


def _beyond(
    column: Column, scale: int, bit: int, beyond: dict[str, int], reach: dict[str, int]
) -> None:
    """Add what a column's parts are above their floors, in parts of a fen, and that units have such parts."""
    total, everything = column.total_fen, column.weight
    for unit, part in column.weights.items():
        if rest := total * part % everything:
            beyond[unit] += rest * scale
            reach[unit] |= bit
