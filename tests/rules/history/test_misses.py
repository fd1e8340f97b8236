"""How near a decision was to the other side."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.decisions.decision import Check, Operator
from rules.checks import check, compare
from rules.history.misses import distance, nearest, to_spare


def of(
    have: int | None, op: Operator, need: Fraction | int, unit: str = "heads", code: str = "t"
) -> Check:
    return check(code, "art. 1", have, op, need, unit)


@given(
    have=st.integers(-50, 50),
    op=st.sampled_from((">=", ">", "<=", "<")),
    need=st.fractions(-40, 40, max_denominator=7),
)
def test_one_unit_less_than_what_is_to_spare_still_meets_it_and_so_much_does_not(
    have: int, op: Operator, need: Fraction
) -> None:
    spare = to_spare(of(have, op, need))
    if not compare(have, op, need):
        assert spare is None
        return
    assert spare is not None
    towards = -1 if op in (">=", ">") else 1
    assert compare(have + towards * (spare - 1), op, need)
    assert not compare(have + towards * spare, op, need)


def test_the_nearest_is_the_smallest_part_of_its_bound() -> None:
    heads, area = of(269, ">=", Fraction(806, 3), code="heads"), of(9_000, ">=", 6_000, code="area")
    assert nearest((area, heads)) is heads
    assert distance(area) == Fraction(1, 2)


@pytest.mark.parametrize(
    "left_out",
    [of(None, ">=", 3), of(5, "==", 5), of(0, ">=", 0)],
    ids=["unknown", "equal", "nothing"],
)
def test_what_is_unknown_must_be_equal_or_is_met_by_everything_is_no_near_miss(
    left_out: Check,
) -> None:
    far = of(9, ">=", 1)
    assert nearest((left_out, far)) is far
    assert nearest((left_out,)) is None
