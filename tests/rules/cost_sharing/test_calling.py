"""Which instalment is open, called next, and overdue: worked cases, and what always holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.values.cost_sharing import Instalment, ShareTotal
from rules import cost_sharing as law

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MAY, JULY = MARCH + timedelta(days=61), MARCH + timedelta(days=122)


def part(unit: str, number: int, fen: int, due_at: datetime) -> law.Open:
    return Instalment(unit_number=unit, number=number, amount_fen=fen), due_at


PLAN = [
    part("1-101", 1, 40, MARCH),
    part("1-101", 2, 30, MAY),
    part("1-101", 3, 30, JULY),
    part("1-102", 1, 80, MARCH),
    part("1-102", 2, 60, MAY),
    part("1-102", 3, 60, JULY),
]


def test_what_came_in_pays_the_instalments_in_their_order() -> None:
    # 1-101 has paid 55 of 100, 1-102 everything.
    left = law.unpaid(PLAN, {"1-101": 45, "1-102": 0})
    assert left == (part("1-101", 2, 15, MAY), part("1-101", 3, 30, JULY))


def test_the_next_instalment_is_the_first_open_one_that_was_not_called() -> None:
    left = law.unpaid(PLAN, {"1-101": 45, "1-102": 60})
    assert law.next_due(left, MARCH) == MAY
    assert law.falling_due(left, MAY) == {"1-101": 15}
    assert law.next_due(left, MAY) == JULY
    assert law.falling_due(left, JULY) == {"1-101": 30, "1-102": 60}
    assert law.next_due(left, JULY) is None


def test_overdue_is_what_was_called_and_has_not_come_in() -> None:
    left = law.unpaid(PLAN, {"1-101": 100, "1-102": 60})
    assert law.overdue(left, MARCH) == {"1-101": 40}
    assert law.overdue(left, MAY) == {"1-101": 70}
    assert law.overdue(left, JULY) == {"1-101": 100, "1-102": 60}


def test_a_debt_beyond_the_instalments_is_due_with_the_last_one() -> None:
    # All of 100 was paid, 20 of it went back, and then the account came to 95.
    left = law.unpaid(PLAN[:3], {"1-101": 15})
    assert left == (part("1-101", 3, 15, JULY),)
    assert law.unpaid(PLAN[:1], {"1-101": 55}) == (part("1-101", 1, 55, MARCH),)


def test_a_late_fee_is_due_with_the_last_instalment_and_what_comes_in_pays_it_last() -> None:
    # The first of 40 was paid late and bears a fee of 5, and with it the home owes 65 of 105.
    left = law.unpaid(PLAN[:3], {"1-101": 65}, {"1-101": 5})
    assert left == (part("1-101", 2, 30, MAY), part("1-101", 3, 35, JULY))
    assert law.overdue(left, MARCH) == {}
    assert law.unpaid(PLAN[:3], {"1-101": 3}, {"1-101": 5}) == (part("1-101", 3, 3, JULY),)
    assert law.unpaid(PLAN[:3], {"1-101": -3}, {"1-101": 5}) == ()


def test_who_has_a_credit_or_no_account_owes_nothing() -> None:
    assert law.unpaid(PLAN, {"1-101": -5}) == ()


def test_of_a_charge_has_been_called_what_does_not_fall_due_later() -> None:
    charges = [ShareTotal(unit_number="1-101", amount_fen=100)]
    assert law.called_for(charges, PLAN, MARCH) == {"1-101": 40}
    assert law.called_for(charges, PLAN, MAY) == {"1-101": 70}
    # A cheaper award: the instalments that were paid stay as they were.
    cheaper = [ShareTotal(unit_number="1-101", amount_fen=50)]
    assert law.called_for(cheaper, PLAN, MARCH) == {"1-101": 0}


@given(
    amounts=st.lists(st.integers(0, 1_000), min_size=1, max_size=6),
    owed=st.integers(-100, 8_000),
    called=st.integers(0, 6),
)
def test_what_is_open_sums_to_what_is_owed_and_splits_into_overdue_and_later(
    amounts: list[int], owed: int, called: int
) -> None:
    days = [MARCH + timedelta(days=60 * place) for place in range(len(amounts))]
    plan = [
        part("1", number, fen, at)
        for number, (fen, at) in enumerate(zip(amounts, days, strict=True), start=1)
    ]
    left = law.unpaid(plan, {"1": owed})
    assert sum(each.amount_fen for each, _ in left) == max(owed, 0)
    assert all(each.amount_fen > 0 for each, _ in left)
    moment = MARCH + timedelta(days=60 * called)
    overdue = law.overdue(left, moment).get("1", 0)
    later = sum(each.amount_fen for each, due_at in left if due_at > moment)
    assert overdue + later == max(owed, 0)
    assert later <= max(sum(amounts), owed)
