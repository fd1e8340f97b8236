"""Counting a closed box: every ballot is read in the order of the tree, checked and opened.

The closing counts with `count_box`, the bundle of evidence is written from `read_ballots`. Rows come
through a cursor, so a million ballots need little memory. Each leaf is checked against its row, each
row against the roll and the period of the vote, each sealed ballot against its commitment.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg

from proof.ballots import Leaves, Times
from proof.canonical import utc_text
from proof.merkle import Tree
from rules.ballots.states import State
from rules.voting.live.beside import Weight
from runtime.ballots.sealing import BallotOpener, SealBroken
from runtime.ballots.standing import STATES, arguments
from runtime.ballots.times import SENT, WrittenTimes

NOTHING = Weight()
_tuple = tuple.__new__
AT_ONCE = 500
"""Rows fetched and worked on in one piece, a few milliseconds: in between the event loop does other things,
and a write that a person waits for crosses the loop a dozen times.
"""

# NULL stands for "counted": one text less to decode for nearly every row.
BALLOTS = f"""
SELECT b.seq, b.id, b.pseudonym, b.channel, b.heads, b.area_dm2, b.shares, b.seal_id, b.sealed,
       b.commitment, b.leaf, b.entry_id, {SENT}, nullif(b.state, 'counted'), e.entry_id IS NOT NULL
FROM ({STATES}) b
LEFT JOIN roll_entry e
  ON e.box_id = b.box_id AND e.entry_id = b.entry_id AND e.pseudonym = b.pseudonym
  AND e.heads = b.heads AND e.area_dm2 = b.area_dm2 AND e.shares IS NOT DISTINCT FROM b.shares
  AND e.excluded_reason IS NULL
ORDER BY b.seq
"""  # noqa: S608 - our own text
BOX = "SELECT format, opens_at, closes_at FROM ballot_box WHERE id = $1"
SEALS = "SELECT id, public_key FROM ballot_seal WHERE box_id = $1"
BATCHES_NOT_WHOLE = """
SELECT coalesce(sum(r.size - r.found), 0)::bigint
FROM (SELECT r.size, count(b.seq) AS found
      FROM ballot_batch r
      LEFT JOIN ballot b ON b.intake = r.intake AND b.batch = r.number AND b.box_id = r.box_id
      WHERE r.box_id = $1
      GROUP BY r.intake, r.number) r
WHERE r.size > r.found
"""


NOT_SIGNED_FOR = """
SELECT count(*) FROM ballot b
LEFT JOIN ballot_batch r ON r.intake = b.intake AND r.number = b.batch
WHERE b.box_id = $1 AND r.number IS NULL
"""


class CountedBallot(NamedTuple):
    """One ballot of a closed box; `choices` and `nonce` are None when it is broken."""

    seq: int
    ballot_id: str
    entry_id: str
    pseudonym: str
    channel: str
    heads: int
    area_dm2: int
    shares: int | None
    commitment: bytes
    leaf: bytes
    times: Times
    state: State
    choices: bytes | None
    """Canonical JSON."""
    nonce: bytes | None


@dataclass
class Count:
    """The result of counting a box."""

    weights: dict[bytes, Weight] = field(default_factory=dict)
    """Canonical JSON of the choices to the weight of all counted ballots with these choices."""
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many ballots are counted, superseded, contested, set aside, broken."""
    tree: Tree = field(default_factory=Tree)
    unsigned: int = 0
    """Ballots of batches without a signature: an intake crashed, or has not signed its last ones yet."""
    missing: int = 0
    """Ballots that were signed for and are not there any more."""

    def take(self, ballots: Sequence[CountedBallot]) -> None:
        """Add the next ballots of the tree."""
        states, sums = self.states, dict[bytes, list[int]]()
        self.tree.extend([ballot.leaf for ballot in ballots])
        for ballot in ballots:
            choices, state = ballot.choices, ballot.state
            if choices is None:
                states["broken"] += 1
                continue
            states[state] += 1
            if state == "counted":
                weights = sums.get(choices)
                if weights is None:
                    sums[choices] = [ballot.heads, ballot.area_dm2, ballot.shares or 0]
                else:
                    weights[0] += ballot.heads
                    weights[1] += ballot.area_dm2
                    weights[2] += ballot.shares or 0
        for choices, weights in sums.items():
            before = self.weights.get(choices, NOTHING)
            self.weights[choices] = before.plus(Weight(*weights))


async def count_box(connection: asyncpg.Connection, box_id: str, private_key: bytes) -> Count:
    """Open and count every ballot of a box; inside of a transaction, for its cursor."""
    count = Count()
    async for ballots in read_ballots(connection, box_id, private_key):
        count.take(ballots)
    count.missing = await connection.fetchval(BATCHES_NOT_WHOLE, box_id)
    count.unsigned = await connection.fetchval(NOT_SIGNED_FOR, box_id)
    return count


@dataclass(frozen=True, slots=True)
class _OpenedBox:
    """What the ballots of a box are opened and compared with."""

    leaves: Leaves
    times: WrittenTimes
    period: tuple[str, str] | None
    """Within which ballots were cast; None for format 1, whose leaves do not cover it."""
    openers: dict[str, BallotOpener]


async def read_ballots(
    connection: asyncpg.Connection, box_id: str, private_key: bytes
) -> AsyncIterator[Sequence[CountedBallot]]:
    """Every ballot in the order of the tree, some thousands at once; inside of a transaction."""
    box_format, opens_at, closes_at = await connection.fetchrow(BOX, box_id)
    box = _OpenedBox(
        leaves=Leaves(box_id, box_format),
        times=WrittenTimes(),
        period=(utc_text(opens_at), utc_text(closes_at)) if box_format > 1 else None,
        openers={
            row["id"]: BallotOpener(private_key, row["public_key"])
            for row in await connection.fetch(SEALS, box_id)
        },
    )
    # By default PostgreSQL plans a cursor for its first tenth of the rows; here all are read. The
    # memory lets it sort a hundred thousand ballots without a file on the disk.
    await connection.execute("SET LOCAL cursor_tuple_fraction = 1.0; SET LOCAL work_mem = '64MB'")
    cursor = await connection.cursor(BALLOTS, *arguments(box_id))
    while rows := await cursor.fetch(AT_ONCE):
        yield [_read_ballot(box, row) for row in rows]


def _read_ballot(box: _OpenedBox, row: asyncpg.Record) -> CountedBallot:
    (
        seq,
        ballot_id,
        pseudonym,
        channel,
        heads,
        area_dm2,
        shares,
        seal_id,
        sealed,
        commitment,
        leaf,
        entry_id,
        sent,
        state,
        on_roll,
    ) = row
    times = box.times[sent]
    content_hash = box.leaves.content_hash(pseudonym, channel, commitment, heads, area_dm2, shares)
    in_time = box.period is None or box.period[0] <= times.cast_at < box.period[1]
    whole = on_roll and in_time and leaf == box.leaves.leaf(content_hash, times)
    nonce = choices = None
    opener = box.openers.get(seal_id)
    if whole and opener is not None:
        try:
            nonce, choices = opener.open(sealed, commitment)
        except SealBroken:
            choices = None
    # `CountedBallot(…)` makes the same tuple and takes twice as long, for each of a million ballots.
    return _tuple(
        CountedBallot,
        (
            seq,
            ballot_id,
            entry_id,
            pseudonym,
            channel,
            heads,
            area_dm2,
            shares,
            commitment,
            leaf,
            times,
            state or "counted",
            choices,
            nonce,
        ),
    )
