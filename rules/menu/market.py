"""The purses of the voters during one run of equal shares: what works cost, and who pays.

There are two kinds. `Market` is exact: whole numbers over one denominator, which grows with every
price. `RoughMarket` has a fixed denominator and knows how far off a purse can be; it answers only
what is certain, and says `Unclear` otherwise. What it answers is what `Market` would.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import NamedTuple, Protocol

from rules.menu.electorate import SupportedWork

SHIFT = 64


class Unclear(Exception):  # noqa: N818 - an answer, not a malfunction
    """The rough purses do not tell; the exact ones will."""


class Offer(NamedTuple):
    """A work can be paid if every supporter pays `left / weight` a point or all of the purse.

    `left` lies between `least` and `most`, in units of the market; the two are equal where it is
    known exactly.
    """

    least: int
    most: int
    weight: int


class Rank(NamedTuple):
    """How dear a unit of utility is, and the place among equals: the lowest is bought first.

    The price times 2**64 lies between `least` and `most`; `price` is exact, if it is known.
    """

    least: int
    most: int
    price: Fraction | None
    place: int

    def before(self, other: "Rank") -> bool:
        """Whether this is bought before the other.

        Raises:
            Unclear: the bounds overlap and one of the prices is not known exactly.
        """
        if self.most < other.least:
            return True
        if other.most < self.least:
            return False
        if self.price is None or other.price is None:
            raise Unclear
        return (self.price, self.place) < (other.price, other.place)


def price_rank(least: int, most: int, over: int, place: int) -> Rank:
    """The rank of a price between least / over and most / over."""
    exact = Fraction(least, over) if least == most else None
    return Rank((least << SHIFT) // over, -((-most << SHIFT) // over), exact, place)


def static_rank(work: SupportedWork) -> Rank:
    """The rank if every supporter can pay the equal price; no offer is ever better."""
    return price_rank(work.cost, work.cost, work.weight * work.worth, work.place)


class Purses(Protocol):
    """What an auction asks of either kind of market."""

    def offer(self, work: SupportedWork, past: Offer | None = None) -> Offer | None:
        """At what price a point the work is paid, or None if its supporters have too little.

        `past` is an offer from earlier in the same run, if there was one.
        """

    def rank(self, work: SupportedWork, offer: Offer) -> Rank:
        """The rank of an offer at this moment."""

    def buy(self, work: SupportedWork, offer: Offer) -> None:
        """Take the price out of the supporters' purses."""


@dataclass(slots=True)
class Market:
    """The exact purses, in units of 1 / `denominator` of a minor unit."""

    money: list[int]
    denominator: int

    def offer(self, work: SupportedWork, past: Offer | None = None) -> Offer | None:  # noqa: ARG002
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
                return Offer(left, left, weight)
            left -= poor_money
            weight -= poor_weight

    def rank(self, work: SupportedWork, offer: Offer) -> Rank:
        """The rank of an offer at this moment."""
        over = offer.weight * self.denominator * work.worth
        return price_rank(offer.least, offer.most, over, work.place)

    def buy(self, work: SupportedWork, offer: Offer) -> None:
        """Take the price out of the supporters' purses, on a denominator on which it is whole."""
        factor = offer.weight // gcd(offer.weight, offer.least)
        if factor > 1:
            self.denominator *= factor
            self.money = [money * factor for money in self.money]
        price = offer.least * factor // offer.weight
        money = self.money
        for each in work.classes:
            due = price * each.weight
            for purse in each.purses:
                have = money[purse]
                money[purse] = have - due if have > due else 0


@dataclass(slots=True)
class RoughMarket:
    """Purses that hold from `money` to `money + slack`, in units of 1 / `denominator`.

    A purse of 0 is exactly empty: that keeps the prices of works with empty supporters exact.
    """

    money: list[int]
    denominator: int
    slack: int

    def offer(self, work: SupportedWork, past: Offer | None = None) -> Offer | None:
        """As `Market.offer`.

        A `past` offer of this run is a floor of the price: who could not pay it cannot pay now.

        Raises:
            Unclear: somebody may or may not be able to pay.
        """
        slack = self.slack
        low = high = work.cost * self.denominator
        weight = work.weight
        rich = [(each.weight, each.count, each.pick(self.money)) for each in work.classes]
        sums = [sum(purses) for _, _, purses in rich]
        money = sum(count * part for (_, count, _), part in zip(rich, sums, strict=True))
        if money < high:
            if money + slack * sum(count * len(purses) for _, count, purses in rich) < low:
                return None
            raise Unclear
        if past is not None:
            floor, points = past.least, past.weight
        else:
            floor, points = low, weight
        while True:
            poor_money = poor_weight = vague = 0
            for number, (each, count, purses) in enumerate(rich):
                least = -(-floor * each // points) - slack
                still = tuple([money for money in purses if money >= least])
                if fell := len(purses) - len(still):
                    money = sum(still)
                    poor_money += count * (sums[number] - money)
                    poor_weight += count * each * fell
                    vague += count * (fell - purses.count(0))
                    rich[number], sums[number] = (each, count, still), money
            if not poor_weight and points == weight and floor == low:
                break
            low -= poor_money + vague * slack
            high -= poor_money
            weight -= poor_weight
            floor, points = low, weight
        if any(purses and min(purses) * weight < high * each for each, _, purses in rich):
            raise Unclear
        return Offer(low, high, weight)

    def rank(self, work: SupportedWork, offer: Offer) -> Rank:
        """The rank of an offer at this moment."""
        over = offer.weight * self.denominator * work.worth
        return price_rank(offer.least, offer.most, over, work.place)

    def buy(self, work: SupportedWork, offer: Offer) -> None:
        """Take the highest possible price; the slack grows by what the price may be lower."""
        price = -(-offer.most // offer.weight)
        money = self.money
        for each in work.classes:
            due = price * each.weight
            # Whoever has less was certainly too poor when the offer was made.
            least = -(-offer.most * each.weight // offer.weight)
            for purse in each.purses:
                have = money[purse]
                money[purse] = (have - due or -1) if have >= least else 0
        heaviest = max(each.weight for each in work.classes)
        self.slack += (price - offer.least // offer.weight) * heaviest + 1
