"""The audit: recomputes every hash of the event log and of the ballots from what the tables hold.

It reads row by row, so that a million events need hardly more memory than one (of each signed act it
keeps the hash of what was asked), and in one snapshot, so that writers do not disturb it. It needs the
rights of the application's role only, and none of the models: a command need not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from models.values.base import Value
from models.values.refusal import refusal
from proof import chain
from proof.seals import GatewayKeys
from runtime.ballots.audit import BadBallot, audit_box
from runtime.record.audit import places
from runtime.record.audit.acts import BadAct, audit_acts
from runtime.record.audit.anchors import AnchorsAudit, KnownAnchors, audit_anchors
from runtime.record.audit.bids import first_bad_bid
from runtime.record.audit.clock import ClockAudit
from runtime.record.audit.engine import EngineAudit
from runtime.record.audit.heads import HeadAudit, HeadsAudit, KnownHeads
from runtime.record.audit.ledger import first_bad_transfers
from runtime.record.audit.tables import BadRow, TablesAudit, audit_tables, rows_statement
from runtime.rows import AuditedBox, AuditedCase, AuditedClock, AuditedEvent, fetch, rows
from runtime.rows.hashed import hashed_fields

if TYPE_CHECKING:
    from asyncpg.prepared_stmt import PreparedStatement

    # The command brings a connection of its own: it does not wait for the models.
    from runtime.database import Database

NO_RECEIPT = """
SELECT e.seq FROM event e LEFT JOIN receipt r ON r.command_id = e.command_id
WHERE e.renovation_id = $1 AND (r.command_id IS NULL
  OR r.renovation_id <> e.renovation_id OR r.seq <> e.seq OR r.kind <> e.kind)
ORDER BY e.seq LIMIT 1
"""


class BadEvent(Value):
    """The first event of a renovation that does not fit; what follows it proves nothing.

    `reason`: "gap" (one or more events before it are missing), "prev_hash" (it does not follow the
    one before it), "hash" (its content was changed), "backwards" (it happened before the one before
    it), "clock" (it happened at another moment than the told clock of its case said, that clock was
    moved by no event, or a case is told and should not be), "deadline" (it sets one that lies before
    it), "bid" (a bid that it tells of is gone, another one, or was put there by nobody), "ledger" (it moved other money than the ledger has), "head" (the renovation's row names another last event), "receipt" (its receipt is missing or
    tells another story), "signature" (its head was signed by nobody who may), "unsigned" (its head is
    not signed, though one before it was), "other_head" (the head that is kept outside of the database
    is another one: what followed was written anew), "rolled_back" (the database ends before the
    latest head outside), "gone" (there are heads outside of a renovation that is not in the database).
    """

    renovation_id: str
    seq: int
    reason: str


class AuditReport(Value):
    """What was looked at, and what is wrong; nothing wrong means that nothing was changed."""

    renovations: int
    events: int
    ballots: int
    bad: tuple[BadEvent, ...]
    bad_ballots: tuple[BadBallot, ...] = ()
    bad_acts: tuple[BadAct, ...] = ()
    rows: int = 0
    """Rows of tables that were compared with the hashes in the events."""
    bad_rows: tuple[BadRow, ...] = ()
    unsigned: int = 0
    """Ballots whose batch was not signed for: their service died within the same moment."""
    heads: HeadsAudit | None = None
    """What is known of signed heads; None where no key was given to look at them."""
    anchors: AnchorsAudit | None = None
    """The heads of all cases in one tree; None where no key was given, or one case was asked for."""
    engine: EngineAudit | None = None
    """What Temporal's histories say; None where they were not asked."""

    @property
    def ok(self) -> bool:
        """Every hash fits, and somebody answers for every act."""
        legs = (self.engine, self.anchors)
        more = any(leg is not None and leg.bad for leg in legs)
        return not (self.bad or self.bad_ballots or self.bad_acts or self.bad_rows or more)


async def audit(
    database: Database,
    renovation_id: str | None = None,
    receipts_key: str | Sequence[str] | None = None,
    heads: KnownHeads | None = None,
    gateway: GatewayKeys | None = None,
) -> AuditReport:
    """`audit_record` with a connection of the pool."""
    async with database.driver() as connection:
        return await audit_record(connection, renovation_id, receipts_key, heads, gateway)


