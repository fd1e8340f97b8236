"""The doors of suggestions: the same for a renovation and for an estate, which differ in who comes in by what.

In a renovation a unit shows its ticket, in an estate its city's portal vouches for it; officials have their role
over either one's place.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from models.fields import Id, PlacePath
from models.values.actor import Actor
from proof.canonical import utc_text
from service.bodies import Accepted
from service.http.paging import Key, Paged, Paging
from service.parts import Parts
from service.proposing import ProposalMade
from service.reading.shaping import EVERYBODY, Viewer
from service.routes.dependencies import RunningParts
from service.routes.suggestions.senders import OF_CASE, OF_ESTATE, UnitVisit, Ways
from service.suggestions import answering, making, reviewing
from service.suggestions.bodies import (
    AnswerSuggestions,
    MakeSuggestion,
    MergeSuggestion,
    ReviewSuggestion,
    SuggestionEvent,
    SuggestionView,
    SupportSuggestion,
    TakeSheet,
    WithdrawSuggestion,
    WriteDownSuggestion,
)
from service.suggestions.events import list_events
from service.suggestions.rooms import EstateRoom, FromWhom, Room, case_of
from service.suggestions.showing import SuggestionsWanted, list_suggestions

PROPOSED: dict[int | str, dict[str, Any]] = {
    202: {"model": ProposalMade, "description": "A second person has to confirm it."}
}
of_place = APIRouter(prefix="/v1/suggestions", tags=["suggestions"])


@of_place.get("")
async def list_suggestions_of_place(
    parts: RunningParts, page: Paged, place: PlacePath = "", *, overdue: bool = False
) -> tuple[SuggestionView, ...]:
    """A page of the suggestions below a place as everybody may read them; `overdue`: who is late with them."""
    asked = SuggestionsWanted(place=place, overdue=overdue, part=page.slice)
    return await _page(parts, asked, EVERYBODY, page)


async def _page(
    parts: Parts, asked: SuggestionsWanted, viewer: Viewer, page: Paging
) -> tuple[SuggestionView, ...]:
    async with parts.database.session() as session:
        found = await list_suggestions(session, asked, viewer)

    def key(each: SuggestionView) -> Key:
        at = each.due_at if asked.overdue and each.due_at else each.submitted_at
        return (utc_text(at), each.id)

    return page.first(found, key)


def suggestions_of(ways: Ways) -> APIRouter:
    """The doors of a room: `ways` say which it is, and who may come in."""
    router = APIRouter(prefix=f"{ways.prefix}/suggestions", tags=["suggestions"])
    _add_reading(router, ways)
    _add_unit(router, ways)
    _add_one_of_unit(router, ways)
    _add_offices(router, ways)
    _add_one_of_offices(router, ways)
    return router


def _add_reading(router: APIRouter, ways: Ways) -> None:
    @router.get("", name=f"list_suggestions_of_{ways.name}")
    async def list_suggestions_of(
        room: Annotated[Room, ways.room],
        viewer: Annotated[Viewer, ways.viewer],
        parts: RunningParts,
        page: Paged,
        *,
        overdue: bool = False,
    ) -> tuple[SuggestionView, ...]:
        """A page of the suggestions, the newest first; of `overdue` ones what has been late longest first.

        Words that nobody has reviewed are for their authors and the offices; who suggested, for the offices.
        """
        rid = case_of(room) or ""
        estate_id = "" if rid else room.estate_id
        asked = SuggestionsWanted(estate_id, rid, overdue=overdue, part=page.slice)
        return await _page(parts, asked, viewer, page)


def _add_unit(router: APIRouter, ways: Ways) -> None:
    @router.post("", status_code=201)
    async def make_suggestion(
        room: Annotated[Room, ways.room],
        unit: Annotated[UnitVisit, ways.unit],
        command: MakeSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Suggest something for the estate; after a renovation is over, for the next one."""
        return await making.make(parts, room, await unit.used(parts, command.unit_number), command)


