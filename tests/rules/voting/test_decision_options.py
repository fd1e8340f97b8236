"""Several schemes at once: a winner, a run-off of the top two, or a tie."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.decisions.rules import Amounts, Facts, OptionsRuling
from models.values.refusal import Refused
from rules.voting import decide_options, judged, rule_named
from rules.voting.inputs.facts import facts_from

FR = rule_named("FR.24")
CN = rule_named("CN.278.ordinary")


def shares(**options: int) -> OptionsRuling:
    return decide_options(FR, {name: Amounts(share=votes) for name, votes in options.items()})


def owners(roll: int = 100, abstain: int = 0, **options: tuple[int, int]) -> OptionsRuling:
    """Heads and area of each option, by Chinese law."""
    facts = Facts(
        all=Amounts(head=roll, area=roll * 10),
        abstain=Amounts(head=abstain, area=abstain * 10),
    )
    given_ = {name: Amounts(head=head, area=area) for name, (head, area) in options.items()}
    return decide_options(CN, given_, facts)


def test_more_than_half_of_the_votes_cast_wins() -> None:
    found = shares(a=51, b=30, c=19)
    assert (found.outcome, found.winner, found.order) == ("winner", "a", ("a", "b", "c"))


def test_exactly_half_is_put_again_against_the_second() -> None:
    found = shares(a=50, b=30, c=20)
    assert (found.outcome, found.named) == ("run_off", ("a", "b"))


def test_a_run_off_of_two_decides_by_the_same_rule() -> None:
    assert shares(a=51, b=49).winner == "a"
    assert shares(a=50, b=50).outcome == "tie"


def test_who_shares_second_place_cannot_be_chosen() -> None:
    found = shares(a=40, b=30, c=30)
    assert (found.outcome, found.named) == ("tie", ("a", "b", "c"))


def test_first_place_shared_by_two_is_a_run_off_of_these() -> None:
    assert shares(a=40, b=40, c=20).named == ("a", "b")
    assert shares(a=30, b=30, c=30, d=10).outcome == "tie"


def test_nobody_voting_for_anything_is_a_rejection() -> None:
    assert shares(a=0, b=0).outcome == "rejected"
    assert decide_options(FR, {}).outcome == "rejected"


def test_heads_and_area_must_both_carry_the_winner() -> None:
    assert owners(a=(60, 600), b=(40, 400)).winner == "a"
    assert owners(a=(60, 300), b=(40, 700)).outcome == "rejected"


def test_abstentions_stay_in_the_denominator_where_the_law_has_them() -> None:
    assert owners(a=(50, 500), b=(40, 400), abstain=10).outcome == "rejected"
    assert owners(a=(51, 510), b=(39, 390), abstain=10).winner == "a"


def test_too_few_ballots_decide_between_no_schemes() -> None:
    assert owners(a=(60, 600), b=(6, 60)).outcome == "no_quorum"


def test_missing_numbers_leave_it_open() -> None:
    found = decide_options(FR, {"a": Amounts(share=9), "b": Amounts()})
    assert found.outcome == "unknown"


def test_where_a_third_suffices_the_stronger_of_two_wins() -> None:
    spain = rule_named("ES.LPH.17_1")
    facts = Facts(all=Amounts(head=10, share=10))
    options = {"a": Amounts(head=4, share=4), "b": Amounts(head=5, share=5)}
    assert decide_options(spain, options, facts).winner == "b"
    same = {"a": Amounts(head=5, share=5), "b": Amounts(head=5, share=5)}
    assert decide_options(spain, same, facts).outcome == "tie"


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1), st.data())
def test_the_order_of_options_is_irrelevant(options: dict[str, int], data: Any) -> None:
    shuffled = dict(data.draw(st.permutations(list(options.items()))))
    assert shares(**options) == shares(**shuffled)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=2))
def test_a_winner_has_more_than_all_others_together(options: dict[str, int]) -> None:
    found = shares(**options)
    majority = [name for name, votes in options.items() if 2 * votes > sum(options.values())]
    assert [found.winner] == [*majority, None][:1]
    if found.outcome == "run_off":
        least = min(options[name] for name in found.named)
        assert all(votes < least for name, votes in options.items() if name not in found.named)


def test_the_verdict_is_that_of_the_strongest_against_the_rest() -> None:
    facts = facts_from({"all": {"share": 100}, "options": {"a": 40, "b": 20, "c": 19}}, "x")
    assert judged(FR, facts).verdict == "PASS"


def test_an_option_without_a_number_may_be_the_strongest() -> None:
    facts = facts_from({"all": {"share": 1000}, "options": {"a": 100, "b": None}}, "x")
    assert judged(rule_named("FR.25"), facts).verdict == "INDETERMINATE"


def test_shares_are_no_votes_where_heads_and_area_count() -> None:
    facts = facts_from({"options": {"a": 40, "b": 20}}, "x")
    with pytest.raises(Refused) as error:
        judged(CN, facts)
    assert error.value.problems[0].code == "decide.option_dimensions"
