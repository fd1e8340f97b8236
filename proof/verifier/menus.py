"""Menu votes (菜单式改造): what a ballot may choose, the tallies, and which works win.

Greedy is computed anew. Of equal shares the published run is computed anew, and the run with one
currency unit more for everybody, which must go beyond the budget.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Counter, Dict, List, NamedTuple, Set, Tuple

from proof.verifier.reading import Fields

Chosen = Tuple[Tuple[str, ...], Tuple[int, ...]]
"""The works of a ballot and their points; no points where the form settles them."""
FORMS = ("approval", "cumulative", "ordinal")
LENGTHS = (
    *("max_length", "max_points", "max_sum_cost", "max_sum_points", "min_length"),
    *("min_points", "min_score", "min_sum_cost", "min_sum_points", "ordinal_top"),
)
LEAST = {"max_length": 1, "max_sum_cost": 0, "min_length": 0, "min_sum_cost": 0, "ordinal_top": 1}


class Menu:
    """The works of one vote with the money there is for them; money in minor units."""

    def __init__(self, fields: Fields) -> None:
        fields.only("budget", "form", "items", "rules", "scale")
        self.budget, self.scale = fields.whole("budget", 0), fields.whole("scale", 1)
        self.form = fields.text("form", FORMS)
        if str(self.scale).strip("0") != "1":
            raise fields.fault("scale", "is no power of ten")
        self.costs: Dict[str, int] = {}
        for item in fields.objects("items"):
            item.only("category", "cost", "id", "title")
            item.text("category"), item.text("title")
            name = item.text("id")
            if not name or name in self.costs:
                raise item.fault("id", "is empty, or there twice")
            self.costs[name] = item.whole("cost", 0)
        rules = fields.inner("rules")
        rules.only(*LENGTHS, "ties", "unit")
        self.limits = {
            name: None if rules.value[name] is None else rules.whole(name, LEAST.get(name))
            for name in LENGTHS
        }
        for name in ("min_length", "min_score"):
            rules.whole(name)
        self.ties = rules.text("ties", ("cost", "listed"))
        by_form = "votes" if self.form == "approval" else "score"
        given = rules.maybe_text("unit")
        self.unit = by_form if given is None else rules.text("unit", ("score", "votes"))
        self.top = self.limits["ordinal_top"] or self.limits["max_length"] or len(self.costs)
        order = (
            sorted(self.costs, key=self.costs.__getitem__) if self.ties == "cost" else self.costs
        )
        self.place = {name: place for place, name in enumerate(order)}

    def choice(self, said: object) -> Chosen | None:
        """What a ballot chooses; None where the menu does not allow it."""
        points: Tuple[object, ...] = ()
        if self.form == "cumulative":
            if not isinstance(said, dict):
                return None
            names = sorted(said)
            points = tuple(said[name] for name in names)
        elif isinstance(said, list) and all(isinstance(name, str) for name in said):
            names = said if self.form == "ordinal" else sorted(said)
        else:
            return None
        if len(set(names)) < len(names) or not self.costs.keys() >= set(names):
            return None
        whole = tuple(each for each in points if type(each) is int)
        if len(whole) < len(points) or not self._within(names, whole):
            return None
        return tuple(names), whole

    def _within(self, names: List[str], points: Tuple[int, ...]) -> bool:
        found = {"length": len(names), "sum_cost": sum(self.costs[name] for name in names)}
        pairs = [("min_length", found["length"]), ("max_length", found["length"])]
        pairs += [("min_sum_cost", found["sum_cost"]), ("max_sum_cost", found["sum_cost"])]
        if points:
            pairs += [("min_points", min(points)), ("max_points", max(points))]
            pairs += [("min_sum_points", sum(points)), ("max_sum_points", sum(points))]
        for name, number in pairs:
            limit = self.limits[name]
            if limit is not None and (number < limit if name[:3] == "min" else number > limit):
                return False
        return True

    def wanted(self, chosen: Chosen) -> Tuple[str, ...]:
        """The works that a ballot supports: those it names; of points, those with more than none."""
        names, points = chosen
        if self.form != "cumulative":
            return names
        return tuple(name for name, each in zip(names, points) if each > 0)

    def tally(self, ballots: Counter[Chosen]) -> Dict[str, int]:
        """Votes or score of every work, as this menu counts."""
        figures = dict.fromkeys(self.costs, 0)
        for (names, points), count in ballots.items():
            for place, name in enumerate(names):
                if self.unit == "votes" or self.form == "approval":
                    figures[name] += count
                elif self.form == "cumulative":
                    figures[name] += points[place] * count
                else:
                    figures[name] += max(self.top - place, 0) * count
        return figures


def _tie(items: List[str], winners: List[str]) -> Dict[str, object]:
    return {"items": items, "decisive": len({item in winners for item in items}) > 1}


def _outcome(menu: Menu, figures: Dict[str, int], winners: List[str]) -> Dict[str, object]:
    return {
        "budget": menu.budget,
        "completion": "none",
        "cost": sum(menu.costs[name] for name in winners),
        "endowment": None,
        "rounds": [],
        "rule": "greedy",
        "tally": figures,
        "tie_rule": menu.ties,
        "ties": [],
        "unit": menu.unit,
        "winners": winners,
    }


def greedy(menu: Menu, ballots: Counter[Chosen], able: Set[str]) -> Dict[str, object]:
    """The most wanted work that still fits, then the next, among those that may be chosen."""
    figures, winners, left = menu.tally(ballots), [], menu.budget
    least = menu.limits["min_score"] or 0
    order = sorted(figures, key=lambda name: (-figures[name], menu.place[name]))
    order = [name for name in order if figures[name] >= least and name in able]
    for name in order:
        if menu.costs[name] <= left:
            winners.append(name)
            left -= menu.costs[name]
    ties = []
    for figure in sorted({figures[name] for name in order}, reverse=True):
        equal = [name for name in order if figures[name] == figure]
        if len(equal) > 1:
            ties.append(_tie(equal, winners))
    return {**_outcome(menu, figures, winners), "ties": ties}


class Purse:
    """What voters who support the same works have left, each of them."""

    def __init__(self, names: Tuple[str, ...], count: int, money: Fraction) -> None:
        self.names, self.count, self.money = names, count, money


class Run(NamedTuple):
    """The purchases of one run, in order, with the price a supporter pays at most."""

    bought: List[Tuple[str, Fraction]]
    equals: List[List[str]]


def _price(cost: int, supporters: List[Purse]) -> Fraction | None:
    """What each pays if all pay the same, or all they have; None where it is not enough."""
    rest, people = Fraction(cost), sum(purse.count for purse in supporters)
    for purse in sorted(supporters, key=lambda each: each.money):
        if purse.money * people >= rest:
            return rest / people
        rest -= purse.money * purse.count
        people -= purse.count
    return None


class EqualShares:
    """The Method of Equal Shares where a supported work is worth its cost to each supporter."""

    def __init__(self, menu: Menu, ballots: Counter[Chosen], able: Set[str]) -> None:
        self.menu, self.figures = menu, menu.tally(ballots)
        least = menu.limits["min_score"] or 0
        self.able = {name for name in able if self.figures[name] >= least}
        self.voters = sum(ballots.values())
        self.support: Counter[Tuple[str, ...]] = Counter()
        for (names, _), count in ballots.items():
            self.support[tuple(sorted(self.able & set(names)))] += count
        named = {name for names in self.support for name in names}
        self.free = [name for name in menu.costs if name in named and not menu.costs[name]]
        self.works = [name for name in menu.costs if name in named and menu.costs[name]]

    def run(self, money: Fraction) -> Run:
        """Buy the work with the lowest price for its cost, until none can be paid."""
        purses = [Purse(names, count, money) for names, count in self.support.items()]
        run, left = Run([], []), list(self.works)
        while True:
            offers = []
            for name in left:
                price = _price(self.menu.costs[name], [p for p in purses if name in p.names])
                if price is not None:
                    offers.append(
                        (price / self.menu.costs[name], self.menu.place[name], name, price)
                    )
            if not offers:
                return run
            rank, _, name, price = min(offers)
            equal = sorted((offer[1], offer[2]) for offer in offers if offer[0] == rank)
            if len(equal) > 1:
                run.equals.append([each for _, each in equal])
            run.bought.append((name, price))
            left.remove(name)
            for purse in purses:
                if name in purse.names:
                    purse.money -= min(purse.money, price)

    def cost(self, run: Run) -> int:
        """What the works of a run cost together."""
        return sum(self.menu.costs[name] for name, _ in run.bought)

    def outcome(self, raises: int, completion: str) -> Dict[str, object]:
        """The published form of the run after so many raises."""
        share = Fraction(self.menu.budget, self.voters) if self.voters else Fraction(0)
        money = share + raises * self.menu.scale if self.voters else share
        run = self.run(money)
        winners = self.free + [name for name, _ in run.bought]
        return {
            **_outcome(self.menu, self.figures, winners),
            "completion": completion,
            "endowment": written(money),
            "rounds": [{"item": name, "price": written(price)} for name, price in run.bought],
            "rule": "equal-shares",
            "ties": [_tie(items, winners) for items in run.equals],
        }

    def last(self, raises: int, completion: str) -> bool:
        """Is this the run to stop at: within the budget, and one unit more goes beyond it?"""
        if completion == "none" or not self.works:
            return raises == 0
        share = Fraction(self.menu.budget, self.voters)
        now = self.run(share + raises * self.menu.scale)
        left = self.menu.budget - self.cost(now)
        others = set(self.works) - {name for name, _ in now.bought}
        if completion == "add1-exhaustive":
            others = {name for name in others if self.menu.costs[name] <= left}
        after = self.run(share + (raises + 1) * self.menu.scale)
        return left >= 0 and (not others or self.cost(after) > self.menu.budget)


def written(number: Fraction) -> object:
    """An exact number in JSON: whole, or "p/q"."""
    return number.numerator if number.denominator == 1 else str(number)


def menu_outcome(
    menu: Menu,
    ballots: Counter[Chosen],
    able: Set[str],
    rule: str,
    completion: str,
    claimed: Fields,
) -> Dict[str, object]:
    """The outcome that the ballots have among the works `able`, to be compared with the published one."""
    if rule == "greedy":
        return greedy(menu, ballots, able)
    shares = EqualShares(menu, ballots, able)
    endowment = claimed.exact("endowment")
    if endowment is None:
        raise claimed.fault("endowment", "is missing")
    share = Fraction(menu.budget, shares.voters) if shares.voters else Fraction(0)
    raises = (endowment - share) / menu.scale
    if raises.denominator != 1 or raises < 0:
        raise claimed.fault("endowment", "is not the equal part and whole raises")
    if not shares.last(raises.numerator, completion):
        raise claimed.fault("endowment", "is not where the raises end")
    return shares.outcome(raises.numerator, completion)
