"""Complaints on their way up the ladder, until they are closed."""

from datetime import datetime
from typing import cast

from pydantic import JsonValue

from activities.recording import Case, Writer, writes
from models.messages.acts import ResolveTicket
from models.messages.feedback import TicketInput, TicketOutcome, TicketTimer
from models.tables import Ticket
from models.values.feedback import Level
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import TicketState
from models.values.waits import Consequence, Wait
from rules import feedback as law
from rules.time import lateness
from runtime.record.journal import Recorded

WAITING_FOR_AN_ANSWER = (TicketState.OPEN, TicketState.ESCALATED, TicketState.REOPENED)


class Tickets(Writer):
    """Writes what becomes of a ticket. Nothing a resident wrote ever stands in an event."""

    @writes("Tickets.take_in", event="feedback.ticket_taken_in", into=TicketTimer)
    async def take_in(self, case: Case, given: TicketInput) -> Recorded[TicketTimer]:
        """The grid worker gets it at once, with the time limit on it (F-1, 接诉即办)."""
        ticket = await _locked(case, given)
        _hand_to(case, ticket, "grid", ticket.opened_at)
        case.notify("grid_worker", "ticket_taken_in", ticket=ticket.id)
        return Recorded(
            _timer(case, ticket),
            {
                **_facts(ticket),
                "kind": ticket.kind,
                "confidential": ticket.confidential,
                "text_sha256": law.text_hash(ticket.id, ticket.text),
                "total_due_at": law.total_due(
                    ticket.opened_at, case.timetable, case.calendar
                ).isoformat(),
            },
        )

    @writes("Tickets.escalate", event="feedback.ticket_escalated", into=TicketTimer)
    async def escalate(self, case: Case, given: TicketInput) -> Recorded[TicketTimer]:
        """A level that missed its time loses the ticket to the next one (F-7, rules 5.2).

        An answer that came first stands: then nothing moves. Refused: nobody is above.
        """
        ticket = await _locked(case, given)
        if ticket.state not in WAITING_FOR_AN_ANSWER:
            return Recorded(
                _timer(case, ticket), {**_facts(ticket)}, kind="feedback.tickets_looked_at"
            )
        before = _level(ticket)
        above = law.level_above(before)
        if above is None:
            raise refusal("feedback.no_level_above", ticket=ticket.id)
        missed = ticket.due_at
        ticket.state = TicketState.ESCALATED
        case.not_before(missed)
        _hand_to(case, ticket, above, case.now)
        case.notify(f"level_{above}", "ticket_escalated", ticket=ticket.id, level=above)
        return Recorded(
            _timer(case, ticket),
            {**_facts(ticket), "from": before, "missed": missed.isoformat()},
        )

    @writes("Tickets.resolve", event="feedback.ticket_resolved", into=TicketTimer)
    async def resolve(
        self, case: Case, given: TicketInput, act: ResolveTicket
    ) -> Recorded[TicketTimer]:
        """The answer, by who holds the ticket or stands above; then the call-back (F-9).

        The answer goes to the complainant as a notice; a confidential one stays out of the event.
        Refused: another level's ticket, one that does not wait for an answer.
        """
        ticket = await _locked(case, given)
        problems = list(law.answer_problems(_level(ticket), act.actor))
        if ticket.state not in WAITING_FOR_AN_ANSWER:
            problems.append(problem("feedback.not_waiting_for_answer", ticket=ticket.id))
        refuse_if_any(problems)
        decision = law.resolved_in_time(ticket.opened_at, case.now, case.timetable, case.calendar)
        ticket.state, ticket.resolved_at = TicketState.RESOLVED, case.now
        ticket.due_at = case.ends(case.now, case.timetable.callback)
        case.notify("complainant", "ticket_answered", ticket=ticket.id, answer=act.answer)
        answer: dict[str, JsonValue] = (
            {"answer_sha256": law.text_hash(ticket.id, act.answer)}
            if ticket.confidential
            else {"answer": act.answer}
        )
        return Recorded(
            _timer(case, ticket), {**_facts(ticket), **answer, "checks": decision.record()}
        )

    @writes("Tickets.close_silent", event="feedback.ticket_closed", into=TicketOutcome)
    async def close_silent(self, case: Case, given: TicketInput) -> Recorded[TicketOutcome]:
        """The call-back is over and the complainant said nothing: closed, satisfaction unknown."""
        return await _closed(case, given, None)

    @writes("Tickets.close_satisfied", event="feedback.ticket_closed", into=TicketOutcome)
    async def close_satisfied(self, case: Case, given: TicketInput) -> Recorded[TicketOutcome]:
        """The complainant is satisfied."""
        return await _closed(case, given, satisfied=True)

    @writes("Tickets.reopen", event="feedback.ticket_reopened", into=TicketTimer)
    async def reopen(self, case: Case, given: TicketInput) -> Recorded[TicketTimer]:
        """Not satisfied: once more at the same level, from the second time on one level up (5.2).

        Refused: not answered yet, after the period for reopening, the highest level's second answer.
        """
        ticket = await _locked(case, given)
        _refuse_unanswered(ticket)
        assert ticket.resolved_at is not None
        again = law.reopening(
            _level(ticket),
            ticket.reopened,
            ticket.resolved_at,
            case.now,
            case.timetable,
            case.calendar,
        )
        ticket.state, ticket.reopened = TicketState.REOPENED, again.reopened
        ticket.satisfied = False
        ticket.resolved_at = None
        _hand_to(case, ticket, again.level, case.now)
        case.notify(f"level_{again.level}", "ticket_reopened", ticket=ticket.id)
        return Recorded(_timer(case, ticket), _facts(ticket))


