"""`gongjian allocate`: the worked cases, questions of our own, and what it says of wrong ones."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.main import app
from models.values.refusal import Refused
from rules.cost_sharing.questions import METHODS, answer_to
from tests.support.cases import worked

RUNNER = CliRunner()
CASES = worked("cost_sharing")
OURS = json.loads(Path(__file__).with_name("shares.json").read_text(encoding="utf-8"))
"""Edges worked out by hand from the rule book: of each key, of payers, of sources of money, of what comes after."""
NOT_COMPUTED = {"hardship_registered", "hardship_paid"} | {
    f"hardship_loan_{word}" for word in ("interest_waived", "pending")
}
"""Published counts, of which the case's input says nothing."""
DAY = "2024-02-29"


def run(question: object) -> Result:
    return RUNNER.invoke(app, ["allocate", "--input", "-", "--json"], input=json.dumps(question))


def answered(method: str, **given: Any) -> dict[str, Any]:
    result = run({"method": method, "input": given})
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(question: object) -> list[tuple[str, str]]:
    result = run(question)
    assert result.exit_code == 1
    assert isinstance(result.exception, Refused), result.exception
    return [(each.code, each.where) for each in result.exception.problems]


@pytest.mark.parametrize("case_id", CASES)
def test_every_worked_case_is_answered_as_expected(case_id: str) -> None:
    case = CASES[case_id]
    found = json.loads(run(case).stdout)
    for name, expected in case["expected"].items():
        if name in NOT_COMPUTED:
            continue
        if isinstance(expected, dict):  # a curve was published at some of its days
            found[name] = {day: found[name][day] for day in expected}
        assert found[name] == expected, name


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["id"])
def test_every_edge_is_answered_as_worked_out_by_hand(case: dict[str, Any]) -> None:
    found = answered(case["method"], **case["input"])
    assert {name: found.get(name) for name in case["expected"]} == case["expected"]


def test_equal_flats_and_percentages_of_floors() -> None:
    assert answered("household", total=100, households=3)["shares"] == [34, 33, 33]
    flats = [{"floor": floor, "area_0.01m2": 5000 + floor} for floor in (1, 1, 2, 2)]
    found = answered("floor_percent", total=1001, flats=flats, percent={"1": "20", "2": "80"})
    assert found["shares"] == [100, 100, 401, 400]


def test_a_published_table_goes_on_as_its_source_says_and_no_further() -> None:
    flats = [{"floor": floor, "area_0.01m2": 100} for floor in (6, 7, 12)]
    found = answered("floor_coefficient", total=13 + 14 + 19, flats=flats, table="gz-art8")
    assert found["shares"] == [13, 14, 19]
    asked = {"total": 1, "flats": flats, "table": "gz-lijiang"}
    assert refused({"method": "floor_coefficient", "input": asked}) == [
        ("cost_sharing.floor_not_in_table", "stdin")
    ]


def test_a_published_table_of_percentages_is_taken_by_its_name() -> None:
    flats = [{"floor": floor, "area_0.01m2": 10} for floor in range(1, 7)]
    found = answered("floor_percent", total=999, flats=flats, table="cz-zhonglou")
    # Of 79.92, 199.80, 309.69 and 409.59 the first three have the greatest remainders.
    assert found["shares"] == [0, 0, 80, 200, 310, 409]


def test_an_extension_has_its_own_price_and_its_limit() -> None:
    given = {"area_m2": "53", "unit_price": 1350, "min_area_m2": "53", "extension_max_m2": "20"}
    found = answered("min_area_unit_price", **given, extension_m2="20", extension_price="34520")
    assert found == {"yuan": 761950, "fen": 76195000}
    more = {**given, "extension_m2": "20.01", "extension_price": 1}
    assert refused({"method": "min_area_unit_price", "input": more}) == [
        ("cost_sharing.extension_too_large", "stdin")
    ]


