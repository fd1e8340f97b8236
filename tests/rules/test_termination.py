from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.inspection import ItemFacts, ItemState
from models.values.refusal import Problem
from models.values.states import TerminationGround
from models.values.timetable import Timetable
from rules import termination as law
from rules.inspection import rule_inspection

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = timedelta(days=1)
FEN = st.integers(min_value=0, max_value=10**13)


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [each.code for each in problems]


@pytest.mark.parametrize(
    ("cures", "expected"),
    [
        ({}, ["settlement.nothing_in_default"]),
        ({"roof": None}, ["settlement.not_noticed"]),
        ({"roof": NOW + DAY}, ["settlement.cure_running"]),
        ({"roof": NOW + DAY, "paint": None}, ["settlement.cure_running"]),
        ({"roof": NOW}, []),
        ({"roof": NOW - DAY, "paint": NOW + DAY}, []),
    ],
)
def test_a_contract_is_terminated_once_a_time_to_cure_is_over(
    cures: dict[str, datetime | None], expected: list[str]
) -> None:
    assert codes(law.cure_problems(cures, NOW)) == expected


@pytest.mark.parametrize(
    ("ground", "bond", "damages", "expected"),
    [
        (TerminationGround.NOT_CURED, 100, 0, []),
        (TerminationGround.REFUSES, 101, 0, ["settlement.bond_above_contract"]),
        (TerminationGround.ASSIGNED, 0, 1, ["settlement.damages_for_fault"]),
        (TerminationGround.VOTE, 0, 1_000, []),
        (TerminationGround.VOTE, 0, 1_001, ["settlement.damages_too_high"]),
        (TerminationGround.VOTE, 1, 0, ["settlement.bond_without_fault"]),
    ],
)
def test_the_bond_is_for_fault_and_damages_are_for_none(
    ground: TerminationGround, bond: int, damages: int, expected: list[str]
) -> None:
    found = law.money_problems(
        ground, bond_fen=bond, held_fen=100, damages_fen=damages, value_fen=1_000
    )
    assert codes(found) == expected


def test_only_open_items_are_measured_and_never_above_their_price() -> None:
    prices = {"roof": 700, "paint": 300}
    states = {"roof": ItemState.DEFAULT, "paint": ItemState.PASSED}
    assert law.measured_problems({"roof": 700}, prices, states) == ()
    wrong = {"roof": 701, "paint": 1, "attic": 1}
    assert codes(law.measured_problems(wrong, prices, states)) == [
        "settlement.measured_high",
        "settlement.measured_passed",
        "inspection.item_unknown",
    ]


@given(
    st.dictionaries(st.sampled_from("abcd"), FEN),
    st.dictionaries(st.sampled_from("efgh"), FEN),
    st.integers(min_value=0, max_value=1_000),
    FEN,
    FEN,
)
def test_a_settlement_sums_to_the_fen(
    passed: dict[str, int], measured: dict[str, int], permille: int, bond: int, damages: int
) -> None:
    account = law.contract_settlement(
        contract_fen=10**15,
        passed=passed,
        measured=measured,
        agreed_permille=permille,
        timetable=Timetable(),
        bond_fen=bond,
        damages_fen=damages,
    )
    certified = sum(passed.values()) + sum(measured.values())
    assert account.certified_fen == certified
    assert account.payable_fen + account.retention_fen == certified
    assert account.retention_fen == certified * min(permille, 30) // 1_000
    (agreed,) = account.decision.checks
    assert (agreed.have, agreed.need, agreed.passed) == (permille, 30, permille <= 30)
    assert account.cost_fen == certified + damages - bond
    assert sum(item.payable_fen for item in account.items) == account.payable_fen


@given(st.integers(min_value=-(10**13), max_value=10**13), st.integers(0, 1_000))
def test_the_highest_price_of_the_rest_fits_and_one_fen_more_does_not(
    left: int, permille: int
) -> None:
    price = law.highest_price_fen(left, permille)
    assert price + price * permille // 1_000 <= max(left, 0)
    more = price + 1
    assert more + more * permille // 1_000 > left


def test_while_a_notice_to_cure_stands_a_failure_is_a_default_at_once() -> None:
    item = ItemFacts(id="roof", state=ItemState.REPORTED, value_fen=1)
    first = rule_inspection(item, "stage", "FAIL", Timetable())
    again = rule_inspection(item, "stage", "FAIL", Timetable(), noticed=True)
    cured = rule_inspection(item, "stage", "PASS", Timetable(), noticed=True)
    assert (first.state, again.state, cured.state) == ("rejected", "default", "passed")
