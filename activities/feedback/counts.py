"""What the evaluation counts: participation, collection, works, survey and tickets, by SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, select, text

from activities.cost_sharing import rows as share_rows
from activities.recording import Case
from models.tables import BallotBox, Event, Scheme, Ticket
from models.values.feedback import SATISFIED_SCORE, EvaluationFacts
from models.values.states import TicketState
from rules import feedback as law
from runtime.ballots.boxes import load_running_boxes

TURNOUT = ("participating_heads", "roll_heads", "participating_area_dm2", "roll_area_dm2")

COLLECTION = text("""
WITH due AS (
  SELECT unit_number, sum(amount_fen) AS fen FROM instalment
  WHERE renovation_id = :rid AND due_at <= :now GROUP BY 1 HAVING sum(amount_fen) > 0),
came AS (
  SELECT unit_number, sum(amount_fen) AS fen FROM payment WHERE renovation_id = :rid GROUP BY 1)
SELECT count(*) AS units_due, count(*) FILTER (WHERE came.fen >= due.fen) AS units_paid,
       coalesce(sum(due.fen), 0)::bigint AS due_fen,
       coalesce(sum(least(coalesce(came.fen, 0), due.fen)), 0)::bigint AS paid_fen
FROM due LEFT JOIN came USING (unit_number)
""")
"""A unit counts up to what it owes by now; relief paid in its place counts as paid.

`least` passes over a NULL: without the 0, who never paid would have paid everything.
"""

WORKS = text("""
WITH seen AS (
  SELECT item_id, bool_and(outcome <> 'FAIL') AS clean FROM inspection
  WHERE renovation_id = :rid AND item_id IS NOT NULL GROUP BY 1)
SELECT count(*) AS items_planned, count(*) FILTER (WHERE state = 'passed') AS items_passed,
       count(seen.item_id) AS items_inspected,
       count(*) FILTER (WHERE seen.clean) AS items_passed_at_once
FROM work_item LEFT JOIN seen ON seen.item_id = work_item.id
WHERE renovation_id = :rid AND state <> 'cancelled'
""")

CERTIFIED = text("""
SELECT coalesce(sum(certified_fen), 0)::bigint AS certified_fen FROM certificate
WHERE renovation_id = :rid AND state = 'released'
""")

SURVEY = text("""
WITH asked AS (
  SELECT number FROM unit WHERE estate_id = :estate AND kind = ANY(:kinds)),
last AS (
  SELECT DISTINCT ON (unit_number) unit_number, score FROM survey_answer
  WHERE renovation_id = :rid ORDER BY unit_number, recorded_at DESC, command_id DESC)
SELECT count(*) AS units, count(last.score) AS answers,
       count(*) FILTER (WHERE last.score >= :satisfied) AS satisfied
FROM asked LEFT JOIN last ON last.unit_number = asked.number
""")
"""One answer per household counts: its last."""

OPEN_STATES = (
    TicketState.OPEN,
    TicketState.ESCALATED,
    TicketState.REOPENED,
    TicketState.RESOLVED,
)
"""A ticket that was answered stays open until its call-back is over."""


async def evaluation_facts(case: Case) -> EvaluationFacts:
    """Everything the indicators are made of, counted now."""
    rid = case.renovation.id
    found: dict[str, Any] = {
        **await _participation(case),
        **await _one(case, COLLECTION, rid=rid, now=case.now),
        **await _one(case, WORKS, rid=rid),
        **await _one(case, CERTIFIED, rid=rid),
        **await _one(
            case,
            SURVEY,
            rid=rid,
            estate=case.renovation.estate_id,
            kinds=list(share_rows.counted_kinds(case)),
            satisfied=SATISFIED_SCORE,
        ),
        **await _tickets(case),
        "budget_fen": await _budget_fen(case),
    }
    return EvaluationFacts.model_validate(found)


async def event_details(case: Case, kind: str) -> dict[str, Any] | None:
    """The details of the last event of a kind; None when there was none."""
    found: dict[str, Any] | None = await case.session.scalar(
        select(Event.details)
        .where(Event.renovation_id == case.renovation.id, Event.kind == kind)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return found


async def _one(case: Case, statement: Any, **params: object) -> RowMapping:
    return (await case.session.execute(statement, params)).mappings().one()


async def _participation(case: Case) -> dict[str, int]:
    """The turnout of the first motion of the vote that carries the renovation: no other came after it.

    Where the estate was not asked as a whole, that of the first motion of every part that was.
    """
    boxes = await load_running_boxes(case.session, case.renovation.id)
    whole = [box for box in boxes if not box.building]
    found = [_turnout(box) for box in whole or boxes]
    return {name: sum(each[name] for each in found) for name in TURNOUT} if all(found) else {}


def _turnout(box: BallotBox) -> dict[str, int]:
    """Of the first motion of a box; empty where it was not counted."""
    if box.tally is None:
        return {}
    first = box.motions[0]
    key = str(first["id"]) if isinstance(first, dict) else ""
    entry = box.tally.get(key)
    tally = entry.get("tally") if isinstance(entry, dict) else None
    if not isinstance(tally, dict):
        return {}
    return {name: int(str(tally[name])) for name in TURNOUT}


async def _budget_fen(case: Case) -> int:
    return (
        await case.session.scalar(
            select(Scheme.budget_fen)
            .where(Scheme.renovation_id == case.renovation.id)
            .order_by(Scheme.version.desc())
            .limit(1)
        )
        or 0
    )


async def _tickets(case: Case) -> dict[str, int]:
    """Tickets by what became of them; an open one that was answered counts as answered.

    One that waits for an answer past its time is known not to be answered in time.
    """
    rows = await case.session.execute(
        select(Ticket.state, Ticket.opened_at, Ticket.resolved_at, Ticket.reopened).where(
            Ticket.renovation_id == case.renovation.id
        )
    )
    answered = in_time = reopened = still_open = overdue = 0
    for state, opened_at, resolved_at, times in rows:
        if state not in ("resolved", "closed") or resolved_at is None:
            if state != "referred":
                still_open += 1
                overdue += case.now > law.total_due(opened_at, case.timetable, case.calendar)
            continue
        answered += 1
        reopened += times > 0
        decision = law.resolved_in_time(opened_at, resolved_at, case.timetable, case.calendar)
        in_time += decision.passed
    return {
        "tickets_answered": answered,
        "tickets_in_time": in_time,
        "tickets_reopened": reopened,
        "tickets_open": still_open,
        "tickets_overdue": overdue,
    }


async def open_ticket_ids(case: Case) -> Sequence[str]:
    """The tickets that have not come to their end."""
    return (
        await case.session.scalars(
            select(Ticket.id)
            .where(
                Ticket.renovation_id == case.renovation.id,
                Ticket.state.in_(OPEN_STATES),
            )
            .order_by(Ticket.id)
        )
    ).all()
