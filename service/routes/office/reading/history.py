"""What happened in a case and why it waits, for whoever holds a role at its place."""

from fastapi import APIRouter, Response

from models.fields import EventNumber, MomentAsked
from models.tables import Renovation
from rules.history.levels import HistoryLevel
from service.history.lines import HistoryReader
from service.history.waiting import why
from service.pages.history import HistoryQuery, told_history
from service.pages.public.lane import load_lanes
from service.reading.cases import case_for
from service.reading.shaping import viewer_under
from service.routes.dependencies import RunningParts, note_reading
from service.routes.office.dependencies import CaseView, CurrentCase, CurrentOffice
from service.views import load_renovation

router = APIRouter(prefix="/office/cases/{renovation_id}", include_in_schema=False)


@router.get("/history")
async def show_history(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    *,
    level: HistoryLevel = HistoryLevel.DECISIONS,
    as_of: MomentAsked = "",
    since: MomentAsked = "",
    known: MomentAsked = "",
    after: EventNumber = 0,
) -> Response:
    """What happened, as sentences; that somebody has read it in a role is written down."""
    viewer = viewer_under(office.grants, situation.place_path)
    await note_reading(parts, situation.in_role(office.grants), view.request)
    asked = HistoryReader(situation.id, viewer, view.language, situation.timetable.zone)
    async with parts.database.session() as session:
        told = await told_history(session, asked, HistoryQuery(level, as_of, since, known, after))
        row = await session.get_one(Renovation, situation.id)
        lanes = await load_lanes(session, situation, row.closed_at)
    values = {"told": told, "lanes": lanes, "address": f"/office/cases/{situation.id}/history"}
    return view.show("history.html", values, told.problems)


@router.get("/why")
async def show_why(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """Why it waits, with what of it only officials see: steps that broke, homes that have not consented."""
    viewer = viewer_under(office.grants, situation.place_path)
    async with parts.database.session() as session:
        renovation = case_for(viewer, await load_renovation(session, situation.id), None)
    waiting = await why(parts, situation, renovation, view.language)
    return view.show("why.html", {"waiting": waiting})
