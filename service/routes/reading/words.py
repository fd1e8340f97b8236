"""Reading words: publications, objections and complaints with their answers, for whom each may read."""

from fastapi import APIRouter

from models.fields import Id
from proof.canonical import utc_text
from runtime.privacy.keys import PersonKeys
from service.http.paging import Paged
from service.reading import results, words
from service.reading.parties import as_party
from service.routes.dependencies import CaseSituation, CurrentViewer, RunningParts
from service.routes.reading.readers import ReadsHomes

PREFIX = "/v1/renovations/{renovation_id}"
posted = APIRouter(prefix=PREFIX, tags=["publications"])
said = APIRouter(prefix=PREFIX, tags=["feedback"])
votes = APIRouter(prefix=PREFIX, tags=["voting"])


@posted.get("/publications")
async def list_publications(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[words.PostedView, ...]:
    """Everything that was posted in the case, with its content and how it ended."""
    async with parts.database.session() as session:
        found = await words.list_publications(session, situation)
    return page.cut(found, lambda each: (utc_text(each.opens_at), each.id))


@posted.get("/objections")
async def list_objections(
    situation: CaseSituation,
    viewer: CurrentViewer,
    parts: RunningParts,
    *,
    publication: Id | None = None,
    page: Paged,
) -> tuple[words.ObjectionView, ...]:
    """The objections, or those to one `publication`, in the order in which they came.

    Words, sender and answer are for whoever filed it and for whom must answer; null for all others.
    """
    async with parts.database.session() as session:
        found = await words.list_objections(session, situation, viewer, page.slice, publication)
    return page.first(found, lambda each: (utc_text(each.filed_at), each.id))


@said.get("/tickets")
async def list_tickets(
    situation: CaseSituation,
    viewer: CurrentViewer,
    parts: RunningParts,
    *,
    waiting: bool = False,
    page: Paged,
) -> tuple[words.TicketWords, ...]:
    """The complaints and suggestions in the order in which they came; `waiting`: not closed yet.

    Words, unit and answers are for whoever wrote it and for whom must answer; null for all others.
    """
    async with parts.database.session() as session:
        party = await as_party(session, PersonKeys.of(parts.settings), situation, viewer)
        found = await words.list_tickets(session, situation, party, page.slice, waiting=waiting)
    return page.first(found, lambda each: (utc_text(each.opened_at), each.id))


@said.get("/survey")
async def read_survey(situation: CaseSituation, parts: RunningParts) -> results.SurveyView:
    """The survey in sums, when it is over; a number below five, or that tells of one, is null."""
    async with parts.database.session() as session:
        return await results.load_survey(session, situation)


@said.get("/evaluation")
async def list_indicators(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[results.IndicatorView, ...]:
    """Every indicator of the last evaluation beside its target."""
    async with parts.database.session() as session:
        found = await results.list_indicators(session, situation.id)
    return page.cut(found, lambda each: (each.indicator,))


@votes.get("/vote-objections")
async def list_vote_objections(
    situation: CaseSituation, _viewer: ReadsHomes, parts: RunningParts, page: Paged
) -> tuple[words.VoteObjectionView, ...]:
    """Which owners objected after a vote, for officials; a home reads its own in its household."""
    async with parts.database.session() as session:
        found = await words.list_vote_objections(session, situation)
    return page.cut(found, lambda each: (utc_text(each.objected_at), each.unit_number))
