"""Greedy by votes: the most wanted work that still fits, then the next, as most cities do."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from models.values.decisions.menu import Menu, MenuBallot, MenuOutcome, MenuRule, MenuTie
from rules.menu.tally import able_to_win, tally, tie_order


def greedy(
    menu: Menu,
    ballots: Mapping[MenuBallot, int],
    *,
    only: Collection[str] | None = None,
    skip: bool = True,
) -> MenuOutcome:
    """Take the works by falling tally; what does not fit any more is skipped, or ends it.

    Works below `min_score` never win, nor others than `only`. Equal works come in the order of the
    tie rule.
    """
    figures = tally(menu, ballots).of(menu.unit)
    place = tie_order(menu)
    able = [item for item in figures if able_to_win(menu, item, figures[item], only)]
    winners: list[str] = []
    cost = 0
    for item in sorted(able, key=lambda each: (-figures[each], place[each])):
        if cost + menu.costs[item] <= menu.budget:
            winners.append(item)
            cost += menu.costs[item]
        elif not skip:
            break
    return MenuOutcome(
        rule=MenuRule.GREEDY,
        unit=menu.unit,
        tie_rule=menu.rules.ties,
        tally=figures,
        winners=tuple(winners),
        cost=cost,
        budget=menu.budget,
        ties=_ties(figures, sorted(able, key=place.__getitem__), set(winners)),
    )


def _ties(
    figures: Mapping[str, int], able: Iterable[str], winners: Collection[str]
) -> tuple[MenuTie, ...]:
    equal: defaultdict[int, list[str]] = defaultdict(list)
    for item in able:
        equal[figures[item]].append(item)
    return tuple(
        MenuTie(items=tuple(items), decisive=len({item in winners for item in items}) > 1)
        for _, items in sorted(equal.items(), reverse=True)
        if len(items) > 1
    )
