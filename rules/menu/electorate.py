"""Who supports which work and with what weight, in the form in which equal shares computes.

Ballots that say the same have the same money at every moment, so they are one purse with a count.
The purses that support a work are sorted into classes of one weight and one count each: within a
class a purse is just a number, and the arithmetic is whole numbers over one denominator.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from models.values.decisions.menu import Menu, MenuBallot, Utility
from rules.menu.tally import able_to_win, points_of, tally, tie_order

Purses: TypeAlias = Sequence[int]
"""The money of each group of equal ballots, in units of 1 / denominator."""


@dataclass(frozen=True, slots=True)
class SupportClass:
    """Purses that give a work the same weight and stand for the same number of ballots."""

    weight: int
    count: int
    purses: tuple[int, ...]
    pick: Callable[[Purses], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class SupportedWork:
    """A work that somebody supports; utility of a supporter = weight * worth."""

    item: str
    cost: int
    worth: int
    weight: int
    """Of all supporters together."""
    place: int
    """Among equals, by the tie rule."""
    classes: tuple[SupportClass, ...]


@dataclass(frozen=True, slots=True)
class Electorate:
    """`voters` ballots in `purses` groups, the works to pay for, and the supported works that cost nothing."""

    voters: int
    purses: int
    works: tuple[SupportedWork, ...]
    free: tuple[str, ...]


def electorate(
    menu: Menu,
    ballots: Mapping[MenuBallot, int],
    utility: Utility,
    only: Collection[str] | None = None,
) -> Electorate:
    """The supporters of each work; works below `min_score`, and others than `only`, are left out.

    A ballot supports a work by naming it, under POINTS and POINTS_COST with its points as weight,
    and then only if they are more than none.
    """
    figures = tally(menu, ballots).of(menu.unit)
    able = {item for item in figures if able_to_win(menu, item, figures[item], only)}
    weights: Counter[tuple[tuple[str, int], ...]] = Counter()
    for ballot, count in ballots.items():
        weights[_support(menu, ballot, utility, able)] += count
    classes: dict[str, defaultdict[tuple[int, int], list[int]]] = {
        item: defaultdict(list) for item in menu.costs
    }
    # In a fixed order, so that nothing depends on the order of the ballots.
    groups = sorted(weights.items())
    for purse, (support, count) in enumerate(groups):
        for item, weight in support:
            classes[item][weight, count].append(purse)
    place = tie_order(menu)
    works = [
        _work(menu, item, utility, place[item], found) for item, found in classes.items() if found
    ]
    return Electorate(
        voters=sum(ballots.values()),
        purses=len(groups),
        works=tuple(work for work in works if work.cost),
        free=tuple(work.item for work in works if not work.cost),
    )


def _support(
    menu: Menu, ballot: MenuBallot, utility: Utility, able: set[str]
) -> tuple[tuple[str, int], ...]:
    """What the ballot supports and how much; in one order, so that equal support is one purse."""
    if utility is Utility.COST:
        return tuple((item, 1) for item in sorted(ballot.items) if item in able)
    given = zip(ballot.items, points_of(menu, ballot), strict=True)
    return tuple(sorted((item, points) for item, points in given if item in able and points > 0))


def _work(
    menu: Menu,
    item: str,
    utility: Utility,
    place: int,
    found: Mapping[tuple[int, int], list[int]],
) -> SupportedWork:
    cost = menu.costs[item]
    return SupportedWork(
        item=item,
        cost=cost,
        worth=1 if utility is Utility.POINTS else cost,
        weight=sum(weight * count * len(purses) for (weight, count), purses in found.items()),
        place=place,
        classes=tuple(
            SupportClass(weight, count, tuple(purses), _picker(purses))
            for (weight, count), purses in sorted(found.items())
        ),
    )


def _picker(purses: list[int]) -> Callable[[Purses], tuple[int, ...]]:
    """Reads the money of these purses at once; `itemgetter` of a single index gives no tuple."""
    if len(purses) > 1:
        return itemgetter(*purses)
    only = purses[0]
    return lambda money: (money[only],)
