"""The worked cases of the rule book come out to the fen."""

from fractions import Fraction
from typing import Any

import pytest

from models.values.cost_sharing import (
    CostItem,
    CostKey,
    FloorWeight,
    FundedItem,
    ItemCategory,
    Paid,
    ShareUnit,
)
from rules import cost_sharing as law
from tests.support.cases import book, worked

BOOK = book("cost_sharing")
CASES = worked("cost_sharing")
TABLES = {table["id"]: table["table"] for table in BOOK["coefficient_tables"] if table["table"]}


def given(case_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return CASES[case_id]["input"], CASES[case_id]["expected"]


def unit(number: int, floor: int = 1, area: int = 6000, shares: int | None = None) -> ShareUnit:
    return ShareUnit(
        number=f"{number:05d}",
        building="1",
        entrance="1",
        floor=floor,
        area_dm2=area,
        shares=shares,
    )


def shares(
    total: int, key: CostKey, units: list[ShareUnit], floors: dict[str, str] | None = None
) -> list[int]:
    item = CostItem(
        id="lift",
        title="lift",
        category=ItemCategory.IMPROVEMENT,
        cost_fen=total,
        key=key,
        floors=tuple(
            FloorWeight(floor=int(floor), weight=Fraction(weight))
            for floor, weight in (floors or {}).items()
        ),
    )
    funded = FundedItem(item_id="lift", cost_fen=total, gap_fen=total)
    return [entry.amount_fen for entry in law.share_table((item,), (funded,), units).totals]


def test_by_area() -> None:
    data, expected = given("syn-area-283")
    units = [unit(n, area=area) for n, area in enumerate(data["area_0.01m2"])]
    assert shares(data["total"], CostKey.AREA, units) == expected["shares"]


def test_by_floor_coefficient_of_guangzhou_on_nine_floors() -> None:
    data, expected = given("gz-9x4-500k")
    table = {**TABLES["gz-art8"], "7": "1.4", "8": "1.5", "9": "1.6"}
    per = data["flats_per_floor"]
    units = [unit(n, floor=n // per + 1) for n in range(data["floors"] * per)]
    parts = shares(data["total"], CostKey.FLOOR_COEFFICIENT, units, table)
    assert [sum(parts[n : n + per]) for n in range(0, len(parts), per)] == expected["per_floor"]
    assert set(parts[-per:]) == set(expected["flat_on_floor_9"])
    assert sum(parts) == expected["sum"]


def test_the_two_readings_of_a_floor_table_differ_where_floors_differ_in_area() -> None:
    data, expected = given("syn-two-readings")
    units = [
        unit(n, floor=flat["floor"], area=flat["area_0.01m2"])
        for n, flat in enumerate(data["flats"])
    ]
    table = data["coefficients"]
    one = shares(data["total"], CostKey.FLOOR_COEFFICIENT, units, table)
    other = shares(data["total"], CostKey.COEFFICIENT_AREA, units, table)
    assert one == expected["floor_then_area"]
    assert other == expected["coefficient_times_area"]


def test_hardship_of_eighty_percent_is_paid_by_city_and_district_half_each() -> None:
    data, expected = given("syn-hardship-80")
    reliefs = law.relieve(
        "1-101", data["contribution"], data["relief_pct"] * 10, {"city": 1, "district": 1}, "waiver"
    )
    paid = {relief.funded_by: relief.amount_fen for relief in reliefs}
    assert paid == {"city": expected["city"], "district": expected["district"]}
    assert data["contribution"] - sum(paid.values()) == expected["household_pays"]


def test_by_undivided_shares_the_same_levy_has_no_residue() -> None:
    data, _ = given("hk-wf-levy-indicative")
    counts = [12] * 2 + [13] * 4 + [14] * 2
    units = [unit(n, shares=counts[n % 8]) for n in range(1984)]
    parts = shares(data["total_hkd"], CostKey.SHARE, units)
    assert sum(parts) == data["total_hkd"]
    assert len(set(parts)) <= 6


def test_the_late_fee_is_simple_and_rounded_up_per_started_month() -> None:
    data, expected = given("hk-wf-late-fee")
    assert law.late_fee_fen(data["instalment_hkd"], 10, 1) == expected["month1"]
    assert law.late_fee_fen(data["instalment_hkd"], 10, 2) == expected["month2"]


@pytest.mark.parametrize("case_id", ["hz-zhegong-80", "hz-zhegong-45"])
def test_a_unit_price_has_a_least_area(case_id: str) -> None:
    data, expected = given(case_id)
    price = law.unit_price_fen(
        int(data["area_m2"]) * 100,
        data["unit_price"] * 100,
        minimum_dm2=int(data["min_area_m2"]) * 100,
    )
    assert price == expected["yuan"] * 100


def test_a_late_joiner_pays_the_share_of_the_original_scheme() -> None:
    data, expected = given("gz-late-joiner-10077")
    joining = law.late_joining(
        data["original_share_yuan"] * 100, {"101": 1, "201": 2}, Fraction(data["uplift"])
    )
    assert joining.pay_fen == expected["pay_yuan"] * 100
    assert joining.access_after_payment is expected["access_after_payment"]
    assert joining.owners_consent_needed is expected["owners_consent_needed"]
    assert sum(credit.amount_fen for credit in joining.credits) == joining.pay_fen


def test_a_cancellation_in_the_middle_refunds_what_the_works_have_not_eaten() -> None:
    data, expected = given("syn-cancel-mid-construction")
    sunk = law.sunk_net_fen(
        data["certified_and_committed_cost"], 0, data["subsidy_applicable_to_that_cost"]
    )
    paid = tuple(
        Paid(unit_number=str(n), amount_fen=amount) for n, amount in enumerate(data["paid"])
    )
    sheet = law.refunds(paid, {entry.unit_number: entry.amount_fen for entry in paid}, sunk)
    assert sum(entry.amount_fen for entry in sheet) == expected["refund_pool"]
    assert [entry.amount_fen for entry in sheet] == expected["refunds"]


@pytest.mark.parametrize("case_id", ["syn-lr-three-way", "syn-lr-zero-weight"])
def test_largest_remainder(case_id: str) -> None:
    data, expected = given(case_id)
    parts = law.largest_remainder(
        data["total"], {str(n): weight for n, weight in enumerate(data["weights"])}
    )
    assert list(parts.values()) == expected["shares"]


def test_the_percent_table_of_changzhou_charges_each_floor_its_percentage() -> None:
    units = [unit(n, floor=n // 2 + 1, area=5000 + n) for n in range(12)]
    parts = shares(10_000_000, CostKey.FLOOR_PERCENT, units, TABLES["cz-zhonglou"])
    assert [sum(parts[n : n + 2]) for n in range(0, 12, 2)] == [
        0,
        0,
        800_000,
        2_000_000,
        3_100_000,
        4_100_000,
    ]
