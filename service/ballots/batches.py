"""SQL of the intake: ballots go in by the function `cast_ballots`, signed batches are recorded after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from models.values.refusal import Problem, problem
from proof.canonical import utc_text
from runtime.ballots.sealing import Signer
from runtime.language.moments import on_clock
from service.ballots.queued import BallotAnswer, QueuedBallot
from service.ballots.receipts import (
    IssuedReceipt,
    SignedBatch,
    StoredBallot,
    receipt_again,
    signed_batch,
)

LOOKERS = 3
"""Connections beside the writers': for rolls, for receipts of repeated ballots, for the record of batches."""
WAIT_S = 10.0

INSERT = """
SELECT box_format, tick, moment, taken, leaves
FROM cast_ballots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
STORED = """
SELECT b.id, b.box_id, b.unit_number, b.command_id, b.request_hash, b.leaf, b.cast_at,
       b.recorded_at, b.intake, b.batch, x.format
FROM unnest($1::text[], $2::text[], $3::text[]) AS g(box_id, unit_number, command_id)
JOIN ballot b USING (box_id, unit_number, command_id)
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
       b.state = 'open' AND b.opens_at <= c.tick AND c.tick < b.closes_at AS is_open,
       coalesce(r.timetable->>'zone', '') AS zone
FROM ballot_box b JOIN renovation r ON r.id = b.renovation_id CROSS JOIN LATERAL (SELECT tick_of(b.renovation_id) AS tick) c
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
    """What the database took of a batch: command id to leaf, and the times that all of them share."""

    leaves: Mapping[str, bytes]
    cast_at: str | None
    recorded_at: str


NOTHING = Taken({}, None, "")


class BatchBook:
    """Writes and finds ballots for one running intake, whose batches it numbers."""

    def __init__(self, pool: asyncpg.Pool, intake: str, signer: Signer) -> None:
        self._pool = pool
        self._signer = signer
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

    async def commit(self, batch: Sequence[QueuedBallot], number: int) -> dict[str, BallotAnswer]:
        """Insert, and sign what came in; what did not is looked up, it may be there already.

        Command id to answer: a batch is of one box, and no two of its ballots have one command id.
        """
        taken = await self._insert(batch, number)
        came_in: list[StoredBallot] = []
        rest: list[QueuedBallot] = []
        for queued in batch:
            leaf = taken.leaves.get(queued.command_id)
            if leaf is None:
                rest.append(queued)
            else:
                came_in.append(queued.stored(leaf, taken.cast_at, taken.recorded_at))
        answers: dict[str, BallotAnswer] = {}
        for stored, ours in await self._stored_before(rest, number):
            if ours:
                came_in.append(stored)
            else:
                again = receipt_again(stored, self._signer)
                answers[stored.command_id] = BallotAnswer(again, fresh=False)
        for receipt in self.sign(number, batch[0].box_id, came_in):
            answers[receipt.stored.command_id] = BallotAnswer(receipt, fresh=True)
        return answers

    def sign(
        self, number: int, box_id: str, came_in: Sequence[StoredBallot]
    ) -> Sequence[IssuedReceipt]:
        """Sign a batch and keep it for the next `record`."""
        signed, receipts = signed_batch(f"{self.intake}.{number}", box_id, came_in, self._signer)
        self._under_way.pop(number, None)
        self._unrecorded[number] = signed
        return receipts

    async def _insert(self, batch: Sequence[QueuedBallot], number: int) -> Taken:
        """Put the ballots of one group in; those that came in are committed."""
        first = batch[0]
        columns = (
            [queued.unit_number for queued in batch],
            [queued.command_id for queued in batch],
            [queued.request_hash for queued in batch],
            [queued.sealed for queued in batch],
            [queued.commitment for queued in batch],
            [queued.content_hash for queued in batch],
            [queued.version for queued in batch],
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
            cast_at=utc_text(tick) if box_format > 1 else None,
            recorded_at=utc_text(moment),
        )

    async def _connection(self) -> asyncpg.Connection:
        """A connection kept from an earlier batch, since asking the pool for one takes longer."""
        while self._kept:
            kept = self._kept.pop()
            if not kept.is_closed():
                return kept
            await self._pool.release(kept)
        return await self._pool.acquire(timeout=WAIT_S)

    async def _stored_before(
        self, batch: Sequence[QueuedBallot], number: int
    ) -> list[tuple[StoredBallot, bool]]:
        """The ballots that are there already for the commands of these.

        True beside a ballot that this batch inserted in an earlier attempt, whose answer was lost.
        """
        if not batch:
            return []
        rows = await self._pool.fetch(
            STORED,
            [queued.box_id for queued in batch],
            [queued.unit_number for queued in batch],
            [queued.command_id for queued in batch],
        )
        return [
            (self._stored(row), row["intake"] == self.intake and row["batch"] == number)
            for row in rows
        ]

    async def again(self, boxes: Sequence[str], queued: QueuedBallot) -> BallotAnswer | None:
        """The receipt of the ballot that this command cast in one of these boxes, signed anew."""
        units, commands = [queued.unit_number], [queued.command_id]
        many = len(boxes)
        row = await self._pool.fetchrow(STORED, list(boxes), units * many, commands * many)
        return row and BallotAnswer(receipt_again(self._stored(row), self._signer), fresh=False)

    async def why_not(self, queued: QueuedBallot) -> Problem:
        """Why the database has not taken a ballot, by the clock of the case."""
        box = await self._pool.fetchrow(STATE, queued.box_id)
        if box["is_open"]:
            voting = await self._pool.fetchval(VERSION, queued.box_id, queued.unit_number)
            if queued.version not in (None, voting):
                return problem("credential.replaced", unit=queued.unit_number)
            return problem("voting.already_voted", box=queued.box_id)
        if box["state"] == "suspended":
            return problem("voting.box_suspended", box=queued.box_id)
        if box["state"] == "open" and box["early"]:
            at = utc_text(box["opens_at"])
            found = problem("voting.box_not_open_yet", box=queued.box_id, at=at)
        else:
            at = utc_text(box["closes_at"])
            found = problem("voting.box_closed", box=queued.box_id, at=at)
        # No situation was read on the way of a ballot: the zone of its place is not known to the answer.
        return on_clock(found, box["zone"])

    def give_up(self, number: int) -> None:
        """Note that it is unknown what of this batch was committed; `record` looks into the database."""
        self._unknown[number] = self._under_way.pop(number)

    def give_up_all(self) -> None:
        """`give_up` for every batch that was under way when the intake stopped."""
        for number in tuple(self._under_way):
            self.give_up(number)

    async def record(self) -> None:
        """Write down the signed batches, in the order of their numbers.

        Batches are stored in number order, so a gap in the numbers always means that a batch was
        deleted, never that an intake crashed. What fails is kept for the next time.
        """
        for number, box_id in tuple(self._unknown.items()):
            rows = await self._pool.fetch(OF_BATCH, box_id, self.intake, number)
            self.sign(number, box_id, [self._stored(row) for row in rows])
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

    def _stored(self, row: asyncpg.Record) -> StoredBallot:
        return StoredBallot(
            ballot_id=row["id"],
            box_id=row["box_id"],
            unit_number=row["unit_number"],
            command_id=row["command_id"],
            request_hash=row["request_hash"] if row["intake"] == self.intake else None,
            leaf=row["leaf"],
            cast_at=utc_text(row["cast_at"]) if row["format"] > 1 else None,
            recorded_at=utc_text(row["recorded_at"]),
        )
