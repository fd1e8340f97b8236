"""Beginning a training case, and coming back from it."""

import secrets

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from temporalio.service import RPCError

from models.values.refusal import Problem, Refused, problem, refusal
from service.bodies import CommandBody
from service.http.problems import read_fields
from service.identity.browser import COOKIE, forget, keep
from service.identity.cast import lead, play_cast
from service.pages import wording
from service.pages.forms import own_form
from service.pages.office.playing import LEADS
from service.pages.office.rehearsal import open_training
from service.pages.office.session import Office
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CurrentForm,
    CurrentOffice,
    OfficeView,
    View,
)
from service.routes.sign_in.identity import InvitationToken

router = APIRouter(prefix="/office/training", include_in_schema=False)
MOST_OF_ID = 120
OWN = "__Host-gongjian-own"
"""The own session, while its holder plays."""


@router.get("")
async def show(view: OfficeView) -> Response:
    """What a training case is, and the button that begins one."""
    return _page(view, secrets.token_hex(16), ())


@router.post("")
async def begin(
    office: CurrentOffice, form: CurrentForm, parts: RunningParts, view: OfficeView
) -> Response:
    """Open an invented case and go on as its committee. The own session is kept for afterwards."""
    if office.person.only_case is not None:
        raise refusal("credential.other_case")
    send_id = str(form.get("send_id", ""))
    try:
        rid, actor = await open_training(
            parts,
            _command_id(office, send_id),
            lambda name: wording.text(f"work.{name}", view.language, {}),
        )
    except Refused as refused:
        return _page(view, send_id, refused.problems)
    except (RPCError, RuntimeError):
        # The case is written; the same command, sent once more, starts its workflow.
        return _page(view, send_id, (problem("service.not_confirmed"),))
    sessions = await play_cast(parts.database, parts.settings, rid, [actor])
    sent = RedirectResponse(f"/office/cases/{rid}", 303)
    seconds = parts.settings.session_hours * 3600
    keep(sent, office.token, seconds, OWN)
    keep(sent, sessions[actor.id].token, seconds)
    return sent


@router.get("/lead/{token}")
async def show_link(token: InvitationToken, request: Request) -> Response:
    """What the link of `gongjian training` opens; looking uses nothing up."""
    return page(request, "office/lead.html", {"token": token})


@router.post("/lead/{token}")
async def take_lead(token: InvitationToken, parts: RunningParts, request: Request) -> Response:
    """Lead the case of the link, once; whoever has signed in comes back to the own work afterwards."""
    await own_form(request, parts.settings.address)
    rid, opened = await lead(parts.database, parts.settings, token)
    sent = RedirectResponse(f"/office/cases/{rid}", 303)
    seconds = parts.settings.session_hours * 3600
    if own := request.cookies.get(COOKIE, ""):
        keep(sent, own, seconds, OWN)
    keep(sent, opened.token, seconds)
    return sent


def _page(view: View, send_id: str, problems: tuple[Problem, ...]) -> Response:
    return view.show("rehearsal.html", {"send_id": send_id}, problems)


def _command_id(office: Office, send_id: str) -> str:
    """Whoever begins, and which time.

    Raises:
        Refused: `service.field_…` for what our page did not make.
    """
    named = {"command_id": f"training-{office.id}-{send_id}"[:MOST_OF_ID]}
    return read_fields(CommandBody, named).command_id


@router.post("/end")
async def end(
    office: CurrentOffice, _form: CurrentForm, parts: RunningParts, request: Request
) -> Response:
    """Back to the own work; the training case stays as it is."""
    own = request.cookies.get(OWN, "")
    sent = RedirectResponse("/office", 303)
    if office.person.way == LEADS and own:
        keep(sent, own, parts.settings.session_hours * 3600, COOKIE)
    else:
        forget(sent)
    forget(sent, OWN)
    return sent
