"""Training: the clock of a told case, and every part that its leader plays, homes of residents too."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.values.refusal import Refused, refusal
from rules.authority import ROLES_OF_WRITE
from service.access.spans import SESSION
from service.clock.bodies import MoveClock
from service.http.problems import read_fields
from service.identity.browser import keep
from service.pages.forms import texts, whole
from service.pages.homes import COOKIE as HOME_COOKIE
from service.pages.office.playing import enter_home, load_parts, play
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation

router = APIRouter(prefix="/office/cases/{renovation_id}/training", include_in_schema=False)


@router.get("")
async def show_training(situation: CurrentCase, parts: RunningParts, view: CaseView) -> Response:
    """Where the clock stands, what falls due next, and whose part may be played."""
    return await _training(parts, situation, view)


@router.post("/clock")
async def move_clock(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """On to the next deadline, or by days; what fell due on the way is shown."""
    fields = texts(form)
    days = {"days": whole(fields["days"])} if fields.get("days") else {}
    try:
        actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["move_clock"].roles))
        asked = {"command_id": fields.get("command_id"), "move": fields.get("move"), **days}
        await parts.clocks.move(situation.id, actor, read_fields(MoveClock, asked))
    except Refused as refused:
        return await _training(parts, situation, view, refused)
    return RedirectResponse(f"/office/cases/{situation.id}/training?moved=1", 303)


@router.post("/part")
async def take_part(
    situation: CurrentCase, office: CurrentOffice, form: CurrentForm, parts: RunningParts
) -> Response:
    """Go on as another player of the case; only whoever leads it does, and plays them all."""
    session = await play(parts, situation, office, texts(form).get("player", ""))
    sent = RedirectResponse(f"/office/cases/{situation.id}", 303)
    keep(sent, session.token, parts.settings.session_hours * 3600)
    return sent


@router.post("/home")
async def take_home(
    situation: CurrentCase, office: CurrentOffice, form: CurrentForm, parts: RunningParts
) -> Response:
    """Go on as a household: its letter is made anew, handed out and entered with."""
    fields = texts(form)
    entered = await enter_home(
        parts, situation, office, fields.get("unit", ""), fields.get("command_id", "")
    )
    sent = RedirectResponse("/mine", 303)
    keep(sent, entered.session, int(SESSION.total_seconds()), HOME_COOKIE)
    return sent


async def _training(
    parts: Parts, situation: Situation, view: View, refused: Refused | None = None
) -> Response:
    if situation.clock != "told":
        raise refusal("clock.wall", where=situation.id)
    values = {
        "clock": await parts.clocks.look(situation.id),
        "cast": await load_parts(parts, situation, view.office),
        "may_move": bool(
            ROLES_OF_WRITE["move_clock"].roles & {e.role for e in view.office.here(situation)}
        ),
        "moved": view.request.query_params.get("moved", ""),
    }
    return view.show("training.html", values, () if refused is None else refused.problems)
