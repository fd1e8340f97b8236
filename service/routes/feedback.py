"""Feedback (反馈评价): complaints and suggestions, the word on their answer, the survey."""

from fastapi import APIRouter

from models.fields import Id
from models.messages.acts import Done
from service.bodies import Accepted, AnswerSurvey, ConfirmAnswer, OpenTicket
from service.residents import survey, tickets
from service.routes.dependencies import CaseSituation, CurrentVoter, RunningParts

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["feedback"])


@router.post("/tickets", status_code=201)
async def open_ticket(
    situation: CaseSituation, voter: CurrentVoter, command: OpenTicket, parts: RunningParts
) -> Accepted:
    """Complain or suggest; the grid worker gets it first. Confidential: the record names nobody."""
    return await tickets.open_ticket(parts, situation, voter, command)


@router.post("/tickets/{ticket_id}/confirmation")
async def confirm_answer(
    situation: CaseSituation,
    voter: CurrentVoter,
    ticket_id: Id,
    command: ConfirmAnswer,
    parts: RunningParts,
) -> Done:
    """Say whether the answer helped: yes closes the ticket, no reopens it."""
    return await tickets.confirm_answer(parts, situation, voter, ticket_id, command)


@router.post("/survey-answers", status_code=201)
async def answer_survey(
    situation: CaseSituation, voter: CurrentVoter, command: AnswerSurvey, parts: RunningParts
) -> Accepted:
    """Score the finished works, 1 to 5; of several answers of a unit the last one counts."""
    return await survey.answer_survey(parts, situation, voter, command)
