"""Ones in a table of units and items, with the sums of both given: a flow, found by exchanges."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

Kind = tuple[int, int]
"""The columns that a unit shares with a broken fen, and those of which it carries one."""


class Filling:
    """Which units carry the extra fen of which items: rows and columns of ones, found by exchanges.

    Columns are bits of a number. Units that share the same columns and carry the same are alike: an
    exchange needs any one of them, so a search walks over kinds of units, not over units.
    """

    def __init__(self, room: Sequence[int], reach: Mapping[str, int]) -> None:
        self.room = list(room)
        self.ranked = list(range(len(room)))
        self.reach = reach
        self.carried = dict.fromkeys(reach, 0)
        self.kinds: dict[Kind, dict[str, None]] = {}
        self.closed = 0
        """Full columns that no exchange can free again."""

    def served(self, order: Iterable[str]) -> Iterator[str]:
        """Serve one fen each to the units of the order that can have one, while there are fen."""
        left = sum(self.room)
        for unit in order:
            if left and self.serve(unit):
                left -= 1
                yield unit

    def serve(self, unit: str, fen: int = 1) -> bool:
        """Let a unit carry more fen, if need be by exchanges among those who carry already."""
        if not fen:
            return True
        free = self.reach[unit] & ~self.carried[unit] & ~self.closed
        # The column with most room first, so that all are used up together.
        self.ranked.sort(key=self.room.__getitem__, reverse=True)
        taken = 0
        for place in self.ranked:
            if free >> place & 1 and self.room[place]:
                self.room[place] -= 1
                taken |= 1 << place
                fen -= 1
                if not fen:
                    break
        if taken:
            self._carries(unit, self.carried[unit] | taken)
        return all(self._exchange_for(unit) for _ in range(fen))

    def _exchange_for(self, unit: str) -> bool:
        found = self._way(self.reach[unit] & ~self.carried[unit] & ~self.closed)
        if found is None:
            return False
        start, end = self._exchanged(*found)
        self.room[end] -= 1
        self._carries(unit, self.carried[unit] | 1 << start)
        return True

    def _way(self, free: int) -> tuple[int, dict[int, tuple[int, Kind]]] | None:
        """The shortest way of exchanges from a column of `free` to one with room; none closes what was seen.

        By column the one before it, and the kind of unit that moves its fen on. No kind comes twice:
        whatever it can reach, it reaches with its first step.
        """
        came_from: dict[int, tuple[int, Kind]] = {}
        seen = free | self.closed
        waiting = deque(bits(free))
        while waiting:
            place = waiting.popleft()
            for kind in self.kinds:
                reach, carried = kind
                if not carried >> place & 1:
                    continue
                for other in bits(reach & ~carried & ~seen):
                    seen |= 1 << other
                    came_from[other] = (place, kind)
                    if self.room[other]:
                        return other, came_from
                    waiting.append(other)
        self.closed = seen
        return None

    def _exchanged(self, end: int, came_from: Mapping[int, tuple[int, Kind]]) -> tuple[int, int]:
        """Move one fen on at each step of a way; the column that is free at its start, and its end."""
        place = end
        while place in came_from:
            before, kind = came_from[place]
            unit = next(reversed(self.kinds[kind]))
            self._carries(unit, self.carried[unit] ^ (1 << before | 1 << place))
            place = before
        return place, end

    def _carries(self, unit: str, carried: int) -> None:
        reach = self.reach[unit]
        if before := self.carried[unit]:
            alike = self.kinds[reach, before]
            del alike[unit]
            if not alike:
                del self.kinds[reach, before]
        self.carried[unit] = carried
        self.kinds.setdefault((reach, carried), {})[unit] = None


def bits(number: int) -> Iterator[int]:
    """The places of the ones in a number, from the lowest."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
