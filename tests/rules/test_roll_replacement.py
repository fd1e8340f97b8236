from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.refusal import Refused
from models.values.replacement import CastBallot, Replacement, Sale
from models.values.voting import HeadGroup
from rules.roll import generation_of, replace_owner, standing_ballots

ENTRIES = (
    HeadGroup(entry_id="101", area_dm2=5000, units=("101",)),
    HeadGroup(entry_id="102", area_dm2=9000, units=("102", "103")),
    HeadGroup(entry_id="P1", area_dm2=1200, units=("P1",), excluded_reason="kind_not_counted"),
)
OWNERS = {"101": "a", "102": "b", "103": "b", "P1": "a"}
FROZEN, CLOSES = date(2026, 3, 1), date(2026, 4, 1)


def sale(unit: str = "101", seller: str = "a", buyer: str = "c", day: int = 10) -> Sale:
    on = date(2026, 3, day)
    return Sale(
        unit_number=unit, seller_key=seller, buyer_key=buyer, registered_on=on, evidence="E1"
    )


def replace(what: Sale, *earlier: Replacement) -> Replacement:
    return replace_owner(ENTRIES, OWNERS, earlier, what, frozen_on=FROZEN, closes_on=CLOSES)


def code(what: Sale, *earlier: Replacement) -> str:
    with pytest.raises(Refused) as refusal:
        replace(what, *earlier)
    return refusal.value.problems[0].code


def test_the_buyer_of_a_unit_takes_its_entry_over():
    done = replace(sale())
    assert (done.entry_id, done.generation, done.shared, done.buyer_key) == ("101", 1, False, "c")
    assert generation_of("101", [done]) == 1
    assert generation_of("102", [done]) == 0


def test_of_an_entry_with_more_units_seller_and_buyer_share_the_vote():
    assert replace(sale("103", "b")).shared


def test_a_unit_may_be_sold_twice_and_only_by_who_owns_it_now():
    first = replace(sale())
    assert replace(sale(seller="c", buyer="d"), first).generation == 2
    assert code(sale(), first) == "roll.not_the_owner"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (sale("999"), "roll.unit_not_on_roll"),
        (sale(seller="b"), "roll.not_the_owner"),
        (sale(buyer="a"), "roll.same_owner"),
        (sale("P1"), "roll.entry_excluded"),
        (sale().model_copy(update={"registered_on": date(2026, 2, 28)}), "roll.sale_not_between"),
        (sale().model_copy(update={"registered_on": date(2026, 4, 2)}), "roll.sale_not_between"),
    ],
)
def test_what_is_no_sale_on_this_roll_is_refused(what, expected):
    assert code(what) == expected


def ballot(seq: int, unit: str, generation: int) -> CastBallot:
    return CastBallot(seq=seq, unit_number=unit, generation=generation)


def test_the_sellers_ballot_stands_until_the_buyer_votes():
    sellers, buyers = ballot(1, "101", 0), ballot(2, "101", 1)
    assert standing_ballots([sellers]) == (sellers,)
    assert standing_ballots([sellers, buyers]) == (buyers,)


def test_a_sale_of_one_unit_leaves_the_ballots_of_the_others():
    rest, sellers, buyers = ballot(1, "102", 0), ballot(2, "103", 0), ballot(3, "103", 1)
    assert standing_ballots([rest, sellers, buyers]) == (rest, buyers)


ballots = st.lists(
    st.builds(ballot, st.integers(1, 99), st.sampled_from(["102", "103"]), st.integers(0, 3)),
    unique_by=lambda each: each.seq,
)


@given(ballots, st.randoms())
def test_what_stands_depends_on_no_order_and_is_never_nothing(cast, random):
    standing = standing_ballots(cast)
    shuffled = list(cast)
    random.shuffle(shuffled)
    assert standing_ballots(shuffled) == standing
    assert standing_ballots(standing) == standing
    assert bool(standing) == bool(cast)
