"""Why a unit owes what it owes: every step can be counted again from what is published, and no other sum can."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FloorWeight,
    FundedItem,
    ItemCategory,
    PayerSet,
    Rounding,
    ShareUnit,
)
from proof.shares import faults
from rules import cost_sharing as law
from tests.support.slow import examples

UNITS = tuple(
    ShareUnit(
        number=f"{entrance}-{floor}0{flat}",
        building="1",
        entrance=str(entrance),
        floor=floor,
        area_dm2=5000 + 700 * flat + 31 * floor,
        shares=flat,
    )
    for entrance in (1, 2)
    for floor in (1, 2, 3)
    for flat in (1, 2)
)
SCOPES = (
    PayerSet(),
    PayerSet(scope="entrance", building="1", entrance="1"),
    PayerSet(scope="listed", units=("1-101", "2-302", "2-301")),
)


def items_of(drawn: list[tuple[int, CostKey, PayerSet]]) -> tuple[CostItem, ...]:
    return tuple(
        CostItem(
            id=f"i{number}",
            title=f"item {number}",
            category=ItemCategory.BASIC,
            cost_fen=cost,
            key=key,
            payers=payers,
            floors=_table(key, payers),
        )
        for number, (cost, key, payers) in enumerate(drawn)
    )


def _table(key: CostKey, payers: PayerSet) -> tuple[FloorWeight, ...]:
    percent = {1: 20, 3: 80} if payers.scope == "listed" else {1: 20, 2: 30, 3: 50}
    return tuple(
        FloorWeight.model_validate(
            {"floor": floor, "weight": weight if key is CostKey.FLOOR_PERCENT else f"{floor}/2"}
        )
        for floor, weight in percent.items()
    )


def told(items: tuple[CostItem, ...], unit: str, rounding: Rounding) -> tuple[Any, Any]:
    funded = tuple(
        FundedItem(item_id=item.id, cost_fen=item.cost_fen, gap_fen=item.cost_fen) for item in items
    )
    bill = law.share_bill(items, funded, UNITS, law.COUNTED_KINDS, rounding)
    basis = ("estimate", 1, rounding)
    found = law.explained(items, funded, UNITS, bill, unit, basis)
    shown = law.published(items, bill, basis)
    return found and json.loads(found.model_dump_json()), json.loads(shown.model_dump_json())


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**7), st.sampled_from(CostKey), st.sampled_from(SCOPES)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(UNITS),
    st.sampled_from(Rounding),
)
def test_every_home_proves_its_own_part_and_no_fen_more_or_less(
    drawn: list[tuple[int, CostKey, PayerSet]], unit: ShareUnit, rounding: Rounding
) -> None:
    found, shown = told(items_of(drawn), unit.number, rounding)
    if found is None:
        return
    assert faults(found, shown) == ()
    for fen in (-1, 1):
        first, *rest = found["items"]
        moved = {**first, "amount_fen": first["amount_fen"] + fen}
        more = {**found, "items": [moved, *rest], "total_fen": found["total_fen"] + fen}
        assert faults(more, shown)


FOUND, SHOWN = told(
    items_of([(1000, CostKey.COEFFICIENT_AREA, SCOPES[0]), (77, CostKey.HOUSEHOLD, SCOPES[1])]),
    "1-201",
    Rounding.WHOLE_BILL,
)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"total_fen": FOUND["total_fen"] + 1}, "the parts do not sum to the share"),
        ({"rounding": "per_item"}, "rounding: not as published"),
        ({"cut": {**FOUND["cut"], "fen": 0}}, "cut: not as published"),
        (
            {"items": [{**FOUND["items"][0], "weights": 1}, FOUND["items"][1]]},
            "i0: not as published",
        ),
        (
            {"items": [{**FOUND["items"][0], "factors": []}, FOUND["items"][1]]},
            "i0: the factors do not make the weight",
        ),
    ],
)
def test_what_was_changed_is_named(changed: Mapping[str, object], fault: str) -> None:
    assert fault in faults({**FOUND, **changed}, SHOWN)


def test_the_factors_of_a_floor_are_told_with_their_sources() -> None:
    first = FOUND["items"][0]
    assert [(each["name"], each["source"]) for each in first["factors"]] == [
        ("floor", "roll"),
        ("floor_weight", "scheme"),
        ("area_dm2", "roll"),
    ]
    assert (FOUND["items"][1]["payers"], FOUND["items"][1]["scope"]) == (6, "entrance")
