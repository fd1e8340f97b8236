"""The audit of a box's row, its roll, its rulings and the places of its ballots.

The announcement, the extension and the closing of a vote are in the event chain. A box or a roll
that differs from these events was changed without an event.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg
from pydantic import JsonValue

from proof.ballots import pseudonym_of, roll_line
from proof.canonical import digest
from rules.oversight import RESUMED, SUSPENDED, Rests, rested
from runtime.ballots.said import SaidOfBox, load_said
from runtime.ballots.sealing import public_half
from runtime.rows import AuditedBox

AT_ONCE = 5_000
ROLL = """
SELECT entry_id, pseudonym, heads, area_dm2, shares, developer, excluded_reason
FROM roll_entry WHERE box_id = $1 ORDER BY pseudonym
"""
BESIDE = """
SELECT e.pseudonym FROM roll_entry e JOIN {table} USING (box_id, entry_id) WHERE box_id = $1
"""
RULING = ("entry", "number", "kind", "ballot", "up_to_seq", "reason_sha256")
OFF_THE_ROLL = """
SELECT b.id FROM ballot b
LEFT JOIN roll_entry e
  ON e.box_id = b.box_id AND e.entry_id = b.entry_id AND e.pseudonym = b.pseudonym
  AND e.heads = b.heads AND e.area_dm2 = b.area_dm2 AND e.shares IS NOT DISTINCT FROM b.shares
  AND e.excluded_reason IS NULL
LEFT JOIN roll_unit u
  ON u.box_id = b.box_id AND u.unit_number = b.unit_number AND u.entry_id = b.entry_id
