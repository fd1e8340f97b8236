"""Greedy by votes: the most wanted work that still fits, then the next, as most cities do."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from models.values.decisions.menu import Menu, MenuBallot, MenuOutcome, MenuRule, MenuTie
from rules.menu.tally import tally, tie_order


def greedy(menu: Menu, ballots: Mapping[MenuBallot, int]) -> MenuOutcome:
    """Take the works by falling tally; skip what does not fit any more and go on.

    Works below `min_score` never win. Equal works come in the order of the tie rule.
    """
    figures = tally(menu, ballots).of(menu.unit)
    place = tie_order(menu)
    winners: list[str] = []
    cost = 0
    for item in sorted(figures, key=lambda each: (-figures[each], place[each])):
        if figures[item] < menu.rules.min_score:
            break
        if cost + menu.costs[item] <= menu.budget:
            winners.append(item)
            cost += menu.costs[item]
    return MenuOutcome(
        rule=MenuRule.GREEDY,
        unit=menu.unit,
        tie_rule=menu.rules.ties,
        tally=figures,
        winners=tuple(winners),
        cost=cost,
        budget=menu.budget,
        ties=_ties(figures, place, set(winners), menu.rules.min_score),
    )


def _ties(
    figures: Mapping[str, int], place: Mapping[str, int], winners: Collection[str], least: int
) -> tuple[MenuTie, ...]:
    equal: defaultdict[int, list[str]] = defaultdict(list)
    for item in sorted(figures, key=place.__getitem__):
        if figures[item] >= least:
            equal[figures[item]].append(item)
    return tuple(
        MenuTie(items=tuple(items), decisive=len({item in winners for item in items}) > 1)
        for _, items in sorted(equal.items(), reverse=True)
        if len(items) > 1
    )
