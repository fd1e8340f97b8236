"""Equal shares against a slow reading of the rule, and what every outcome must satisfy."""

from collections import Counter
from fractions import Fraction
from importlib import import_module
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.decisions.menu import (
    BallotForm,
    Completion,
    Menu,
    MenuBallot,
    MenuItem,
    MenuRules,
    TieRule,
    Utility,
)
from rules.menu import counted, equal_shares
from rules.menu.electorate import electorate
from rules.menu.market import Market, RoughMarket, Unclear
from rules.menu.tally import points_of, tally, tie_order
from tests.support.slow import examples

MANY = settings(max_examples=examples(300), deadline=None)
SOME = settings(max_examples=examples(100), deadline=None)
NAMES = "abcdefg"
MODULE = import_module("rules.menu.equal_shares")
"""The package has a function of this name."""
Election = tuple[Menu, list[MenuBallot]]


@st.composite
def elections(draw: st.DrawFn, form: BallotForm | None = None) -> Election:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    costs = [draw(st.one_of(st.integers(0, 300), st.just(60))) for _ in names]
    chosen = form or draw(st.sampled_from(BallotForm))
    menu = Menu(
        items=tuple(MenuItem(id=n, cost=c) for n, c in zip(names, costs, strict=True)),
        budget=draw(st.integers(0, sum(costs) + 50)),
        form=chosen,
        rules=MenuRules(
            ties=draw(st.sampled_from(TieRule)), min_score=draw(st.sampled_from((1, 1, 1, 2)))
        ),
        scale=draw(st.sampled_from((1, 1, 1, 10))),
    )
    ballots = []
    for _ in range(draw(st.integers(0, 9))):
        items = tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=5)))
        points: tuple[int, ...] = ()
        if chosen is BallotForm.CUMULATIVE:
            points = tuple(draw(st.integers(0, 4)) for _ in items)
        ballots.append(MenuBallot(items, points))
    return menu, ballots


def utilities(menu: Menu, ballots: list[MenuBallot], utility: Utility) -> list[dict[str, int]]:
    """What each work is worth to each voter, spelled out."""
    figures = tally(menu, counted(ballots)).of(menu.unit)
    worths = []
    for ballot in ballots:
        worth = {}
        for item, points in zip(ballot.items, points_of(menu, ballot), strict=True):
            cost = menu.costs[item]
            each = {
                Utility.COST: cost,
                Utility.POINTS: points,
                Utility.POINTS_COST: points * cost,
            }[utility]
            supports = utility is Utility.COST or points > 0
            if supports and figures[item] >= menu.rules.min_score:
                worth[item] = each
        worths.append(worth)
    return worths


def slow_run(menu: Menu, worths: list[dict[str, int]], endowment: Fraction) -> list[str]:
    """One run with fractions, voter by voter, as the definition says."""
    money = [endowment] * len(worths)
    place = tie_order(menu)
    named = {item for worth in worths for item in worth}
    winners = [item for item in menu.costs if item in named and not menu.costs[item]]
    while True:
        best: tuple[Fraction, int, str] | None = None
        for item in named - set(winners):
            supporters = [i for i, worth in enumerate(worths) if item in worth]
            if sum(money[i] for i in supporters) < menu.costs[item]:
                continue
            supporters.sort(key=lambda i: money[i] / worths[i][item])
            left, worth = Fraction(menu.costs[item]), sum(worths[i][item] for i in supporters)
            for i in supporters:
                price = left / worth
                if money[i] >= price * worths[i][item]:
                    best = min(best or (price, place[item], item), (price, place[item], item))
                    break
                left -= money[i]
                worth -= worths[i][item]
        if best is None:
            return winners
        price, _, item = best
        winners.append(item)
        for i, worths_of in enumerate(worths):
            if item in worths_of:
                money[i] -= min(money[i], price * worths_of[item])


def slow(
    menu: Menu, ballots: list[MenuBallot], completion: Completion, utility: Utility
) -> tuple[list[str], Fraction]:
    """Equal shares with Add1, one currency unit after the other."""
    if not ballots:
        return [], Fraction(0)
    worths = utilities(menu, ballots, utility)
    wanted = {item for worth in worths for item in worth}
    endowment = Fraction(menu.budget, len(ballots))
    winners = slow_run(menu, worths, endowment)
    while completion is not Completion.NONE and set(winners) != wanted:
        left = menu.budget - sum(menu.costs[item] for item in winners)
        fits = any(menu.costs[item] <= left for item in wanted - set(winners))
        if completion is Completion.ADD1_EXHAUSTIVE and not fits:
            break
        following = slow_run(menu, worths, endowment + menu.scale)
        if sum(menu.costs[item] for item in following) > menu.budget:
            break
        winners, endowment = following, endowment + menu.scale
    return winners, endowment


