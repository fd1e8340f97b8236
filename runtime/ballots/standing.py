"""Which ballot of an entry counts, and who has taken part: the only SQL for it.

It does what `rules.ballots.states.states_of` does, in SQL because a box may hold a million ballots.
What the rule knows comes in as parameters: the route of each channel and what a ruling makes of the
ballots before it, so a change of the rule's tables changes every query with it. A property test
compares this module with the rule (`tests/runtime/ballots/test_standing.py`).

**An entry has taken part when one of its ballots counts.** An entry whose ballots contest each other, are
disputed or were set aside has not taken part until a ruling or a new ballot changes that: "unresolved
at close = not participating" (rule book V-CN-4; docs/channels.md, "The one rule"). The count knows
no other participation, so the turnout, the decision about the extension and the reminders say the
same. The reminder reaches a household whose ballot somebody else's contests while it can still do
something about it. Excluded entries are on the roll and never take part.

Two things nobody can know before the close: a sealed ballot may be broken, and it may say nothing
on one motion or be invalid there. The participation of a motion may therefore be lower than this one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from models.values.voting import Channel
from rules.ballots.states import AFTER_RULING, ROUTE_OF, YIELDS, Route, State
from runtime.database import driver_connection

Routes = Mapping[Channel, Route]
Arguments = tuple[str, Sequence[str], Sequence[int], Sequence[str], Sequence[str], Sequence[str]]
"""The parameters of every query below: `$1` the box, `$2` and `$3` the channels and the bits of their routes, `$4` and
`$5` the kinds of rulings and what becomes of the ballots before them, `$6` the plain channels."""
YIELDING = 0
"""Stands for the route that yields to all others, which has no bit."""

SPECIAL = """
SELECT entry_id FROM ballot WHERE box_id = $1 AND channel <> ALL ($6::text[])
UNION SELECT entry_id FROM ballot_ruling WHERE box_id = $1
"""
"""The entries for which the last ballot is not enough to know: a ballot came by a special channel, or
there is a ruling. For all others, usually most of a box, the last ballot counts: `max(seq)`."""
PLACED = """
SELECT b.*, ($3::int[])[array_position($2::text[], b.channel)] AS route,
       CASE WHEN r.entry_id IS NULL THEN NULL
            WHEN r.after = 'contested' THEN r.after
            WHEN b.seq > r.up_to_seq OR b.id = r.ballot_id THEN NULL
            ELSE r.after END AS ruled
FROM ballot b
LEFT JOIN (
  SELECT DISTINCT ON (entry_id) entry_id, ballot_id, up_to_seq,
         ($5::text[])[array_position($4::text[], kind)] AS after
  FROM ballot_ruling WHERE box_id = $1 ORDER BY entry_id, number DESC) r USING (entry_id)
WHERE b.box_id = $1
"""
"""Each ballot, with all its columns, and its route; `ruled` is the state that the last ruling of its entry leaves it in, and
NULL while its state follows from the ballots that stand beside it."""
# Conditions of the aggregates and not of the rows: PostgreSQL would expect one row in two hundred.
ENTRIES = f"""
SELECT entry_id, routes & (routes - 1) = 0 AS agreed, coalesce(last_own, last) AS last
FROM (
  SELECT entry_id, bit_or(route) FILTER (WHERE ruled IS NULL) AS routes,
         max(seq) FILTER (WHERE ruled IS NULL AND route <> {YIELDING}) AS last_own,
         max(seq) FILTER (WHERE ruled IS NULL) AS last
  FROM ({PLACED}) placed WHERE entry_id IN ({SPECIAL}) GROUP BY entry_id) standing
"""  # noqa: S608 - our own text
"""The special entries: `agreed` when the ballots that stand came by one route, or by one and by an
agent. `last` is the ballot that counts then. `agreed` is NULL when none stands."""
STATES = f"""
SELECT b.*,
       CASE WHEN b.ruled IS NOT NULL THEN b.ruled
            WHEN e.agreed IS NOT FALSE THEN
              CASE WHEN b.seq = coalesce(e.last, l.seq) THEN 'counted' ELSE 'superseded' END
            WHEN b.route = {YIELDING} OR EXISTS (
              SELECT 1 FROM ({PLACED}) later WHERE later.entry_id = b.entry_id
              AND later.seq > b.seq AND later.route = b.route AND later.ruled IS NULL)
            THEN 'superseded'
            ELSE 'contested' END AS state
FROM ({PLACED}) b
JOIN (SELECT entry_id, max(seq) AS seq FROM ballot WHERE box_id = $1 GROUP BY entry_id) l
  ON l.entry_id = b.entry_id
LEFT JOIN ({ENTRIES}) e ON e.entry_id = b.entry_id
"""  # noqa: S608 - our own text
"""Each ballot, with all its columns, and its `state`."""
TAKEN_PART = f"""
SELECT DISTINCT entry_id FROM ballot
WHERE box_id = $1
  AND entry_id NOT IN (SELECT entry_id FROM ({ENTRIES}) special WHERE agreed IS NOT TRUE)
