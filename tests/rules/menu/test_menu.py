"""Ballots, tallies and the greedy rule of menu votes."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.values.decisions.menu import (
    BallotForm,
    Menu,
    MenuBallot,
    MenuItem,
    MenuRules,
    TallyUnit,
    TieRule,
)
from rules.menu import ballot_of, choice_of, counted, greedy, problems_of_menu_choice, tally
from tests.support.slow import examples

FEW = settings(max_examples=examples(150), deadline=None)
COSTS = {"lift": 300, "light": 40, "benches": 60, "paint": 60}


def menu_of(form: BallotForm = BallotForm.APPROVAL, budget: int = 150, **rules: object) -> Menu:
    return Menu(
        items=tuple(MenuItem(id=item, cost=cost) for item, cost in COSTS.items()),
        budget=budget,
        form=form,
        rules=MenuRules.model_validate(rules),
    )


def codes(menu: Menu, value: object) -> list[str]:
    return [problem.code for problem in problems_of_menu_choice(menu, value)]


APPROVALS = st.lists(
    st.lists(st.sampled_from(list(COSTS)), unique=True).map(lambda items: tuple(sorted(items)))
).map(lambda ballots: [MenuBallot(items) for items in ballots])


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (BallotForm.APPROVAL, ["lift", "paint"]),
        (BallotForm.ORDINAL, ["paint", "lift"]),
        (BallotForm.CUMULATIVE, {"lift": 2, "paint": 1}),
    ],
)
def test_a_choice_within_the_rules_has_no_problem_and_comes_back_from_its_ballot(
    form: BallotForm, value: object
) -> None:
    menu = menu_of(form, max_length=3, max_sum_points=3, max_points=3, max_sum_cost=400)
    assert codes(menu, value) == []
    assert choice_of(menu, ballot_of(menu, value)) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"lift": 1}, "menu.not_a_list"),
        ("lift", "menu.not_a_list"),
        (None, "menu.not_a_list"),
        (["roof"], "menu.item_unknown"),
        ([7], "menu.item_unknown"),
        ([["lift"]], "menu.item_unknown"),
        (["paint", "paint"], "menu.item_twice"),
        ([], "menu.too_few_items"),
        (["light", "benches", "paint"], "menu.too_many_items"),
        (["lift"], "menu.cost_too_high"),
        (["light"], "menu.cost_too_low"),
    ],
)
def test_an_approval_outside_the_rules_is_named(value: object, code: str) -> None:
    assert codes(menu_of(max_length=2, max_sum_cost=200, min_sum_cost=50), value)[0] == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (["lift"], "menu.not_points"),
        ({"roof": 1}, "menu.item_unknown"),
        ({"lift": 1.0}, "menu.points_not_whole"),
        ({"lift": True}, "menu.points_not_whole"),
        ({"lift": "1"}, "menu.points_not_whole"),
        ({"lift": 0, "paint": 3}, "menu.points_too_low"),
        ({"lift": 4}, "menu.points_too_high"),
        ({"lift": 1}, "menu.sum_too_low"),
        ({"lift": 3, "paint": 3}, "menu.sum_too_high"),
        ({}, "menu.too_few_items"),
    ],
)
def test_points_outside_the_rules_are_named(value: object, code: str) -> None:
    rules = {"min_points": 1, "max_points": 3, "min_sum_points": 2, "max_sum_points": 5}
    assert codes(menu_of(BallotForm.CUMULATIVE, **rules), value)[0] == code


def test_a_short_ballot_is_judged_in_microseconds() -> None:
    menu = menu_of(max_length=3)
    value = ["lift", "paint", "light"]
    problems_of_menu_choice(menu, value)

    def once() -> float:
        began = time.perf_counter()
        for _ in range(1000):
            problems_of_menu_choice(menu, value)
        return (time.perf_counter() - began) / 1000

    # A loose bound for a busy machine; benchmarks/menu.py prints the figure.
    assert min(once() for _ in range(5)) < 20e-6


def test_a_refusal_repeats_little_of_what_a_voter_wrote() -> None:
    (problem,) = problems_of_menu_choice(menu_of(), ["x" * 1000])
    assert problem.params["item"] == "x" * 40


@FEW
@given(APPROVALS)
def test_votes_are_the_ballots_that_name_the_work(ballots: list[MenuBallot]) -> None:
    votes = tally(menu_of(), counted(ballots)).votes
    assert votes == {item: sum(item in each.items for each in ballots) for item in COSTS}


def test_the_score_of_cumulative_ballots_is_the_sum_of_their_points() -> None:
    menu = menu_of(BallotForm.CUMULATIVE)
    ballots = [ballot_of(menu, {"lift": 2, "paint": 1}), ballot_of(menu, {"paint": 3})]
    found = tally(menu, counted(ballots))
    assert (found.score["paint"], found.votes["paint"]) == (4, 2)


def test_the_first_work_of_an_ordinal_ballot_gets_max_length_points_however_long_it_is() -> None:
    menu = menu_of(BallotForm.ORDINAL, max_length=3)
    ballots = [ballot_of(menu, ["lift", "paint"]), ballot_of(menu, ["paint"])]
    assert tally(menu, counted(ballots)).score == {
        "lift": 3,
        "light": 0,
        "benches": 0,
        "paint": 5,
    }


def test_points_on_an_ordinal_ballot_prevail_over_its_places() -> None:
    menu = menu_of(BallotForm.ORDINAL, max_length=3)
    assert tally(menu, Counter({MenuBallot(("lift",), (9,)): 2})).score["lift"] == 18


def test_greedy_skips_what_does_not_fit_and_goes_on() -> None:
    ballots = Counter({MenuBallot(("lift",)): 3, MenuBallot(("paint",)): 2})
    outcome = greedy(menu_of(), ballots)
    assert (outcome.winners, outcome.cost) == (("paint",), 60)


@pytest.mark.parametrize(("ties", "winner"), [(TieRule.LISTED, "benches"), (TieRule.COST, "light")])
def test_equal_works_go_by_the_tie_rule_and_the_tie_is_reported(ties: TieRule, winner: str) -> None:
    menu = Menu(
        items=(MenuItem(id="benches", cost=60), MenuItem(id="light", cost=40)),
        budget=60,
        form=BallotForm.APPROVAL,
        rules=MenuRules(ties=ties),
    )
    outcome = greedy(menu, Counter({MenuBallot(("benches", "light")): 1}))
    assert outcome.winners == (winner,)
    assert [(set(tie.items), tie.decisive) for tie in outcome.ties] == [
        ({"benches", "light"}, True)
    ]


def test_what_nobody_asked_for_does_not_win_even_if_it_fits() -> None:
    assert greedy(menu_of(), Counter({MenuBallot(("paint",)): 1})).winners == ("paint",)


def test_a_work_below_the_threshold_does_not_win() -> None:
    ballots = Counter({MenuBallot(("paint",)): 2, MenuBallot(("light",)): 3})
    assert greedy(menu_of(min_score=3), ballots).winners == ("light",)


@FEW
@given(APPROVALS, st.integers(0, 500), st.sampled_from(TieRule))
def test_greedy_never_exceeds_the_budget_and_leaves_out_nothing_wanted_that_still_fits(
    ballots: list[MenuBallot], budget: int, ties: TieRule
) -> None:
    outcome = greedy(menu_of(budget=budget, ties=ties), counted(ballots))
    assert outcome.cost == sum(COSTS[item] for item in outcome.winners) <= budget
    for item, votes in outcome.tally.items():
        if votes and item not in outcome.winners:
            assert outcome.cost + COSTS[item] > budget


@FEW
@given(APPROVALS, st.integers(0, 500), st.data())
def test_one_more_supporter_never_removes_a_winner_under_greedy(
    ballots: list[MenuBallot], budget: int, data: st.DataObject
) -> None:
    menu = menu_of(budget=budget)
    before = greedy(menu, counted(ballots)).winners
    if before:
        item = data.draw(st.sampled_from(before))
        after = greedy(menu, counted([*ballots, MenuBallot((item,))])).winners
        assert item in after


@FEW
@given(APPROVALS, st.integers(0, 500), st.integers(2, 10**12), st.sampled_from(TieRule))
def test_the_unit_of_money_is_irrelevant_under_greedy(
    ballots: list[MenuBallot], budget: int, factor: int, ties: TieRule
) -> None:
    menu = menu_of(budget=budget, ties=ties)
    items = tuple(each.model_copy(update={"cost": each.cost * factor}) for each in menu.items)
    dearer = menu.model_copy(update={"items": items, "budget": budget * factor})
    assert greedy(dearer, counted(ballots)).winners == greedy(menu, counted(ballots)).winners


@FEW
@given(APPROVALS, st.randoms(use_true_random=False))
def test_the_order_of_the_ballots_does_not_matter_under_greedy(
    ballots: list[MenuBallot], random: object
) -> None:
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert greedy(menu_of(), counted(ballots)) == greedy(menu_of(), counted(shuffled))


@pytest.mark.parametrize("bad", ["", " a", "a,b", "a\nb", "votes"])
def test_an_id_that_a_file_cannot_hold_is_no_id(bad: str) -> None:
    with pytest.raises(ValidationError):
        MenuItem(id=bad, cost=1)


def test_two_items_of_one_id_are_no_menu() -> None:
    item = MenuItem(id="a", cost=1)
    with pytest.raises(ValidationError):
        Menu(items=(item, item), budget=1, form=BallotForm.APPROVAL)


def test_points_are_counted_unless_the_menu_says_votes() -> None:
    assert menu_of(BallotForm.ORDINAL).unit is TallyUnit.SCORE
    assert menu_of(BallotForm.ORDINAL, unit="votes").unit is TallyUnit.VOTES
    assert menu_of().unit is TallyUnit.VOTES
