"""Feedback (反馈评价): complaints and suggestions, the word on their answer, the survey."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.messages.ids import ticket_workflow_id
from models.tables import Renovation, SurveyAnswer, Ticket
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.waits import STARTING, at_work
from runtime.record.agenda import replace_waits
from service.http.credentials import voter_of
from service.parts import Parts, running_parts
from service.residents.commands import Accepted, AnswerSurvey, ConfirmAnswer, OpenTicket
from service.situation import Situation, load_situation
from service.writing import refuse_unknown_units, voter_actor, write

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["feedback"])


@router.post("/tickets", status_code=201)
async def open_ticket(
    renovation_id: str,
    command: OpenTicket,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Accepted:
    """Complain or suggest; the grid worker gets it first. Confidential: the record names nobody."""
    situation = await load_situation(parts.database, renovation_id)
    actor = voter_actor(parts, situation, request, command.unit_number)

    async def change(session: AsyncSession, now: datetime) -> tuple[str, Mapping[str, JsonValue]]:
        await refuse_unknown_units(
            session, situation, {command.unit_number}, "feedback.unit_unknown"
        )
        name = hashlib.sha256(command.command_id.encode()).hexdigest()[:24]
        ticket = Ticket(
            id=f"{situation.id}.t{name}",
            renovation_id=situation.id,
            command_id=command.command_id,
            kind=command.kind,
            text=command.text,
            unit_number=command.unit_number,
            confidential=command.confidential,
            level="grid",
            state="open",
            opened_at=now,
            due_at=now,
        )
        session.add(ticket)
        # Nobody moves a clock past it before its workflow has begun.
        workflow_id = ticket_workflow_id(situation.id, ticket.id)
        await replace_waits(session, situation.id, workflow_id, [at_work(STARTING, now)], now)
        digest = hashlib.sha256(command.text.encode()).hexdigest()
        return ticket.id, {"ticket": ticket.id, "kind": command.kind, "text_sha256": digest}

    named = situation.resident() if command.confidential else actor
    accepted = await write(parts, situation, named, command, "feedback.ticket_opened", change)
    await parts.gateway.start_ticket(situation, accepted.id)
    return accepted


@router.post("/tickets/{ticket_id}/confirmation")
async def confirm_answer(
    renovation_id: str,
    ticket_id: str,
    command: ConfirmAnswer,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Done:
    """Say whether the answer helped: yes closes the ticket, no reopens it."""
    situation = await load_situation(parts.database, renovation_id)
    actor = await _complainant(parts, situation, request, ticket_id)
    return await parts.gateway.confirm_ticket(
        renovation_id, ticket_id, actor, command.command_id, satisfied=command.satisfied
    )


@router.post("/survey-answers", status_code=201)
async def answer_survey(
    renovation_id: str,
    command: AnswerSurvey,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Accepted:
    """Score the finished works, 1 to 5; of several answers of a unit the last one counts."""
    situation = await load_situation(parts.database, renovation_id)
    voter_actor(parts, situation, request, command.unit_number)

    async def work(session: AsyncSession) -> None:
        await _store_answer(session, situation, command)

    await parts.database.transaction(work)
    return Accepted(
        command_id=command.command_id,
        id=command.command_id,
        kind="feedback.survey_answered",
        happened_at=situation.now.isoformat(),
    )


async def _complainant(
    parts: Parts, situation: Situation, request: Request, ticket_id: str
) -> Actor:
    """Whoever holds the credential of the unit that complained."""
    key = parts.settings.credential_key
    voter = voter_of(key, situation.id, request.headers.get("authorization"))
    async with parts.database.session() as session:
        ticket = await session.get(Ticket, ticket_id)
    if ticket is None or ticket.renovation_id != situation.id:
        raise refusal("feedback.ticket_unknown", where=ticket_id)
    if ticket.unit_number != voter.unit_number:
        raise refusal("credential.other_unit", unit=voter.unit_number)
    return situation.resident() if ticket.confidential else situation.owner(voter.unit_number)


async def _store_answer(session: AsyncSession, situation: Situation, command: AnswerSurvey) -> None:
    """A row, no event: residents act by row, the evaluation reads them in bulk."""
    await refuse_unknown_units(session, situation, {command.unit_number}, "feedback.unit_unknown")
    waits = await session.scalar(
        select(Renovation.waiting_for).where(
            Renovation.id == situation.id, Renovation.stage == "feedback"
        )
    )
    row = await session.get(SurveyAnswer, command.command_id)
    if row is not None:
        same = (row.renovation_id, row.unit_number, row.score)
        if same != (situation.id, command.unit_number, command.score):
            raise refusal("journal.command_reused", command=command.command_id, kind="survey")
        return
    if waits != "survey":
        raise refusal("feedback.survey_not_open", where=situation.id)
    await session.execute(
        insert(SurveyAnswer)
        .values(
            command_id=command.command_id,
            renovation_id=situation.id,
            unit_number=command.unit_number,
            score=command.score,
            recorded_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
    )
