"""One ballot of a menu vote: whether the menu allows it, and the choice that it stands for."""

from collections.abc import Mapping

from models.values.decisions.menu import BallotForm, Menu, MenuBallot, MenuRules
from models.values.refusal import Problem, problem

SHOWN = 40
"""Characters of a voter's own text that a refusal repeats."""


def problems_of_menu_choice(menu: Menu, value: object) -> tuple[Problem, ...]:
    """What is wrong with a choice: a list of ids, best first where the order counts, or points by id.

    Nothing is wrong where the answer is empty. The codes are `menu.not_a_list`,
    `menu.not_points`, `menu.item_unknown`, `menu.item_twice`, `menu.points_not_whole`,
    `menu.too_few_items`, `menu.too_many_items`, `menu.cost_too_low`, `menu.cost_too_high`,
    `menu.points_too_low`, `menu.points_too_high`, `menu.sum_too_low`, `menu.sum_too_high`.
    """
    if menu.form is BallotForm.CUMULATIVE:
        if not isinstance(value, Mapping):
            return (problem("menu.not_points"),)
        points: tuple[object, ...] = tuple(value.values())
    else:
        if not isinstance(value, list | tuple):
            return (problem("menu.not_a_list"),)
        points = ()
    costs = menu.costs
    cost = 0
    for item in value:
        if type(item) is not str or item not in costs:
            return _unknown(value, costs)
        cost += costs[item]
    if not points and len(set(value)) < len(value):
        return (problem("menu.item_twice"),)
    return _limits(menu.rules, len(value), cost, points)


def ballot_of(menu: Menu, value: object) -> MenuBallot:
    """The ballot that a choice without problems makes; equal choices make equal ballots.

    Raises:
        ValueError: the value is none of the three forms.
    """
    if isinstance(value, Mapping):
        given = sorted((str(item), int(points)) for item, points in value.items())
        return MenuBallot(tuple(item for item, _ in given), tuple(points for _, points in given))
    if not isinstance(value, list | tuple):
        raise ValueError("a choice is a list of ids or points by id")  # noqa: TRY004
    ids = tuple(map(str, value))
    return MenuBallot(ids if menu.form is BallotForm.ORDINAL else tuple(sorted(ids)))


LIMIT_OF: Mapping[str, str] = {
    "menu.too_few_items": "min_length",
    "menu.too_many_items": "max_length",
    "menu.cost_too_low": "min_sum_cost",
    "menu.cost_too_high": "max_sum_cost",
    "menu.points_too_low": "min_points",
    "menu.points_too_high": "max_points",
    "menu.sum_too_low": "min_sum_points",
    "menu.sum_too_high": "max_sum_points",
}
"""The limit that is broken, by what is wrong with a choice."""


def beyond_limits(menu: Menu, ballots: Mapping[MenuBallot, int]) -> tuple[int, tuple[str, ...]]:
    """How many published ballots break limits of their own menu, and which: an empty one breaks none."""
    count, limits = 0, set[str]()
    for ballot, times in ballots.items():
        wrong = problems_of_menu_choice(menu, choice_of(menu, ballot)) if ballot.items else ()
        broken = [LIMIT_OF[each.code] for each in wrong if each.code in LIMIT_OF]
        count += times if broken else 0
        limits.update(broken)
    return count, tuple(sorted(limits))


def choice_of(menu: Menu, ballot: MenuBallot) -> list[str] | dict[str, int]:
    """The choice as JSON that a ballot stands for, `ballot_of` the other way round."""
    if menu.form is BallotForm.CUMULATIVE:
        return dict(zip(ballot.items, ballot.points, strict=True))
    return list(ballot.items)


def _unknown(
    value: Mapping[object, object] | list[object] | tuple[object, ...], costs: Mapping[str, int]
) -> tuple[Problem, ...]:
    ids = [item for item in value if not isinstance(item, str) or item not in costs]
    return tuple(problem("menu.item_unknown", item=str(item)[:SHOWN]) for item in ids[:10])


def _limits(
    rules: MenuRules, length: int, cost: int, points: tuple[object, ...]
) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    if length < rules.min_length:
        problems.append(_least("menu.too_few_items", length, rules.min_length))
    if rules.max_length is not None and length > rules.max_length:
        problems.append(_most("menu.too_many_items", length, rules.max_length))
    if rules.min_sum_cost is not None and cost < rules.min_sum_cost:
        problems.append(_least("menu.cost_too_low", cost, rules.min_sum_cost))
    if rules.max_sum_cost is not None and cost > rules.max_sum_cost:
        problems.append(_most("menu.cost_too_high", cost, rules.max_sum_cost))
    if points:
        problems += _points_limits(rules, points)
    return tuple(problems)


def _points_limits(rules: MenuRules, given: tuple[object, ...]) -> list[Problem]:
    points = [each for each in given if type(each) is int]
    if len(points) < len(given):
        return [problem("menu.points_not_whole")]
    problems: list[Problem] = []
    if rules.min_points is not None and min(points) < rules.min_points:
        problems.append(_least("menu.points_too_low", min(points), rules.min_points))
    if rules.max_points is not None and max(points) > rules.max_points:
        problems.append(_most("menu.points_too_high", max(points), rules.max_points))
    total = sum(points)
    if rules.min_sum_points is not None and total < rules.min_sum_points:
        problems.append(_least("menu.sum_too_low", total, rules.min_sum_points))
    if rules.max_sum_points is not None and total > rules.max_sum_points:
        problems.append(_most("menu.sum_too_high", total, rules.max_sum_points))
    return problems


def _least(code: str, have: int, least: int) -> Problem:
    return problem(code, have=have, least=least)


def _most(code: str, have: int, most: int) -> Problem:
    return problem(code, have=have, most=most)
