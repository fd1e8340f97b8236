"""Signing in with a name, a password and a code, taking up an invitation so, and signing out; no script."""

from urllib.parse import parse_qs, urlsplit

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from models.values.refusal import Problem, Refused, refusal
from service.http.problems import read_fields, status_for
from service.identity.bodies import AcceptInvitation, SignInBody
from service.identity.browser import COOKIE, forget, keep
from service.identity.invitations import accept, look_at
from service.identity.local import sign_in
from service.identity.sessions import end_session
from service.pages.display import display_of
from service.pages.forms import own_form, texts
from service.pages.office.words import in_words
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, CurrentOffice
from service.routes.sign_in.identity import InvitationToken

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


@router.get("/invited/{token}")
async def show_invitation(
    token: InvitationToken, parts: RunningParts, request: Request
) -> Response:
    """Whom a link invites; opening it uses nothing up."""
    seen = await look_at(parts.database, token)
    return page(request, "office/invited.html", {"seen": seen, "token": token})


@router.post("/invited/{token}")
async def take_up(token: InvitationToken, parts: RunningParts, request: Request) -> Response:
    """Take up an invitation with a password, once; the second factor is shown now and not again."""
    sent = texts(await own_form(request, parts.settings.address))
    seen = await look_at(parts.database, token)
    password = sent.get("password", "")
    try:
        if seen.needs_password and password != sent.get("again"):
            raise refusal("form.passwords_differ", where="again")
        given = {"password": password} if seen.needs_password else {}
        body = read_fields(AcceptInvitation, given)
        made = await accept(parts.database, parts.settings, token, body.password)
    except Refused as refused:
        values = {"seen": seen, "token": token}
        status = status_for(refused.problems)
        problems = in_words(refused.problems, display_of(request).language)
        return page(request, "office/invited.html", values, status=status, problems=problems)
    if earlier := request.cookies.get(COOKIE):
        await end_session(parts.database, earlier)
    code = segno.make(made.totp_uri, error="m").svg_inline(scale=4) if made.totp_uri else ""
    values = {"made": made, "qr": Markup(code), "secret": _secret_of(made.totp_uri)}  # noqa: S704 - our own picture
    answer = page(request, "office/account_made.html", values)
    keep(answer, made.token, parts.settings.session_hours * 3600)
    return answer


def _secret_of(uri: str) -> str:
    """The secret in words, for an app that cannot scan."""
    return "".join(parse_qs(urlsplit(uri).query).get("secret", ()))


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
