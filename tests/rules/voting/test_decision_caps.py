"""Weights and mandates that are cut before anything is counted."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.decisions.rules import Cap
from models.values.refusal import Refused
from rules.voting import apply_cap, cap_named
from rules.voting.caps import mandate_refused
from rules.voting.inputs.caps import cap_input

WEIGHTS = st.lists(st.integers(0, 10**30), min_size=2, max_size=12)


def cap(cap_id: str) -> Cap:
    found = cap_named(cap_id)
    assert found is not None
    return found


FRANCE = cap("FR.cap.majority_owner")
TAIWAN = cap("TW.cap.one_fifth")
SYDNEY = cap("AU-NSW.cap.original_owner")


def test_a_majority_owner_has_as_much_as_all_others_together() -> None:
    found = apply_cap(FRANCE, [850, 150])
    assert (found.weights, found.total, found.cut) == ((150, 150), 300, (0,))
    assert apply_cap(FRANCE, [100, 600, 300]).weights == (100, 400, 300)


def test_exactly_half_is_not_a_majority() -> None:
    assert apply_cap(FRANCE, [500, 300, 200]).cut == ()


@given(WEIGHTS)
def test_no_owner_outvotes_all_others_in_france(weights: list[int]) -> None:
    found = apply_cap(FRANCE, weights)
    assert found.total is not None
    assert all(2 * weight <= found.total for weight in found.weights)
    assert apply_cap(FRANCE, [int(weight) for weight in found.weights]).weights == found.weights


def test_beyond_a_fifth_nothing_counts_in_taiwan() -> None:
    found = apply_cap(TAIWAN, [50, 20, 20, 11])
    assert list(found.weights) == [Fraction(101, 5), 20, 20, 11]
    assert apply_cap(TAIWAN, [20, 20, 20, 20, 20]).cut == ()


@given(WEIGHTS)
def test_no_cap_adds_weight(weights: list[int]) -> None:
    for each in (FRANCE, TAIWAN):
        found = apply_cap(each, weights)
        assert all(new <= old for old, new in zip(weights, found.weights, strict=True))


def test_an_original_owner_of_half_keeps_a_third() -> None:
    assert apply_cap(SYDNEY, [500, 300, 200], original_owner=0, lots=3).weights[0] == Fraction(
        500, 3
    )
    assert apply_cap(SYDNEY, [499, 301, 200], original_owner=0, lots=3).cut == ()
    assert apply_cap(SYDNEY, [600, 400], original_owner=0, lots=2).cut == ()


@pytest.mark.parametrize(
    ("lots", "most"), [(1, 2), (14, 2), (100, 2), (149, 2), (150, 3), (701, 14), (750, 15)]
)
def test_a_proxy_in_singapore_acts_for_two_lots_or_two_percent(lots: int, most: int) -> None:
    assert apply_cap(cap("SG.proxy_cap"), lots=lots).cap == most


def test_the_fourth_mandate_is_refused_in_weifang() -> None:
    weifang = cap("CN-3707.proxy_cap")
    assert apply_cap(weifang).cap == 3
    assert not mandate_refused(weifang, 2)
    assert mandate_refused(weifang, 3)


@pytest.mark.parametrize(
    ("cap_id", "value", "field"),
    [
        ("FR.cap.majority_owner", {}, "shares"),
        ("FR.cap.majority_owner", {"shares": [5]}, "shares"),
        ("SG.proxy_cap", {}, "lots"),
        ("AU-NSW.cap.original_owner", {"shares": [5, 5]}, "original_owner"),
        ("AU-NSW.cap.original_owner", {"shares": [5, 5], "original_owner": 2}, "original_owner"),
    ],
)
def test_a_cap_says_what_it_needs(cap_id: str, value: dict[str, object], field: str) -> None:
    given_ = cap_input(cap(cap_id), value, "x")
    with pytest.raises(Refused) as error:
        apply_cap(
            cap(cap_id), given_.shares, original_owner=given_.original_owner, lots=given_.lots
        )
    (problem,) = error.value.problems
    assert (problem.code, problem.where) == ("decide.cap_input", field)


@pytest.mark.parametrize(
    "value",
    [
        {"shares": [1, -1]},
        {"shares": [1, 1.5]},
        {"shares": [1, None]},
        {"shares": [1, True]},
        {"shares": "1,2"},
        {"shares": [1, 2], "x": 1},
        {"lots": "7"},
        {"lots": -7},
    ],
)
def test_wrong_weights_are_refused(value: dict[str, object]) -> None:
    with pytest.raises(Refused):
        cap_input(FRANCE, value, "x")
