"""What happened in a case and why it waits, as everybody may read it."""

from fastapi import APIRouter, Request, Response

from models.fields import EventNumber, MomentAsked
from rules.history.levels import HistoryLevel
from service.history.lines import HistoryReader
from service.history.waiting import why
from service.http.problems import status_for
from service.pages.display import display_of
from service.pages.history import HistoryQuery, told_history
from service.pages.public.lane import load_lanes
from service.pages.rendering import page
from service.reading.cases import case_for
from service.reading.shaping import EVERYBODY
from service.routes.dependencies import RunningParts
from service.routes.pages.public.cases import CurrentCase

router = APIRouter(prefix="/cases/{renovation_id}", include_in_schema=False)


@router.get("/history")
async def show_history(
    case: CurrentCase,
    parts: RunningParts,
    request: Request,
    *,
    level: HistoryLevel = HistoryLevel.DECISIONS,
    as_of: MomentAsked = "",
    since: MomentAsked = "",
    known: MomentAsked = "",
    after: EventNumber = 0,
) -> Response:
    """What happened, as sentences: of it all, until a moment, or since one."""
    zone = case.situation.timetable.zone
    asked = HistoryReader(case.situation.id, EVERYBODY, display_of(request).language, zone)
    async with parts.database.session() as session:
        told = await told_history(session, asked, HistoryQuery(level, as_of, since, known, after))
        lanes = await load_lanes(session, case.situation, case.view.closed_at)
    values = {
        "case": case.view,
        "told": told,
        "lanes": lanes,
        "address": f"/cases/{case.situation.id}/history",
    }
    status = status_for(told.problems) if told.problems else 200
    return page(
        request, "public/history.html", values, status=status, zone=zone, problems=told.problems
    )


@router.get("/why")
async def show_why(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """Why it waits: of whom, until when, what follows, and what must be true, with both numbers."""
    view = case_for(EVERYBODY, case.view, None)
    waiting = await why(parts, case.situation, view, display_of(request).language)
    values = {"case": case.view, "waiting": waiting}
    return page(request, "public/why.html", values, zone=case.situation.timetable.zone)
