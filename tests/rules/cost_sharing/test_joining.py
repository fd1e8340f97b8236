"""Joining an item later (E19): the share of the original scheme, and nobody ever owes more by it."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FundedItem,
    LateShare,
    PayerSet,
    Rounding,
)
from models.values.refusal import Refused
from proof.shares import faults
from rules import cost_sharing as law
from tests.rules.cost_sharing.test_cost_sharing import codes, content, item, unit
from tests.rules.cost_sharing.test_explaining import UNITS
from tests.support.slow import examples

SEVERAL = ("1-101", "1-202", "2-302", "2-301")
LIFT = PayerSet(scope="listed", units=SEVERAL)
OTHERS = tuple(each.number for each in UNITS if each.number not in SEVERAL)


def lift(cost: int, key: CostKey = CostKey.AREA, *joined: str, uplift: int = 0) -> CostItem:
    payers = LIFT.model_copy(update={"joined": joined})
    return item("lift", cost, key=key, payers=payers, late_uplift_permille=uplift)


def funded_of(*items: CostItem) -> tuple[FundedItem, ...]:
    return tuple(
        FundedItem(item_id=each.id, cost_fen=each.cost_fen, gap_fen=each.cost_fen) for each in items
    )


def owed(*items: CostItem, rounding: Rounding = Rounding.WHOLE_BILL) -> dict[str, int]:
    table = law.share_table(items, funded_of(*items), UNITS, rounding=rounding)
    for each in items:
        mine = [share.amount_fen for share in table.shares if share.item_id == each.id]
        assert sum(mine) == each.cost_fen
        assert min(mine) >= 0
    return {total.unit_number: total.amount_fen for total in table.totals}


@settings(max_examples=examples(80), deadline=None)
@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.sampled_from((CostKey.AREA, CostKey.HOUSEHOLD, CostKey.SHARE)),
    st.lists(st.sampled_from(OTHERS), unique=True, min_size=1, max_size=3),
    st.sampled_from(Rounding),
    st.integers(0, 300),
)
def test_only_whoever_joins_owes_more_and_the_whole_stays_the_same(
    roof: int, cost: int, key: CostKey, joined: list[str], rounding: Rounding, uplift: int
) -> None:
    before = owed(item("roof", roof), lift(cost, key, uplift=uplift), rounding=rounding)
    last = before
    for count in range(1, len(joined) + 1):
        now = owed(
            item("roof", roof), lift(cost, key, *joined[:count], uplift=uplift), rounding=rounding
        )
        assert sum(now.values()) == sum(before.values())
        for number, fen in now.items():
            if number == joined[count - 1]:
                assert fen >= last.get(number, 0)
            else:
                assert 0 <= fen <= last[number], "a neighbour never owes more"
        last = now


def test_whoever_joins_pays_what_its_share_would_have_been_and_the_others_as_much_less() -> None:
    # Equal parts of 1000.00 among four, then five: 200.00, of which each of the four has 50.00.
    assert owed(lift(100_000, CostKey.HOUSEHOLD)) == dict.fromkeys(SEVERAL, 25_000)
    after = owed(lift(100_000, CostKey.HOUSEHOLD, "1-102"))
    assert after == dict.fromkeys([*SEVERAL, "1-102"], 20_000)
    # A tenth above it only where the scheme that was voted says so.
    dearer = owed(lift(100_000, CostKey.HOUSEHOLD, "1-102", uplift=100))
    assert (dearer["1-102"], dearer["1-101"]) == (22_000, 19_500)
    # The next one is credited to the one who joined before, too.
    two = owed(lift(120_000, CostKey.HOUSEHOLD, "1-102", "2-101"))
    assert set(two.values()) == {20_000}


def test_a_broken_fen_of_whoever_joins_stays_with_those_who_paid_before() -> None:
    after = owed(lift(100_001, CostKey.HOUSEHOLD, "1-102"))
    assert after["1-102"] == 20_000
    assert sum(after.values()) == 100_001


def told(items: tuple[CostItem, ...], number: str) -> tuple[dict[str, object], dict[str, object]]:
    bill = law.share_bill(items, funded_of(*items), UNITS, law.COUNTED_KINDS, Rounding.WHOLE_BILL)
    late = law.late_shares(items, UNITS, bill)
    basis = ("award", 2, Rounding.WHOLE_BILL)
    found = law.explained(items, funded_of(*items), UNITS, bill, number, basis, late)
    assert found is not None
    assert found.charged_fen == owed(*items)[number]
    shown = law.published(items, bill, basis, late)
    return json.loads(found.model_dump_json()), json.loads(shown.model_dump_json())


@settings(max_examples=examples(30), deadline=None)
@given(
    st.integers(10**4, 10**7),
    st.integers(10**4, 10**7),
    st.sampled_from((CostKey.AREA, CostKey.HOUSEHOLD)),
    st.sampled_from((*SEVERAL, *OTHERS[:2])),
    st.integers(0, 200),
)
def test_every_home_proves_what_a_joining_changes_for_it(
    roof: int, cost: int, key: CostKey, number: str, uplift: int
) -> None:
    items = (item("roof", roof), lift(cost, key, *OTHERS[:2], uplift=uplift))
    found, shown = told(items, number)
    assert faults(found, shown) == ()
    late = found["late"]
    assert isinstance(late, list)
    assume(late)
    for changed in ({"amount_fen": late[0]["amount_fen"] + 2}, {"whole_fen": 1}):
        assert faults({**found, "late": [{**late[0], **changed}, *late[1:]]}, shown)


def late_of(*items: CostItem) -> tuple[LateShare, ...]:
    bill = law.share_bill(items, funded_of(*items), UNITS, law.COUNTED_KINDS, Rounding.WHOLE_BILL)
    return law.late_shares(items, UNITS, bill)


def test_what_is_owed_back_for_whoever_has_not_paid_yet_is_awaited() -> None:
    late = late_of(lift(120_000, CostKey.HOUSEHOLD, "1-102", "2-101"))
    assert law.awaited_credits(late, set()) == {}
    # A fifth of 1200.00, of which each of the four has 60.00; then a sixth, of which each of the five has 40.00.
    assert law.awaited_credits(late, {"1-102"}) == dict.fromkeys(SEVERAL, 6_000)
    second = law.awaited_credits(late, {"2-101"})
    assert second == dict.fromkeys([*SEVERAL, "1-102"], 4_000)
    both = law.awaited_credits(late, {"1-102", "2-101"})
    assert both == {**dict.fromkeys(SEVERAL, 10_000), "1-102": 4_000}


@settings(max_examples=examples(60), deadline=None)
@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.lists(st.sampled_from(OTHERS), unique=True, min_size=1, max_size=3),
    st.integers(0, 3),
    st.integers(0, 100),
)
def test_of_a_case_that_has_stopped_what_is_awaited_is_what_they_would_carry_without_whoever_owes(
    roof: int, cost: int, joined: list[str], paid: int, percent: int
) -> None:
    items = (item("roof", roof), lift(cost, CostKey.AREA, *joined))
    late, charged = late_of(*items), owed(*items)
    sunk, owing = sum(charged.values()) * percent // 100, set(joined[paid:])
    held = law.awaited_when_stopped(sunk, charged, late, owing)
    most = law.awaited_credits(late, owing)
    assert held.keys() <= most.keys()
    assert all(0 < fen <= most[unit] for unit, fen in held.items())
    # No more is awaited than those who owe carry themselves, but for the fen of the rounding.
    parts = law.largest_remainder(sunk, charged)
    assert sum(held.values()) <= sum(parts[each] for each in owing) + len(UNITS)
    if percent == 100 and len(joined) == 1:
        assert held == most, "everything is sunk: each carries its charge"


def test_without_whoever_owes_the_others_carry_what_is_sunk_alone() -> None:
    # Four have paid 250.00 each, of whom each owes 50.00 less for a fifth: half of it is sunk.
    late = late_of(lift(100_000, CostKey.HOUSEHOLD, "1-102"))
    charged = dict.fromkeys([*SEVERAL, "1-102"], 20_000)
    held = law.awaited_when_stopped(50_000, charged, late, {"1-102"})
    assert held == dict.fromkeys(SEVERAL, 2_500)
    assert law.awaited_when_stopped(0, charged, late, {"1-102"}) == {}


def test_a_home_that_paid_for_nothing_else_reads_what_it_joined() -> None:
    found, shown = told((lift(100_000, CostKey.HOUSEHOLD, "1-102"),), "1-102")
    assert (found["items"], found["total_fen"]) == ([], 0)
    assert faults(found, shown) == ()
    late: Any = found["late"]
    (line,) = late
    assert (line["own"], line["amount_fen"], line["exact_fen"]) == (True, 20_000, 20_000)


def test_who_may_join_what() -> None:
    units = [*UNITS, unit("g-1", kind="storage")]
    stairwell = PayerSet(scope="entrance", building="1", entrance="1", exempt_floors=(1,))
    scheme = content([item("roof"), item("lift", payers=stairwell), item("line", payers=LIFT)])
    ask = [
        ("pool", "1-101", "cost_sharing.item_unknown"),
        ("lift", "9-999", "cost_sharing.unit_unknown"),
        ("lift", "1-202", "cost_sharing.late_pays_already"),
        ("roof", "1-202", "cost_sharing.late_pays_already"),
        ("line", "1-101", "cost_sharing.late_pays_already"),
        ("lift", "2-101", "cost_sharing.late_not_served"),
    ]
    for name, number, code in ask:
        with pytest.raises(Refused) as refused:
            law.refuse_joining(scheme, units, name, number)
        assert codes(refused) == [code], (name, number)
    assert law.refuse_joining(scheme, units, "lift", "1-101").id == "lift"
    joined = law.with_joined(scheme, "lift", "1-101")
    assert [each.payers.joined for each in joined.items] == [(), ("1-101",), ()]
    with pytest.raises(Refused) as refused:
        law.refuse_joining(joined, units, "lift", "1-101")
    assert codes(refused) == ["cost_sharing.late_twice"]


def test_what_was_written_before_reads_as_it_did() -> None:
    assert "joined" not in item("roof").model_dump()["payers"]
    assert "late_uplift_permille" not in item("roof").model_dump(mode="json")
    again = CostItem.model_validate(
        lift(1, CostKey.AREA, "1-102", uplift=5).model_dump(mode="json")
    )
    assert (again.payers.joined, again.late_uplift_permille) == (("1-102",), 5)


def test_a_floor_without_a_voted_weight_cannot_join() -> None:
    floors = [{"floor": 2, "weight": "1"}, {"floor": 3, "weight": "3/2"}]
    payers = PayerSet(scope="entrance", building="1", entrance="1", exempt_floors=(1,))
    one = item("lift", 1000, key=CostKey.COEFFICIENT_AREA, floors=floors, payers=payers)
    one = one.model_copy(update={"payers": payers.model_copy(update={"joined": ("1-101",)})})
    with pytest.raises(Refused) as refused:
        owed(one)
    assert codes(refused) == ["cost_sharing.floor_without_weight"]
    assert Fraction(3, 2) == one.floors[1].weight
