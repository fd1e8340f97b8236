"""Questions of shares: a sum spread by area, by heads, by floors, by undivided shares, by a price."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from models.fields import Expected, contradiction, entries, whole
from models.values.base import Value
from models.values.cost_sharing import CostItem, CostKey, FloorWeight, ItemCategory, ShareUnit
from rules.cost_sharing.keys import unit_price_fen, weights
from rules.cost_sharing.questions.question import (
    FEN_PER_YUAN,
    MOST_FLOORS,
    MOST_UNITS,
    Answer,
    Area,
    Floor,
    FloorName,
    Many,
    Money,
    Number,
    Positive,
    Question,
    name_at,
    yuan,
)
from rules.cost_sharing.rounding import largest_remainder
from rules.cost_sharing.tables import TABLES

DM2_PER_M2 = 100


class ByWeight(Question):
    """Whole fen by largest remainder."""

    total: Money
    weights: Annotated[tuple[Positive, ...], *Many]

    def answer(self) -> Answer:
        """`shares`."""
        return {"shares": _split(self.total, self.weights)}


class ByArea(Question):
    """By exclusive area (Civil Code art. 283)."""

    total: Money
    areas: Annotated[tuple[Area, ...], *Many] = Field(alias="area_0.01m2")

    def answer(self) -> Answer:
        """`shares`."""
        units = [_unit(number, area=area) for number, area in enumerate(self.areas)]
        return {"shares": _shares(self.total, CostKey.AREA, units)}


class ByHousehold(Question):
    """In equal parts."""

    total: Money
    households: Annotated[int, *whole("count", MOST_UNITS, 1)]

    def answer(self) -> Answer:
        """`shares`."""
        units = [_unit(number) for number in range(self.households)]
        return {"shares": _shares(self.total, CostKey.HOUSEHOLD, units)}


class Flat(Value):
    """A flat on a floor."""

    floor: Floor
    area: Area = Field(alias="area_0.01m2")


class ByFloor(Question):
    """By a table of floors: the flats one by one, or so many equal ones on each of so many floors."""

    total: Money
    flats: Annotated[tuple[Flat, ...], *Many] | None = None
    floors: Floor | None = None
    flats_per_floor: Annotated[int, *whole("count", 1_000, 1)] | None = None
    area: Area | None = Field(default=None, alias="area_0.01m2")
    table: Annotated[str, StringConstraints(max_length=80), Expected("floor_table")] | None = None
    coefficients: Annotated[dict[FloorName, Positive], *entries(MOST_FLOORS, 1)] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        regular = (self.floors, self.flats_per_floor, self.area)
        if self.flats is None and None in regular:
            raise contradiction("flats_or_floors", "flats")
        if self.flats is not None and regular != (None, None, None):
            raise contradiction("flats_or_floors", "flats")
        if (self.table is None) == (self.coefficients is None):
            raise contradiction("table_or_coefficients", "coefficients")
        if self.table is not None and (self.table not in TABLES or TABLES[self.table].percent):
            raise contradiction("floor_table", "table")
        return self

    def answer(self) -> Answer:
        """What both readings give each flat; of the first the sums by floor too.

        `flat_on_floor_<n>`: the different amounts that flats of a floor pay.
        """
        flats = self._flats()
        units = [_unit(number, each.floor, each.area) for number, each in enumerate(flats)]
        table = self._weights(sorted({each.floor for each in flats}))
        first = _shares(self.total, CostKey.FLOOR_COEFFICIENT, units, table)
        by_floor: dict[int, list[int]] = {}
        for flat, share in zip(flats, first, strict=True):
            by_floor.setdefault(flat.floor, []).append(share)
        top = max(by_floor)
        return {
            "shares": first,
            "floor_then_area": first,
            "coefficient_times_area": _shares(self.total, CostKey.COEFFICIENT_AREA, units, table),
            "per_floor": [sum(by_floor.get(floor, ())) for floor in range(1, top + 1)],
            **{f"flat_on_floor_{floor}": sorted(set(paid)) for floor, paid in by_floor.items()},
            "sum": sum(first),
        }

    def _flats(self) -> Sequence[Flat]:
        if self.flats is not None:
            return self.flats
        assert self.floors is not None
        assert self.flats_per_floor is not None
        assert self.area is not None
        return [
            Flat.model_validate({"floor": floor, "area_0.01m2": self.area})
            for floor in range(1, self.floors + 1)
            for _ in range(self.flats_per_floor)
        ]

    def _weights(self, floors: Sequence[int]) -> Mapping[int, Fraction]:
        if self.coefficients is not None:
            return self.coefficients
        assert self.table is not None
        return {floor: TABLES[self.table].weight(floor) for floor in floors}


class ByFloorAndArea(ByFloor):
    """The other reading of a table of floors: coefficient times area (Guangzhou Lijiang)."""

    def answer(self) -> Answer:
        """`shares` by this reading, beside both by their names."""
        both = super().answer()
        return {
            "shares": both["coefficient_times_area"],
            "floor_then_area": both["floor_then_area"],
            "coefficient_times_area": both["coefficient_times_area"],
            "sum": both["sum"],
        }


class ByFloorPercent(Question):
    """By a percentage of the whole for each floor, which sum to 100 (Changzhou)."""

    total: Money
    flats: Annotated[tuple[Flat, ...], *Many]
    percent: Annotated[dict[FloorName, Positive], *entries(MOST_FLOORS, 1)] | None = None
    table: Annotated[str, StringConstraints(max_length=80), Expected("percent_table")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.table is None) == (self.percent is None):
            raise contradiction("table_or_percent", "percent")
        if self.table is not None and not (self.table in TABLES and TABLES[self.table].percent):
            raise contradiction("percent_table", "table")
        return self

    def answer(self) -> Answer:
        """`shares`."""
        units = [_unit(number, each.floor, each.area) for number, each in enumerate(self.flats)]
        percent = TABLES[self.table].weights if self.table is not None else self.percent
        return {"shares": _shares(self.total, CostKey.FLOOR_PERCENT, units, percent)}


class UndividedShares(Question):
    """By undivided shares, as a levy in Hong Kong announces it: a price for a share, rounded up."""

    total_hkd: Money
    shares_all: Annotated[int, *whole("count", 10**9, 1)]
    flat_shares: Annotated[tuple[Number, ...], *Many]

    @model_validator(mode="after")
    def _none_above_all(self) -> Self:
        if max(self.flat_shares) > self.shares_all:
            raise contradiction("flat_of_all", "flat_shares")
        return self

    def answer(self) -> Answer:
        """The price of a share, and what flats with so many shares pay: for reference only."""
        price = -(-self.total_hkd // self.shares_all)
        return {
            "per_share_hkd_rounded_up": price,
            "per_flat_indicative_hkd": [price * held for held in self.flat_shares],
        }


class MinAreaUnitPrice(Question):
    """A price for a square metre with a least area, and a dearer one for an extension (Hangzhou)."""

    area_m2: Positive
    unit_price: Positive
    """Yuan for a square metre."""
    min_area_m2: Positive = Fraction(0)
    extension_m2: Positive = Fraction(0)
    extension_max_m2: Positive = Fraction(0)
    extension_price: Positive = Fraction(0)

    def answer(self) -> Answer:
        """`yuan` and `fen`; a broken fen is left to the payer."""
        fen = unit_price_fen(
            self.area_m2 * DM2_PER_M2,
            self.unit_price * FEN_PER_YUAN,
            minimum_dm2=self.min_area_m2 * DM2_PER_M2,
            extension_dm2=self.extension_m2 * DM2_PER_M2,
            extension_max_dm2=self.extension_max_m2 * DM2_PER_M2,
            extension_price_fen_per_m2=self.extension_price * FEN_PER_YUAN,
        )
        return {"yuan": yuan(fen), "fen": fen}


def _split(total: int, parts: Sequence[int | Fraction]) -> list[int]:
    return list(
        largest_remainder(total, {name_at(n): each for n, each in enumerate(parts)}).values()
    )


def _shares(
    total: int,
    key: CostKey,
    units: Sequence[ShareUnit],
    table: Mapping[int, Fraction] | None = None,
) -> list[int]:
    item = CostItem(
        id=key,
        title=key,
        category=ItemCategory.IMPROVEMENT,
        cost_fen=total,
        key=key,
        floors=tuple(
            FloorWeight(floor=floor, weight=weight) for floor, weight in (table or {}).items()
        ),
    )
    parts = largest_remainder(total, weights(item, units))
    return [parts[unit.number] for unit in units]


def _unit(number: int, floor: int = 1, area: int = 1) -> ShareUnit:
    return ShareUnit(number=name_at(number), building="1", entrance="1", floor=floor, area_dm2=area)
