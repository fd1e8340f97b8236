"""Patterns between bids that the law deems collusion (视为串通): rule B-12."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from models.values.bidding import FlagKind, RedFlag, SealedBid

_MIN_RUN = 3

Account = Callable[[SealedBid], Iterable[str]]


def red_flags(bids: Sequence[SealedBid]) -> tuple[RedFlag, ...]:
    """The patterns that the law deems collusion (Regs art. 40), in a fixed order (B-12)."""
    bonded = [bid for bid in bids if bid.bond_fen > 0]
    return (
        *_shared(FlagKind.SAME_AUTHOR, bids, lambda bid: [bid.flags.author]),
        *_shared(FlagKind.SAME_AGENT, bids, lambda bid: [bid.flags.agent]),
        *_shared(FlagKind.SAME_STAFF, bids, lambda bid: bid.flags.staff),
        *_shared(FlagKind.SAME_BOND_ACCOUNT, bonded, lambda bid: [bid.bond_account]),
        *_shared(FlagKind.SAME_PRICE, bids, lambda bid: [str(bid.price_fen)]),
        *_regular_gaps(bids),
    )


def _shared(kind: FlagKind, bids: Sequence[SealedBid], traits: Account) -> list[RedFlag]:
    holders: dict[str, set[str]] = defaultdict(set)
    for bid in bids:
        for trait in traits(bid):
            if trait.strip():
                holders[trait.strip().casefold()].add(bid.bidder_id)
    groups = sorted({tuple(sorted(ids)) for ids in holders.values() if len(ids) > 1})
    return [RedFlag(kind=kind, bidders=group) for group in groups]


def _regular_gaps(bids: Sequence[SealedBid]) -> list[RedFlag]:
    """Longest runs of three or more neighbouring prices with one and the same difference."""
    ordered = sorted(bids, key=lambda bid: (bid.price_fen, bid.bidder_id))
    gaps = [after.price_fen - bid.price_fen for bid, after in pairwise(ordered)]
    found: list[RedFlag] = []
    start = 0
    while start < len(gaps):
        end = start
        while end + 1 < len(gaps) and gaps[end + 1] == gaps[start]:
            end += 1
        run = ordered[start : end + 2]
        if gaps[start] > 0 and len(run) >= _MIN_RUN:
            names = tuple(bid.bidder_id for bid in run)
            found.append(RedFlag(kind=FlagKind.REGULAR_GAPS, bidders=names, gap_fen=gaps[start]))
        start = end + 1
    return found
