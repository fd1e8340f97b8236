"""Reading the history of a case: its lines, where it stood at a moment, what changed between two."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from formats.event_logs import LogFormat, log_text
from models.fields import Id, MomentAsked
from rules.history.levels import HistoryLevel
from rules.history.standing import CaseStanding, Window
from runtime.history.asked import moment_asked
from runtime.history.entries import HistoryLine
from runtime.history.logs import MEDIA_TYPES, logged
from runtime.history.view import HistoryDiff
from service.history.lines import HistoryReader, list_lines, load_diff, load_log, load_standing
from service.history.waiting import Waiting, why
from service.http.paging import Paged
from service.http.problems import wanted_language
from service.reading.cases import case_for
from service.routes.dependencies import CaseSituation, CurrentViewer, RunningParts
from service.views import load_renovation

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["renovations"])


async def asked_in_request(
    renovation_id: Id, situation: CaseSituation, viewer: CurrentViewer, request: Request
) -> HistoryReader:
    """Whose history is asked for, and in the language of `Accept-Language`."""
    language = wanted_language(request.headers.get("accept-language", "zh"))
    return HistoryReader(renovation_id, viewer, language, situation.timetable.zone)


CurrentAsked = Annotated[HistoryReader, Depends(asked_in_request)]


@router.get("/history")
async def read_history(
    asked: CurrentAsked,
    parts: RunningParts,
    page: Paged,
    *,
    level: HistoryLevel = HistoryLevel.DECISIONS,
    as_of: MomentAsked = "",
    known: MomentAsked = "",
) -> tuple[HistoryLine, ...]:
    """What happened, as sentences in the language that is asked for, the first first.

    `level` is how much of it; `as_of` ends it at a moment of the case (a day means its end), `known` leaves out
    what was written down later than that. What may not be read is left out of its sentence.
    """
    after = page.slice.after_number or 0
    async with parts.database.session() as session:
        window = _window(asked, as_of, known)
        lines = await list_lines(session, asked, level, window, after, page.slice.limit)
    return page.first(lines, lambda each: (each.seq,))


@router.get("/log", response_class=Response)
async def read_log(
    asked: CurrentAsked,
    situation: CaseSituation,
    parts: RunningParts,
    form: LogFormat = LogFormat.XES,
) -> Response:
    """The event log of a case for process mining, as XES, OCEL 2.0 (JSON) or CSV: what, when, who, on what.

    Whoever may not be named to you is left out, and so are details.
    """
    async with parts.database.session() as session:
        events = await load_log(session, asked)
    text = log_text(form, asked.renovation_id, situation.title, logged(events))
    name = f"{asked.renovation_id}.{'json' if form is LogFormat.OCEL else form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=MEDIA_TYPES[form], headers=headers)


@router.get("/standing")
async def read_standing(
    asked: CurrentAsked, parts: RunningParts, as_of: MomentAsked = "", known: MomentAsked = ""
) -> CaseStanding:
    """Where the case stood at a moment, by its record alone; without one, where it stands."""
    async with parts.database.session() as session:
        return await load_standing(session, asked, _window(asked, as_of, known))


@router.get("/changes")
async def read_changes(
    asked: CurrentAsked,
    parts: RunningParts,
    *,
    earlier: MomentAsked,
    later: MomentAsked = "",
    known: MomentAsked = "",
    level: HistoryLevel = HistoryLevel.DECISIONS,
) -> HistoryDiff:
    """What changed between two moments of the case, and the lines between them; without `later` until now."""
    windows = [
        Window(moment_asked(text, where, asked.zone), moment_asked(known, "known", asked.zone))
        for text, where in ((earlier, "earlier"), (later, "later"))
    ]
    async with parts.database.session() as session:
        return await load_diff(session, asked, level, windows[0], windows[1])


def _window(asked: HistoryReader, as_of: str, known: str) -> Window:
    return Window(
        moment_asked(as_of, "as_of", asked.zone), moment_asked(known, "known", asked.zone)
    )


@router.get("/why")
async def read_why(asked: CurrentAsked, situation: CaseSituation, parts: RunningParts) -> Waiting:
    """Why the case waits: what is awaited of whom, until when, what happens then, and what must be true for it."""
    async with parts.database.session() as session:
        view = case_for(asked.viewer, await load_renovation(session, asked.renovation_id), None)
    return await why(parts, situation, view, asked.language)
