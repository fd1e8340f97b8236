from hypothesis import given
from hypothesis import strategies as st

from rules.voting import cap_named, rule_named
from rules.voting.live.weighing import CutShares, HeldShares, caps_on_shares, cut_shares

MAJORITY, FIFTH, ORIGINAL = "FR.cap.majority_owner", "TW.cap.one_fifth", "AU-NSW.cap.original_owner"


def cut(cap: str, *shares: int, developers: int = 0) -> dict[str, int]:
    """What is left of whose shares; the first entries are the developer's."""
    named = cap_named(cap)
    assert named is not None
    roll = [
        HeldShares(entry_id=str(place), shares=each, developer=place < developers)
        for place, each in enumerate(shares)
    ]
    return {each.entry_id: each.after for each in cut_shares([named], roll)}


def test_who_has_more_than_half_has_as_much_as_all_others_together() -> None:
    assert cut(MAJORITY, 850, 100, 50) == {"0": 150}
    assert cut(MAJORITY, 500, 300, 200) == {}


def test_what_is_beyond_a_fifth_of_all_is_not_counted_and_a_fraction_is_ignored() -> None:
    assert cut(FIFTH, 400, 250, 200, 150) == {"0": 200, "1": 200}
    assert cut(FIFTH, 9, 1, 1, 1, 1) == {"0": 2}


def test_an_original_owner_with_half_of_all_loses_two_thirds_on_all_of_its_lots() -> None:
    assert cut(ORIGINAL, 60, 40, 50, 50, developers=2) == {"0": 20, "1": 13}
    assert cut(ORIGINAL, 60, 40, 50, 51, developers=2) == {}
    assert cut(ORIGINAL, 100, 100, developers=1) == {}  # a scheme of two lots
    assert cut(ORIGINAL, 100, 50, 50) == {}


def test_a_cut_says_by_which_article() -> None:
    caps = caps_on_shares(
        [rule_named("FR.25"), rule_named("FR.24"), rule_named("SG.BMSMA.ordinary")]
    )
    assert [cap.id for cap in caps] == [MAJORITY]
    roll = [HeldShares(entry_id="a", shares=7), HeldShares(entry_id="b", shares=3)]
    assert cut_shares(caps, roll) == (
        CutShares(entry_id="a", before=7, after=3, cap=MAJORITY, article="loi 65-557 art. 22"),
    )


def test_one_holder_alone_is_not_cut() -> None:
    for cap in (MAJORITY, FIFTH, ORIGINAL):
        assert cut(cap, 100, developers=1) == {}


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=8), st.sampled_from((MAJORITY, FIFTH)))
def test_no_cap_adds_to_anybody_and_nobody_is_left_below_nothing(
    shares: list[int], cap: str
) -> None:
    for entry, after in cut(cap, *shares).items():
        assert 0 <= after < shares[int(entry)]
