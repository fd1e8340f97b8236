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

from collections.abc import Mapping, Sequence
from fractions import Fraction

from models.values.menu import (
    Completion,
    Menu,
    MenuBallot,
    MenuOutcome,
    MenuRound,
    MenuRule,
    MenuTie,
    Utility,
)
from rules.menu.electorate import Electorate, SupportedWork, electorate
from rules.menu.market import Auction, Bought, Market, static_rank
from rules.menu.tally import tally

MOST_PATIENCE = 15


def equal_shares(
    menu: Menu,
    ballots: Mapping[MenuBallot, int],
    *,
    completion: Completion = Completion.ADD1,
    utility: Utility = Utility.COST,
) -> MenuOutcome:
    """The works that equal shares chooses, in the order in which they are bought.

    Every ballot has an endowment, one that names no work too. Supported works that cost nothing
    are taken first. Equally dear works are bought in the order of the tie rule.
    """
    people = electorate(menu, ballots, utility)
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
        rounds=tuple(MenuRound(item=each.work.item, price=each.price) for each in bought),
    )


class _Search:
    """Looks for the number of raises after which the outcome would exceed the budget."""

    def __init__(self, menu: Menu, people: Electorate) -> None:
        self.menu = menu
        self.people = people
        self.voters = people.voters or 1
        self.settled: list[SupportedWork] = []
        """Bought by everybody at the equal price, with this and every larger endowment."""
        self.open = sorted(people.works, key=static_rank)
        self.spent = [0] * people.purses
        self.denominator = self.voters

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
        self._settle(now)
        bought = self._run(now)
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
            bought = bought[self._settle(now) :]
        return now

    def whole_run(self, raises: int) -> tuple[list[Bought], list[tuple[str, ...]]]:
        """A run from the beginning, with the ties met on the way."""
        purse = self.endowment(raises)
        market = Market([purse.numerator] * self.people.purses, purse.denominator)
        auction = Auction(market, self.people.works)
        bought: list[Bought] = []
        ties: list[tuple[str, ...]] = []
        while head := auction.head():
            rank, work = head
            if equals := auction.equals(rank):
                tied = sorted((work, *equals), key=lambda each: each.place)
                ties.append(tuple(each.item for each in tied))
            bought.append(auction.buy(rank, work))
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

    def _market(self, raises: int) -> Market:
        """The purses after the settled purchases."""
        full = self._full_purse(raises, self.denominator)
        return Market([full - spent for spent in self.spent], self.denominator)

    def _full_purse(self, raises: int, denominator: int) -> int:
        all_money = self.menu.budget + raises * self.menu.scale * self.voters
        return all_money * (denominator // self.voters)

    def _settle(self, raises: int) -> int:
        """Move works that are bought at their lowest possible price to the settled ones; how many."""
        market = self._market(raises)
        before = len(self.settled)
        while self.open:
            work = self.open[0]
            offer = market.offer(work)
            if offer is None or offer.weight < work.weight:
                break
            market.buy(work, offer)
            self.settled.append(self.open.pop(0))
        if len(self.settled) > before:
            self.denominator = market.denominator
            full = self._full_purse(raises, self.denominator)
            self.spent = [full - money for money in market.money]
        return len(self.settled) - before

    def _run(self, raises: int) -> list[Bought]:
        """What is bought after the settled works."""
        auction = Auction(self._market(raises), self.open)
        bought: list[Bought] = []
        while head := auction.head():
            bought.append(auction.buy(*head))
        return bought

    def _same_run(self, raises: int, low: Sequence[Bought]) -> list[Bought] | None:
        """The run after more raises, if it proves that every run between is like `low`."""
        auction = Auction(self._market(raises), self.open)
        bought: list[Bought] = []
        for expected in low:
            head = auction.head()
            if head is None or head[1] is not expected.work:
                return None
            if not auction.next_after(expected.rank):
                return None
            bought.append(auction.buy(*head))
        return bought if auction.head() is None else None


def _works(bought: Sequence[Bought]) -> list[SupportedWork]:
    return [each.work for each in bought]
