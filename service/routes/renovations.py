"""Reading: the list, one renovation, its public progress, its record."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from models.messages.journey import Stage
from runtime.record.cases import CaseFilter
from service import views
from service.routes.dependencies import RunningParts
from service.views import EventView, ListedRenovation, PublicProgress, RenovationView

router = APIRouter(prefix="/v1/renovations", tags=["renovations"])
PAGE = 100
MOST = 500


@router.get("")
async def list_renovations(
    parts: RunningParts,
    place: Annotated[
        str, Query(max_length=400, pattern=r"^[\w/-]*$", description="A path: what lies below it.")
    ] = "",
    stage: Annotated[Stage | None, Query(description="Running, and in this stage.")] = None,
    waiting: Annotated[
        str,
        Query(
            max_length=64,
            pattern=r"^[a-z0-9_.]*$",
            description="What or who is awaited: open_vote, street_office, …",
        ),
    ] = "",
    overdue: Annotated[bool, Query(description="A person or the engine is late.")] = False,
    stuck: Annotated[bool, Query(description="A step broke and needs attention.")] = False,
    after: Annotated[str, Query(max_length=100, pattern=r"^[\w.-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> tuple[ListedRenovation, ...]:
    """A page of renovations; ask again with the `cursor` of the last one as `after`.

    What is late comes in the order of the deadlines that were missed; what waits, and what is stuck,
    by how long it has; else the ones that were opened last come first.
    """
    wanted = CaseFilter(place=place, stage=stage, waiting=waiting, overdue=overdue, stuck=stuck)
    async with parts.database.session() as session:
        return await views.list_renovations(session, wanted, after, limit)


@router.get("/{renovation_id}", responses={304: {"description": "Nothing has changed."}})
async def read_renovation(
    renovation_id: str,
    request: Request,
    response: Response,
    parts: RunningParts,
) -> RenovationView:
    """Where it stands; with `If-None-Match` 304 while nothing has changed but the time."""
    async with parts.database.session() as session:
        view = await views.load_renovation(session, renovation_id)
    steady = view.model_dump_json(exclude={"case_now"})
    etag = f'"{hashlib.sha256(steady.encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        response.status_code = 304
    response.headers["ETag"] = etag
    return view


@router.get("/{renovation_id}/progress")
async def read_progress(renovation_id: str, parts: RunningParts) -> PublicProgress:
    """The public page's facts."""
    async with parts.database.session() as session:
        return await views.load_progress(session, renovation_id)


@router.get("/{renovation_id}/events")
async def read_events(
    renovation_id: str,
    parts: RunningParts,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> tuple[EventView, ...]:
    """The record from `after` on, at most `limit` events."""
    async with parts.database.session() as session:
        await views.load_renovation(session, renovation_id)
        return await views.list_events(session, renovation_id, after, limit)
