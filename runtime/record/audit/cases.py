"""The audit of cases: every table is read once for many of them, in the order of their ids, and each is looked at in its turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from models.values.base import Value
from proof import chain
from runtime.record.audit.acts import ActsAudit, BadAct, load_holders
from runtime.record.audit.bids import BIDS, BidRow, BidsAudit
from runtime.record.audit.clock import ClockAudit
from runtime.record.audit.ledger import TRANSFERS, LedgerAudit, hashes_of
from runtime.record.audit.tables import BadRow, TablesAudit, rows_query
from runtime.rows import AuditedCase, AuditedClock, AuditedEvent, columns_in, row_maker
from runtime.rows.hashed import hashed_fields
from runtime.rows.turns import InTurn

if TYPE_CHECKING:
    import asyncpg

    from proof.seals import GatewayKeys
    from runtime.record.audit.heads import HeadAudit, KnownHeads

CASES_AT_ONCE = 500
"""Cases that one statement reads; of so many the rows of their tables are sorted by the database."""
EVENTS_AT_ONCE = 100_000
"""Fewer cases at once where they have more events than that."""
PREFETCH = 500
_EVENTS = f"""
SELECT {columns_in(AuditedEvent, "e")}, r.request_hash,
  r.command_id IS NOT NULL AND r.renovation_id = e.renovation_id AND r.seq = e.seq AND r.kind = e.kind