"""  # noqa: S608 - our own text
# A test of every entry against one hashed list: a join is planned by the statistics, and after a rush of
# ballots those are still of an empty box; then it compares each entry with each ballot.
PARTICIPATION = f"""
SELECT coalesce(sum(heads), 0)::bigint, coalesce(sum(area_dm2), 0)::bigint,
       coalesce(sum(heads) FILTER (WHERE took), 0)::bigint,
       coalesce(sum(area_dm2) FILTER (WHERE took), 0)::bigint,
       clock_timestamp()
FROM (SELECT heads, area_dm2, entry_id IN ({TAKEN_PART}) AS took
      FROM roll_entry WHERE box_id = $1 AND excluded_reason IS NULL OFFSET 0) e
"""  # noqa: S608 - our own text
NOT_TAKEN_PART = f"""
SELECT u.unit_number FROM roll_unit u
WHERE u.box_id = $1
  AND u.entry_id NOT IN (
    SELECT entry_id FROM roll_entry WHERE box_id = $1 AND excluded_reason IS NOT NULL)
  AND u.entry_id NOT IN ({TAKEN_PART})
ORDER BY u.unit_number
"""  # noqa: S608 - our own text
CONTESTED = f"""
SELECT b.entry_id, e.units, b.id, b.channel, b.leaf, b.recorded_at,
       (SELECT count(*) FROM ballot_ruling r WHERE r.box_id = $1 AND r.entry_id = b.entry_id)
FROM ({STATES}) b
JOIN roll_entry e ON e.box_id = $1 AND e.entry_id = b.entry_id
WHERE b.state = 'contested'
ORDER BY b.entry_id, b.seq
"""  # noqa: S608 - our own text
STATES_OF_ENTRY = f"SELECT id, state FROM ({STATES}) s WHERE entry_id = $7"  # noqa: S608 - our own text


class Participation(NamedTuple):
    """How many heads and how much area the roll has, and how much of it has taken part."""

    roll_heads: int
    roll_area_dm2: int
    heads: int
    area_dm2: int
    counted_at: datetime
    """By the clock of the database."""


class ContestedBallot(NamedTuple):
    """A ballot that counts for nothing until somebody rules; where it came in, never what it says."""

    entry_id: str
    units: Sequence[str]
    """Those of its entry."""
    ballot_id: str
    channel: Channel
    leaf: bytes
    recorded_at: datetime
    rulings: int
    """How many rulings its entry has had."""


def arguments(box_id: str, routes: Routes = ROUTE_OF) -> Arguments:
    """The parameters `$1` to `$6` of every query of this module.

    Plain are the channels of the first own route of the table: any would give the same states.
    """
    own = [route for route in dict.fromkeys(routes.values()) if route != YIELDS]
    bits = {YIELDS: YIELDING} | {route: 1 << place for place, route in enumerate(own)}
    return (
        box_id,
        list(routes),
        [bits[route] for route in routes.values()],
        list(AFTER_RULING),
        list(AFTER_RULING.values()),
        [channel for channel, route in routes.items() if route == own[0]],
    )


async def states(
    session: AsyncSession, box_id: str, entry_id: str, routes: Routes = ROUTE_OF
) -> dict[str, State]:
    """The state of each ballot of an entry by its id; a voter's look-up asks."""
    rows = await _fetch(session, STATES_OF_ENTRY, *arguments(box_id, routes), entry_id)
    return {row["id"]: row["state"] for row in rows}


async def taken_part(
    session: AsyncSession, box_id: str, routes: Routes = ROUTE_OF
) -> Participation:
    """What of the roll has taken part; for the turnout and for the decision about the extension."""
    (row,) = await _fetch(session, PARTICIPATION, *arguments(box_id, routes))
    return Participation(*row)


async def not_taken_part(
    session: AsyncSession, box_id: str, routes: Routes = ROUTE_OF
) -> tuple[str, ...]:
    """The numbers of the units that may vote and of which nothing counts; they are reminded."""
    rows = await _fetch(session, NOT_TAKEN_PART, *arguments(box_id, routes))
    return tuple(row[0] for row in rows)


async def contested(
    session: AsyncSession, box_id: str, routes: Routes = ROUTE_OF
) -> tuple[ContestedBallot, ...]:
    """The contested ballots by entry, those of an entry in the order of the box."""
    rows = await _fetch(session, CONTESTED, *arguments(box_id, routes))
    return tuple(ContestedBallot(*row) for row in rows)


async def _fetch(session: AsyncSession, query: str, *given: object) -> list[asyncpg.Record]:
    await session.flush()
    return list(await (await driver_connection(session)).fetch(query, *given))
