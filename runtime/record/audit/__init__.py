"""The audit: recomputes every hash of the event log and of the ballots from what the tables hold.

It reads row by row, so that a million events need hardly more memory than one (of each signed act it
keeps the hash of what was asked), and in one snapshot, so that writers do not disturb it. It needs the
rights of the application's role only, and none of the models: a command need not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import asyncpg

from models.values.base import Value
from models.values.refusal import refusal
from proof.seals import GatewayKeys
from runtime.ballots.audit import BadBallot, audit_box
from runtime.record.audit import places
from runtime.record.audit.acts import BadAct
from runtime.record.audit.anchors import AnchorsAudit, KnownAnchors, audit_anchors
from runtime.record.audit.cases import BadEvent, audit_cases
from runtime.record.audit.engine import EngineAudit
from runtime.record.audit.heads import HeadsAudit, KnownHeads
from runtime.record.audit.tables import BadRow
from runtime.rows import AuditedBox, AuditedCase, fetch

if TYPE_CHECKING:
    # The command brings a connection of its own: it does not wait for the models.
    from runtime.database import Database


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
        await connection.execute("SET LOCAL TimeZone = 'UTC'")
        found = await audit_cases(connection, renovations, heads, gateway)
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


async def _renovations(
    connection: asyncpg.Connection, renovation_id: str | None
) -> Sequence[AuditedCase]:
    if renovation_id is None:
        return await fetch(connection, AuditedCase, "ORDER BY id")
    found = await fetch(connection, AuditedCase, "WHERE id = $1", renovation_id)
    if not found:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    return found


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
