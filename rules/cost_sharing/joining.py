"""Joining an item later (E19, SPC typical case 5): the share of the original scheme, credited by its keys (rules.md 2.5).

The bill of those who pay from the beginning stays as it was, with its rounding and its proof. Whoever joins pays what would
have been its share, and that lowers what the others pay; so nobody ever owes more because a neighbour has joined.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from models.values.cost_sharing import (
    PERMILLE,
    CostItem,
    FundedItem,
    LateJoining,
    LateShare,
    Rounding,
    Share,
    ShareTable,
    ShareTotal,
    ShareUnit,
)
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.scheme import SchemeContent
from models.values.voting import UnitKind
from rules.cost_sharing.bills import Bill
from rules.cost_sharing.keys import COUNTED_KINDS, payers, share_bill, weights
from rules.cost_sharing.rounding import largest_remainder

JOINED = "cost_sharing.joined_late"
"""The event of a joining."""
SERVES = ("building", "entrance")
"""Scopes of an item that serves a part of the estate: nobody else can join it."""


def share_table(
    items: Sequence[CostItem],
    funded: Sequence[FundedItem],
    units: Sequence[ShareUnit],
    counted: Sequence[UnitKind] = COUNTED_KINDS,
    rounding: Rounding = Rounding.WHOLE_BILL,
) -> ShareTable:
    """Every unit's share of every item's gap; each item sums to its gap, all to the owners' total.

    Those who have joined later pay theirs. A unit that pays for an item with weight 0 has a row of 0. Refused: as
    `share_bill`, and what `late_shares` refuses.
    """
    bill = share_bill(items, funded, units, counted, rounding)
    cells = {item: dict(row) for item, row in bill.cells.items()}
    totals = dict(bill.totals)
    for late in late_shares(items, units, bill, counted):
        row = cells[late.item_id]
        row[late.unit_number] = late.pay_fen
        totals[late.unit_number] = totals.get(late.unit_number, 0) + late.pay_fen
        for less in late.credits:
            row[less.unit_number] -= less.amount_fen
            totals[less.unit_number] -= less.amount_fen
    return ShareTable(
        shares=tuple(
            Share(unit_number=number, item_id=item, amount_fen=row[number])
            for item, row in cells.items()
            for number in sorted(row)
        ),
        totals=tuple(
            ShareTotal(unit_number=number, amount_fen=totals[number]) for number in sorted(totals)
        ),
        total_fen=sum(totals.values()),
    )


def late_joining(
    original_share_fen: int | Fraction,
    earlier: Mapping[str, int | Fraction],
    uplift: Fraction = Fraction(0),
) -> LateJoining:
    """Joining later costs the share of the original scheme, with an uplift only where one is voted.

    Neighbours need not consent, and access follows payment (SPC typical case 5). The receipt is
    credited to those who paid before by their keys; a broken fen stays with them.
    """
    pay = int(original_share_fen * (1 + uplift))
    shares = largest_remainder(pay, earlier) if earlier else {}
    return LateJoining(
        pay_fen=pay,
        credits=tuple(
            ShareTotal(unit_number=number, amount_fen=shares[number]) for number in sorted(shares)
        ),
    )


def late_shares(
    items: Sequence[CostItem],
    units: Sequence[ShareUnit],
    bill: Bill,
    counted: Sequence[UnitKind] = COUNTED_KINDS,
) -> tuple[LateShare, ...]:
    """What everybody who has joined an item of the bill later pays for it, in the order of items and joining.

    Refused: a unit that is not on the roll, and what `weights` refuses: a floor without a voted coefficient.
    """
    by_number = {unit.number: unit for unit in units}
    return tuple(
        late
        for item in items
        if item.payers.joined and item.id in bill.columns
        for late in _late_shares_of(item, by_number, bill, counted)
    )


def _late_shares_of(
    item: CostItem, units: Mapping[str, ShareUnit], bill: Bill, counted: Sequence[UnitKind]
) -> Iterator[LateShare]:
    unknown = [number for number in item.payers.joined if number not in units]
    refuse_if_any(
        problem("cost_sharing.payer_unknown", where=item.id, unit=number) for number in unknown
    )
    gap_fen, uplift = bill.columns[item.id].total_fen, Fraction(item.late_uplift_permille, PERMILLE)
    cells = dict(bill.cells[item.id])
    paying = list(payers(item, units.values(), counted))
    for number in item.payers.joined:
        earlier = weights(item, paying)
        paying.append(units[number])
        key = weights(item, paying)
        own, whole = Fraction(key[number]), Fraction(sum(key.values()))
        share = gap_fen * own / whole if own else Fraction(0)
        joining = late_joining(share, earlier, uplift)
        # Nobody gets more than it pays for the item: only where a fen is all that somebody pays does this say so.
        less = {
            each.unit_number: min(each.amount_fen, cells[each.unit_number])
            for each in joining.credits
        }
        for unit, fen in less.items():
            cells[unit] -= fen
        cells[number] = sum(less.values())
        yield LateShare(
            item_id=item.id,
            unit_number=number,
            gap_fen=gap_fen,
            weight=own,
            weights=whole,
            uplift_permille=item.late_uplift_permille,
            exact_fen=share * (1 + uplift),
            pay_fen=cells[number],
            earlier={unit: Fraction(weight) for unit, weight in earlier.items()},
            credits=tuple(
                ShareTotal(unit_number=unit, amount_fen=less[unit]) for unit in sorted(less)
            ),
        )


def awaited_credits(late: Iterable[LateShare], owing: Collection[str]) -> dict[str, int]:
    """By unit what it has less to pay for those who have joined and still owe, in fen.

    For so much there is a promise and no money: of what a unit gets back it is not paid out yet.
    """
    awaited: dict[str, int] = {}
    for each in late:
        for less in each.credits if each.unit_number in owing else ():
            if less.amount_fen:
                awaited[less.unit_number] = awaited.get(less.unit_number, 0) + less.amount_fen
    return awaited


def awaited_when_stopped(
    sunk_fen: int, charged_fen: Mapping[str, int], late: Sequence[LateShare], owing: Collection[str]
) -> dict[str, int]:
    """The same of a case that has stopped, where all carry what is sunk by what they were charged (rules.md 2.6).

    By unit what it would carry more had those who still owe not joined; a fen of the rounding moves nobody else.
    """
    awaited = awaited_credits(late, owing)
    if not awaited:
        return {}
    without = {unit: fen + awaited.get(unit, 0) for unit, fen in charged_fen.items()}
    for each in late:
        if each.unit_number in owing:
            without[each.unit_number] = max(without.get(each.unit_number, 0) - each.pay_fen, 0)
    now, alone = largest_remainder(sunk_fen, charged_fen), largest_remainder(sunk_fen, without)
    more = {unit: alone.get(unit, 0) - now.get(unit, 0) for unit in awaited}
    return {unit: min(fen, awaited[unit]) for unit, fen in more.items() if fen > 0}


def refuse_joining(
    content: SchemeContent,
    units: Sequence[ShareUnit],
    item_id: str,
    unit_number: str,
    counted: Sequence[UnitKind] = COUNTED_KINDS,
) -> CostItem:
    """The item that a unit may join: one whose payers are a part of the estate to which it does not belong.

    Raises:
        Refused: `cost_sharing.item_unknown`, `cost_sharing.unit_unknown`, `cost_sharing.late_twice`,
            `cost_sharing.late_pays_already`, `cost_sharing.late_not_served`.
    """
    item = next((each for each in content.items if each.id == item_id), None)
    if item is None:
        raise refusal("cost_sharing.item_unknown", where="item")
    unit = next((each for each in units if each.number == unit_number), None)
    if unit is None:
        raise refusal("cost_sharing.unit_unknown", where="unit_number", unit=unit_number)
    said = {"where": "unit_number", "unit": unit_number, "item": item_id}
    if unit_number in item.payers.joined:
        raise refusal("cost_sharing.late_twice", **said)
    if unit_number in {each.number for each in payers(item, units, counted)}:
        raise refusal("cost_sharing.late_pays_already", **said)
    if not _is_served(item, unit):
        raise refusal("cost_sharing.late_not_served", **said)
    return item


def with_joined(content: SchemeContent, item_id: str, unit_number: str) -> SchemeContent:
    """The scheme with one unit more that has joined an item."""
    return content.model_copy(
        update={
            "items": tuple(
                item
                if item.id != item_id
                else item.model_copy(
                    update={
                        "payers": item.payers.model_copy(
                            update={"joined": (*item.payers.joined, unit_number)}
                        )
                    }
                )
                for item in content.items
            )
        }
    )


def _is_served(item: CostItem, unit: ShareUnit) -> bool:
    """A stairwell's lift is for that stairwell."""
    who = item.payers
    if who.scope not in SERVES:
        return True
    return unit.building == who.building and who.entrance in ("", unit.entrance)
