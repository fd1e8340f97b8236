"""Questions of a whole bill: who pays before the owners, what is left to each of them, and when."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.fields import contradiction, entries, label, whole
from models.values.base import Value
from models.values.cost_sharing import (
    PERMILLE,
    READS,
    CostItem,
    CostKey,
    FloorWeight,
    FundedItem,
    Funding,
    FundingSource,
    ItemCategory,
    PayerSet,
    Rounding,
    Scope,
    ShareTotal,
    ShareUnit,
)
from models.values.voting import UnitKind
from rules.cost_sharing.collection import instalments
from rules.cost_sharing.keys import COUNTED_KINDS, share_bill
from rules.cost_sharing.money_plan import waterfall
from rules.cost_sharing.questions.question import (
    MOST_FLOORS,
    MOST_UNITS,
    Answer,
    Area,
    FloorName,
    Many,
    Money,
    Number,
    Positive,
    Question,
    name_at,
)

MOST_ITEMS = 1_000
MOST_INSTALMENTS = 120
Name = Annotated[str, *label(80)]
Text = Annotated[str, *label(80, 0)]
Permille = Annotated[int, *whole("permille", PERMILLE)]
FloorOf = Annotated[int, *whole("count", MOST_FLOORS, -9)]


class AskedPayers(Value):
    """Who pays for an item."""

    scope: Scope = "estate"
    building: Text = ""
    entrance: Text = ""
    units: Annotated[tuple[Name, ...], *entries(MOST_UNITS, 0)] = ()
    exempt_floors: Annotated[tuple[FloorOf, ...], *entries(MOST_FLOORS, 0)] = ()

    @model_validator(mode="after")
    def _all_read(self) -> Self:
        given = {"building": self.building, "entrance": self.entrance, "units": self.units}
        unused = [field for field in given if given[field] and field not in READS[self.scope]]
        if unused:
            raise contradiction("payers_unused", unused[0])
        if len(set(self.units)) < len(self.units):
            raise contradiction("payers_twice", "units")
        return self


class AskedItem(Value):
    """An item of the bill; `floors` are the coefficients or percentages of its key."""

    id: Name
    cost: Money
    category: ItemCategory = ItemCategory.IMPROVEMENT
    key: CostKey = CostKey.AREA
    payers: AskedPayers = AskedPayers()
    floors: Annotated[dict[FloorName, Positive], *entries(MOST_FLOORS, 0)] = Field(
        default_factory=dict
    )
    operator_line: bool = False

    def item(self) -> CostItem:
        """As the law takes it."""
        floors = tuple(FloorWeight(floor=floor, weight=part) for floor, part in self.floors.items())
        return CostItem(
            id=self.id,
            title=self.id,
            category=self.category,
            cost_fen=self.cost,
            key=self.key,
            payers=PayerSet.model_validate(self.payers.model_dump()),
            floors=floors,
            operator_line=self.operator_line,
        )


class AskedFunding(Value):
    """Money of others: at most `amount` in all, `permille` of an item, `item_cap` for each."""

    id: Name
    source: FundingSource
    amount: Money
    permille: Permille = PERMILLE
    item_cap: Money | None = None
    items: Annotated[tuple[Name, ...], *entries(MOST_ITEMS, 0)] = ()
    categories: Annotated[tuple[ItemCategory, ...], *entries(len(ItemCategory), 0)] = ()
    voted: bool = False

    def funding(self) -> Funding:
        """As the law takes it."""
        return Funding(
            id=self.id,
            source=self.source,
            amount_fen=self.amount,
            permille=self.permille,
            item_cap_fen=self.item_cap,
            items=self.items,
            categories=self.categories,
            voted=self.voted,
        )


class AskedUnit(Value):
    """A unit as the roll has it."""

    number: Name
    building: Text = "1"
    entrance: Text = "1"
    floor: FloorOf = 1
    area: Area = Field(default=1, alias="area_0.01m2")
    shares: Number | None = None
    kind: UnitKind = "flat"

    def unit(self) -> ShareUnit:
        """As the law takes it."""
        return ShareUnit(
            number=self.number,
            building=self.building,
            entrance=self.entrance,
            floor=self.floor,
            area_dm2=self.area,
            shares=self.shares,
            kind=self.kind,
        )


class Waterfall(Question):
    """Who pays for what before the owners do, and the gap that is left."""

    items: Annotated[tuple[AskedItem, ...], *entries(MOST_ITEMS, 1)]
    funding: Annotated[tuple[AskedFunding, ...], *entries(MOST_ITEMS, 0)] = ()

    def answer(self) -> Answer:
        """`paid` by item and source of money, `gaps` by item, and the owners' `gap`."""
        return _paid(self.funded())

    def funded(self) -> tuple[FundedItem, ...]:
        """The items after the waterfall."""
        return waterfall(
            [each.item() for each in self.items], [each.funding() for each in self.funding]
        )