WHERE b.box_id = $1 AND (e.entry_id IS NULL OR u.entry_id IS NULL)
ORDER BY b.seq
"""
# Two batches that commit at the same moment may get their numbers and times in opposite order, within
# less than a second; no voter casts a second ballot so fast.
OUT_OF_ORDER = """
SELECT id FROM (
  SELECT id, seq, recorded_at, max(recorded_at) OVER (
    PARTITION BY entry_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM ballot WHERE box_id = $1) b
WHERE recorded_at < before - interval '1 second'
ORDER BY seq
"""
RULINGS = """
SELECT e.pseudonym AS entry, r.number, r.kind, r.ballot_id AS ballot, r.up_to_seq,
       encode(sha256(convert_to(r.reason, 'UTF8')), 'hex') AS reason_sha256
FROM ballot_ruling r JOIN roll_entry e USING (box_id, entry_id)
WHERE r.box_id = $1
"""
UNITS_DIFFER = """
SELECT EXISTS (
  (SELECT entry_id, unit_number FROM roll_unit WHERE box_id = $1
   EXCEPT SELECT entry_id, unnest(units) FROM roll_entry WHERE box_id = $1)
  UNION ALL
  (SELECT entry_id, unnest(units) FROM roll_entry WHERE box_id = $1
   EXCEPT SELECT entry_id, unit_number FROM roll_unit WHERE box_id = $1))
"""
HALTS = f"""
SELECT kind, details ->> 'since' AS since, happened_at::text AS until FROM event
WHERE renovation_id = $1 AND kind IN ('{SUSPENDED}', '{RESUMED}') ORDER BY seq
"""  # noqa: S608


async def box_holds(connection: asyncpg.Connection, box: AuditedBox) -> bool:
    """Does the box's row agree with its announcement, extension and closing? One without events does."""
    announced = await _said(connection, box, "voting.box_announced")
    if not announced:
        return True
    announcement = announced[0].details
    decided = [announced[0], *await _said(connection, box, "voting.turnout_checked")][-1]
    halts = await connection.fetch(HALTS, box.renovation_id)
    motions = [motion["id"] for motion in box.motions if isinstance(motion, dict)]
    motions_hash = digest(box.motions)
    return (
        announcement.get("public_key") == box.public_key.hex()
        and announcement.get("roll_hash") == box.roll_hash
        and announcement.get("motions") == motions
        and announcement.get("motions_hash", motions_hash) == motions_hash
        and announcement.get("building", "") == box.building
        and announcement.get("entrance", "") == box.entrance
        and announcement.get("official_system_only", "") == box.official_by
        and _times_hold(box, announced[0], decided, _rests_of(box, halts))
        and await _closing_holds(connection, box, at_rest=_stands_still(halts))
        and await _beside_holds(connection, box)
    )


async def roll_holds(connection: asyncpg.Connection, box: AuditedBox) -> bool:
    """Has the roll the hash that was announced, and each entry its own units and its own pseudonym?"""
    roll, pseudonyms_fit = hashlib.sha256(), True
    async for row in connection.cursor(ROLL, box.id, prefetch=AT_ONCE):
        entry_id, *line = row
        pseudonym, heads, area_dm2, shares, developer, excluded_reason = line
        pseudonyms_fit &= pseudonym == pseudonym_of(box.roll_salt, entry_id)
        roll.update(
            roll_line(
                pseudonym=pseudonym,
                heads=heads,
                area_dm2=area_dm2,
                shares=shares,
                developer=developer,
                excluded_reason=excluded_reason,
            )
        )
    units_differ = await connection.fetchval(UNITS_DIFFER, box.id)
    announced = await event_details(connection, box, "voting.box_announced")
    as_announced = not announced or roll.hexdigest() == announced[0].get("roll_hash")
    return as_announced and pseudonyms_fit and not units_differ


async def rulings_hold(connection: asyncpg.Connection, box: AuditedBox) -> bool:
    """Are the rulings in the table exactly those of the event chain?"""
    rows = await connection.fetch(RULINGS, box.id)
    acts = await event_details(connection, box, "voting.ballots_ruled_on")
    written = [dict(row) for row in rows]
    recorded = [{name: act.get(name) for name in RULING} for act in acts]
    return _in_order(written) == _in_order(recorded)


async def off_the_roll(connection: asyncpg.Connection, box_id: str) -> Sequence[str]:
    """The ids of ballots whose entry, unit or weights differ from the roll."""
    return [name for (name,) in await connection.fetch(OFF_THE_ROLL, box_id)]


async def out_of_order(connection: asyncpg.Connection, box_id: str) -> Sequence[str]:
    """The ids of ballots that stand behind a later one of their entry, and would count instead of it."""
    return [name for (name,) in await connection.fetch(OUT_OF_ORDER, box_id)]


async def event_details(
    connection: asyncpg.Connection, box: AuditedBox, kind: str
) -> Sequence[Mapping[str, JsonValue]]:
    """What the events of this kind say about the box, in their order."""
    return [said.details for said in await _said(connection, box, kind)]


async def _said(connection: asyncpg.Connection, box: AuditedBox, kind: str) -> Sequence[SaidOfBox]:
    return await load_said(connection, box.renovation_id, box.id, kind)


def _stands_still(halts: Sequence[Mapping[str, object]]) -> bool:
    return bool(halts) and halts[-1]["kind"] == SUSPENDED


def _rests_of(box: AuditedBox, halts: Sequence[Mapping[str, object]]) -> Rests:
    """Each time that the renovation stood still before the box was closed."""
    rests = [(str(halt["since"]), str(halt["until"])) for halt in halts if halt["kind"] == RESUMED]
    closed_at = box.closed_at
    return [
        [since, until]
        for since, until in rests
        if closed_at is None or datetime.fromisoformat(since) < closed_at
    ]


def _times_hold(box: AuditedBox, announced: SaidOfBox, decided: SaidOfBox, rests: Rests) -> bool:
    """Does the box open as announced, and close as decided last, later by what it has rested since?"""
    opens, closes = (
        (_moment(said.details.get(name)), said.at)
        for said, name in ((announced, "opens_at"), (decided, "closes_at"))
    )
    return (box.opens_at, box.closes_at) == tuple(
        end and rested(end, start, rests) for end, start in (opens, closes)
    )


async def _closing_holds(connection: asyncpg.Connection, box: AuditedBox, *, at_rest: bool) -> bool:
    """Without a closing: open, or voided, and no result; one that may rest stands still. With one: closed, with its result and its key."""
    closings = await event_details(connection, box, "voting.box_closed")
    if not closings:
        voided = await event_details(connection, box, "settlement.vote_voided")
        state = "closed" if voided else "suspended" if at_rest else "open"
        written = (box.tally, box.tree_head, box.opened_key)
        closed = box.closed_at is not None
        return written == (None, None, None) and (box.state, closed) == (state, bool(voided))
    closing = closings[0]
    # Where owners may object after the close, the result is that of the count after it.
    counted = [*closings, *await event_details(connection, box, "voting.objections_counted")][-1]
    closed_at = box.closed_at
    return (
        box.state == "closed"
        and closed_at is not None
        and _moment((box.tree_head or {}).get("closed_at")) == closed_at
        and box.tally == counted.get("motions")
        and box.tree_head == closing.get("tree_head")
        and _key_holds(box, closed_at, official=closing.get("source") == "official")
    )


async def _beside_holds(connection: asyncpg.Connection, box: AuditedBox) -> bool:
    """Are those who attended and who objected in the tables those of the events?"""
    for table, kind in (
        ("attendance", "voting.attendance_recorded"),
        ("vote_objection", "voting.vote_objected"),
    ):
        rows = await connection.fetch(BESIDE.format(table=table), box.id)
        recorded: list[str] = []
        for said in await event_details(connection, box, kind):
            named = said.get("entries")
            recorded += map(str, named if isinstance(named, list) else ())
        if sorted(pseudonym for (pseudonym,) in rows) != sorted(recorded):
            return False
    return True


def _key_holds(box: AuditedBox, closed_at: datetime, *, official: bool) -> bool:
    """Was the key published at the close, not before? A box that an official system counted stays sealed."""
    if official:
        return box.opened_key is None
    return (
        closed_at >= box.closes_at
        and box.opened_key is not None
        and _fits(box.opened_key, box.public_key)
    )


def _in_order(rulings: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    return sorted(digest(ruling) for ruling in rulings)


def _fits(opened_key: bytes, public_key: bytes) -> bool:
    try:
        return public_half(opened_key) == public_key
    except ValueError:
        return False


def _moment(detail: JsonValue) -> datetime | None:
    try:
        return datetime.fromisoformat(str(detail))
    except ValueError:
        return None
