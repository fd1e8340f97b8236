"""Reading: the list, one renovation, its public progress, its record."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from models.messages.journey import Stage
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.states import RenovationState
from service.parts import Parts, running_parts
from service.views import EventView, RenovationLine, RenovationView, events_of, list_of, view_of

router = APIRouter(prefix="/v1/renovations", tags=["renovations"])
PAGE = 100
MOST = 500


class Progress(Carried):
    """What everybody may know: which stages are behind, which one is on, what it waits for."""

    title: str
    state: str
    stages_done: tuple[str, ...]
    stage: str
    waiting_for: str
    due_on: str | None
    sandbox: bool


@router.get("")
async def list_renovations(
    parts: Annotated[Parts, Depends(running_parts)],
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> tuple[RenovationLine, ...]:
    """A page of renovations by id; ask again with the last id as `after`."""
    async with parts.database.session() as session:
        return await list_of(session, after, limit)


@router.get("/{renovation_id}")
async def read_renovation(
    renovation_id: str,
    request: Request,
    response: Response,
    parts: Annotated[Parts, Depends(running_parts)],
) -> RenovationView:
    """Where it stands; with `If-None-Match` 304 while nothing has changed but the time."""
    view = await _view(parts, renovation_id)
    steady = view.model_dump_json(exclude={"case_now"})
    etag = f'"{hashlib.sha256(steady.encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        response.status_code = 304
    response.headers["ETag"] = etag
    return view


@router.get("/{renovation_id}/progress")
async def read_progress(
    renovation_id: str, parts: Annotated[Parts, Depends(running_parts)]
) -> Progress:
    """The public page's facts."""
    view = await _view(parts, renovation_id)
    over = view.state == RenovationState.COMPLETED
    stages = tuple(Stage)
    here = stages.index(Stage(view.stage))
    return Progress(
        title=view.title,
        state=view.state,
        stages_done=stages if over else stages[:here],
        stage=view.stage,
        waiting_for=view.waiting_for,
        due_on=view.due_at.date().isoformat() if view.due_at else None,
        sandbox=view.sandbox,
    )


@router.get("/{renovation_id}/events")
async def read_events(
    renovation_id: str,
    parts: Annotated[Parts, Depends(running_parts)],
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> tuple[EventView, ...]:
    """The record from `after` on, at most `limit` events."""
    await _view(parts, renovation_id)
    async with parts.database.session() as session:
        return await events_of(session, renovation_id, after, limit)


async def _view(parts: Parts, renovation_id: str) -> RenovationView:
    async with parts.database.session() as session:
        view = await view_of(session, renovation_id)
    if view is None:
        raise refusal("renovation.unknown", where=renovation_id)
    return view
