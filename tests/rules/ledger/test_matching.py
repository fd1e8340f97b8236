"""For which unit a sum on a statement is: named, joined, assigned, unknown."""

from datetime import date

import pytest

from models.values.ledger import SumState
from rules.ledger.matching import (
    StatementEntry,
    StatementSum,
    all_matched,
    matched,
    plain_number,
)

UNITS = {plain_number(each): each for each in ("1-101", "1-102", "3-2-501", "A栋-7")}
OPEN = {"1-101": 300, "1-102": 200}


def look(memo: str, fen: int = 500, payer: str = "", **more: object) -> StatementSum:
    entry = StatementEntry(
        place="row 1",
        booked_on=date(2026, 1, 1),
        amount_fen=fen,
        reference="r",
        memo=memo,
        payer=payer,
    )
    given = {"booked": (), "kept": {}, "assigned": {}, **more}
    return matched(entry, UNITS, OPEN, **given)  # type: ignore[arg-type]


def parts(found: StatementSum) -> dict[str, int]:
    return {each.unit_number: each.amount_fen for each in found.parts}


@pytest.mark.parametrize(
    "memo",
    ["1-101首期", "房号 1-101", "改造款1－101", "1栋101室 张三", "1#101", "1号楼101"],
)
def test_a_unit_is_found_as_people_write_it(memo: str) -> None:
    assert parts(look(memo)) == {"1-101": 500}


@pytest.mark.parametrize("memo", ["", "改造款", "101", "11-101", "1-1011", "2026-01-01", "张三"])
def test_what_names_no_unit_waits_for_a_person(memo: str) -> None:
    assert (look(memo).state, look(memo).why) == ("unmatched", "no_unit")


def test_more_than_is_owed_is_the_payers_own_credit() -> None:
    assert parts(look("3号楼2单元501室", 900)) == {"3-2-501": 900}


def test_a_joined_sum_is_split_where_it_is_what_they_owe_together() -> None:
    assert parts(look("1-101 和 1-102")) == {"1-101": 300, "1-102": 200}
    assert look("1-101 和 1-102", 499).why == "several_units"


def test_a_person_assigns_and_what_is_booked_stays_so() -> None:
    assert parts(look("", 600, assigned={"r": ("1-102", "1-101")})) == {"1-102": 300, "1-101": 300}
    assert look("1-101", booked=("r",)).state == "booked"
    assert look("1-101", -5).state == "outgoing"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (SumState.OPEN, "waiting"),
        (SumState.ASSIGNED, "booked"),
        (SumState.RETURNED, "returned"),
    ],
)
def test_what_an_earlier_statement_told_of_is_not_told_again(state: SumState, said: str) -> None:
    assert look("1-101", kept={"r": state}).state == said


def test_what_an_earlier_line_pays_is_not_owed_for_a_later_one() -> None:
    """Both neighbours pay together, twice: the second sum is not what they owe any more."""
    lines = [
        StatementEntry(
            place=f"row {number}",
            booked_on=date(2026, 1, 1),
            amount_fen=500,
            reference=str(number),
            memo="1-101 和 1-102",
        )
        for number in range(2)
    ]
    found = all_matched(lines, UNITS, OPEN, (), {}, {})
    assert [each.state for each in found] == ["matched", "unmatched"]
