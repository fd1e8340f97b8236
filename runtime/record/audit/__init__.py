"""The audit: recomputes every hash of the event log and of the ballots from what the tables hold.

It reads row by row, so that a million events need no more memory than one, and in one snapshot, so
that writers do not disturb it. It needs the rights of the application's role only.
"""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, CaseClock, CommandReceipt, Event, Renovation
from models.values.base import Value
from models.values.refusal import refusal
from proof import chain
from proof.seals import GatewayKeys
from runtime.ballots.audit import BadBallot, audit_box
from runtime.database import Database
from runtime.record import place_log
from runtime.record.audit.acts import BadAct, audit_acts
from runtime.record.audit.bids import first_bad_bid
from runtime.record.audit.clock import ClockAudit
from runtime.record.audit.heads import HeadAudit, HeadsAudit, KnownHeads
from runtime.record.audit.ledger import first_bad_transfers
from runtime.record.journal import hashed_fields

Row = TypeVar("Row", bound=Event)
AT_ONCE = 500
"""Rows fetched in one round trip."""


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
    unsigned: int = 0
    """Ballots whose batch was not signed for: their service died within the same moment."""
    heads: HeadsAudit | None = None
    """What is known of signed heads; None where no key was given to look at them."""

    @property
    def ok(self) -> bool:
        """Every hash fits, and somebody answers for every act."""
        return not self.bad and not self.bad_ballots and not self.bad_acts


async def audit(
    database: Database,
    renovation_id: str | None = None,
    receipts_key: str | Sequence[str] | None = None,
    heads: KnownHeads | None = None,
    gateway: GatewayKeys | None = None,
) -> AuditReport:
    """Check one renovation, or all of them.

    `receipts_key` is the public key (hex) of the service's receipts, or those of now and before;
    without it the signatures under the batches of ballots are taken for what they say. `heads` are
    the keys of the log's heads and the heads outside; without it no head is looked at. Without the keys
    of the `gateway` the signatures of the acts are taken for what they say.

    Raises:
        Refused: `renovation.unknown`.
    """
    async with database.held() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        renovations = await _renovations(session, renovation_id)
        events, bad, since = 0, [], dict[str, int | None]()
        bad_acts: list[BadAct] = []
        for each in renovations:
            signed = None if heads is None else heads.of(each.id)
            count, fault = await _chain(session, each, signed)
            if signed is not None:
                since[each.id] = signed.since
            events += count
            fault = fault or await _receipts(session, each) or await _bids(session, each)
            fault = fault or await _ledger(session, each)
            bad += [fault] if fault is not None else []
            bad_acts += await audit_acts(session, each, gateway)
        if heads is not None and renovation_id is None:
            gone = heads.lost([each.id for each in renovations])
            bad += [BadEvent(renovation_id=rid, seq=seq, reason="gone") for rid, seq in gone]
        if renovation_id is None:
            of_places, faults = await place_log.faults(session)
            events += of_places
            bad += [
                BadEvent(renovation_id=f"place {log_id}", seq=seq, reason=reason)
                for log_id, seq, reason in faults
            ]
        keys = (receipts_key,) if isinstance(receipts_key, str) else receipts_key
        ballots, unsigned, bad_ballots = await _boxes(session, renovation_id, keys)
    return AuditReport(
        renovations=len(renovations),
        events=events,
        ballots=ballots,
        unsigned=unsigned,
        bad=tuple(bad),
        bad_ballots=tuple(bad_ballots),
        bad_acts=tuple(bad_acts),
        heads=None if heads is None else heads.audited(since),
    )


async def _renovations(session: AsyncSession, renovation_id: str | None) -> Sequence[Renovation]:
    query = select(Renovation).order_by(Renovation.id)
    if renovation_id is not None:
        query = query.where(Renovation.id == renovation_id)
    found = (await session.scalars(query)).all()
    if renovation_id is not None and not found:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    return found


async def _chain(
    session: AsyncSession, renovation: Renovation, heads: HeadAudit | None
) -> tuple[int, BadEvent | None]:
    """The number of events of a renovation, and the first that is bad."""
    count, seq, head = 0, 0, chain.GENESIS
    bad: BadEvent | None = None
    clock = ClockAudit(await session.get(CaseClock, renovation.id))
    query = select(Event).where(Event.renovation_id == renovation.id).order_by(Event.seq)
    async for event in _rows(session, query):
        count += 1
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


async def _receipts(session: AsyncSession, renovation: Renovation) -> BadEvent | None:
    """The first event whose receipt is missing, belongs to another command, or has another kind."""
    query = (
        select(Event.seq)
        .outerjoin(CommandReceipt, CommandReceipt.command_id == Event.command_id)
        .where(
            Event.renovation_id == renovation.id,
            (CommandReceipt.command_id.is_(None))
            | (CommandReceipt.renovation_id != Event.renovation_id)
            | (CommandReceipt.seq != Event.seq)
            | (CommandReceipt.kind != Event.kind),
        )
        .order_by(Event.seq)
        .limit(1)
    )
    seq = await session.scalar(query)
    if seq is None:
        return None
    return BadEvent(renovation_id=renovation.id, seq=seq, reason="receipt")


async def _bids(session: AsyncSession, renovation: Renovation) -> BadEvent | None:
    seq = await first_bad_bid(session, renovation.id)
    return None if seq is None else BadEvent(renovation_id=renovation.id, seq=seq, reason="bid")


async def _ledger(session: AsyncSession, renovation: Renovation) -> BadEvent | None:
    seq = await first_bad_transfers(session, renovation.id)
    return None if seq is None else BadEvent(renovation_id=renovation.id, seq=seq, reason="ledger")


async def _boxes(
    session: AsyncSession, renovation_id: str | None, receipts_keys: Sequence[str] | None
) -> tuple[int, int, list[BadBallot]]:
    """Ballots, unsigned ones, and what is wrong with any of them or with their boxes."""
    query = select(BallotBox).order_by(BallotBox.id)
    if renovation_id is not None:
        query = query.where(BallotBox.renovation_id == renovation_id)
    ballots, unsigned, bad = 0, 0, []
    for box in (await session.scalars(query)).all():
        found = await audit_box(session, box, receipts_keys)
        ballots += found.ballots
        unsigned += found.unsigned
        bad += found.bad
    return ballots, unsigned, bad


async def _rows(session: AsyncSession, query: Select[Row]) -> AsyncIterator[Row]:
    """The rows one by one, on a server-side cursor; each is forgotten when the next one comes."""
    result = await session.stream_scalars(query.execution_options(yield_per=AT_ONCE))
    async for row in result:
        yield row
        session.expunge(row)
