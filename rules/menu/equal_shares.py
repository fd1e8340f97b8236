"""The Method of Equal Shares with Add1 completion, in exact numbers.

Every voter gets an equal part of the budget. A work is bought when its supporters can pay it; each
pays in proportion to what the work is worth to her, or all she has left if that is less. The work
that costs least a unit of worth is bought first. As works are rarely paid in full this way, Add1
raises every endowment by one currency unit at a time, begins anew, and keeps the last outcome
whose cost stays within the budget. D. Peters, G. Pierczyński, P. Skowron: Proportional
Participatory Budgeting with Additive Utilities, NeurIPS 2021; equalshares.net.

Going up one unit at a time can take millions of runs. Two facts make it few, and exact:

1. As long as the same works are bought in the same order, more endowment leaves every purse at
   least as full at every moment, so that no price rises. If the run at `low` and the run at
   `high` buy the same works in the same order, and at every turn each rival at `high` is still
   dearer than the bought work was at `low`, then every run between buys the same: there the
   rival is at least as dear as at `high` and the bought work at most as dear as at `low`.
2. If the work with the lowest possible price of all (everybody pays the equal part) is bought at
   that price, it is so with every larger endowment too. Such purchases at the beginning are made
   once.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from models.values.decisions.menu import (
    Completion,
    Menu,
    MenuBallot,
    MenuOutcome,
    MenuRound,
    MenuRule,
    MenuTie,
    Utility,
)
from rules.menu.auction import Auction, Bought
from rules.menu.electorate import Electorate, SupportedWork, electorate
from rules.menu.market import Market, RoughMarket, Unclear, static_rank
from rules.menu.tally import tally

MOST_PATIENCE = 15
PRECISION = 96
"""Bits behind the point of the rough purses; fewer only mean more exact runs."""


def equal_shares(
    menu: Menu,
    ballots: Mapping[MenuBallot, int],
    *,
    completion: Completion = Completion.ADD1,
    utility: Utility = Utility.COST,
    only: Collection[str] | None = None,
) -> MenuOutcome:
    """The works that equal shares chooses, in the order in which they are bought.

    Every ballot has an endowment, one that names no work, or none of `only`, too. Supported works that cost nothing
    are taken first. Equally dear works are bought in the order of the tie rule.
    """
    people = electorate(menu, ballots, utility, only)
    search = _Search(menu, people)
    raises = search.raises(completion) if people.works else 0
    bought, equals = search.whole_run(raises)
    winners = (*people.free, *(each.work.item for each in bought))
    return MenuOutcome(
        rule=MenuRule.EQUAL_SHARES,
        completion=completion,
        unit=menu.unit,
        tie_rule=menu.rules.ties,
        tally=tally(menu, ballots).of(menu.unit),
        winners=winners,
        cost=sum(each.work.cost for each in bought),
        budget=menu.budget,
        ties=tuple(
            MenuTie(items=items, decisive=any(item not in winners for item in items))
            for items in equals
        ),
        endowment=search.endowment(raises),
        rounds=tuple(MenuRound(item=each.work.item, price=_price(each)) for each in bought),
    )


class _Search:
    """Looks for the number of raises after which the outcome would exceed the budget."""

    def __init__(self, menu: Menu, people: Electorate) -> None:
        self.menu = menu
        self.people = people
        self.voters = people.voters or 1
        self.settled: list[SupportedWork] = []
        """Bought by everybody at the equal price, with this and every larger endowment."""
        self.open = sorted(people.works, key=_lowest_price)
        self.spent = [0] * people.purses
        """In units of 1 / denominator."""
        self.denominator = self.voters
        self.rough_spent = list(self.spent)
        """Rounded up, in units of 1 / (voters * 2**PRECISION)."""

    def endowment(self, raises: int) -> Fraction:
        """What every voter has after so many raises, in minor units."""
        if not self.people.voters:
            return Fraction(0)
        return Fraction(self.menu.budget, self.voters) + raises * self.menu.scale

    def raises(self, completion: Completion) -> int:
        """How often the endowment is raised, by one currency unit each."""
        if completion is Completion.NONE:
            return 0
        now, step = 0, 1
        alike = patience = 0
        bought = self._settle(now, self._run(now))
        while not self._final(bought, completion):
            if step > 1:
                jumped = self._same_run(now + step, bought)
                if jumped is None:
                    step = max(1, step // 4)
                    # Where even two units at once cannot be proved, single steps go on for longer.
                    alike, patience = 0, min(2 * patience + 1, MOST_PATIENCE) if step == 1 else 0
                    continue
                patience = 0
                now, step, bought = now + step, step * 2, jumped
            else:
                after = self._run(now + 1)
                if self._cost(after) > self.menu.budget:
                    break
                alike = alike + 1 if _works(after) == _works(bought) else 0
                step = 2 if alike > patience else 1
                now, bought = now + 1, after
            bought = self._settle(now, bought)
        return now

    def whole_run(self, raises: int) -> tuple[list[Bought], list[tuple[str, ...]]]:
        """A run from the beginning, with the ties met on the way."""
        purse = self.endowment(raises)
        market = Market([purse.numerator] * self.people.purses, purse.denominator)
        auction = Auction(market, self.people.works)
        bought: list[Bought] = []
        ties: list[tuple[str, ...]] = []
        while head := auction.head():
            if equals := auction.equals(head.rank):
                tied = sorted((head.work, *equals), key=lambda each: each.place)
                ties.append(tuple(each.item for each in tied))
            auction.buy(head)
            bought.append(head)
        return bought, ties

    def _final(self, bought: Sequence[Bought], completion: Completion) -> bool:
        """Whether no raise can change anything, or none is wanted."""
        won = {work.item for work in (*self.settled, *_works(bought))}
        others = [work for work in self.people.works if work.item not in won]
        if completion is Completion.ADD1_EXHAUSTIVE:
            left = self.menu.budget - self._cost(bought)
            return all(work.cost > left for work in others)
        return not others

    def _cost(self, bought: Sequence[Bought]) -> int:
        return sum(work.cost for work in (*self.settled, *_works(bought)))

    def _settle(self, raises: int, bought: list[Bought]) -> list[Bought]:
        """Move works that are bought at their lowest possible price to the settled ones.

        What is left of the purchases comes back.
        """
        able = 0
        for work, purchase in zip(self.open, bought, strict=False):
            if purchase.work is not work or purchase.rank.price != static_rank(work).price:
                break
            able += 1
        if able:
            market = self._exact(raises)
            for work in self.open[:able]:
                offer = market.offer(work)
                assert offer is not None
                market.buy(work, offer)
            self.settled += self.open[:able]
            del self.open[:able]
            self.denominator = market.denominator
            full = self._full_purse(raises, self.denominator)
            self.spent = [full - money for money in market.money]
            unit = self.denominator // self.voters
            self.rough_spent = [-(-(spent << PRECISION) // unit) for spent in self.spent]
        return bought[able:]

    def _exact(self, raises: int) -> Market:
        """The purses after the settled purchases."""
        full = self._full_purse(raises, self.denominator)
        return Market([full - spent for spent in self.spent], self.denominator)

    def _rough(self, raises: int) -> RoughMarket:
        """The same purses, within one part of a fine unit."""
        fine = self.voters << PRECISION
        full = self._full_purse(raises, fine)
        # Rounded down to 0 is not exactly empty, which is what 0 would say.
        return RoughMarket([full - spent or -1 for spent in self.rough_spent], fine, 2)

    def _full_purse(self, raises: int, denominator: int) -> int:
        all_money = self.menu.budget + raises * self.menu.scale * self.voters
        return all_money * (denominator // self.voters)

    def _run(self, raises: int) -> list[Bought]:
        """What is bought after the settled works."""
        try:
            return _bought(Auction(self._rough(raises), self.open))
        except Unclear:
            return _bought(Auction(self._exact(raises), self.open))

    def _same_run(self, raises: int, low: Sequence[Bought]) -> list[Bought] | None:
        """The run after more raises, if it proves that every run between is like `low`."""
        try:
            return _same(Auction(self._rough(raises), self.open), low)
        except Unclear:
            return _same(Auction(self._exact(raises), self.open), low)


def _lowest_price(work: SupportedWork) -> tuple[Fraction, int]:
    return Fraction(work.cost, work.weight * work.worth), work.place


def _bought(auction: Auction) -> list[Bought]:
    bought: list[Bought] = []
    while head := auction.head():
        auction.buy(head)
        bought.append(head)
    return bought


def _same(auction: Auction, low: Sequence[Bought]) -> list[Bought] | None:
    bought: list[Bought] = []
    for expected in low:
        head = auction.head()
        if head is None or head.work is not expected.work:
            return None
        if not auction.all_after(expected.rank):
            return None
        auction.buy(head)
        bought.append(head)
    return bought if auction.head() is None else None


def _price(purchase: Bought) -> Fraction:
    """The price of one point, in minor units."""
    assert purchase.rank.price is not None
    return purchase.rank.price * purchase.work.worth


def _works(bought: Sequence[Bought]) -> list[SupportedWork]:
    return [each.work for each in bought]
