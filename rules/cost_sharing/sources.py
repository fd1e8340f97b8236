"""Which money pays for what, so that least is left to the owners: whatever the order of the lines.

Sources pay in the order of the waterfall, restricted money before money that may pay for more. A
source that finds its items paid already lets earlier money pay for what only that may still pay for;
the earlier source pays as much as before. So the owners' gap is the least that these sources allow.
"""

from collections import deque
from collections.abc import Mapping, Sequence

from models.values.cost_sharing import PERMILLE, CostItem, Funding, FundingSource
from rules.cost_sharing.rounding import largest_remainder

Paid = dict[str, dict[str, int]]
"""Fen by the id of a funding, then by the id of an item."""


def most_fen(source: Funding, item: CostItem) -> int:
    """The most that a funding may pay towards an item, whatever the others pay.

    The maintenance fund pays nothing without a vote (Civil Code art. 281) and nothing for an
    operator's line (Shandong art. 71).
    """
    if source.source is FundingSource.MAINTENANCE_FUND and (not source.voted or item.operator_line):
        return 0
    if not covers(source, item):
        return 0
    cap = item.cost_fen * source.permille // PERMILLE
    return cap if source.item_cap_fen is None else min(cap, source.item_cap_fen)


def covers(source: Funding, item: CostItem) -> bool:
    """Whether a funding is meant for an item: one that names nothing is meant for all."""
    general = not source.items and not source.categories
    return general or item.id in source.items or item.category in source.categories


def spread(items: Sequence[CostItem], funding: Sequence[Funding]) -> Paid:
    """What every funding pays towards every item, in the order in which they pay.

    A sum too small for all it may pay for is spread over them by largest remainder. Ids must differ.
    """
    most = {
        source.id: {item.id: fen for item in items if (fen := most_fen(source, item))}
        for source in funding
    }
    left = {item.id: item.cost_fen for item in items}
    paid: Paid = {}
    for source in _in_order(funding, most):
        wanted = {item: min(fen, left[item]) for item, fen in most[source.id].items()}
        given = largest_remainder(min(source.amount_fen, sum(wanted.values())), wanted)
        paid[source.id] = given
        for item, fen in given.items():
            left[item] -= fen
        rest = source.amount_fen - sum(given.values())
        while rest and (way := _way(source.id, most, paid, left)):
            rest -= _pushed(way, rest, most, paid, left)
    return paid


def _in_order(
    funding: Sequence[Funding], most: Mapping[str, Mapping[str, int]]
) -> tuple[Funding, ...]:
    """By the ladder of sources; of one rung first what may pay for the fewest items; then by id."""
    ladder = list(FundingSource)
    return tuple(
        sorted(funding, key=lambda each: (ladder.index(each.source), len(most[each.id]), each.id))
    )


def _way(
    start: str, most: Mapping[str, Mapping[str, int]], paid: Paid, left: Mapping[str, int]
) -> list[str]:
    """The shortest way for money of `start` to an item with something left; none if there is no way.

    Funding, item, funding, item…: each funding pays the item after it, and pays as much less of the
    item before it.
    """
    came_from: dict[str, str] = {}
    seen = {start}
    waiting = deque([start])
    while waiting:
        source = waiting.popleft()
        for item in sorted(most[source]):
            if item in came_from or paid[source].get(item, 0) >= most[source][item]:
                continue
            came_from[item] = source
            if left[item]:
                return _back(item, start, came_from)
            for other in paid:
                if other not in seen and paid[other].get(item, 0):
                    seen.add(other)
                    came_from[f"\0{other}"] = item
                    waiting.append(other)
    return []


def _back(item: str, start: str, came_from: Mapping[str, str]) -> list[str]:
    way = [item]
    while (source := came_from[way[0]]) != start:
        way = [came_from[f"\0{source}"], source, *way]
    return [start, *way]


def _pushed(
    way: Sequence[str],
    rest: int,
    most: Mapping[str, Mapping[str, int]],
    paid: Paid,
    left: dict[str, int],
) -> int:
    """Let as much money as can go the way; the sum, in fen."""
    more = list(zip(way[::2], way[1::2], strict=True))
    less = list(zip(way[2::2], way[1::2], strict=False))
    fen = min(
        rest,
        left[way[-1]],
        *(most[source][item] - paid[source].get(item, 0) for source, item in more),
        *(paid[source][item] for source, item in less),
    )
    for source, item in more:
        paid[source][item] = paid[source].get(item, 0) + fen
    for source, item in less:
        paid[source][item] -= fen
    left[way[-1]] -= fen
    return fen
