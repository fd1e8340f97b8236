"""Signing in with a name, a password and a code, where a browser has no script; and signing out."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.values.refusal import Problem, Refused
from service.http.problems import read_fields, status_for
from service.identity.bodies import SignInBody
from service.identity.browser import COOKIE, forget, keep
from service.identity.local import sign_in
from service.identity.sessions import end_session
from service.pages.forms import own_form, texts
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, CurrentOffice

router = APIRouter(prefix="/office", include_in_schema=False)
ASKED = ("name", "password", "code")


@router.get("/enter")
async def show_sign_in(request: Request) -> Response:
    """The form; whoever has a passkey signs in at `/sign-in`."""
    return _form(request, "", ())


@router.post("/enter")
async def enter(request: Request, parts: RunningParts) -> Response:
    """Sign in. What was wrong is not told: name, password or code."""
    sent = texts(await own_form(request, parts.settings.address))
    try:
        body = read_fields(SignInBody, {name: sent.get(name, "") for name in ASKED})
        begun = await sign_in(parts.database, parts.settings, body)
    except Refused as refused:
        at = tuple(
            each.model_copy(update={"where": each.where or "name"}) for each in refused.problems
        )
        return _form(request, sent.get("name", ""), at)
    if earlier := request.cookies.get(COOKIE):
        await end_session(parts.database, earlier)
    answer = RedirectResponse("/office", 303)
    keep(answer, begun.token, parts.settings.session_hours * 3600)
    return answer


@router.post("/leave")
async def leave(office: CurrentOffice, _form: CurrentForm, parts: RunningParts) -> Response:
    """End the session; the browser forgets it."""
    await end_session(parts.database, office.token)
    answer = RedirectResponse("/office/enter", 303)
    forget(answer)
    return answer


def _form(request: Request, name: str, problems: tuple[Problem, ...]) -> Response:
    status = status_for(problems) if problems else 200
    return page(request, "office/enter.html", {"name": name}, status=status, problems=problems)
