"""The ballot boxes as the intake knows them: motions, the frozen roll with its weights, and a seal.

A roll is frozen when its box is made, so it may be kept in memory; whether the box is open is never
remembered, the database says it at every batch.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

import asyncpg

from models.values.refusal import Refused, problem, refusal
from models.values.voting import Motion
from proof.ballots import Leaves
from rules.ballots.ballot import BallotPaper
from runtime.ballots.boxes import RUNNING_VOTE
from runtime.ballots.sealing import Sealer
from service.bodies import CastBallot

KEPT_UNITS = 500_000
"""Roll units kept in memory over all boxes, about 250 bytes each."""
SEAL_BALLOTS = 4_096
SEAL_S = 600.0
"""A seal's key is forgotten after so many ballots or seconds, whichever comes first."""

BOXES = f"""
SELECT id, roll_hash, motions, public_key, format, official_by,
       ARRAY(SELECT o.id FROM ballot_box o
             WHERE o.renovation_id = b.renovation_id AND o.attempt < b.attempt
               AND (o.building, o.entrance) = (b.building, b.entrance)) AS earlier,
       EXISTS (SELECT 1 FROM renovation r WHERE r.id = $1) AS known,
       (SELECT r.v1_letters FROM renovation r WHERE r.id = $1) AS v1_letters
FROM (SELECT 1) one LEFT JOIN LATERAL (
  SELECT * FROM ballot_box WHERE renovation_id = $1 AND attempt = ({RUNNING_VOTE})) b ON true
ORDER BY length(id), id
"""  # noqa: S608 - our own text
ROLL = """
SELECT u.unit_number, e.entry_id, e.pseudonym, e.heads, e.area_dm2, e.shares, e.excluded_reason
FROM roll_unit u JOIN roll_entry e USING (box_id, entry_id) WHERE u.box_id = $1
"""
KEEP_SEAL = """
INSERT INTO ballot_seal (id, box_id, public_key, made_at) VALUES ($1, $2, $3, clock_timestamp())
"""


class NotTaken(Refused):
    """A box does not take a ballot; a newer box of the same case might."""


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
    """A ballot box of the running vote of a renovation."""

    id: str
    roll_hash: str
    paper: BallotPaper
    earlier: tuple[str, ...]
    """The boxes of the same owners in the votes before this one."""
    roll: dict[str, Entry]
    official_by: str
    """The article under which only the official system takes ballots on the internet, if one does."""
    seals: "Seals"
    leaves: Leaves


@dataclass(frozen=True)
class Vote:
    """The running vote of a renovation: a box for each part of the estate that is asked."""

    boxes: dict[str, Box]
    by_motion: dict[str, Box]
    v1_letters: bool = False
    """The case was opened while letters were of the first kind."""

    def box_for(self, ballot: CastBallot) -> Box:
        """The box that the ballot names; else the one whose motions it answers.

        What answers motions of two boxes, or of none, comes into one that refuses it.

        Raises:
            NotTaken: `voting.other_box`.
        """
        if ballot.box_id is None:
            for name in ballot.choices:
                if (box := self.by_motion.get(name)) is not None:
                    return box
            return next(iter(self.boxes.values()))
        box = self.boxes.get(ballot.box_id)
        if box is None:
            ids = ", ".join(self.boxes)
            raise NotTaken(problem("voting.other_box", given=ballot.box_id, box=ids))
        return box


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
                # Committed before its first ballot: without this row the ballots could not be opened.
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
    """Loads the boxes of running votes and keeps those of the votes that were used last."""

    def __init__(self, pool: asyncpg.Pool, kept_units: int = KEPT_UNITS) -> None:
        self._pool = pool
        self._kept_units = kept_units
        self._votes: OrderedDict[str, Vote] = OrderedDict()
        self._loading: dict[str, asyncio.Future[Vote]] = {}

    def kept(self, renovation_id: str) -> Vote | None:
        """The vote if its boxes were read before."""
        vote = self._votes.get(renovation_id)
        if vote is not None:
            self._votes.move_to_end(renovation_id)
        return vote

    async def load(self, renovation_id: str) -> Vote:
        """The vote where it is not kept.

        Raises:
            Refused: `voting.no_box`, `renovation.unknown`.
        """
        # The first ballots of a vote come all at once: one of them reads the roll for all.
        loading = self._loading.get(renovation_id)
        if loading is None:
            loading = asyncio.ensure_future(self.reload(renovation_id))
            self._loading[renovation_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(renovation_id, None))
        # Shielded: the caller that began the reading may hang up, and the others wait for it.
        return await asyncio.shield(loading)

    async def reload(self, renovation_id: str) -> Vote:
        """Look whether there is a newer vote; the rolls are read again only then.

        Raises:
            Refused: as `load` does.
        """
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(BOXES, renovation_id)
            if rows[0]["id"] is None:
                known = rows[0]["known"]
                raise refusal("voting.no_box" if known else "renovation.unknown")
            kept = self._votes.get(renovation_id)
            if kept is not None and _frozen(kept) == {row["id"]: row["roll_hash"] for row in rows}:
                return kept
            boxes = [self._box(row, await connection.fetch(ROLL, row["id"])) for row in rows]
        vote = Vote(
            boxes={box.id: box for box in boxes},
            by_motion={name: box for box in boxes for name in box.paper.motions},
            v1_letters=rows[0]["v1_letters"],
        )
        self._keep(renovation_id, vote)
        return vote

    def _box(self, row: asyncpg.Record, roll: Sequence[asyncpg.Record]) -> Box:
        motions = [Motion.model_validate(motion) for motion in json.loads(row["motions"])]
        return Box(
            id=row["id"],
            roll_hash=row["roll_hash"],
            paper=BallotPaper(motions),
            earlier=tuple(row["earlier"]),
            roll={each["unit_number"]: Entry(*each[1:]) for each in roll},
            official_by=row["official_by"],
            seals=Seals(self._pool, row["id"], row["public_key"]),
            leaves=Leaves(row["id"], row["format"]),
        )

    def _keep(self, renovation_id: str, vote: Vote) -> None:
        self._votes[renovation_id] = vote
        self._votes.move_to_end(renovation_id)
        while len(self._votes) > 1 and self._size() > self._kept_units:
            self._votes.popitem(last=False)

    def _size(self) -> int:
        return sum(len(box.roll) for vote in self._votes.values() for box in vote.boxes.values())


def _frozen(vote: Vote) -> dict[str, str]:
    return {box.id: box.roll_hash for box in vote.boxes.values()}
