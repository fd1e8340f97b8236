"""Reading: the list, one renovation, its public progress, its record."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import views
from service.routes.dependencies import RunningParts
from service.views import EventView, PublicProgress, RenovationLine, RenovationView

router = APIRouter(prefix="/v1/renovations", tags=["renovations"])
PAGE = 100
MOST = 500


@router.get("")
async def list_renovations(
    parts: RunningParts,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> tuple[RenovationLine, ...]:
    """A page of renovations by id; ask again with the last id as `after`."""
    async with parts.database.session() as session:
        return await views.list_renovations(session, after, limit)


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