async def _closed(
    case: Case, given: TicketInput, satisfied: bool | None
) -> Recorded[TicketOutcome]:
    ticket = await _locked(case, given)
    _refuse_unanswered(ticket)
    if satisfied is None:
        case.not_before(ticket.due_at)
    case.is_last_word()
    ticket.state, ticket.satisfied = TicketState.CLOSED, satisfied
    return Recorded(
        TicketOutcome(state="closed", level=ticket.level, reopened=ticket.reopened),
        {**_facts(ticket), "satisfied": satisfied},
    )


async def _locked(case: Case, given: TicketInput) -> Ticket:
    row = await case.session.get(Ticket, given.ticket_id, with_for_update=True)
    if row is None or row.renovation_id != case.renovation.id:
        raise refusal("feedback.ticket_unknown", ticket=given.ticket_id)
    return row


def _refuse_unanswered(ticket: Ticket) -> None:
    if ticket.state is not TicketState.RESOLVED:
        raise refusal("feedback.ticket_not_resolved", ticket=ticket.id, state=ticket.state)


def _level(ticket: Ticket) -> Level:
    return cast("Level", ticket.level)


def _hand_to(case: Case, ticket: Ticket, level: Level, since: datetime) -> None:
    ticket.level = level
    ticket.due_at = law.ticket_due(level, ticket.opened_at, since, case.timetable, case.calendar)


def _timer(case: Case, ticket: Ticket) -> TicketTimer:
    level = _level(ticket)
    top = law.level_above(level) is None
    case.await_only(_wait_of(ticket, top=top))
    return TicketTimer(level=level, due_at=ticket.due_at, top=top)


def _wait_of(ticket: Ticket, *, top: bool) -> Wait:
    """Whoever holds it answers, or the next level gets it; after an answer the complainant is asked."""
    if ticket.state is TicketState.RESOLVED:
        return Wait(
            what="call_back",
            subject=ticket.id,
            due_at=ticket.due_at,
            who="complainant",
            consequence=Consequence.TICKET_CLOSED,
        )
    return Wait(
        what="answer",
        subject=ticket.id,
        due_at=ticket.due_at,
        who=f"level_{ticket.level}",
        consequence=Consequence.REMINDED if top else Consequence.TICKET_ESCALATED,
        level=lateness.LADDER[-1] if top else "",
    )


def _facts(ticket: Ticket) -> dict[str, JsonValue]:
    """What an event may say of a ticket: neither its text nor the unit it came from."""
    return {
        "ticket": ticket.id,
        "state": ticket.state,
        "level": ticket.level,
        "due_at": ticket.due_at.isoformat(),
        "reopened": ticket.reopened,
    }