class WholeBill(Waterfall):
    """Every item to every unit that pays for it, in whole fen, and each unit's instalments."""

    units: Annotated[tuple[AskedUnit, ...], *Many]
    rounding: Rounding = Rounding.WHOLE_BILL
    counted_kinds: tuple[UnitKind, ...] = COUNTED_KINDS
    instalments_permille: Annotated[tuple[Permille, ...], *entries(MOST_INSTALMENTS, 1)] = (
        PERMILLE,
    )

    def answer(self) -> Answer:
        """What `waterfall` answers, with `shares` by item and unit, `totals`, `total` and `instalments`."""
        funded = self.funded()
        items = [each.item() for each in self.items]
        units = [each.unit() for each in self.units]
        bill = share_bill(items, funded, units, self.counted_kinds, self.rounding)
        totals = tuple(
            ShareTotal(unit_number=number, amount_fen=fen)
            for number, fen in sorted(bill.totals.items())
        )
        return {
            **_paid(funded),
            "shares": {item: dict(sorted(cells.items())) for item, cells in bill.cells.items()},
            "totals": {total.unit_number: total.amount_fen for total in totals},
            "total": sum(bill.totals.values()),
            "instalments": _parts(totals, self.instalments_permille),
        }


class Instalments(Question):
    """What each household pays when, of totals and of parts that are 1000 permille together."""

    totals: Annotated[tuple[Money, ...], *Many]
    permille: Annotated[tuple[Permille, ...], *entries(MOST_INSTALMENTS, 1)]

    def answer(self) -> Answer:
        """`instalments`: a list for each household; `sums`: of all of them, by instalment."""
        totals = tuple(
            ShareTotal(unit_number=name_at(number), amount_fen=fen)
            for number, fen in enumerate(self.totals)
        )
        rows = list(_parts(totals, self.permille).values())
        return {"instalments": rows, "sums": [sum(column) for column in zip(*rows, strict=True)]}


class ByShares(Question):
    """By undivided shares, exact."""

    total: Money
    shares: Annotated[tuple[Number, ...], *Many]

    def answer(self) -> Answer:
        """`shares`."""
        asked = WholeBill(
            items=(AskedItem(id="item", cost=self.total, key=CostKey.SHARE),),
            units=tuple(
                AskedUnit(number=name_at(number), shares=held)
                for number, held in enumerate(self.shares)
            ),
        )
        shares = asked.answer()["totals"]
        assert isinstance(shares, Mapping)
        # Of a sum of nothing a bill has no rows.
        return {"shares": [shares.get(name_at(number), 0) for number in range(len(self.shares))]}


def _paid(funded: tuple[FundedItem, ...]) -> dict[str, object]:
    gaps = {part.item_id: part.gap_fen for part in funded}
    paid = {
        part.item_id: {each.funding_id: each.amount_fen for each in part.contributions}
        for part in funded
    }
    return {"paid": paid, "gaps": gaps, "gap": sum(gaps.values())}


def _parts(totals: tuple[ShareTotal, ...], permille: tuple[int, ...]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {total.unit_number: [] for total in totals}
    for part in instalments(totals, permille):
        rows[part.unit_number].append(part.amount_fen)
    return rows