@MANY
@given(
    elections(), st.sampled_from(Completion), st.sampled_from(Utility), st.sampled_from((0, 4, 160))
)
def test_the_fast_computation_agrees_with_the_slow_one_in_steps_of_one_unit(
    election: Election, completion: Completion, utility: Utility, precision: int
) -> None:
    menu, ballots = election
    with patch.object(MODULE, "PRECISION", precision):
        outcome = equal_shares(menu, counted(ballots), completion=completion, utility=utility)
    winners, endowment = slow(menu, ballots, completion, utility)
    assert (list(outcome.winners), outcome.endowment) == (winners, endowment)


@SOME
@given(elections(), st.sampled_from(Completion), st.sampled_from(Utility))
def test_the_cost_of_the_winners_stays_within_the_budget(
    election: Election, completion: Completion, utility: Utility
) -> None:
    menu, ballots = election
    outcome = equal_shares(menu, counted(ballots), completion=completion, utility=utility)
    assert outcome.cost == sum(menu.costs[item] for item in outcome.winners) <= menu.budget


@SOME
@given(elections(), st.sampled_from(Completion), st.sampled_from(Utility))
def test_supporters_pay_exactly_the_cost_and_nobody_more_than_the_endowment(
    election: Election, completion: Completion, utility: Utility
) -> None:
    menu, ballots = election
    outcome = equal_shares(menu, counted(ballots), completion=completion, utility=utility)
    assert outcome.endowment is not None
    money = [outcome.endowment] * len(ballots)
    for turn in outcome.rounds:
        paid = Fraction(0)
        for i, ballot in enumerate(ballots):
            weight = weight_of(menu, ballot, turn.item, utility)
            due = min(money[i], turn.price * weight)
            money[i] -= due
            paid += due
        assert paid == menu.costs[turn.item]
    assert all(0 <= left <= outcome.endowment for left in money)


def weight_of(menu: Menu, ballot: MenuBallot, item: str, utility: Utility) -> int:
    points = dict(zip(ballot.items, points_of(menu, ballot), strict=True)).get(item)
    if points is None or (points <= 0 and utility is not Utility.COST):
        return 0
    return 1 if utility is Utility.COST else points


@SOME
@given(elections(), st.randoms(use_true_random=False))
def test_the_order_of_the_ballots_does_not_matter(election: Election, random: object) -> None:
    menu, ballots = election
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert equal_shares(menu, counted(ballots)) == equal_shares(menu, counted(shuffled))


@SOME
@given(elections(BallotForm.APPROVAL), st.integers(2, 5))
def test_every_ballot_given_several_times_changes_nothing_without_completion(
    election: Election, times: int
) -> None:
    menu, ballots = election
    once = equal_shares(menu, counted(ballots), completion=Completion.NONE)
    often = equal_shares(menu, counted(ballots * times), completion=Completion.NONE)
    if menu.rules.min_score == 1:
        assert once.winners == often.winners


@SOME
@given(elections(), st.integers(2, 10**9), st.sampled_from(Utility))
def test_the_unit_of_money_is_irrelevant_without_completion(
    election: Election, factor: int, utility: Utility
) -> None:
    menu, ballots = election
    items = tuple(each.model_copy(update={"cost": each.cost * factor}) for each in menu.items)
    dearer = menu.model_copy(update={"items": items, "budget": menu.budget * factor})
    found = [
        equal_shares(each, counted(ballots), completion=Completion.NONE, utility=utility).winners
        for each in (menu, dearer)
    ]
    assert found[0] == found[1]


def menu_of(costs: dict[str, int], budget: int, **rules: object) -> Menu:
    return Menu(
        items=tuple(MenuItem(id=item, cost=cost) for item, cost in costs.items()),
        budget=budget,
        form=BallotForm.APPROVAL,
        rules=MenuRules.model_validate(rules),
    )


def approvals(**groups: int) -> Counter[MenuBallot]:
    return Counter({MenuBallot(tuple(items)): count for items, count in groups.items()})


