"""Counting a menu vote: votes and points of each work."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from models.values.decisions.menu import BallotForm, Menu, MenuBallot, MenuTally, TieRule


def counted(ballots: Iterable[MenuBallot]) -> Counter[MenuBallot]:
    """How many ballots say the same; their order is dropped on purpose."""
    return Counter(ballots)


def points_of(menu: Menu, ballot: MenuBallot) -> tuple[int, ...]:
    """The points of a ballot's works: as given, one each, or by their place.

    The first work of an ordinal ballot gets `menu.top` points whatever the length of the ballot,
    as the published elections count it.
    """
    if ballot.points:
        return ballot.points
    size = len(ballot.items)
    if menu.form is BallotForm.ORDINAL:
        return tuple(max(menu.top - place, 0) for place in range(size))
    return (1,) * size


def tally(menu: Menu, ballots: Mapping[MenuBallot, int]) -> MenuTally:
    """Votes (ballots that name the work) and score (sum of points) of every work of the menu."""
    votes = dict.fromkeys(menu.costs, 0)
    score = dict.fromkeys(menu.costs, 0)
    for ballot, count in ballots.items():
        for item, points in zip(ballot.items, points_of(menu, ballot), strict=True):
            votes[item] += count
            score[item] += points * count
    return MenuTally(ballots=sum(ballots.values()), votes=votes, score=score)


def supported(menu: Menu, ballot: MenuBallot) -> tuple[str, ...]:
    """The works that a ballot wants: those it names, of a cumulative one those with more than no points [D]."""
    if menu.form is not BallotForm.CUMULATIVE:
        return ballot.items
    given = zip(ballot.items, ballot.points, strict=True)
    return tuple(item for item, points in given if points > 0)


def able_to_win(menu: Menu, item: str, figure: int, only: Collection[str] | None) -> bool:
    """Whether a work with this tally may be chosen: enough asked for it, and it is among `only`."""
    return figure >= menu.rules.min_score and (only is None or item in only)


def tie_order(menu: Menu) -> dict[str, int]:
    """The place of each work among equals, by the tie rule of the menu."""
    ids = list(menu.costs)
    if menu.rules.ties is TieRule.COST:
        ids.sort(key=menu.costs.__getitem__)
    return {item: place for place, item in enumerate(ids)}
