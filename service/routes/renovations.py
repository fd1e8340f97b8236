"""Reading: the list, one renovation, its public progress, its record."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from models.fields import Awaited, Cursor, EventNumber, Id, OptionalId, PlacePath, Words
from models.values.states import RenovationState, Stage
from rules.disclosure.events import may_count_bids
from runtime.database import driver_connection
from runtime.finding.files import FileForm
from runtime.privacy.nameless import nameless_of
from runtime.record.cases import CaseFilter, find_cases
from runtime.record.feed import held_after
from service import views
from service.http.etags import etag_of
from service.http.paging import PAGE, Limit, link_next
from service.reading.cases import case_for, listed_for
from service.reading.counts import AS_FILE, file_of
from service.reading.progress import PublicProgress, load_progress
from service.reading.shaping import Viewer, event_for
from service.routes.dependencies import CurrentReader, CurrentRoles, CurrentViewer, RunningParts
from service.showing import shown
from service.views import EventView, ListedRenovation, RenovationView

router = APIRouter(prefix="/v1/renovations", tags=["renovations"])


@router.get("", responses=AS_FILE, response_model=tuple[ListedRenovation, ...])
async def list_renovations(
    request: Request,
    response: Response,
    parts: RunningParts,
    roles: CurrentRoles,
    *,
    place: PlacePath = "",
    stage: Stage | None = None,
    waiting: Awaited = "",
    overdue: bool = False,
    stuck: bool = False,
    outcome: RenovationState | None = None,
    contractor: OptionalId = "",
    rule_pack: OptionalId = "",
    words: Words = "",
    form: FileForm = FileForm.JSON,
    after: Cursor = "",
    limit: Limit = PAGE,
) -> tuple[ListedRenovation, ...] | Response:
    """A page of renovations; ask again with the `cursor` of the last one as `after`.

    Below a `place`; running in a `stage`; `waiting` for something (`open_vote`) or somebody
    (`street_office`); `overdue`: a person or the engine is late; `stuck`: a step broke; with an `outcome`, a
    `contractor` or a `rule_pack`; called by all these `words` in title, estate, places or contractor. What is
    late comes in the order of the deadlines that were missed; what waits, and what is stuck, by how long it
    has; else the ones that were opened last come first. As CSV or XLSX (`form`) a case is one flat line.
    """
    wanted = CaseFilter(
        place=place,
        stage=stage,
        waiting=waiting,
        overdue=overdue,
        stuck=stuck,
        outcome=outcome,
        contractor=contractor,
        rule_pack=rule_pack,
        words=words,
    )
    async with parts.database.session() as session:
        driver = await driver_connection(session)
        found = await find_cases(driver, wanted, limit + 1, after)
    page = found[:limit]
    answer = response if form is FileForm.JSON else file_of(page, form)
    if len(found) > limit:
        link_next(request, answer, page[-1].cursor)
    if form is not FileForm.JSON:
        return answer
    return tuple(listed_for(roles, shown(ListedRenovation, line)) for line in page)


@router.get("/{renovation_id}")
async def read_renovation(
    renovation_id: Id, response: Response, viewer: CurrentReader, parts: RunningParts
) -> RenovationView:
    """Where it stands; with `If-None-Match` 304 while nothing has changed but the time."""
    async with parts.database.session() as session:
        view = await views.load_renovation(session, renovation_id)
        held = await _held_after(session, viewer, renovation_id)
    view = case_for(viewer, view, held)
    steady = view.model_dump_json(exclude={"case_now"})
    response.headers["ETag"] = etag_of(steady.encode()).decode()
    return view


@router.get("/{renovation_id}/progress")
async def read_progress(renovation_id: Id, parts: RunningParts) -> PublicProgress:
    """The public page's facts."""
    async with parts.database.session() as session:
        return await load_progress(session, renovation_id)


@router.get("/{renovation_id}/events")
async def read_events(
    request: Request,
    response: Response,
    renovation_id: Id,
    viewer: CurrentViewer,
    parts: RunningParts,
    after: EventNumber = 0,
    limit: Limit = PAGE,
) -> tuple[EventView, ...]:
    """The record from `after` on, at most `limit` events, as whoever asks may read it.

    Everybody sees what happened when, in numbers, sums and ids. Which home it was, who complained, and what
    officials wrote freely stand as "[redacted]", except for whom they are: show a unit's ticket, or sign in.
    While a tender is open the record ends with its notice for all but officials: it would tell how many have bid.
    """
    async with parts.database.session() as session:
        held = await _held_after(session, viewer, renovation_id)
        events = await views.list_events(session, renovation_id, after, limit + 1, held)
        nameless = await nameless_of(session, (each.actor_id for each in events))
    if len(events) > limit:
        link_next(request, response, events[limit - 1].seq)
    return tuple(event_for(viewer, event, nameless) for event in events[:limit])


async def _held_after(session: AsyncSession, viewer: Viewer, renovation_id: str) -> int | None:
    return None if may_count_bids(viewer.reader) else await held_after(session, renovation_id)
