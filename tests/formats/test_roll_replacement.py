from datetime import date

import pytest

from formats.roll import replace_owner
from models.values.refusal import Refused
from models.values.replacement import Replacement, Sale
from models.values.voting import HeadGroup

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


def test_the_buyer_of_a_unit_takes_its_entry_over() -> None:
    done = replace(sale())
    assert (done.entry_id, done.generation, done.shared, done.buyer_key) == ("101", 1, False, "c")


def test_of_an_entry_with_more_units_seller_and_buyer_share_the_vote() -> None:
    assert replace(sale("103", "b")).shared


def test_a_unit_may_be_sold_twice_and_only_by_who_owns_it_now() -> None:
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
def test_what_is_no_sale_on_this_roll_is_refused(what, expected) -> None:
    assert code(what) == expected


def test_after_the_vote_what_has_no_vote_is_sold_too_and_hands_none_on() -> None:
    days = {"frozen_on": FROZEN, "closes_on": CLOSES}
    assert replace_owner(ENTRIES, OWNERS, (), sale("P1"), **days, votes=False).entry_id == "P1"
