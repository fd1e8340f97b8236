"""What a renovation of the demo has come to, read from the record, the tables and Temporal."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client, WorkflowExecutionStatus

from cli.shown import moment
from models.messages.ids import renovation_workflow_id
from models.tables import (
    Bid,
    Contract,
    Event,
    Inspection,
    Renovation,
    Share,
    ShareTotal,
    Tender,
    Ticket,
)
from models.values.base import Carried, Value
from models.values.timetable import Timetable
from runtime.database import Database
from runtime.record.audit import audit

ENTERED = "renovation.stage_entered"
MOVED = "clock.advanced"
UNFINISHED = "unfinished"
SETTLE_S = 15.0
LOOK_S = 0.2
DATE_LETTERS = 10


class StageResult(Carried):
    """What every stage's workflow answers, beside fields of its own."""

    outcome: str


class StageFact(Value):
    """A stage as it went: how it ended, and the events from its entry to the next one's."""

    name: str
    outcome: str
    events: int


class CheckFact(Value):
    """A legal check with both of its numbers, and the event that it stands in."""

    seq: int
    event: str
    motion: str = ""
    code: str
    article: str
    have: JsonValue
    op: str
    need: JsonValue
    unit: str
    passed: bool | None


class ShareFact(Value):
    """The shares as rows against what they have to add up to; fen."""

    rows_fen: int
    """The sum of all share rows of the version that was computed."""
    exact: bool
    """Each item's rows add up to its gap, each unit's to its total, and the award's to the event's."""
    award_fen: int


class TicketFact(Value):
    """A complaint: where it ended and how often it had to be passed on."""

    id: str
    level: str
    state: str
    escalations: int


class InspectionFact(Value):
    """One inspection in the order of the record."""

    item: str
    kind: str
    round: int
    outcome: str
    inspector: str


class JourneyFacts(Value):
    """Everything that is read back when a journey has ended."""

    state: str
    closed_on: str
    """The local date on which the case closed; "" while it is open."""
    clock_moves: int
    """How often its clock was moved, deadline by deadline."""
    events: tuple["EventFact", ...]
    stages: tuple[StageFact, ...]
    checks: tuple[CheckFact, ...]
    shares: ShareFact
    bids: int
    contract_value_fen: int | None
    inspections: tuple[InspectionFact, ...]
    tickets: tuple[TicketFact, ...]
    history_events: dict[str, int]
    event_chain_ok: bool


class EventFact(Value):
    """An event as the timeline shows it."""

    seq: int
    kind: str
    happened_on: str
    """Case time on a wall clock of the place."""
    actor: str


async def read_facts(database: Database, client: Client, renovation_id: str) -> JourneyFacts:
    """Read everything back; waits a moment for the workflows that are about to end."""
    histories = await history_events(client, renovation_id)
    chain = await audit(database, renovation_id)
    async with database.session() as session:
        row = await session.get_one(Renovation, renovation_id)
        zone = Timetable.model_validate(row.timetable).zone
        events = (
            await session.scalars(
                select(Event).where(Event.renovation_id == renovation_id).order_by(Event.seq)
            )
        ).all()
        return JourneyFacts(
            state=row.state,
            closed_on=moment(row.closed_at, zone)[:DATE_LETTERS] if row.closed_at else "",
            clock_moves=sum(event.kind == MOVED for event in events),
            events=tuple(_event(event, zone) for event in events),
            stages=stage_facts(events, await _outcomes(client, events)),
            checks=check_facts(events),
            shares=await _shares(session, renovation_id, events),
            bids=await _bids(session, renovation_id),
            contract_value_fen=await session.scalar(
                select(Contract.value_fen)
                .where(Contract.renovation_id == renovation_id)
                .order_by(Contract.works_round.desc())
                .limit(1)
            ),
            inspections=await _inspections(session, renovation_id),
            tickets=await _tickets(session, renovation_id, events),
            history_events=histories,
            event_chain_ok=chain.ok,
        )


async def history_events(client: Client, renovation_id: str) -> dict[str, int]:
    """History events of every run of every workflow of the renovation, by workflow type."""
    query = f"WorkflowId STARTS_WITH '{renovation_workflow_id(renovation_id)}'"
    loop = asyncio.get_running_loop()
    last = loop.time() + SETTLE_S
    while True:
        counts: Counter[str] = Counter()
        open_ones = 0
        handles = [
            client.get_workflow_handle(found.id, run_id=found.run_id)
            async for found in client.list_workflows(query)
        ]
        for described in await asyncio.gather(*(handle.describe() for handle in handles)):
            counts[described.workflow_type] += described.history_length
            open_ones += described.status == WorkflowExecutionStatus.RUNNING
        # Visibility lags a moment behind: the renovation itself must be listed, and be over.
        if ("RenovationWorkflow" in counts and not open_ones) or loop.time() > last:
            return dict(sorted(counts.items()))
        await asyncio.sleep(LOOK_S)


