"""Opening a closed box: every ballot in the order of the tree, what counts, what is broken.

Rows stream through a cursor, so that a million ballots need little memory. Everything is checked on
the way: each leaf against the row, each row against the roll and the period of the vote, each sealed
ballot against its commitment.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg

from proof.ballots import Leaves, Times
from proof.canonical import utc_text
from proof.merkle import Tree
from rules.ballots.states import BallotReference, RulingReference, State, states_of
from rules.voting.results import Weight
from runtime.ballots.sealing import BallotOpener, SealBroken
from runtime.ballots.times import SENT, WrittenTimes

NOTHING = Weight()
_tuple = tuple.__new__
AT_ONCE = 4_000
"""Rows fetched and worked on in one go: about 50 ms."""

BALLOTS = f"""
SELECT b.seq, b.id, b.pseudonym, b.channel, b.heads, b.area_dm2, b.shares, b.seal_id, b.sealed,
       b.commitment, b.leaf, b.entry_id, {SENT}, b.seq = last.seq, e.entry_id IS NOT NULL
FROM ballot b
JOIN (SELECT entry_id, max(seq) AS seq FROM ballot WHERE box_id = $1 GROUP BY entry_id) last
  ON last.entry_id = b.entry_id
LEFT JOIN roll_entry e
  ON e.box_id = b.box_id AND e.entry_id = b.entry_id AND e.pseudonym = b.pseudonym
  AND e.heads = b.heads AND e.area_dm2 = b.area_dm2 AND e.shares IS NOT DISTINCT FROM b.shares
  AND e.excluded_reason IS NULL
WHERE b.box_id = $1
ORDER BY b.seq
"""  # noqa: S608 - our own text
BOX = "SELECT format, opens_at, closes_at FROM ballot_box WHERE id = $1"
SEALS = "SELECT id, public_key FROM ballot_seal WHERE box_id = $1"
OF_TWO_WAYS = """
SELECT seq, id, entry_id, channel FROM ballot
WHERE box_id = $1 AND entry_id IN (
  SELECT entry_id FROM ballot WHERE box_id = $1 AND channel NOT IN ('web', 'portal')
  UNION SELECT entry_id FROM ballot_ruling WHERE box_id = $1)
ORDER BY entry_id, seq
"""
RULINGS = """
SELECT entry_id, kind, ballot_id, up_to_seq FROM ballot_ruling
WHERE box_id = $1 ORDER BY entry_id, number
"""
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


class Opened(NamedTuple):
    """One ballot of an opened box; `choices` and `nonce` are None when it is broken."""

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
    """The whole box, counted: for each ballot that was cast the same way its weights."""

    said: dict[bytes, Weight] = field(default_factory=dict)
    """Canonical JSON of the choices to the weight of the counted ballots that say so."""
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many ballots are counted, superseded, contested, set aside, broken."""
    tree: Tree = field(default_factory=Tree)
    unsigned: int = 0
    """Ballots whose batch nobody has signed for (yet): the last moment before a crash or the close."""
    missing: int = 0
    """Ballots that were signed for and are not there any more."""

    def take(self, ballots: Sequence[Opened]) -> None:
        """Count some more, in the order of the tree."""
        states, sums = self.states, dict[bytes, list[int]]()
        self.tree.extend([ballot.leaf for ballot in ballots])
        for ballot in ballots:
            choices, state = ballot.choices, ballot.state
            if choices is None:
                states["broken"] += 1
                continue
            states[state] += 1
            if state == "counted":
                sum_of = sums.get(choices)
                if sum_of is None:
                    sums[choices] = [ballot.heads, ballot.area_dm2]
                else:
                    sum_of[0] += ballot.heads
                    sum_of[1] += ballot.area_dm2
        for choices, (heads, area_dm2) in sums.items():
            before = self.said.get(choices, NOTHING)
            self.said[choices] = before.plus(Weight(heads, area_dm2))


async def count_box(connection: asyncpg.Connection, box_id: str, private_key: bytes) -> Count:
    """Open and count every ballot of a box; inside of a transaction, for its cursor."""
    count = Count()
    async for ballots in opened(connection, box_id, private_key):
        count.take(ballots)
    count.missing = await connection.fetchval(BATCHES_NOT_WHOLE, box_id)
    count.unsigned = await connection.fetchval(NOT_SIGNED_FOR, box_id)
    return count


@dataclass(frozen=True, slots=True)
class _Box:
    """What the ballots of a box are opened and compared with."""

    leaves: Leaves
    times: WrittenTimes
    period: tuple[str, str] | None
    """Within which they were cast; a box of format 1 does not say."""
    openers: dict[str, BallotOpener]
    special: dict[str, State]


async def opened(
    connection: asyncpg.Connection, box_id: str, private_key: bytes
) -> AsyncIterator[Sequence[Opened]]:
    """Every ballot in the order of the tree, some thousands at once; inside of a transaction."""
    box_format, opens_at, closes_at = await connection.fetchrow(BOX, box_id)
    box = _Box(
        leaves=Leaves(box_id, box_format),
        times=WrittenTimes(),
        period=(utc_text(opens_at), utc_text(closes_at)) if box_format > 1 else None,
        openers={
            row["id"]: BallotOpener(private_key, row["public_key"])
            for row in await connection.fetch(SEALS, box_id)
        },
        special=await special_states(connection, box_id),
    )
    # A generic cursor plan would hurry to the first row; all of them are wanted. A hundred thousand
    # ballots are put into their order without a file on the disk.
    await connection.execute("SET LOCAL cursor_tuple_fraction = 1.0; SET LOCAL work_mem = '64MB'")
    cursor = await connection.cursor(BALLOTS, box_id)
    while rows := await cursor.fetch(AT_ONCE):
        yield [_opened(box, row) for row in rows]


async def special_states(connection: asyncpg.Connection, box_id: str) -> dict[str, State]:
    """What became of the ballots of entries that voted in other ways than the web, or were ruled on."""
    casts: dict[str, list[BallotReference]] = defaultdict(list)
    for row in await connection.fetch(OF_TWO_WAYS, box_id):
        casts[row["entry_id"]].append(BallotReference(row["seq"], row["id"], row["channel"]))
    rulings: dict[str, list[RulingReference]] = defaultdict(list)
    for row in await connection.fetch(RULINGS, box_id):
        rulings[row["entry_id"]].append(
            RulingReference(row["kind"], row["ballot_id"], row["up_to_seq"])
        )
    states: dict[str, State] = {}
    for entry_id, ballots in casts.items():
        states |= states_of(ballots, rulings.get(entry_id, ()))
    return states


def _opened(box: _Box, row: asyncpg.Record) -> Opened:
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
        is_last,
        on_roll,
    ) = row
    state = box.special.get(ballot_id) or ("counted" if is_last else "superseded")
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
    # `Opened(…)` makes the same; it costs twice as much, for each of a million ballots.
    return _tuple(
        Opened,
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
            state,
            choices,
            nonce,
        ),
    )