def _add_one_of_unit(router: APIRouter, ways: Ways) -> None:
    @router.post("/{suggestion_id}/support", status_code=201)
    async def support_suggestion(
        room: Annotated[Room, ways.room],
        unit: Annotated[UnitVisit, ways.unit],
        suggestion_id: Id,
        command: SupportSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Stand behind a neighbour's suggestion."""
        sender = await unit.used(parts, command.unit_number)
        return await making.support(parts, room, sender, suggestion_id, command)

    @router.post("/{suggestion_id}/support-withdrawals", status_code=201)
    async def withdraw_support(
        room: Annotated[Room, ways.room],
        unit: Annotated[UnitVisit, ways.unit],
        suggestion_id: Id,
        command: SupportSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Take the own support back."""
        sender = await unit.used(parts, command.unit_number)
        return await making.withdraw_support(parts, room, sender, suggestion_id, command)

    @router.post("/{suggestion_id}/withdrawal", status_code=201)
    async def withdraw_suggestion(
        room: Annotated[Room, ways.room],
        unit: Annotated[UnitVisit, ways.unit],
        suggestion_id: Id,
        command: WithdrawSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Take the own suggestion back, as long as nobody else has joined it."""
        sender = await unit.used(parts, command.unit_number)
        return await making.withdraw(parts, room, sender, suggestion_id, command)


def _add_offices(router: APIRouter, ways: Ways) -> None:
    @router.post("/written-down", status_code=201)
    async def write_down_suggestion(
        room: Annotated[Room, ways.room],
        actor: Annotated[Actor, ways.write_down],
        command: WriteDownSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Write down what a resident or a group has said or signed on paper."""
        return await making.write_down(parts, room, FromWhom(actor), command)

    @router.post("/replies", status_code=201, responses=PROPOSED)
    async def answer_suggestions(
        room: Annotated[Room, ways.room],
        actor: Annotated[Actor, ways.answer],
        command: AnswerSuggestions,
        parts: RunningParts,
        response: Response,
    ) -> Accepted | ProposalMade:
        """Reply to one suggestion or to several; 202 where many support it and a second person has to confirm."""
        done = await answering.answer(parts, room, actor, command)
        if isinstance(done, ProposalMade):
            response.status_code = 202
        return done


def _add_one_of_offices(router: APIRouter, ways: Ways) -> None:
    @router.post("/{suggestion_id}/sheets", status_code=201)
    async def take_support_sheet(
        room: Annotated[Room, ways.room],
        actor: Annotated[Actor, ways.write_down],
        suggestion_id: Id,
        command: TakeSheet,
        parts: RunningParts,
    ) -> Accepted:
        """Take in a sheet on which neighbours have signed that they support it."""
        return await making.take_sheet(parts, room, FromWhom(actor), suggestion_id, command)

    @router.post("/{suggestion_id}/review", status_code=201)
    async def review_suggestion(
        room: Annotated[Room, ways.room],
        actor: Annotated[Actor, ways.review],
        suggestion_id: Id,
        command: ReviewSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Publish its words, or hide them with a reason; what was hidden, somebody else may publish."""
        return await reviewing.review(parts, room, actor, suggestion_id, command)

    @router.post("/{suggestion_id}/merging", status_code=201)
    async def merge_suggestion(
        room: Annotated[Room, ways.room],
        actor: Annotated[Actor, ways.review],
        suggestion_id: Id,
        command: MergeSuggestion,
        parts: RunningParts,
    ) -> Accepted:
        """Join a repeat to the suggestion that it repeats."""
        return await reviewing.merge(parts, room, actor, suggestion_id, command)


events = APIRouter(prefix=f"{OF_ESTATE.prefix}/suggestions", tags=["suggestions"])


@events.get("/events")
async def list_suggestion_events(
    estate: Annotated[EstateRoom, OF_ESTATE.room],
    viewer: Annotated[Viewer, OF_ESTATE.viewer],
    parts: RunningParts,
    page: Paged,
) -> tuple[SuggestionEvent, ...]:
    """What happened to the suggestions while no case ran there, in its order; of a case its own record says it.

    Keep the cursor of the last page and ask with it again: each event comes once, and none is missed.
    """
    async with parts.database.session() as session:
        found = await list_events(session, estate, viewer, page.slice)
    return page.first(found, lambda each: (each.seq,))


ROUTERS = (suggestions_of(OF_CASE), suggestions_of(OF_ESTATE), events, of_place)