def test_a_whole_bill_has_its_payers_its_sources_and_its_instalments() -> None:
    units = [
        {"number": f"{entrance}-{floor}", "entrance": str(entrance), "floor": floor, **more}
        for entrance, floor, more in (
            (1, 1, {"area_0.01m2": 5000}),
            (1, 2, {"area_0.01m2": 5000}),
            (2, 1, {"area_0.01m2": 10000}),
            (2, 2, {"area_0.01m2": 1, "kind": "parking"}),
        )
    ]
    lift = {
        "id": "lift",
        "cost": 1000,
        "key": "coefficient_area",
        "payers": {"scope": "entrance", "building": "1", "entrance": "1", "exempt_floors": [1]},
        "floors": {"2": "0.5"},
    }
    roof = {"id": "roof", "cost": 403, "category": "basic"}
    given = {
        "units": units,
        "items": [lift, roof],
        "funding": [
            {"id": "city", "source": "subsidy", "amount": 900, "item_cap": 600, "items": ["lift"]},
            {"id": "fund", "source": "maintenance_fund", "amount": 9, "categories": ["basic"]},
        ],
        "instalments_permille": [600, 400],
    }
    found = answered("bill", **given)
    assert found["paid"] == {"lift": {"city": 600}, "roof": {}}  # nobody voted the fund
    assert found["shares"]["lift"] == {"1-2": 400}
    assert found["shares"]["roof"] == {"1-1": 101, "1-2": 101, "2-1": 201}
    assert found["totals"] == {"1-1": 101, "1-2": 501, "2-1": 201}
    assert found["instalments"] == {"1-1": [61, 40], "1-2": [301, 200], "2-1": [121, 80]}
    assert (found["gap"], found["total"]) == (803, 803)
    turned = {**given, "items": [roof, lift], "units": units[::-1]}
    assert answered("bill", **turned)["totals"] == found["totals"]
    just_paid = {"items": given["items"], "funding": given["funding"]}
    assert answered("waterfall", **just_paid)["gaps"] == {"lift": 400, "roof": 403}


def test_undivided_shares_and_the_other_reading_of_a_table() -> None:
    assert answered("share", total=100, shares=[1, 0, 2])["shares"] == [33, 0, 67]
    flats = [{"floor": floor, "area_0.01m2": area} for floor, area in ((2, 60), (2, 90), (3, 60))]
    given = {"total": 1000, "flats": flats, "coefficients": {"2": "0.5", "3": "1"}}
    assert answered("coefficient_area", **given)["shares"] == [222, 333, 445]
    found = answered("instalments", totals=[100, 101], permille=[333, 333, 334])
    assert found == {"instalments": [[33, 33, 34], [34, 33, 34]], "sums": [67, 66, 68]}


def test_a_late_receipt_is_credited_to_those_who_paid_before() -> None:
    found = answered("late_joiner", original_share_yuan=100, uplift="0.1", earlier=[1, 2])
    assert (found["pay_yuan"], found["credits_fen"]) == (110, [3667, 7333])


