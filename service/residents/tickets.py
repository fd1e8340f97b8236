"""Complaints and suggestions of residents, and their word on the answer."""

import hashlib
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.messages.ids import ticket_workflow_id
from models.tables import Renovation, Ticket
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from models.values.states import OPEN_STATES, TicketState
from models.values.waits import STARTING, at_work
from rules.authority import covers
from rules.feedback import ticket_due
from runtime.calendars import chinese_calendar
from runtime.record.agenda import replace_waits
from runtime.record.grants import load_grants
from runtime.record.journal import id_from
from service.access.sold import is_sellers
from service.access.tickets import Voter
from service.bodies import Accepted, ConfirmAnswer, OpenTicket
from service.http.credentials import keyed_hash
from service.parts import Parts
from service.recording import Details, accept, refuse_unknown_units
from service.situation import Situation


async def open_ticket(
    parts: Parts, situation: Situation, voter: Voter, command: OpenTicket
) -> Accepted:
    """Write a ticket and start its workflow; the event of a confidential one names no unit.

    Raises:
        Refused: `credential.other_unit`, `feedback.…` as `_refuse_about`, `renovation.over`, `quota.used_up`; `service.not_confirmed` where the
            ticket is written and its workflow did not start: the same command starts it.
    """
    voter.must_hold(command.unit_number)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        # The journal has locked the case: nobody ends it before this is written.
        renovation = await session.get_one(Renovation, situation.id)
        if renovation.state not in OPEN_STATES:
            raise refusal("renovation.over", where=situation.id, state=renovation.state)
        await refuse_unknown_units(
            session, situation, {command.unit_number}, "feedback.unit_unknown"
        )
        await _refuse_about(session, situation, command)
        name = id_from(key)
        ticket = Ticket(
            id=f"{situation.id}.t{name}",
            renovation_id=situation.id,
            command_id=key,
            kind=command.kind,
            text=command.text,
            unit_number=command.unit_number,
            confidential=command.confidential,
            level="grid",
            state=TicketState.OPEN,
            opened_at=now,
            # As its workflow will say at once: whoever looks before it has begun sees no end in the past.
            due_at=ticket_due("grid", now, now, situation.timetable, chinese_calendar()),
            about_unit=command.about_unit,
            about_firm=command.about_firm,
        )
        session.add(ticket)
        # Nobody moves a clock past it before its workflow has begun.
        workflow_id = ticket_workflow_id(situation.id, ticket.id)
        await replace_waits(session, situation.id, workflow_id, [at_work(STARTING, now)], now)
        digest = hashlib.sha256(command.text.encode()).hexdigest()
        return ticket.id, {"ticket": ticket.id, "kind": command.kind, "text_sha256": digest}

    author = situation.complainant(command.unit_number, confidential=command.confidential)
    kind = "feedback.ticket_opened"
    caller = caller_of(parts, situation, author, command.unit_number)
    accepted = await accept(
        parts.journal,
        situation,
        author,
        command,
        kind,
        change,
        caller=caller,
        quota="tickets",
        voter=voter,
    )
    await parts.gateway.start_ticket(situation, accepted.id)
    return accepted


async def _refuse_about(session: AsyncSession, situation: Situation, command: OpenTicket) -> None:
    """Whom it is about is another home of the estate, or a firm that builds here; one of them.

    Raises:
        Refused: `feedback.about_one`, `feedback.about_itself`, `feedback.unit_unknown`, `feedback.firm_unknown`.
    """
    unit, firm = command.about_unit, command.about_firm
    if unit is not None and firm is not None:
        raise refusal("feedback.about_one", where="about_firm")
    if unit == command.unit_number:
        raise refusal("feedback.about_itself", where="about_unit")
    if unit is not None:
        await refuse_unknown_units(session, situation, {unit}, "feedback.unit_unknown")
    if firm is not None and Role.CONTRACTOR not in {
        each.role
        for each in await load_grants(session, firm, situation.id)
        if covers(each.place, situation.place_path)
    }:
        raise refusal("feedback.firm_unknown", where="about_firm", firm=firm)


async def confirm_answer(
    parts: Parts, situation: Situation, voter: Voter, ticket_id: str, command: ConfirmAnswer
) -> Done:
    """Tell the ticket's workflow whether the answer helped.

    Raises:
        Refused: as `own_ticket` and `Gateway.send` do.
    """
    ticket = await own_ticket(parts, voter, ticket_id)
    author = situation.complainant(voter.unit_number, confidential=ticket.confidential)
    return await parts.gateway.confirm_ticket(
        situation.id,
        ticket_id,
        author,
        command.command_id,
        satisfied=command.satisfied,
        caller=caller_of(parts, situation, author, voter.unit_number),
    )


async def own_ticket(parts: Parts, voter: Voter, ticket_id: str) -> Ticket:
    """A ticket of the home that asks.

    Raises:
        Refused: `feedback.ticket_unknown`: a neighbour's, and what the owner before has written, is as unknown
            as one that is not there.
    """
    home = (voter.renovation_id, voter.unit_number)
    async with parts.database.session() as session:
        ticket = await session.get(Ticket, ticket_id)
        if (
            ticket is None
            or (ticket.renovation_id, ticket.unit_number) != home
            or await is_sellers(session, *home, ticket.command_id)
        ):
            raise refusal("feedback.ticket_unknown", where=ticket_id)
    return ticket


def caller_of(parts: Parts, situation: Situation, author: Actor, unit_number: str) -> str:
    """Who sends, so that the commands of two residents are never one.

    The record of a confidential ticket names no unit; keyed, so that no unit is guessed from a
    command's key either.
    """
    if author.role is not Role.RESIDENT:
        return author.id
    named = f"{situation.id}\0{unit_number}"
    return keyed_hash(parts.settings.credential_key, named.encode()).hex()
