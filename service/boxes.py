"""The ballot boxes as the intake knows them: motions, and the frozen roll with its weights.

A roll is frozen when its box is made, so it may be kept in memory; whether the box is open is never
remembered, the database says it at every batch.
"""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg

KEPT_UNITS = 500_000
"""Roll units kept in memory over all boxes, about 200 bytes each."""

LATEST = """
SELECT id, motions,
       ARRAY(SELECT o.id FROM ballot_box o
             WHERE o.renovation_id = b.renovation_id AND o.attempt < b.attempt) AS earlier,
       EXISTS (SELECT 1 FROM renovation r WHERE r.id = $1) AS known
FROM (SELECT 1) one LEFT JOIN LATERAL (
  SELECT * FROM ballot_box WHERE renovation_id = $1 ORDER BY attempt DESC LIMIT 1) b ON true
"""
ROLL = """
SELECT u.unit_number, e.entry_id, e.heads, e.area_dm2, e.excluded_reason
FROM roll_unit u JOIN roll_entry e USING (box_id, entry_id) WHERE u.box_id = $1
"""


class Entry(NamedTuple):
    """The roll entry a unit votes with."""

    entry_id: str
    heads: int
    area_dm2: int
    excluded_reason: str | None


@dataclass(frozen=True)
class Box:
    """The latest ballot box of a renovation."""

    id: str
    motions: frozenset[str]
    earlier: tuple[str, ...]
    """The boxes of the votes before this one."""
    roll: dict[str, Entry]


@dataclass(frozen=True)
class NoBox:
    """There is nothing to vote in; `renovation_known` tells why."""

    renovation_known: bool


class Boxes:
    """Loads boxes and keeps the most recently used ones."""

    def __init__(self, pool: asyncpg.Pool, kept_units: int = KEPT_UNITS) -> None:
        self._pool = pool
        self._kept_units = kept_units
        self._boxes: OrderedDict[str, Box] = OrderedDict()
        self._loading: dict[str, asyncio.Future[Box | NoBox]] = {}

    async def of(self, renovation_id: str) -> tuple[Box | NoBox, bool]:
        """The box, and whether it was read just now."""
        box = self._boxes.get(renovation_id)
        if box is not None:
            self._boxes.move_to_end(renovation_id)
            return box, False
        # The first ballots of a vote come all at once: one of them reads the roll for all.
        loading = self._loading.get(renovation_id)
        if loading is None:
            loading = asyncio.ensure_future(self.reload(renovation_id))
            self._loading[renovation_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(renovation_id, None))
        return await asyncio.shield(loading), True

    async def reload(self, renovation_id: str) -> Box | NoBox:
        """Look whether there is a newer box; the roll is read again only then."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(LATEST, renovation_id)
            if row["id"] is None:
                return NoBox(renovation_known=row["known"])
            kept = self._boxes.get(renovation_id)
            if kept is not None and kept.id == row["id"]:
                return kept
            rows = await connection.fetch(ROLL, row["id"])
        box = Box(
            id=row["id"],
            motions=frozenset(motion["id"] for motion in json.loads(row["motions"])),
            earlier=tuple(row["earlier"]),
            roll={each["unit_number"]: Entry(*each[1:]) for each in rows},
        )
        self._keep(renovation_id, box)
        return box

    def _keep(self, renovation_id: str, box: Box) -> None:
        self._boxes[renovation_id] = box
        self._boxes.move_to_end(renovation_id)
        while len(self._boxes) > 1 and self._size() > self._kept_units:
            self._boxes.popitem(last=False)

    def _size(self) -> int:
        return sum(len(box.roll) for box in self._boxes.values())
