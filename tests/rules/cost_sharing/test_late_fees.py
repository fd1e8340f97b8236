"""The late fee (rules 2.5): by the day the bank had the money, from the end of the round, simple and rounded up."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.cost_sharing import Instalment, LateFeeTerms, Paid
from models.values.scheme import SchemeContent
from proof.canonical import digest
from proof.shares import faults
from rules import cost_sharing as law
from tests.support.estate import scheme_content

ZONE = "UTC"
TERMS = LateFeeTerms(permille_a_month=10)
MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
"""The midnight that ends 31 March."""
ROUNDS = [(datetime(2026, 3, 3, tzinfo=UTC), END), (MAY, datetime(2026, 6, 1, tzinfo=UTC))]
PLAN = [
    (Instalment(unit_number="1-101", number=1, amount_fen=36_541), MARCH),
    (Instalment(unit_number="1-101", number=2, amount_fen=1_000), MAY),
]


def owed(fen: int, day: date, left: int = 37_541, terms: LateFeeTerms = TERMS) -> list[int]:
    """By instalment the fee of a payment of so much on a day, when so much of the share is open."""
    ends = law.ends_of(PLAN, ROUNDS, MARCH)
    found = law.late_fees(terms, law.open_parts(PLAN, left), ends, (fen, day), ZONE)
    return [each.amount_fen for each in found]


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2026, 3, 31), 0),
        (date(2026, 4, 1), 1),
        (date(2026, 4, 30), 1),
        (date(2026, 5, 1), 2),
        (date(2027, 3, 31), 12),
        (date(2027, 4, 1), 13),
    ],
)
def test_a_month_begins_with_the_day_after_the_last_one(day: date, months: int) -> None:
    assert law.started_months(date(2026, 3, 31), day) == months


def test_a_last_day_that_later_months_lack_is_their_last_one() -> None:
    assert law.started_months(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert law.started_months(date(2026, 1, 31), date(2026, 3, 1)) == 2


def test_the_case_of_the_rules_is_366_and_732() -> None:
    assert owed(36_541, date(2026, 4, 1)) == [366]
    assert owed(36_541, date(2026, 5, 20)) == [732]


def test_what_the_bank_had_on_the_last_day_owes_nothing_whenever_it_tells_of_it() -> None:
    assert owed(36_541, date(2026, 3, 31)) == [0]


def test_only_what_is_paid_late_bears_a_fee_and_each_part_for_its_own_months() -> None:
    # 30,000 in time, the rest in the second month.
    assert owed(30_000, date(2026, 3, 20)) == [0]
    assert owed(6_541, date(2026, 5, 1), left=7_541) == [66 * 2]


def test_a_payment_of_two_instalments_is_late_for_the_first_alone() -> None:
    assert owed(37_541, date(2026, 5, 10)) == [732, 0]


def test_what_was_not_called_and_what_is_beyond_the_instalments_bears_none() -> None:
    ends = law.ends_of(PLAN, ROUNDS[:1], MARCH)
    assert ends == {1: END}
    assert owed(50_000, date(2026, 9, 1), left=90_000)[1:] == [10 * 4]
    found = law.late_fees(TERMS, law.open_parts(PLAN, 1_000), ends, (1_000, date(2027, 1, 1)), ZONE)
    assert found == (), "the second one was never called"


def test_the_first_round_that_called_an_instalment_counts() -> None:
    again = (datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))
    assert law.ends_of(PLAN, [again, *ROUNDS], MARCH)[1] == END


def test_a_round_called_before_the_first_due_date_calls_the_first_instalment() -> None:
    early = (datetime(2026, 2, 20, tzinfo=UTC), END)
    assert law.ends_of(PLAN, [early], MARCH) == {1: END}


def test_a_home_that_joins_later_is_not_called_by_the_first_round() -> None:
    october = datetime(2026, 10, 1, tzinfo=UTC)
    joined = [(Instalment(unit_number="1-101", number=1, amount_fen=1_007_700), october)]
    assert law.ends_of(joined, ROUNDS, MARCH) == {}
    later = (october, datetime(2026, 11, 1, tzinfo=UTC))
    assert law.ends_of(joined, [*ROUNDS, later], MARCH) == {1: later[1]}


def test_the_months_are_limited_where_the_scheme_says_so() -> None:
    most = LateFeeTerms(permille_a_month=10, most_months=3)
    assert owed(36_541, date(2030, 1, 1), terms=most)[0] == 366 * 3


@given(st.integers(1, 40_000), st.integers(1, 40_000), st.integers(0, 900))
def test_a_payment_in_two_parts_owes_no_less_and_at_most_a_fen_more_for_each_month(
    first: int, second: int, days: int
) -> None:
    day = date.fromordinal(date(2026, 4, 1).toordinal() + days)
    whole = sum(owed(first + second, day))
    parts = sum(owed(first, day)) + sum(owed(second, day, left=max(37_541 - first, 0)))
    months = law.started_months(date(2026, 3, 31), day)
    assert 0 <= parts - whole <= months


def test_a_refund_sheet_leaves_the_fees_owed() -> None:
    paid = (Paid(unit_number="1", amount_fen=1_000), Paid(unit_number="2", amount_fen=0))
    sheet = law.refunds(paid, {"1": 1, "2": 1}, 200, {"1": 30, "2": 5})
    assert [(each.amount_fen, each.fee_fen) for each in sheet] == [(870, 30), (-105, 5)]


def test_a_scheme_without_a_fee_reads_as_before_there_was_one() -> None:
    content = scheme_content()
    before = content.model_dump(mode="json")
    assert "late_fee" not in before
    with_fee = content.model_copy(update={"late_fee": TERMS}).model_dump(mode="json")
    assert with_fee["late_fee"] == {"permille_a_month": 10, "most_months": None}
    del with_fee["late_fee"]
    assert digest(with_fee) == digest(before)
    assert SchemeContent.model_validate(before).late_fee is None


def test_a_fee_of_other_months_is_found_by_whoever_counts_again() -> None:
    told = {
        "basis": "estimate",
        "scheme_version": 1,
        "rounding": "per_item",
        "cut": None,
        "items": [],
        "exact_fen": 0,
        "total_fen": 0,
        "unit_number": "1",
    }
    fee = {"number": 1, "base_fen": 36_541, "permille": 10, "months": 2, "amount_fen": 732}
    bill = {**told, "items": []}
    assert faults({**told, "fees": [fee]}, bill) == ()
    assert faults({**told, "fees": [{**fee, "amount_fen": 733}]}, bill) == (
        "1: not the late fee of its months",
    )