async def audit_record(
    connection: asyncpg.Connection,
    renovation_id: str | None = None,
    receipts_key: str | Sequence[str] | None = None,
    heads: KnownHeads | None = None,
    gateway: GatewayKeys | None = None,
    anchors: KnownAnchors | None = None,
) -> AuditReport:
    """Check one renovation, or all of them.

    `receipts_key` is the public key (hex) of the service's receipts, or those of now and before;
    without it the signatures under the batches of ballots are taken for what they say. `heads` are
    the keys of the log's heads and the heads outside; without it no head is looked at. Without the keys
    of the `gateway` the signatures of the acts are taken for what they say. `anchors` are the keys of the
    tree of all heads, which is looked at with all renovations.

    Raises:
        Refused: `renovation.unknown`.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        renovations = await _renovations(connection, renovation_id)
        found = _Found()
        await connection.execute("SET LOCAL TimeZone = 'UTC'")
        hashes = await rows_statement(connection)
        for each in renovations:
            signed = None if heads is None else heads.of(each.id)
            await _case(connection, each, hashes, signed, gateway, found)
        if heads is not None and renovation_id is None:
            gone = heads.lost([each.id for each in renovations])
            found.bad += [BadEvent(renovation_id=rid, seq=seq, reason="gone") for rid, seq in gone]
        if renovation_id is None:
            of_places, faults = await places.faults(connection)
            found.events += of_places
            found.bad += [
                BadEvent(renovation_id=f"place {log_id}", seq=seq, reason=reason)
                for log_id, seq, reason in faults
            ]
        tree = None
        if anchors is not None and renovation_id is None:
            tree = await audit_anchors(connection, anchors)
        keys = (receipts_key,) if isinstance(receipts_key, str) else receipts_key
        ballots, unsigned, bad_ballots = await _boxes(connection, renovation_id, keys)
    return AuditReport(
        renovations=len(renovations),
        events=found.events,
        ballots=ballots,
        unsigned=unsigned,
        bad=tuple(found.bad),
        bad_ballots=tuple(bad_ballots),
        bad_acts=tuple(found.bad_acts),
        rows=found.rows,
        bad_rows=tuple(found.bad_rows),
        anchors=tree,
        heads=None if heads is None else heads.audited(found.since),
    )


@dataclass
class _Found:
    """What was looked at and found so far."""

    events: int = 0
    rows: int = 0
    bad: list[BadEvent] = field(default_factory=list)
    bad_acts: list[BadAct] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    since: dict[str, int | None] = field(default_factory=dict)
    """By renovation the first event with a signed head."""


async def _case(
    connection: asyncpg.Connection,
    case: AuditedCase,
    hashes: PreparedStatement,
    signed: HeadAudit | None,
    gateway: GatewayKeys | None,
    found: _Found,
) -> None:
    """Look at one renovation: its chain, its tables, and who acted."""
    said = TablesAudit()
    count, fault = await _chain(connection, case, signed, said)
    found.events += count
    if signed is not None:
        found.since[case.id] = signed.since
    fault = fault or await _receipts(connection, case) or await _bids(connection, case)
    fault = fault or await _ledger(connection, case)
    found.bad += [fault] if fault is not None else []
    rows_there, bad_rows = await audit_tables(hashes, case, said)
    found.rows += rows_there
    found.bad_rows += bad_rows
    found.bad_acts += await audit_acts(connection, case.id, gateway)


async def _renovations(
    connection: asyncpg.Connection, renovation_id: str | None
) -> Sequence[AuditedCase]:
    if renovation_id is None:
        return await fetch(connection, AuditedCase, "ORDER BY id")
    found = await fetch(connection, AuditedCase, "WHERE id = $1", renovation_id)
    if not found:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    return found


async def _chain(
    connection: asyncpg.Connection,
    renovation: AuditedCase,
    heads: HeadAudit | None,
    tables: TablesAudit,
) -> tuple[int, BadEvent | None]:
    """The number of events of a renovation, and the first that is bad; `tables` hears of all."""
    count, seq, head = 0, 0, chain.GENESIS
    bad: BadEvent | None = None
    told = await fetch(connection, AuditedClock, "WHERE renovation_id = $1", renovation.id)
    clock = ClockAudit(told[0] if told else None)
    of_case = "WHERE renovation_id = $1 ORDER BY seq"
    async for event in rows(connection, AuditedEvent, of_case, renovation.id):
        count += 1
        tables.take(event)
        if bad is not None:
            continue
        link = chain.Link(event.seq, event.prev_hash, event.hash, hashed_fields(event))
        reason = chain.fault(link, seq, head) or clock.fault(event)
        if reason is None and heads is not None:
            reason = heads.fault(event)
        if reason is not None:
            bad = BadEvent(renovation_id=renovation.id, seq=event.seq, reason=reason)
        seq, head = event.seq, event.hash
    if bad is None and (seq, head) != (renovation.head_seq, renovation.head_hash):
        # The last events were cut off, or the head was moved.
        at = max(seq, renovation.head_seq)
        bad = BadEvent(renovation_id=renovation.id, seq=at, reason="head")
    if bad is None and (reason := clock.fault_at_end()) is not None:
        bad = BadEvent(renovation_id=renovation.id, seq=seq, reason=reason)
    if bad is None and heads is not None and (later := heads.fault_at_end(seq)) is not None:
        bad = BadEvent(renovation_id=renovation.id, seq=later, reason="rolled_back")
    return count, bad


async def _receipts(connection: asyncpg.Connection, renovation: AuditedCase) -> BadEvent | None:
    """The first event whose receipt is missing, belongs to another command, or has another kind."""
    seq = await connection.fetchval(NO_RECEIPT, renovation.id)
    if seq is None:
        return None
    return BadEvent(renovation_id=renovation.id, seq=seq, reason="receipt")


async def _bids(connection: asyncpg.Connection, renovation: AuditedCase) -> BadEvent | None:
    seq = await first_bad_bid(connection, renovation.id)
    return None if seq is None else BadEvent(renovation_id=renovation.id, seq=seq, reason="bid")


async def _ledger(connection: asyncpg.Connection, renovation: AuditedCase) -> BadEvent | None:
    seq = await first_bad_transfers(connection, renovation.id)
    return None if seq is None else BadEvent(renovation_id=renovation.id, seq=seq, reason="ledger")


async def _boxes(
    connection: asyncpg.Connection, renovation_id: str | None, receipts_keys: Sequence[str] | None
) -> tuple[int, int, list[BadBallot]]:
    """Ballots, unsigned ones, and what is wrong with any of them or with their boxes."""
    of_case = "WHERE $1::text IS NULL OR renovation_id = $1 ORDER BY id"
    ballots, unsigned, bad = 0, 0, []
    for box in await fetch(connection, AuditedBox, of_case, renovation_id):
        found = await audit_box(connection, box, receipts_keys)
        ballots += found.ballots
        unsigned += found.unsigned
        bad += found.bad
    return ballots, unsigned, bad