def test_whoever_is_in_arrears_carries_a_full_part_of_what_was_spent() -> None:
    found = answered("refund", paid=[100, 0], certified_and_committed_cost=100, weights=[1, 1])
    assert found == {"refund_pool": 0, "refunds": [50, -50]}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            {"method": "bill", "input": {"units": [{"number": "1"}], "items": [{"id": "x"}]}},
            ("service.field_missing", "stdin items.0.cost"),
        ),
        (
            {
                "method": "bill",
                "input": {
                    "units": [{"number": "1"}],
                    "items": [{"id": "x", "cost": 1, "payers": {"scope": "street"}}],
                },
            },
            ("service.field_wrong", "stdin items.0.payers.scope"),
        ),
        (
            {
                "method": "bill",
                "input": {
                    "units": [{"number": "1"}],
                    "items": [{"id": "x", "cost": 1, "payers": {"scope": "building"}}],
                },
            },
            ("cost_sharing.item_without_payers", "stdin x"),
        ),
        (
            {"method": "waterfall", "input": {"items": [{"id": "x", "cost": 1, "what": 2}]}},
            ("service.field_unknown", "stdin items.0.what"),
        ),
        (
            {"method": "share", "input": {"total": 1, "shares": []}},
            ("service.field_wrong", "stdin shares"),
        ),
        (
            {"method": "area", "input": {"total": 1, "area_0.01m2": [1, 0]}},
            ("service.field_wrong", "stdin area_0.01m2.1"),
        ),
        (
            {
                "method": "floor_coefficient",
                "input": {
                    "total": 1,
                    "flats": [{"floor": 2, "area_0.01m2": 0}],
                    "table": "gz-art8",
                },
            },
            ("service.field_wrong", "stdin flats.0.area_0.01m2"),
        ),
        (
            {
                "method": "coefficient_area",
                "input": {
                    "total": 1,
                    "flats": [{"floor": 3, "area_0.01m2": 1}],
                    "table": "cz-zhonglou",
                },
            },
            ("service.field_wrong", "stdin table"),
        ),
        (
            {
                "method": "bill",
                "input": {
                    "units": [{"number": "1"}],
                    "items": [
                        {"id": "x", "cost": 1, "payers": {"scope": "estate", "building": "1"}}
                    ],
                },
            },
            ("service.field_wrong", "stdin items.0.payers"),
        ),
        (
            {
                "method": "bill",
                "input": {
                    "units": [{"number": "1"}, {"number": "2"}],
                    "items": [
                        {"id": "x", "cost": 3, "payers": {"scope": "listed", "units": ["1", "1"]}}
                    ],
                },
            },
            ("service.field_wrong", "stdin items.0.payers"),
        ),
        (
            {
                "method": "bill",
                "input": {"units": [{"number": "1\u200b"}], "items": [{"id": "x", "cost": 1}]},
            },
            ("service.field_wrong", "stdin units.0.number"),
        ),
        (
            {"method": "collection_kpi", "input": {"flats": 1, "paid_instalment_1": {DAY: 2}}},
            ("service.field_wrong", "stdin paid_instalment_1"),
        ),
        (
            {
                "method": "undivided_share",
                "input": {"total_hkd": 1, "shares_all": 10, "flat_shares": [11]},
            },
            ("service.field_wrong", "stdin flat_shares"),
        ),
        *(
            (
                {"method": "rounding", "input": {"total": 1, "weights": [1, written]}},
                ("service.field_wrong", "stdin weights.1"),
            )
            for written in ("1_3", "\uff11", "\u0663", "1e400", "1/0", "1,5", "nan", "-1")
        ),
        ([], ("cases.not_a_question", "stdin")),
        ({"method": "area"}, ("service.field_missing", "stdin")),
        ({"method": "dice", "input": {}}, ("cost_sharing.method_unknown", "stdin method")),
        ({"method": ["area"], "input": {}}, ("cost_sharing.method_unknown", "stdin method")),
        ({"method": "area", "input": {}, "x": 1}, ("service.field_unknown", "stdin")),
        (
            {"method": "rounding", "input": {"total": 1, "weights": [-1, 1, 1]}},
            ("service.field_wrong", "stdin weights.0"),
        ),
        (
            {"method": "rounding", "input": {"total": 1.5, "weights": [1]}},
            ("service.field_wrong", "stdin total"),
        ),
        (
            {"method": "rounding", "input": {"total": 1, "weights": [0]}},
            ("cost_sharing.nobody_pays", "stdin"),
        ),
        (
            {"method": "area", "input": {"total": True, "area_0.01m2": [1]}},
            ("service.field_wrong", "stdin total"),
        ),
        (
            {"method": "late_fee", "input": {"instalment_hkd": 1, "rate_per_started_month": "x"}},
            ("service.field_wrong", "stdin rate_per_started_month"),
        ),
        (
            {"method": "collection_kpi", "input": {"flats": 1, "paid_instalment_1": {"x": 1}}},
            ("service.field_wrong", "stdin paid_instalment_1"),
        ),
        (
            {
                "method": "refund",
                "input": {"paid": [1, 2], "certified_and_committed_cost": 1, "weights": [1]},
            },
            ("service.field_wrong", "stdin weights"),
        ),
    ],
)
def test_what_is_wrong_is_named(question: object, expected: tuple[str, str]) -> None:
    assert refused(question) == [expected]


@pytest.mark.parametrize(
    ("paid", "flats", "said"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 800, "0.1"), (10**9 - 1, 10**9, "100.0"), (0, 7, "0.0")],
)
def test_a_rate_has_one_digit_half_up_whatever_its_size(paid: int, flats: int, said: str) -> None:
    found = answered("collection_kpi", flats=flats, paid_instalment_1={"2024-07-31": paid})
    assert found["pct_1"] == {"2024-07-31": said}


@pytest.mark.parametrize("method", METHODS)
def test_no_method_takes_a_field_it_does_not_know_or_nothing(method: str) -> None:
    problems = refused({"method": method, "input": {"surprise\x00": 1}})
    assert any(code.startswith("service.field_") for code, _ in problems)


@given(
    total=st.integers(0, 10**12),
    weights=st.lists(st.fractions(0, 10**6, max_denominator=1000), min_size=1, max_size=20),
)
def test_shares_sum_and_nobody_who_weighs_nothing_pays(total: int, weights: list[Fraction]) -> None:
    if not any(weights):
        weights = [*weights, Fraction(1)]
    written = [str(each) for each in weights]
    found = answer_to("rounding", {"total": total, "weights": written})["shares"]
    assert isinstance(found, list)
    assert sum(found) == total
    exact = [total * each / sum(weights) for each in weights]
    assert all(0 <= got - each // 1 <= 1 for got, each in zip(found, exact, strict=True))
    assert all(got == 0 for got, each in zip(found, weights, strict=True) if each == 0)