def stage_facts(events: Sequence[Event], outcomes: Mapping[str, str]) -> tuple[StageFact, ...]:
    """The stages in their order; what came before the first entry belongs to the first stage.

    `outcomes` is what each stage's workflow answered, by workflow id.
    """
    entries = [event for event in events if event.kind == ENTERED]
    begins = [1, *(entry.seq for entry in entries[1:]), len(events) + 1]
    return tuple(
        StageFact(
            name=str(entry.details["stage"]),
            outcome=outcomes.get(str(entry.details["workflow_id"]), UNFINISHED),
            events=begins[place + 1] - begins[place],
        )
        for place, entry in enumerate(entries)
    )


def check_facts(events: Sequence[Event]) -> tuple[CheckFact, ...]:
    """Every check of every event, in the order of the record."""
    found: list[CheckFact] = []
    for event in events:
        checks = event.details.get("checks")
        for check in checks if isinstance(checks, list) else []:
            if isinstance(check, dict) and "code" in check:
                given = {name: check.get(name) for name in CheckFact.model_fields if name in check}
                found.append(
                    CheckFact.model_validate({**given, "seq": event.seq, "event": event.kind})
                )
    return tuple(found)


async def _outcomes(client: Client, events: Sequence[Event]) -> dict[str, str]:
    """What the workflow of each stage that was entered has answered; else how it stands in the engine."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind == ENTERED:
            name = str(event.details["workflow_id"])
            handle = client.get_workflow_handle(name, result_type=StageResult)
            status = (await handle.describe()).status
            if status is WorkflowExecutionStatus.COMPLETED:
                found[name] = (await handle.result()).outcome
            elif status is not None:
                found[name] = status.name.lower()
    return found


def _event(event: Event, zone: str) -> EventFact:
    return EventFact(
        seq=event.seq,
        kind=event.kind,
        happened_on=moment(event.happened_at, zone),
        actor=event.actor_label,
    )


async def _shares(session: AsyncSession, rid: str, events: Sequence[Event]) -> ShareFact:
    computed = [event for event in events if event.kind == "cost_sharing.shares_computed"]
    if not computed:
        return ShareFact(rows_fen=0, exact=False, award_fen=0)
    details = computed[-1].details
    mine = (Share.renovation_id == rid) & (Share.scheme_version == details["scheme_version"])
    by_item = await _sums(
        session,
        select(Share.item_id, func.sum(Share.amount_fen)).where(mine).group_by(Share.item_id),
    )
    by_unit = await _sums(
        session,
        select(Share.unit_number, func.sum(Share.amount_fen))
        .where(mine)
        .group_by(Share.unit_number),
    )
    totals = await _totals(session, rid, "estimate")
    award = await _totals(session, rid, "award")
    gaps = details["gaps_fen"]
    assert isinstance(gaps, dict)
    signed = [
        event.details["shares"] for event in events if event.kind == "bidding.contract_signed"
    ]
    fixed = signed[-1] if signed else None
    exact = (
        by_item == {item: gap for item, gap in gaps.items() if gap}
        and by_unit == totals
        and sum(by_item.values()) == details["total_fen"]
        and (not isinstance(fixed, dict) or sum(award.values()) == fixed["total_fen"])
    )
    return ShareFact(rows_fen=sum(by_item.values()), exact=exact, award_fen=sum(award.values()))


async def _totals(session: AsyncSession, rid: str, basis: str) -> dict[str, int]:
    return await _sums(
        session,
        select(ShareTotal.unit_number, ShareTotal.amount_fen).where(
            ShareTotal.renovation_id == rid, ShareTotal.basis == basis
        ),
    )


async def _sums(session: AsyncSession, query: object) -> dict[str, int]:
    rows = await session.execute(query)  # type: ignore[call-overload]
    return {str(name): int(amount) for name, amount in rows}


async def _bids(session: AsyncSession, rid: str) -> int:
    query = select(func.count()).select_from(Bid).join(Tender, Tender.id == Bid.tender_id)
    found = await session.scalar(query.where(Tender.renovation_id == rid))
    return found or 0


async def _inspections(session: AsyncSession, rid: str) -> tuple[InspectionFact, ...]:
    rows = await session.scalars(
        select(Inspection)
        .where(Inspection.renovation_id == rid)
        # Several are recorded at one moment of the case; the number at the end of the id grows.
        .order_by(Inspection.recorded_at, func.length(Inspection.id), Inspection.id)
    )
    return tuple(
        InspectionFact(
            item=(row.item_id or "").removeprefix(f"{rid}."),
            kind=row.kind,
            round=row.round,
            outcome=row.outcome,
            inspector=row.inspector_id,
        )
        for row in rows
    )


async def _tickets(
    session: AsyncSession, rid: str, events: Sequence[Event]
) -> tuple[TicketFact, ...]:
    passed_on = Counter(
        str(event.details.get("ticket"))
        for event in events
        if event.kind == "feedback.ticket_escalated"
    )
    rows = await session.scalars(
        select(Ticket).where(Ticket.renovation_id == rid).order_by(Ticket.opened_at, Ticket.id)
    )
    return tuple(
        TicketFact(id=row.id, level=row.level, state=row.state, escalations=passed_on[row.id])
        for row in rows
    )