FROM event e LEFT JOIN receipt r ON r.command_id = e.command_id
WHERE e.renovation_id BETWEEN $1 AND $2 ORDER BY e.renovation_id, e.seq
"""  # noqa: S608 - no word of it is given
_CLOCKS = (
    "SELECT renovation_id, now, moved_seq FROM case_clock WHERE renovation_id BETWEEN $1 AND $2"
)
_read_event = row_maker(AuditedEvent)


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


class ReceiptedEvent(NamedTuple):
    """An event, what was asked by its receipt ("" without one), and whether that receipt is its own."""

    event: AuditedEvent
    asked: str
    receipted: bool


@dataclass
class CasesAudit:
    """What was looked at and found so far."""

    events: int = 0
    rows: int = 0
    bad: list[BadEvent] = field(default_factory=list)
    bad_acts: list[BadAct] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    since: dict[str, int | None] = field(default_factory=dict)
    """By renovation the first event with a signed head."""


async def audit_cases(
    connection: asyncpg.Connection,
    cases: Sequence[AuditedCase],
    heads: KnownHeads | None,
    gateway: GatewayKeys | None,
) -> CasesAudit:
    """Look at these cases, which are in the order of their ids: their chains, their tables, and who acted.

    In the caller's transaction, whose time zone is UTC: so the hashes of rows were made.
    """
    found = CasesAudit()
    query = await rows_query(connection)
    holders = await load_holders(connection, cases[0].id if len(cases) == 1 else None)
    for batch in batches(cases):
        tables = await _Tables.of(connection, query, batch)
        for case in batch:
            signed = None if heads is None else heads.of(case.id)
            await _audit_case(tables, case, signed, ActsAudit(gateway, holders), found)
    return found


def batches(cases: Sequence[AuditedCase]) -> Iterator[Sequence[AuditedCase]]:
    """Cases that are read by the same statements."""
    batch: list[AuditedCase] = []
    events = 0
    for case in cases:
        batch.append(case)
        events += case.head_seq
        if len(batch) == CASES_AT_ONCE or events >= EVENTS_AT_ONCE:
            yield batch
            batch, events = [], 0
    if batch:
        yield batch


@dataclass
class _Tables:
    """What the database has of the cases of a batch, each table in the order of its cases."""

    events: InTurn[ReceiptedEvent]
    rows: InTurn[asyncpg.Record]
    bids: InTurn[asyncpg.Record]
    transfers: InTurn[asyncpg.Record]
    clocks: Mapping[str, AuditedClock]

    @classmethod
    async def of(
        cls, connection: asyncpg.Connection, query: str, batch: Sequence[AuditedCase]
    ) -> _Tables:
        """The tables, at the first row of each."""
        names = [case.id for case in batch]
        between = names[0], names[-1]

        def turns(sql: str) -> InTurn[asyncpg.Record]:
            rows = aiter(connection.cursor(sql, *between, prefetch=PREFETCH))
            return InTurn(rows, lambda row: str(row["of_case"]), names)

        events = InTurn(_events(connection, between), lambda one: one.event.renovation_id, names)
        clocks = await connection.fetch(_CLOCKS, *between)
        return cls(
            events=events,
            rows=turns(query),
            bids=turns(BIDS),
            transfers=turns(TRANSFERS),
            clocks={rid: AuditedClock(now, moved) for rid, now, moved in clocks},
        )


async def _events(
    connection: asyncpg.Connection, between: tuple[str, str]
) -> AsyncIterator[ReceiptedEvent]:
    async for record in connection.cursor(_EVENTS, *between, prefetch=PREFETCH):
        *values, asked, receipted = record
        yield ReceiptedEvent(_read_event(values), asked or "", bool(receipted))


async def _audit_case(
    tables: _Tables, case: AuditedCase, heads: HeadAudit | None, acts: ActsAudit, found: CasesAudit
) -> None:
    """Look at one case; of several faults in its events the one of its chain is named."""
    of_chain = _ChainAudit(case, heads, ClockAudit(tables.clocks.get(case.id)))
    said, bids = TablesAudit(), BidsAudit()
    ledger = LedgerAudit(await hashes_of(tables.transfers.of(case.id)))
    unreceipted: int | None = None
    async for event, asked, receipted in tables.events.of(case.id):
        found.events += 1
        for leg in (said, of_chain, bids, ledger):
            leg.take(event)
        acts.take(event, asked)
        if unreceipted is None and not receipted:
            unreceipted = event.seq
    bad = of_chain.fault_at_end()
    others = {
        "receipt": unreceipted,
        "bid": bids.fault([BidRow(*row) async for row in tables.bids.of(case.id)]),
        "ledger": ledger.fault(),
    }
    first = ((seq, reason) for reason, seq in others.items() if seq is not None)
    if (fault := bad or next(first, None)) is not None:
        found.bad.append(BadEvent(renovation_id=case.id, seq=fault[0], reason=fault[1]))
    if heads is not None:
        found.since[case.id] = heads.since
    rows = {(row["name"], row["key"]): row["hash"] async for row in tables.rows.of(case.id)}
    found.rows += len(rows)
    found.bad_rows += said.faults(case, rows)
    found.bad_acts += acts.bad


class _ChainAudit:
    """Checks the chain of one case, its clock and its signed heads, event by event."""

    def __init__(self, case: AuditedCase, heads: HeadAudit | None, clock: ClockAudit) -> None:
        self._case, self._heads, self._clock = case, heads, clock
        self._seq, self._head = 0, chain.GENESIS
        self._bad: tuple[int, str] | None = None

    def take(self, event: AuditedEvent) -> None:
        """The next event; after the first bad one nothing is proved."""
        if self._bad is not None:
            return
        link = chain.Link(event.seq, event.prev_hash, event.hash, hashed_fields(event))
        reason = chain.fault(link, self._seq, self._head) or self._clock.fault(event)
        if reason is None and self._heads is not None:
            reason = self._heads.fault(event)
        if reason is not None:
            self._bad = event.seq, reason
        self._seq, self._head = event.seq, event.hash

    def fault_at_end(self) -> tuple[int, str] | None:
        """The first event that is bad, and why."""
        if self._bad is not None:
            return self._bad
        if (self._seq, self._head) != (self._case.head_seq, self._case.head_hash):
            # The last events were cut off, or the head was moved.
            return max(self._seq, self._case.head_seq), "head"
        if (reason := self._clock.fault_at_end()) is not None:
            return self._seq, reason
        if self._heads is not None and (later := self._heads.fault_at_end(self._seq)) is not None:
            return later, "rolled_back"
        return None
