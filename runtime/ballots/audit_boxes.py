"""The audit of what surrounds the ballots: the box's own row, its roll, and their places in it.

The announcement, the extensions and the closing are in the event chain; a box or a roll that says
anything else was changed beside them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Event, RollEntry
from proof.ballots import pseudonym_of, roll_line
from proof.canonical import digest
from runtime.ballots.sealing import public_half

AT_ONCE = 5_000
RULING = ("entry", "number", "kind", "ballot", "up_to_seq", "reason_sha256")
OFF_THE_ROLL = text("""
SELECT b.id FROM ballot b
LEFT JOIN roll_entry e
  ON e.box_id = b.box_id AND e.entry_id = b.entry_id AND e.pseudonym = b.pseudonym
  AND e.heads = b.heads AND e.area_dm2 = b.area_dm2 AND e.shares IS NOT DISTINCT FROM b.shares
  AND e.excluded_reason IS NULL
LEFT JOIN roll_unit u
  ON u.box_id = b.box_id AND u.unit_number = b.unit_number AND u.entry_id = b.entry_id
WHERE b.box_id = :box AND (e.entry_id IS NULL OR u.entry_id IS NULL)
ORDER BY b.seq
""")
# Two batches that commit at the same moment may cross by less than this; nobody changes a mind so fast.
OUT_OF_ORDER = text("""
SELECT id FROM (
  SELECT id, seq, recorded_at, max(recorded_at) OVER (
    PARTITION BY entry_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM ballot WHERE box_id = :box) b
WHERE recorded_at < before - interval '1 second'
ORDER BY seq
""")
RULINGS = text("""
SELECT e.pseudonym AS entry, r.number, r.kind, r.ballot_id AS ballot, r.up_to_seq,
       encode(sha256(convert_to(r.reason, 'UTF8')), 'hex') AS reason_sha256
FROM ballot_ruling r JOIN roll_entry e USING (box_id, entry_id)
WHERE r.box_id = :box
""")
UNITS_DIFFER = text("""
SELECT EXISTS (
  (SELECT entry_id, unit_number FROM roll_unit WHERE box_id = :box
   EXCEPT SELECT entry_id, unnest(units) FROM roll_entry WHERE box_id = :box)
  UNION ALL
  (SELECT entry_id, unnest(units) FROM roll_entry WHERE box_id = :box
   EXCEPT SELECT entry_id, unit_number FROM roll_unit WHERE box_id = :box))
""")


async def box_holds(session: AsyncSession, box: BallotBox) -> bool:
    """Does the box say what was announced, extended and closed? A box nobody announced holds."""
    announced = await details_of(session, box, "voting.box_announced")
    if not announced:
        return True
    said = announced[0]
    looks = await details_of(session, box, "voting.turnout_checked")
    motions = [motion["id"] for motion in box.motions if isinstance(motion, dict)]
    return (
        said.get("public_key") == box.public_key.hex()
        and said.get("roll_hash") == box.roll_hash
        and said.get("motions") == motions
        and said.get("motions_hash", digest(box.motions)) == digest(box.motions)
        and _times_hold(box, said, looks)
        and await _closing_holds(session, box)
    )


async def roll_holds(session: AsyncSession, box: BallotBox) -> bool:
    """Is the roll the one whose hash was announced, each unit and each pseudonym in its place?"""
    columns = RollEntry.__table__.c
    rows = await session.stream(
        select(
            columns.entry_id,
            columns.pseudonym,
            columns.heads,
            columns.area_dm2,
            columns.shares,
            columns.developer,
            columns.excluded_reason,
        )
        .where(columns.box_id == box.id)
        .order_by(columns.pseudonym)
        .execution_options(yield_per=AT_ONCE)
    )
    roll, pseudonyms_fit = hashlib.sha256(), True
    async for row in rows:
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
    units_differ = await session.scalar(UNITS_DIFFER, {"box": box.id})
    announced = await details_of(session, box, "voting.box_announced")
    as_announced = not announced or roll.hexdigest() == announced[0].get("roll_hash")
    return as_announced and pseudonyms_fit and not units_differ


async def rulings_hold(session: AsyncSession, box: BallotBox) -> bool:
    """Is each ruling an official's act in the event chain, and each of those acts still there?"""
    rows = (await session.execute(RULINGS, {"box": box.id})).mappings()
    acts = await details_of(session, box, "voting.ballots_ruled_on")
    written = [dict(row) for row in rows]
    recorded = [{name: act.get(name) for name in RULING} for act in acts]
    return _in_order(written) == _in_order(recorded)


async def off_the_roll(session: AsyncSession, box_id: str) -> Sequence[str]:
    """Ballots of an entry, a unit or a weight that the roll does not have like this."""
    return (await session.scalars(OFF_THE_ROLL, {"box": box_id})).all()


async def out_of_order(session: AsyncSession, box_id: str) -> Sequence[str]:
    """Ballots that stand after a later one of the same entry, as if they had been the last word."""
    return (await session.scalars(OUT_OF_ORDER, {"box": box_id})).all()


async def details_of(
    session: AsyncSession, box: BallotBox, kind: str
) -> Sequence[Mapping[str, JsonValue]]:
    """What the events of this kind say about the box, in their order."""
    found = await session.scalars(
        select(Event.details)
        .where(
            Event.renovation_id == box.renovation_id,
            Event.kind == kind,
            Event.details["box"].as_string() == box.id,
        )
        .order_by(Event.seq)
    )
    return found.all()


def _times_hold(
    box: BallotBox,
    announced: Mapping[str, JsonValue],
    looks: Sequence[Mapping[str, JsonValue]],
) -> bool:
    """The opening as announced, the close as last decided."""
    decided = [announced, *looks][-1]
    return (
        _moment(announced.get("opens_at")) == box.opens_at
        and _moment(decided.get("closes_at")) == box.closes_at
    )


async def _closing_holds(session: AsyncSession, box: BallotBox) -> bool:
    """Open or voided without a result, or closed with the result and the key of the one closing."""
    closings = await details_of(session, box, "voting.box_closed")
    if not closings:
        voided = await details_of(session, box, "settlement.vote_voided")
        state = "closed" if voided else "open"
        written = (box.tally, box.tree_head, box.opened_key)
        closed = box.closed_at is not None
        return written == (None, None, None) and (box.state, closed) == (state, bool(voided))
    said = closings[0]
    closed_at = box.closed_at
    return (
        box.state == "closed"
        and closed_at is not None
        and _moment((box.tree_head or {}).get("closed_at")) == closed_at
        and box.tally == said.get("motions")
        and box.tree_head == said.get("tree_head")
        and _key_holds(box, closed_at, official=said.get("source") == "official")
    )


def _key_holds(box: BallotBox, closed_at: datetime, *, official: bool) -> bool:
    """What an official system counted may end early and stays sealed; else the key is out, in time."""
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


def _moment(said: JsonValue) -> datetime | None:
    try:
        return datetime.fromisoformat(str(said))
    except ValueError:
        return None
