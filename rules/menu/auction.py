"""One run of equal shares: the order in which works are bought until none can be paid."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple, TypeAlias

from rules.menu.electorate import SupportedWork
from rules.menu.market import Offer, Purses, Rank, static_rank

Entry: TypeAlias = tuple[int, int, int, Rank, SupportedWork]
"""Lower bound of the price, place, turn in which it was computed, rank, work."""


class Bought(NamedTuple):
    """A purchase: the work and its rank when it was bought."""

    work: SupportedWork
    rank: Rank


class Auction:
    """The works of a run in a queue by the best rank they can still have.

    Money only goes down within a run, so the last computed rank of a work bounds the next from
    below, and only the works at the head of the queue need computing.
    """

    def __init__(self, market: Purses, works: Sequence[SupportedWork]) -> None:
        self.market = market
        self.turn = 0
        ranks = [(static_rank(work), work) for work in works]
        self.queue: list[Entry] = [(rank.least, rank.place, -1, rank, work) for rank, work in ranks]
        heapify(self.queue)
        self.offers: dict[str, Offer] = {}

    def head(self) -> Bought | None:
        """Take the work that is to be bought now from the queue; None if nothing can be paid.

        Raises:
            Unclear: the market is rough and does not tell.
        """
        self._freshen()
        if not self.queue:
            return None
        best = heappop(self.queue)
        others = []
        while self.queue and self.queue[0][0] <= best[3].most:
            if self.queue[0][2] != self.turn:
                self._compute()
                continue
            other = heappop(self.queue)
            if other[3].before(best[3]):
                best, other = other, best
            others.append(other)
        for other in others:
            heappush(self.queue, other)
        return Bought(best[4], best[3])

    def buy(self, head: Bought) -> None:
        """Buy the work that `head` gave."""
        self.market.buy(head.work, self.offers[head.work.item])
        self.turn += 1

    def all_after(self, limit: Rank) -> bool:
        """Whether every work in the queue certainly ranks after the limit."""
        passed = []
        while self.queue and self.queue[0][0] <= limit.most:
            if self.queue[0][2] != self.turn:
                self._compute()
                continue
            entry = heappop(self.queue)
            passed.append(entry)
            price = entry[3].price
            if price is None or limit.price is None:
                return False
            if (price, entry[1]) < (limit.price, limit.place):
                return False
        for entry in passed:
            heappush(self.queue, entry)
        return True

    def equals(self, rank: Rank) -> list[SupportedWork]:
        """The works in the queue that are exactly as dear as this rank; for an exact market."""
        bounded = [work for least, _, _, _, work in self.queue if least <= rank.most]
        offers = [(work, self.market.offer(work)) for work in bounded]
        return [
            work
            for work, offer in offers
            if offer is not None and self.market.rank(work, offer).price == rank.price
        ]

    def _freshen(self) -> None:
        """Compute until the head of the queue is of this turn, or the queue is empty."""
        while self.queue and self.queue[0][2] != self.turn:
            self._compute()

    def _compute(self) -> None:
        """Bring the head of the queue up to date; drop it for good if it cannot be paid."""
        work = heappop(self.queue)[4]
        offer = self.market.offer(work, self.offers.get(work.item))
        if offer is not None:
            self.offers[work.item] = offer
            rank = self.market.rank(work, offer)
            heappush(self.queue, (rank.least, rank.place, self.turn, rank, work))
