"""Suggestions in an estate, before there is a renovation too: residents by their portal, officials with their role."""

from fastapi import APIRouter, Response

from models.fields import Cursor, Id, PlacePath
from service.bodies import Accepted
from service.proposing import ProposalMade
from service.reading.shaping import EVERYBODY
from service.routes.dependencies import RunningParts
from service.routes.suggestions.case import PAGE, PROPOSED, Page
from service.routes.suggestions.senders import (
    CurrentEstate,
    CurrentViewer,
    CurrentVisit,
    MayAnswer,
    MayReview,
    MayWriteDown,
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

router = APIRouter(prefix="/v1/estates/{estate_id}/suggestions", tags=["suggestions"])
of_place = APIRouter(prefix="/v1/suggestions", tags=["suggestions"])


@of_place.get("")
async def list_suggestions_of_place(
    parts: RunningParts,
    *,
    place: PlacePath = "",
    overdue: bool = False,
    after: Cursor = "",
    limit: Page = PAGE,
) -> tuple[SuggestionView, ...]:
    """A page of the suggestions below a place as everybody may read them; `overdue`: who is late with them."""
    asked = SuggestionsWanted(place=place, overdue=overdue, after=after, limit=limit)
    async with parts.database.session() as session:
        return await list_suggestions(session, asked, EVERYBODY)


@router.get("")
async def list_suggestions_of_estate(
    estate: CurrentEstate,
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
    asked = SuggestionsWanted(estate_id=estate.id, overdue=overdue, after=after, limit=limit)
    async with parts.database.session() as session:
        return await list_suggestions(session, asked, viewer)


@router.post("", status_code=201)
async def make_suggestion(
    estate: CurrentEstate, visit: CurrentVisit, command: MakeSuggestion, parts: RunningParts
) -> Accepted:
    """Suggest something for the estate, for a unit for which the portal vouches."""
    sender = await visit.used(parts, command.unit_number)
    return await making.make(parts, estate, sender, command)


@router.post("/written-down", status_code=201)
async def write_down_suggestion(
    estate: CurrentEstate,
    actor: MayWriteDown,
    command: WriteDownSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Write down what a resident or a group has said or signed on paper."""
    return await making.write_down(parts, estate, FromWhom(actor), command)


@router.post("/replies", status_code=201, responses=PROPOSED)
async def answer_suggestions(
    estate: CurrentEstate,
    actor: MayAnswer,
    command: AnswerSuggestions,
    parts: RunningParts,
    response: Response,
) -> Accepted | ProposalMade:
    """Reply to one suggestion or to several; 202 where many support it and a second person has to confirm."""
    done = await answering.answer(parts, estate, actor, command)
    if isinstance(done, ProposalMade):
        response.status_code = 202
    return done


@router.post("/{suggestion_id}/support", status_code=201)
async def support_suggestion(
    estate: CurrentEstate,
    visit: CurrentVisit,
    suggestion_id: Id,
    command: SupportSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Stand behind a neighbour's suggestion."""
    sender = await visit.used(parts, command.unit_number)
    return await making.support(parts, estate, sender, suggestion_id, command)


@router.post("/{suggestion_id}/support-withdrawals", status_code=201)
async def withdraw_support(
    estate: CurrentEstate,
    visit: CurrentVisit,
    suggestion_id: Id,
    command: SupportSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Take the own support back."""
    sender = await visit.used(parts, command.unit_number)
    return await making.withdraw_support(parts, estate, sender, suggestion_id, command)


@router.post("/{suggestion_id}/withdrawal", status_code=201)
async def withdraw_suggestion(
    estate: CurrentEstate,
    visit: CurrentVisit,
    suggestion_id: Id,
    command: WithdrawSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Take the own suggestion back, as long as nobody else has joined it."""
    sender = await visit.used(parts, command.unit_number)
    return await making.withdraw(parts, estate, sender, suggestion_id, command)


@router.post("/{suggestion_id}/sheets", status_code=201)
async def take_support_sheet(
    estate: CurrentEstate,
    actor: MayWriteDown,
    suggestion_id: Id,
    command: TakeSheet,
    parts: RunningParts,
) -> Accepted:
    """Take in a sheet on which neighbours have signed that they support it."""
    return await making.take_sheet(parts, estate, FromWhom(actor), suggestion_id, command)


@router.post("/{suggestion_id}/review", status_code=201)
async def review_suggestion(
    estate: CurrentEstate,
    actor: MayReview,
    suggestion_id: Id,
    command: ReviewSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Publish its words, or hide them with a reason; what was hidden, somebody else may publish."""
    return await reviewing.review(parts, estate, actor, suggestion_id, command)


@router.post("/{suggestion_id}/merging", status_code=201)
async def merge_suggestion(
    estate: CurrentEstate,
    actor: MayReview,
    suggestion_id: Id,
    command: MergeSuggestion,
    parts: RunningParts,
) -> Accepted:
    """Join a repeat to the suggestion that it repeats."""
    return await reviewing.merge(parts, estate, actor, suggestion_id, command)
