"""Suggestions in a renovation: residents with their ticket, officials with their role."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from models.fields import Cursor, Id, written_whole
from service.bodies import Accepted
from service.proposing import ProposalMade
from service.routes.dependencies import (
    CaseSituation,
    CurrentViewer,
    CurrentVoter,
    MayAnswerSuggestions,
    MayReviewSuggestions,
    MayWriteDownSuggestions,
    RunningParts,
)
from service.suggestions import answering, making, reviewing
from service.suggestions.bodies import (
    AnswerSuggestions,
    MakeSuggestion,
    MergeSuggestion,
    ReviewSuggestion,
    SuggestionView,
    SupportSuggestion,
    TakeSheet,
    WithdrawSuggestion,
    WriteDownSuggestion,
)
from service.suggestions.rooms import FromWhom
from service.suggestions.showing import SuggestionsWanted, list_suggestions

router = APIRouter(prefix="/v1/renovations/{renovation_id}/suggestions", tags=["suggestions"])
PAGE, MOST = 100, 500
Page = Annotated[int, *written_whole("number", MOST, 1)]
PROPOSED: dict[int | str, dict[str, Any]] = {
    202: {"model": ProposalMade, "description": "A second person has to confirm it."}
}


@router.get("")
async def list_suggestions_of_case(
    situation: CaseSituation,
    viewer: CurrentViewer,
    parts: RunningParts,
    *,
    overdue: bool = False,
    after: Cursor = "",
    limit: Page = PAGE,
) -> tuple[SuggestionView, ...]:
    """A page of the suggestions, the newest first; the next one `after` the id of the last.

    Words that nobody has reviewed are for their authors and the offices; who suggested, for the offices.
    `overdue`: whose review or reply is late.
    """
    asked = SuggestionsWanted(renovation_id=situation.id, overdue=overdue, after=after, limit=limit)
    async with parts.database.session() as session:
        return await list_suggestions(session, asked, viewer)


@router.post("", status_code=201)
async def make_suggestion(
    situation: CaseSituation, voter: CurrentVoter, command: MakeSuggestion, parts: RunningParts
) -> Accepted:
    """Suggest something for the estate; after a renovation is over, for the next one."""
    voter.must_hold(command.unit_number)
    sender = FromWhom(situation.owner(command.unit_number), voter)
    return await making.make(parts, situation, sender, command)


@router.post("/written-down", status_code=201)
async def write_down_suggestion(
    situation: CaseSituation,
    actor: MayWriteDownSuggestions,
    command: WriteDownSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Write down what a resident or a group has said or signed on paper."""
    return await making.write_down(parts, situation, FromWhom(actor), command)


@router.post("/replies", status_code=201, responses=PROPOSED)
async def answer_suggestions(
    situation: CaseSituation,
    actor: MayAnswerSuggestions,
    command: AnswerSuggestions,
    parts: RunningParts,
    response: Response,
) -> Accepted | ProposalMade:
    """Reply to one suggestion or to several; 202 where many support it and a second person has to confirm."""
    done = await answering.answer(parts, situation, actor, command)
    if isinstance(done, ProposalMade):
        response.status_code = 202
    return done


@router.post("/{suggestion_id}/support", status_code=201)
async def support_suggestion(
    situation: CaseSituation,
    voter: CurrentVoter,
    suggestion_id: Id,
    command: SupportSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Stand behind a neighbour's suggestion."""
    voter.must_hold(command.unit_number)
    sender = FromWhom(situation.owner(command.unit_number), voter)
    return await making.support(parts, situation, sender, suggestion_id, command)


@router.post("/{suggestion_id}/support-withdrawals", status_code=201)
async def withdraw_support(
    situation: CaseSituation,
    voter: CurrentVoter,
    suggestion_id: Id,
    command: SupportSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Take the own support back."""
    voter.must_hold(command.unit_number)
    sender = FromWhom(situation.owner(command.unit_number), voter)
    return await making.withdraw_support(parts, situation, sender, suggestion_id, command)


@router.post("/{suggestion_id}/withdrawal", status_code=201)
async def withdraw_suggestion(
    situation: CaseSituation,
    voter: CurrentVoter,
    suggestion_id: Id,
    command: WithdrawSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Take the own suggestion back, as long as nobody else has joined it."""
    voter.must_hold(command.unit_number)
    sender = FromWhom(situation.owner(command.unit_number), voter)
    return await making.withdraw(parts, situation, sender, suggestion_id, command)


@router.post("/{suggestion_id}/sheets", status_code=201)
async def take_support_sheet(
    situation: CaseSituation,
    actor: MayWriteDownSuggestions,
    suggestion_id: Id,
    command: TakeSheet,
    parts: RunningParts,
) -> Accepted:
    """Take in a sheet on which neighbours have signed that they support it."""
    return await making.take_sheet(parts, situation, FromWhom(actor), suggestion_id, command)


@router.post("/{suggestion_id}/review", status_code=201)
async def review_suggestion(
    situation: CaseSituation,
    actor: MayReviewSuggestions,
    suggestion_id: Id,
    command: ReviewSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Publish its words, or hide them with a reason; what was hidden, somebody else may publish."""
    return await reviewing.review(parts, situation, actor, suggestion_id, command)


@router.post("/{suggestion_id}/merging", status_code=201)
async def merge_suggestion(
    situation: CaseSituation,
    actor: MayReviewSuggestions,
    suggestion_id: Id,
    command: MergeSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Join a repeat to the suggestion that it repeats."""
    return await reviewing.merge(parts, situation, actor, suggestion_id, command)
