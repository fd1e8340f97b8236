"""How far the outcome hangs on one hand: the Kin Sang vote of 2026-02-01 and small worlds."""

from fractions import Fraction

import pytest

from models.values.decisions.rules import Amounts, Concentration, Facts, Holding
from models.values.refusal import Refused
from rules.voting import concentration, judged, rule_named
from rules.voting.concentration import without
from rules.voting.inputs.caps import holdings_from

HK = rule_named("HK.BMO.general")
KIN_SANG = Facts(all=Amounts(share=100_000), yes=Amounts(share=16_916), no=Amounts(share=7_298))
LANDLORD = Holding(holder="landlord", choice="yes", weights=Amounts(share=9_900))


def test_kin_sang_would_have_failed_without_the_landlord() -> None:
    others = [
        Holding(holder="others for", choice="yes", weights=Amounts(share=7_016)),
        Holding(holder="others against", choice="no", weights=Amounts(share=7_298)),
    ]
    (share,) = concentration(HK, KIN_SANG, [*others, LANDLORD])
    assert (share.dimension, share.largest) == ("share", "landlord")
    assert share.largest_fraction == Fraction(9_900, 24_214)
    assert share.flips_without_largest is True
    assert judged(HK, without(KIN_SANG, LANDLORD)).verdict == "FAIL"


def power(weights: list[int], rule_id: str = "FR.24") -> Concentration:
    holdings = [
        Holding(holder=f"h{place}", choice="yes", weights=Amounts(share=weight))
        for place, weight in enumerate(weights)
    ]
    whole = Amounts(share=sum(weights))
    facts = Facts(all=whole, present=whole, yes=whole, no=Amounts(share=0))
    (found,) = concentration(rule_named(rule_id), facts, holdings)
    return found


@pytest.mark.parametrize(
    ("weights", "holders"),
    [([10, 10, 10], 2), ([51, 49], 1), ([50, 50], 2), ([40, 30, 20, 10], 2), ([1] * 100, 51)],
)
def test_the_fewest_that_decide_are_counted_exactly(weights: list[int], holders: int) -> None:
    found = power(weights)
    assert found.deciding_holders == holders
    assert found.alone_decides is (holders == 1)


def test_a_reject_cap_asks_for_three_quarters() -> None:
    holdings = [
        Holding(holder=f"h{place}", choice="yes", weights=Amounts(head=1, share=25))
        for place in range(4)
    ]
    four = Amounts(head=4, share=100)
    facts = Facts(all=four, present=four, yes=four, no=Amounts(head=0, share=0))
    found = concentration(rule_named("AU-NSW.special"), facts, holdings)
    assert {each.dimension: each.deciding_holders for each in found} == {"head": None, "share": 3}


def test_heads_and_area_are_reported_apart() -> None:
    rule = rule_named("CN.278.major")
    holdings = [
        Holding(holder="developer", choice="no", weights=Amounts(head=1, area=900)),
        *(
            Holding(holder=f"h{place}", choice="yes", weights=Amounts(head=1, area=100))
            for place in range(11)
        ),
    ]
    facts = Facts(
        all=Amounts(head=12, area=2_000),
        yes=Amounts(head=11, area=1_100),
        no=Amounts(head=1, area=900),
    )
    head, area = concentration(rule, facts, holdings)
    assert (head.dimension, head.largest_fraction, head.deciding_holders) == (
        "head",
        Fraction(1, 12),
        9,
    )
    assert (area.largest, area.largest_fraction) == ("developer", Fraction(9, 20))
    # Without the developer too little area takes part: the vote fails either way.
    assert area.flips_without_largest is False


def test_unknown_weights_are_not_reported() -> None:
    holdings = [LANDLORD, Holding(holder="x", weights=Amounts())]
    assert concentration(HK, KIN_SANG, holdings) == ()


def test_a_holder_who_did_not_vote_changes_nothing() -> None:
    silent = LANDLORD.model_copy(update={"choice": None})
    assert without(KIN_SANG, silent) == KIN_SANG


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [1],
        [{"holder": ""}],
        [{"holder": "a", "choice": "maybe"}],
        [{"holder": "a", "share": -1}],
        [{"holder": "a", "shares": 1}],
        [{"holder": "a", "share": 1}, {"holder": "a", "share": 1}],
    ],
)
def test_wrong_lists_of_holders_are_refused(rows: object) -> None:
    with pytest.raises(Refused):
        holdings_from(rows, "holders.json")
