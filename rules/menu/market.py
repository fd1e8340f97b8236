"""One run of equal shares with a given endowment: purchases until no work can be paid.

Everything is a whole number over one denominator that grows where a price needs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import gcd
from typing import NamedTuple

from rules.menu.electorate import SupportedWork

SHIFT = 64


class Rank(NamedTuple):
    """How dear a unit of utility is, and the place among equals: the least rank is bought first.

    `rough` is the price times 2**64, rounded down: it settles most comparisons without fractions.
    """

    rough: int
    price: Fraction
    place: int


class Offer(NamedTuple):
    """A work can be paid for if every supporter pays `left / weight` a point or all of the purse."""

    left: int
    weight: int


class Bought(NamedTuple):
    """A purchase: the work, its rank then, and the price of one point in minor units."""

    work: SupportedWork
    rank: Rank
    price: Fraction


@dataclass(slots=True)
class Market:
    """The purses of all voters, in units of 1 / `denominator` of a minor unit."""

    money: list[int]
    denominator: int

    def offer(self, work: SupportedWork) -> Offer | None:
        """At what price a point the work is paid, or None if its supporters have too little.

        Whoever cannot pay the equal price gives everything, which raises it for the others, until
        nobody else falls below it. The price only rises, so who fell stays below.
        """
        left = work.cost * self.denominator
        weight = work.weight
        rich = [(each.weight, each.count, each.pick(self.money)) for each in work.classes]
        sums = [sum(purses) for _, _, purses in rich]
        if sum(count * money for (_, count, _), money in zip(rich, sums, strict=True)) < left:
            return None
        while True:
            poor_money = poor_weight = 0
            for number, (each, count, purses) in enumerate(rich):
                least = -(-left * each // weight)
                still = tuple([money for money in purses if money >= least])
                if len(still) < len(purses):
                    money = sum(still)
                    poor_money += count * (sums[number] - money)
                    poor_weight += count * each * (len(purses) - len(still))
                    rich[number], sums[number] = (each, count, still), money
            if not poor_weight:
                return Offer(left, weight)
            left -= poor_money
            weight -= poor_weight

    def rank(self, work: SupportedWork, offer: Offer) -> Rank:
        """The rank of an offer at this moment."""
        over = offer.weight * self.denominator * work.worth
        return Rank((offer.left << SHIFT) // over, Fraction(offer.left, over), work.place)

    def buy(self, work: SupportedWork, offer: Offer) -> Fraction:
        """Take the price out of the supporters' purses; what a point cost, in minor units."""
        factor = offer.weight // gcd(offer.weight, offer.left)
        if factor > 1:
            self.denominator *= factor
            self.money = [money * factor for money in self.money]
        price = offer.left * factor // offer.weight
        money = self.money
        for each in work.classes:
            due = price * each.weight
            for purse in each.purses:
                money[purse] = money[purse] - due if money[purse] > due else 0
        return Fraction(price, self.denominator)


def static_rank(work: SupportedWork) -> Rank:
    """The rank if every supporter can pay the equal price; no offer is ever better."""
    over = work.weight * work.worth
    return Rank((work.cost << SHIFT) // over, Fraction(work.cost, over), work.place)


class Auction:
    """The works of a run in a queue by the best rank they can still have.

    Money only goes down within a run, so the last computed rank of a work bounds the next from
    below, and only the works at the head of the queue need computing.
    """

    def __init__(self, market: Market, works: Sequence[SupportedWork]) -> None:
        self.market = market
        self.queue = [(static_rank(work), -1, work) for work in works]
        heapify(self.queue)
        self.offers: dict[str, Offer] = {}
        self.turn = 0

    def head(self) -> tuple[Rank, SupportedWork] | None:
        """The work that is to be bought now, taken from the queue; None if nothing can be paid."""
        while self._settle():
            rank, turn, work = heappop(self.queue)
            assert turn == self.turn
            return rank, work
        return None

    def buy(self, rank: Rank, work: SupportedWork) -> Bought:
        """Buy the work that `head` gave."""
        price = self.market.buy(work, self.offers[work.item])
        self.turn += 1
        return Bought(work, rank, price)

    def next_after(self, limit: Rank) -> bool:
        """Whether every work still in the queue ranks after the limit."""
        while self.queue and self.queue[0][0] <= limit:
            if self.queue[0][1] == self.turn:
                return False
            self._compute()
        return True

    def equals(self, rank: Rank) -> list[SupportedWork]:
        """The other works that are exactly as dear as this rank, before it is bought."""
        bounded = [work for bound, _, work in self.queue if bound.price <= rank.price]
        offers = [(work, self.market.offer(work)) for work in bounded]
        return [
            work
            for work, offer in offers
            if offer is not None and self.market.rank(work, offer).price == rank.price
        ]

    def _settle(self) -> bool:
        """Compute until the head of the queue is of this turn; False if the queue ran empty."""
        while self.queue and self.queue[0][1] != self.turn:
            self._compute()
        return bool(self.queue)

    def _compute(self) -> None:
        """Bring the head of the queue up to date; drop it for good if it cannot be paid."""
        _, _, work = heappop(self.queue)
        offer = self.market.offer(work)
        if offer is not None:
            self.offers[work.item] = offer
            heappush(self.queue, (self.market.rank(work, offer), self.turn, work))
