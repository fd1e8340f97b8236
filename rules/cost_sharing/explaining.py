"""Why a unit owes what it owes, from the bill that was computed; and what of it everybody may know."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FundedItem,
    LateShare,
    Rounding,
    ShareUnit,
)
from models.values.explanation import (
    BillItem,
    CutOff,
    Explanation,
    Factor,
    LateItem,
    LateLine,
    PublishedBill,
    ShareReason,
)
from rules.cost_sharing.bills import Bill, Column
from rules.cost_sharing.keys import FLOOR_KEYS


def explained(
    items: Sequence[CostItem],
    funded: Sequence[FundedItem],
    units: Sequence[ShareUnit],
    bill: Bill,
    unit_number: str,
    basis: tuple[str, int, Rounding],
    late: Sequence[LateShare] = (),
) -> Explanation | None:
    """Item by item; items for which the unit does not pay are left out. None where it pays for nothing.

    `basis` is by what was computed, the scheme's version, and how it rounds; `late` who has joined since.
    """
    rules = {item.id: item for item in items}
    since = tuple(_since(rules, late, unit_number))
    if unit_number not in bill.totals and not since:
        return None
    name, version, rounding = basis
    whole = rounding is Rounding.WHOLE_BILL
    by_number = {unit.number: unit for unit in units}
    order = list(bill.order)
    return Explanation(
        unit_number=unit_number,
        basis=name,
        scheme_version=version,
        rounding=rounding,
        items=tuple(
            _reason(rules[part.item_id], part, bill, by_number, unit_number)
            for part in funded
            if part.item_id in bill.columns and unit_number in bill.columns[part.item_id].weights
        ),
        exact_fen=bill.exact(unit_number),
        total_fen=bill.totals.get(unit_number, 0),
        cut=_whole_cut(bill) if whole else None,
        place=order.index(unit_number) + 1 if unit_number in order else 0,
        passed_over=unit_number in bill.passed_over(),
        late=since,
    )


def _since(
    rules: Mapping[str, CostItem], late: Sequence[LateShare], unit_number: str
) -> Iterator[LateLine]:
    for each in late:
        item = rules[each.item_id]
        if each.unit_number == unit_number:
            yield LateLine(
                item_id=item.id,
                title=item.title,
                key=item.key,
                own=True,
                whole_fen=each.gap_fen,
                weight=each.weight,
                weights=each.weights,
                uplift_permille=each.uplift_permille,
                exact_fen=each.exact_fen,
                amount_fen=each.pay_fen,
            )
        elif unit_number in each.earlier:
            weight, whole = each.earlier[unit_number], sum(each.earlier.values(), Fraction(0))
            less = {total.unit_number: total.amount_fen for total in each.credits}
            yield LateLine(
                item_id=item.id,
                title=item.title,
                key=item.key,
                own=False,
                whole_fen=each.pay_fen,
                weight=weight,
                weights=whole,
                exact_fen=each.pay_fen * weight / whole,
                amount_fen=-less[unit_number],
            )


def published(
    items: Sequence[CostItem],
    bill: Bill,
    basis: tuple[str, int, Rounding],
    late: Sequence[LateShare] = (),
) -> PublishedBill:
    """The figures from which every home proves its own part."""
    name, version, rounding = basis
    whole = rounding is Rounding.WHOLE_BILL
    return PublishedBill(
        basis=name,
        scheme_version=version,
        rounding=rounding,
        units=len(bill.totals),
        total_fen=sum(bill.totals.values()),
        items=tuple(
            BillItem(
                item_id=item.id,
                title=item.title,
                key=item.key,
                gap_fen=column.total_fen,
                payers=len(column.weights),
                weights=Fraction(column.weight, column.scale),
                cut=_cut(column, bill),
            )
            for item in items
            if (column := bill.columns.get(item.id))
        ),
        cut=_whole_cut(bill) if whole else None,
        passed_over=len(bill.passed_over()),
        late=tuple(
            LateItem(
                item_id=each.item_id,
                gap_fen=each.gap_fen,
                weights=each.weights,
                pay_fen=each.pay_fen,
                before=sum(each.earlier.values(), Fraction(0)),
            )
            for each in late
        ),
    )


def _reason(
    item: CostItem,
    part: FundedItem,
    bill: Bill,
    units: Mapping[str, ShareUnit],
    unit_number: str,
) -> ShareReason:
    column = bill.columns[item.id]
    order = () if bill.whole else column.order()
    return ShareReason(
        item_id=item.id,
        title=item.title,
        key=item.key,
        cost_fen=part.cost_fen,
        others_fen=part.cost_fen - part.gap_fen,
        others=part.contributions,
        gap_fen=part.gap_fen,
        payers=len(column.weights),
        scope=item.payers.scope,
        factors=_factors(item, units[unit_number], [units[number] for number in column.weights]),
        weight=Fraction(column.weights[unit_number], column.scale),
        weights=Fraction(column.weight, column.scale),
        exact_fen=Fraction(column.total_fen * column.weights[unit_number], column.weight),
        amount_fen=bill.cells[item.id][unit_number],
        cut=_cut(column, bill),
        place=order.index(unit_number) + 1 if unit_number in order else 0,
    )


def _factors(item: CostItem, unit: ShareUnit, paying: Sequence[ShareUnit]) -> tuple[Factor, ...]:
    """The figures of the key: together they are the weight."""
    area = Factor(name="area_dm2", value=Fraction(unit.area_dm2), source="roll")
    if item.key is CostKey.AREA:
        return (area,)
    if item.key is CostKey.HOUSEHOLD:
        return (Factor(name="household", value=Fraction(1), source="scheme"),)
    if item.key not in FLOOR_KEYS:
        return (Factor(name="shares", value=Fraction(unit.shares or 0), source="roll"),)
    weight = next(row.weight for row in item.floors if row.floor == unit.floor)
    floor = Factor(name="floor", value=Fraction(unit.floor), source="roll")
    voted = Factor(name="floor_weight", value=weight, source="scheme")
    if item.key is CostKey.COEFFICIENT_AREA:
        return (floor, voted, area)
    whole = sum(each.area_dm2 for each in paying if each.floor == unit.floor)
    return (floor, voted, area, Factor(name="floor_area_dm2", value=Fraction(whole), source="roll"))


def _cut(column: Column, bill: Bill) -> CutOff:
    last = "" if bill.whole or not column.extra_fen else column.order()[column.extra_fen - 1]
    remainder = column.remainder(last) if last else Fraction(0)
    return CutOff(fen=column.extra_fen, remainder=remainder, unit=last)


def _whole_cut(bill: Bill) -> CutOff:
    last = bill.last
    remainder = bill.exact(last) % 1 if last else Fraction(0)
    return CutOff(fen=bill.extra_fen, remainder=remainder, unit=last)
