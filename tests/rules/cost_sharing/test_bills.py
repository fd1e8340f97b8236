"""The two-way rounding of a whole bill: its promises, and a flow of another make that says what can be kept."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.refusal import Refused
from rules.cost_sharing import largest_remainder
from rules.cost_sharing.bills import Bill, spread_bill, spread_items
from tests.support.slow import examples

UNITS = ("a", "b", "c", "d", "e")
FEW = settings(max_examples=examples(150), deadline=None)
WEIGHTS = st.dictionaries(st.sampled_from(UNITS), st.integers(0, 6), min_size=1).filter(
    lambda weights: any(weights.values())
)
BILLS = st.dictionaries(st.sampled_from("wxyz"), st.tuples(st.integers(0, 40), WEIGHTS), min_size=1)
Asked = Mapping[str, tuple[int, Mapping[str, int]]]


def spread(asked: Asked) -> Bill:
    return spread_bill(
        {item: gap for item, (gap, _) in asked.items()},
        {item: weights for item, (_, weights) in asked.items()},
    )


def exact(asked: Asked, item: str, unit: str) -> Fraction:
    gap, weights = asked[item]
    return Fraction(gap * weights[unit], sum(weights.values()))


def can_have(asked: Asked, bill: Bill, more: frozenset[str]) -> bool:
    """Whether floors and ceilings exist in which exactly these units have the fen more (a cut, not a flow).

    For every set of items, the fen that these must take cannot exceed what units can bring: Gale 1957.
    """
    items = list(asked)
    demand = {
        unit: bill.exact(unit) // 1
        - sum(exact(asked, item, unit) // 1 for item in items if unit in asked[item][1])
        + (unit in more)
        for unit in bill.totals
    }
    reach = {
        unit: {i for i in items if unit in asked[i][1] and exact(asked, i, unit).denominator > 1}
        for unit in bill.totals
    }
    extra = {item: bill.columns[item].extra_fen for item in items}
    subsets = [set(each) for size in range(len(items) + 1) for each in combinations(items, size)]
    enough = all(
        sum(extra[item] for item in some)
        <= sum(min(demand[unit], len(reach[unit] & some)) for unit in demand)
        for some in subsets
    )
    return enough and sum(extra.values()) == sum(demand.values())


@FEW
@given(BILLS)
def test_rows_and_columns_sum_and_every_cell_is_a_floor_or_a_ceiling(asked: Asked) -> None:
    bill = spread(asked)
    for item, (gap, weights) in asked.items():
        assert sum(bill.cells[item].values()) == gap
        for unit, fen in bill.cells[item].items():
            assert abs(fen - exact(asked, item, unit)) < 1
            assert weights[unit] or fen == 0
    for unit, total in bill.totals.items():
        assert total == sum(cells.get(unit, 0) for cells in bill.cells.values())
        assert abs(total - bill.exact(unit)) < 1


@FEW
@given(BILLS)
def test_the_first_in_the_order_have_the_fen_as_far_as_whole_fen_exist(asked: Asked) -> None:
    bill = spread(asked)
    best = next(
        frozenset(each)
        for each in combinations(bill.order, bill.extra_fen)  # in the order, the first ones first
        if can_have(asked, bill, frozenset(each))
    )
    assert bill.with_fen == best
    plain = frozenset(bill.order[: bill.extra_fen])
    assert (bill.with_fen == plain) == (not bill.passed_over()) == can_have(asked, bill, plain)


@FEW
@given(BILLS, st.data())
def test_the_order_of_items_and_units_makes_no_difference(
    asked: Asked, data: st.DataObject
) -> None:
    other: dict[str, tuple[int, Mapping[str, int]]] = {}
    for item in data.draw(st.permutations(sorted(asked))):
        gap, weights = asked[item]
        units = data.draw(st.permutations(sorted(weights)))
        other[item] = gap, {unit: weights[unit] for unit in units}
    assert spread(other).cells == spread(asked).cells


@FEW
@given(BILLS)
def test_equal_units_are_at_most_one_fen_apart_over_the_whole_bill(asked: Asked) -> None:
    bill = spread(asked)
    for one, other in combinations(bill.totals, 2):
        if all(weights.get(one) == weights.get(other) for _, weights in asked.values()):
            assert abs(bill.totals[one] - bill.totals[other]) <= 1


@FEW
@given(BILLS, st.data())
def test_a_dearer_item_takes_at_most_a_fen_off_a_unit(asked: Asked, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(sorted(asked)))
    gap, weights = asked[item]
    dearer = spread({**asked, item: (gap + data.draw(st.integers(1, 9)), weights)})
    before = spread(asked)
    for unit, fen in before.totals.items():
        assert dearer.totals[unit] >= fen - 1
        assert all(
            dearer.cells[each].get(unit, 0) >= before.cells[each].get(unit, 0) - 1 for each in asked
        )


@FEW
@given(st.integers(0, 10**9), WEIGHTS)
def test_a_bill_of_one_item_is_the_largest_remainder(gap: int, weights: Mapping[str, int]) -> None:
    bill = spread({"x": (gap, weights)})
    assert bill.cells["x"] == bill.totals == largest_remainder(gap, weights)
    assert bill.passed_over() == ()


def test_twelve_items_leave_equal_flats_one_fen_apart_where_item_by_item_they_are_twelve() -> None:
    gaps = {f"item-{number:02}": 301 for number in range(12)}
    weights = {item: dict.fromkeys(("1-101", "1-102", "1-103"), 1) for item in gaps}
    assert spread_bill(gaps, weights).totals == {"1-101": 1204, "1-102": 1204, "1-103": 1204}
    assert spread_items(gaps, weights).totals == {"1-101": 1212, "1-102": 1200, "1-103": 1200}


def test_who_cannot_have_the_fen_of_another_stairwell_is_passed_over() -> None:
    bill = spread_bill(
        {"lift-1": 1, "lift-2": 1},
        {"lift-1": {"a": 45, "b": 45, "c": 10}, "lift-2": {"c": 10, "d": 45, "e": 45}},
    )
    assert bill.order == ["a", "b", "d", "e", "c"]
    assert (bill.with_fen, bill.passed_over(), bill.last) == ({"a", "d"}, ("b",), "d")


@pytest.mark.parametrize(
    ("gap", "weights", "code"),
    [
        (-1, {"a": 1}, "cost_sharing.total_below_zero"),
        (1, {"a": -1}, "cost_sharing.weight_below_zero"),
        (1, {"a": 0}, "cost_sharing.nobody_pays"),
    ],
)
def test_what_no_rounding_can_spread_is_refused(
    gap: int, weights: dict[str, int], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        spread({"x": (gap, weights)})
    assert [each.code for each in refused.value.problems] == [code]
