"""The ballot boxes as the intake knows them: motions, the frozen roll with its weights, and a seal.

A roll is frozen when its box is made, so it may be kept in memory; whether the box is open is never
remembered, the database says it at every batch.
"""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

import asyncpg

from models.values.refusal import refusal
from models.values.voting import Motion
from proof.ballots import Leaves
from rules.ballots.ballot import BallotPaper
from runtime.ballots.sealing import Sealer

KEPT_UNITS = 500_000
"""Roll units kept in memory over all boxes, about 250 bytes each."""
SEAL_BALLOTS = 4_096
SEAL_S = 600.0
"""A seal's key is forgotten after so many ballots or seconds, whichever comes first."""

LATEST = """
SELECT id, roll_hash, motions, public_key, format,
       ARRAY(SELECT o.id FROM ballot_box o
             WHERE o.renovation_id = b.renovation_id AND o.attempt < b.attempt) AS earlier,
       EXISTS (SELECT 1 FROM renovation r WHERE r.id = $1) AS known
FROM (SELECT 1) one LEFT JOIN LATERAL (
  SELECT * FROM ballot_box WHERE renovation_id = $1 ORDER BY attempt DESC LIMIT 1) b ON true
"""
ROLL = """
SELECT u.unit_number, e.entry_id, e.pseudonym, e.heads, e.area_dm2, e.shares, e.excluded_reason
FROM roll_unit u JOIN roll_entry e USING (box_id, entry_id) WHERE u.box_id = $1
"""
KEEP_SEAL = """
INSERT INTO ballot_seal (id, box_id, public_key, made_at) VALUES ($1, $2, $3, clock_timestamp())
"""


class Entry(NamedTuple):
    """The roll entry a unit votes with."""

    entry_id: str
    pseudonym: str
    heads: int
    area_dm2: int
    shares: int | None
    excluded_reason: str | None


@dataclass(frozen=True)
class Box:
    """The latest ballot box of a renovation."""

    id: str
    roll_hash: str
    paper: BallotPaper
    earlier: tuple[str, ...]
    """The boxes of the votes before this one."""
    roll: dict[str, Entry]
    seals: "Seals"
    leaves: Leaves


class Seals:
    """The seal of this process for one box; a new one takes over after a while."""

    def __init__(self, pool: asyncpg.Pool, box_id: str, public_key: bytes) -> None:
        self._pool = pool
        self._box_id = box_id
        self._public_key = public_key
        self._seal: Sealer | None = None
        self._until = 0.0
        self._making = asyncio.Lock()

    async def current(self) -> Sealer:
        """A seal whose public half is committed already; made now if there is none in use."""
        async with self._making:
            seal = self.in_use()
            if seal is None:
                seal = Sealer(self._public_key)
                await self._pool.execute(KEEP_SEAL, seal.id, self._box_id, seal.public)
                self._seal, self._until = seal, monotonic() + SEAL_S
        return seal

    def in_use(self) -> Sealer | None:
        """The seal in use, unless its time is over."""
        seal = self._seal
        if seal is None or seal.used >= SEAL_BALLOTS or monotonic() > self._until:
            return None
        return seal


class Boxes:
    """Loads boxes and keeps the most recently used ones."""

    def __init__(self, pool: asyncpg.Pool, kept_units: int = KEPT_UNITS) -> None:
        self._pool = pool
        self._kept_units = kept_units
        self._boxes: OrderedDict[str, Box] = OrderedDict()
        self._loading: dict[str, asyncio.Future[Box]] = {}

    def kept(self, renovation_id: str) -> Box | None:
        """The box if it was read before."""
        box = self._boxes.get(renovation_id)
        if box is not None:
            self._boxes.move_to_end(renovation_id)
        return box

    async def load(self, renovation_id: str) -> tuple[Box, bool]:
        """The box, and whether it was read just now.

        Raises:
            Refused: `voting.no_box`, `renovation.unknown`.
        """
        box = self.kept(renovation_id)
        if box is not None:
            return box, False
        # The first ballots of a vote come all at once: one of them reads the roll for all.
        loading = self._loading.get(renovation_id)
        if loading is None:
            loading = asyncio.ensure_future(self.reload(renovation_id))
            self._loading[renovation_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(renovation_id, None))
        return await asyncio.shield(loading), True

    async def reload(self, renovation_id: str) -> Box:
        """Look whether there is a newer box; the roll is read again only then.

        Raises:
            Refused: as `load` does.
        """
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(LATEST, renovation_id)
            if row["id"] is None:
                raise refusal("voting.no_box" if row["known"] else "renovation.unknown")
            kept = self._boxes.get(renovation_id)
            if kept is not None and (kept.id, kept.roll_hash) == (row["id"], row["roll_hash"]):
                return kept
            rows = await connection.fetch(ROLL, row["id"])
        motions = [Motion.model_validate(motion) for motion in json.loads(row["motions"])]
        box = Box(
            id=row["id"],
            roll_hash=row["roll_hash"],
            paper=BallotPaper(motions),
            earlier=tuple(row["earlier"]),
            roll={each["unit_number"]: Entry(*each[1:]) for each in rows},
            seals=Seals(self._pool, row["id"], row["public_key"]),
            leaves=Leaves(row["id"], row["format"]),
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
