"""The rows of the hot path: ballots in by one function of the database, signed batches beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from runtime.ballots.sealing import Signer
from service.ballots.queued import Cast
from service.ballots.receipts import SignedBatch, Stored, signed_batch, written

LOOKERS = 3
"""Connections beside the writers', for rolls, for receipts of retries, for the batches' record."""
WAIT_S = 10.0

INSERT = """
SELECT box_format, tick, moment, taken, leaves
FROM cast_ballots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
STORED = """
SELECT b.id, b.box_id, b.unit_number, b.command_id, b.request_hash, b.leaf, b.cast_at,
       b.recorded_at, b.intake, b.batch, x.format
FROM unnest($1::text[], $2::text[]) AS g(box_id, command_id)
JOIN ballot b ON b.box_id = g.box_id AND b.command_id = g.command_id
JOIN ballot_box x ON x.id = b.box_id
"""
OF_BATCH = """
SELECT b.id, b.box_id, b.unit_number, b.command_id, b.request_hash, b.leaf, b.cast_at,
       b.recorded_at, b.intake, b.batch, x.format
FROM ballot b JOIN ballot_box x ON x.id = b.box_id
WHERE b.box_id = $1 AND b.intake = $2 AND b.batch = $3
"""
VERSION = "SELECT credential_version FROM roll_unit WHERE box_id = $1 AND unit_number = $2"
STATE = """
SELECT b.state, b.opens_at, b.closes_at, b.opens_at > c.tick AS early,
       b.state = 'open' AND b.opens_at <= c.tick AND c.tick < b.closes_at AS is_open
FROM ballot_box b CROSS JOIN LATERAL (SELECT tick_of(b.renovation_id) AS tick) c
WHERE b.id = $1
"""
RECORD = """
INSERT INTO ballot_batch (intake, number, box_id, size, root, signature, recorded_at)
SELECT $1, number, box_id, size, root, signature, clock_timestamp()
FROM unnest($2::bigint[], $3::text[], $4::int[], $5::bytea[], $6::bytea[])
  AS g(number, box_id, size, root, signature)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in of a batch: command to leaf, and the times that all of them share."""

    leaves: Mapping[str, bytes]
    cast_at: str | None
    recorded_at: str


NOTHING = Taken({}, None, "")


class Ledger:
    """Writes and finds ballots for one running intake, whose batches it numbers."""

    def __init__(self, pool: asyncpg.Pool, intake: str) -> None:
        self._pool = pool
        self.intake = intake
        self._kept: list[asyncpg.Connection] = []
        self._number = 0
        self._under_way: dict[int, str] = {}
        self._unknown: dict[int, str] = {}
        self._unrecorded: dict[int, SignedBatch] = {}

    def next_number(self, box_id: str) -> int:
        """The number of a new batch of this box, from 1."""
        self._number += 1
        self._under_way[self._number] = box_id
        return self._number

    def name_of(self, number: int) -> str:
        """How receipts call a batch."""
        return f"{self.intake}.{number}"

    async def insert(self, batch: Sequence[Cast], number: int) -> Taken:
        """Put the ballots of one group in; those that came in are committed."""
        first = batch[0]
        columns = (
            [cast.unit_number for cast in batch],
            [cast.command_id for cast in batch],
            [cast.request_hash for cast in batch],
            [cast.sealed for cast in batch],
            [cast.commitment for cast in batch],
            [cast.content_hash for cast in batch],
            [cast.version for cast in batch],
        )
        connection = await self._connection()
        try:
            # Outside of a transaction block, the statement has committed when it returns.
            row = await connection.fetchrow(INSERT, *first.group, self.intake, number, *columns)
        except BaseException:
            await self._pool.release(connection)
            raise
        self._kept.append(connection)
        box_format, tick, moment, taken, leaves = row
        if not taken:
            return NOTHING
        return Taken(
            leaves=dict(zip(taken, leaves, strict=True)),
            cast_at=written(tick) if box_format > 1 else None,
            recorded_at=written(moment),
        )

    async def _connection(self) -> asyncpg.Connection:
        """One that is kept from the last batch: asking the pool each time costs 70 µs."""
        while self._kept:
            kept = self._kept.pop()
            if not kept.is_closed():
                return kept
            await self._pool.release(kept)
        return await self._pool.acquire(timeout=WAIT_S)

    async def stored(self, casts: Sequence[Cast], number: int) -> list[tuple[Stored, bool]]:
        """The ballots that are there already for the commands of these.

        With each, whether it came in with this batch of ours: by an attempt whose answer was lost.
        """
        if not casts:
            return []
        boxes, commands = [cast.box_id for cast in casts], [cast.command_id for cast in casts]
        rows = await self._pool.fetch(STORED, boxes, commands)
        return [
            (self._stored(row), row["intake"] == self.intake and row["batch"] == number)
            for row in rows
        ]

    async def stored_in(self, boxes: Sequence[str], command_id: str) -> Stored | None:
        """The ballot that a command cast in one of these boxes."""
        row = await self._pool.fetchrow(STORED, list(boxes), [command_id] * len(boxes))
        return self._stored(row) if row is not None else None

    async def version_of(self, box_id: str, unit_number: str) -> int:
        """Which version of a unit's credential votes now."""
        found: int = await self._pool.fetchval(VERSION, box_id, unit_number)
        return found

    async def state_of(self, box_id: str) -> asyncpg.Record:
        """Whether a box is open, by the clock of its case."""
        return await self._pool.fetchrow(STATE, box_id)

    def remember(self, number: int, batch: SignedBatch) -> None:
        """Keep a signed batch for the next `record`."""
        self._under_way.pop(number, None)
        self._unrecorded[number] = batch

    def give_up(self, number: int) -> None:
        """Nobody knows what of this batch was committed: `record` will look."""
        self._unknown[number] = self._under_way.pop(number)

    def give_up_all(self) -> None:
        """The writers have stopped, in the middle of these perhaps."""
        for number in tuple(self._under_way):
            self.give_up(number)

    async def record(self, signer: Signer) -> None:
        """Write down the signed batches in the order of their numbers.

        None before all that were begun earlier: an intake that dies leaves no gap, and so a gap in
        the numbers means that a batch was taken away. What fails is kept for the next time.
        """
        for number, box_id in tuple(self._unknown.items()):
            rows = await self._pool.fetch(OF_BATCH, box_id, self.intake, number)
            stored = [self._stored(row) for row in rows]
            self.remember(number, signed_batch(self.name_of(number), box_id, stored, signer)[0])
            del self._unknown[number]
        first_open = min((*self._under_way, *self._unknown), default=self._number + 1)
        batches = {at: each for at, each in self._unrecorded.items() if at < first_open}
        if not batches:
            return
        await self._pool.execute(
            RECORD,
            self.intake,
            list(batches),
            [batch.box_id for batch in batches.values()],
            [batch.size for batch in batches.values()],
            [batch.root for batch in batches.values()],
            [batch.signature for batch in batches.values()],
        )
        for number in batches:
            self._unrecorded.pop(number, None)

    def _stored(self, row: asyncpg.Record) -> Stored:
        return Stored(
            ballot_id=row["id"],
            box_id=row["box_id"],
            unit_number=row["unit_number"],
            command_id=row["command_id"],
            request_hash=row["request_hash"] if row["intake"] == self.intake else None,
            leaf=row["leaf"],
            cast_at=written(row["cast_at"]) if row["format"] > 1 else None,
            recorded_at=written(row["recorded_at"]),
        )