def test_a_minority_gets_its_share_where_greedy_would_give_it_nothing() -> None:
    menu = menu_of(dict.fromkeys("abcxyz", 100), 500)
    outcome = equal_shares(menu, approvals(abc=60, xyz=40), completion=Completion.NONE)
    assert outcome.winners == ("a", "b", "c", "x", "y")


def test_add1_spends_what_the_first_run_leaves() -> None:
    menu = menu_of({"a": 60, "b": 60}, 100)
    ballots = Counter({MenuBallot(("a",)): 2, MenuBallot(("b",)): 1})
    none = equal_shares(menu, ballots, completion=Completion.NONE)
    add1 = equal_shares(menu, ballots, completion=Completion.ADD1)
    assert (none.winners, add1.winners) == (("a",), ("a",))
    assert add1.endowment == Fraction(100, 3) + 26


def test_add1_goes_on_after_nothing_else_fits_until_the_next_outcome_exceeds() -> None:
    menu = menu_of({"a": 60, "b": 60}, 100)
    ballots = Counter({MenuBallot(("a",)): 2, MenuBallot(("b",)): 1})
    early = equal_shares(menu, ballots, completion=Completion.ADD1_EXHAUSTIVE)
    assert early.endowment == Fraction(100, 3)


@pytest.mark.parametrize(("ties", "winner"), [(TieRule.LISTED, "a"), (TieRule.COST, "a")])
def test_equally_dear_works_go_by_the_tie_rule_and_are_reported(ties: TieRule, winner: str) -> None:
    menu = menu_of({"a": 60, "b": 60}, 60, ties=ties)
    outcome = equal_shares(menu, approvals(ab=3), completion=Completion.NONE)
    assert outcome.winners == (winner,)
    assert [(tie.items, tie.decisive) for tie in outcome.ties] == [(("a", "b"), True)]


def test_without_ballots_nobody_wins() -> None:
    outcome = equal_shares(menu_of({"a": 60, "b": 0}, 60), Counter())
    assert (outcome.winners, outcome.endowment) == ((), 0)


def test_a_budget_of_ten_million_and_few_voters_takes_few_runs() -> None:
    menu = menu_of({"a": 6_000_000, "b": 5_500_000, "c": 4_000_001}, 10_000_000)
    ballots = Counter({MenuBallot(("a",)): 3, MenuBallot(("b", "c")): 2, MenuBallot(("c",)): 1})
    outcome = equal_shares(menu, ballots)
    # With one unit more the supporters of a have 3 * 2,000,000 and a comes on top of c.
    assert (outcome.winners, outcome.cost) == (("c",), 4_000_001)
    assert outcome.endowment == Fraction(10_000_000, 6) + 333_333


@SOME
@given(elections(), st.sampled_from(Utility), st.integers(0, 12), st.data())
def test_what_rough_purses_answer_is_within_their_bounds_what_exact_ones_answer(
    election: Election, utility: Utility, bits: int, data: st.DataObject
) -> None:
    menu, ballots = election
    people = electorate(menu, counted(ballots), utility)
    purse = data.draw(st.integers(0, 400))
    exact = Market([purse] * people.purses, 1)
    rough = RoughMarket([purse << bits] * people.purses, 1 << bits, 1)
    for work in people.works:
        try:
            bounds = rough.offer(work)
        except Unclear:
            return
        offer = exact.offer(work)
        assert (offer is None) == (bounds is None)
        if offer is None or bounds is None:
            continue
        low, high = rough.rank(work, bounds), exact.rank(work, offer)
        assert low.least <= high.most
        assert high.least <= low.most
        assert bounds.weight == offer.weight
        rough.buy(work, bounds)
        exact.buy(work, offer)
        for least, true in zip(rough.money, exact.money, strict=True):
            value = Fraction(true, exact.denominator) * rough.denominator
            assert least <= value <= least + rough.slack
            assert value == 0 or least != 0


def test_equal_prices_that_rough_purses_cannot_tell_apart_are_settled_exactly() -> None:
    # Twins: every run meets a tie of two works whose supporters are partly poor.
    menu = menu_of({"x": 90, "a": 60, "b": 60, "c": 7}, 200)
    ballots = Counter(
        {MenuBallot(("a", "b", "x")): 1, MenuBallot(("a", "b")): 2, MenuBallot(("c",)): 1}
    )
    outcome = equal_shares(menu, ballots)
    expected, endowment = slow(menu, list(ballots.elements()), Completion.ADD1, Utility.COST)
    assert (list(outcome.winners), outcome.endowment) == (expected, endowment)
