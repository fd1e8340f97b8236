"""Signing in and out, and taking up an invitation."""

from typing import Annotated, TypeVar

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints

from models.fields import EventNumber, Expected, IdInFile, line
from models.values.actor import Role
from rules.authority import covers
from service.bodies import CommandBody
from service.http.paging import Paged
from service.identity.accounts import close
from service.identity.bodies import (
    AcceptInvitation,
    AccountView,
    CloseAccount,
    ClosedAccount,
    EndGrant,
    GivenRole,
    GiveRole,
    GrantView,
    InvitationView,
    SessionView,
    SignInBody,
)
from service.identity.browser import COOKIE, forget, form_token, keep, refuse_foreign_page
from service.identity.browsers.attempts import GOOD_FOR
from service.identity.grants import confirm, end, give, list_grants
from service.identity.invitations import accept, look_at
from service.identity.local import sign_in
from service.identity.oidc import ATTEMPT_COOKIE, arrive, ask
from service.identity.sessions import end_session
from service.parts import Parts
from service.programs.bodies import AddClient, ClientKey, ClientView, RevokeClient, RotateKey
from service.programs.clients import add, list_clients, revoke, rotate
from service.routes.dependencies import (
    CaseSituation,
    CurrentOfficial,
    CurrentPerson,
    CurrentSession,
    CurrentToken,
    RunningParts,
)
from service.situation import load_grants

router = APIRouter(prefix="/v1", tags=["identity"])
of_case = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["identity"])
InvitationToken = Annotated[
    str, StringConstraints(pattern=r"^i1\.[A-Za-z0-9_-]{43}$"), Expected("invitation_token")
]

PAGE = "/sign-in"
GrantId = EventNumber
PlaceQuery = Annotated[str, *line(200, 0)]
"""The path of a place, from the district down, or nothing."""


@router.get(
    "/invitations/{token}",
    response_model=InvitationView,
    responses={303: {"description": "A browser that asks for a page is sent to it."}},
)
async def show_invitation(
    token: InvitationToken, parts: RunningParts, request: Request
) -> InvitationView | RedirectResponse:
    """Whom the link invites. Opening it uses nothing up: chats open links by themselves."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{parts.settings.address}{PAGE}#{token}", 303)
    return await look_at(parts.database, token)


@router.post("/invitations/{token}")
async def accept_invitation(
    token: InvitationToken,
    body: AcceptInvitation,
    parts: RunningParts,
    request: Request,
    response: Response,
) -> AccountView:
    """Take up the invitation, once: the account, its second factor, and a session."""
    if body.cookie:
        refuse_foreign_page(request.headers, parts.settings.address)
    made = await accept(parts.database, parts.settings, token, body.password)
    return await handed(made, request, response, parts, in_cookie=body.cookie)


@router.post("/sign-in")
async def sign_in_locally(
    body: SignInBody, parts: RunningParts, request: Request, response: Response
) -> SessionView:
    """Begin a session with a local account."""
    if body.cookie:
        refuse_foreign_page(request.headers, parts.settings.address)
    begun = await sign_in(parts.database, parts.settings, body)
    return await handed(begun, request, response, parts, in_cookie=body.cookie)


@router.get("/sign-in/oidc", status_code=303, response_class=RedirectResponse)
async def ask_provider(
    parts: RunningParts,
    goes_to: Annotated[str, *line(500, 0)] = "/",
    invitation: Annotated[str, *line(100, 0)] = "",
) -> RedirectResponse:
    """Go to the identity provider to sign in; with an invitation, to take it up with an account there."""
    async with httpx.AsyncClient(trust_env=False) as http:
        asked = await ask(parts.database, parts.settings, http, goes_to, invitation)
    sent = RedirectResponse(asked.address, 303)
    keep(sent, asked.cookie, int(GOOD_FOR.total_seconds()), ATTEMPT_COOKIE)
    return sent


@router.get("/sign-in/oidc/callback", status_code=303, response_class=RedirectResponse)
async def come_back(
    request: Request,
    parts: RunningParts,
    state: Annotated[str, *line(500, 0)] = "",
    code: Annotated[str, *line(2_000, 0)] = "",
    iss: Annotated[str, *line(500, 0)] = "",
) -> RedirectResponse:
    """Come back from the identity provider; good once, in the browser that went there."""
    cookie = request.cookies.get(ATTEMPT_COOKIE, "")
    async with httpx.AsyncClient(trust_env=False) as http:
        arrived = await arrive(parts.database, parts.settings, http, cookie, state, code, iss)
    if earlier := request.cookies.get(COOKIE):
        await end_session(parts.database, earlier)
    sent = RedirectResponse(parts.settings.address + arrived.goes_to, 303)
    forget(sent, ATTEMPT_COOKIE)
    keep(sent, arrived.opened.token, parts.settings.session_hours * 3600)
    return sent


@router.get("/session")
async def show_session(session: CurrentSession, token: CurrentToken) -> SessionView:
    """Who is signed in, and until when."""
    return SessionView(
        actor_id=session.actor_id,
        only_case=session.only_case,
        way=session.way,
        expires_at=session.expires_at,
        form_token=form_token(token),
    )


@router.post("/sign-out")
async def sign_out(
    _session: CurrentSession, token: CurrentToken, parts: RunningParts, response: Response
) -> None:
    """End the session; its token opens nothing any more."""
    await end_session(parts.database, token)
    forget(response)


@of_case.get("/roles")
async def show_own_roles(
    actor_id: CurrentOfficial, situation: CaseSituation, parts: RunningParts
) -> tuple[Role, ...]:
    """The roles in which the sender may act in a renovation."""
    grants = await load_grants(parts.database, actor_id, situation.id)
    here = {grant.role for grant in grants if covers(grant.place, situation.place_path)}
    return tuple(sorted(here))


@router.get("/grants")
async def show_grants(
    person: CurrentPerson, parts: RunningParts, page: Paged, place: PlaceQuery = ""
) -> tuple[GrantView, ...]:
    """Who holds which role at a place, above and below it; for the officials of one of these places."""
    found = await list_grants(parts.database, person, place)
    return page.cut(found, lambda each: (each.place, each.role, each.id))


@router.post("/grants")
async def give_role(body: GiveRole, person: CurrentPerson, parts: RunningParts) -> GivenRole:
    """Give a person a role; who has no account yet is invited. Sent twice, given once."""
    return await give(parts.database, parts.settings, person, body)


@router.post("/grants/{grant_id}/confirm")
async def confirm_grant(
    grant_id: GrantId, body: CommandBody, person: CurrentPerson, parts: RunningParts
) -> GrantView:
    """Put a grant in force that waits for whoever may give it."""
    return await confirm(parts.database, person, grant_id, body)


@router.post("/grants/{grant_id}/end")
async def end_grant(
    grant_id: GrantId, body: EndGrant, person: CurrentPerson, parts: RunningParts
) -> GrantView:
    """End a grant now; everybody may lay down the own one."""
    return await end(parts.database, person, grant_id, body)


@router.post("/accounts/{person}/closing")
async def close_account(
    person: IdInFile, body: CloseAccount, sender: CurrentPerson, parts: RunningParts
) -> ClosedAccount:
    """Close a person's account: every session ends now. Everybody may close the own one."""
    return await close(parts.database, sender, person, body)


@router.get("/clients")
async def show_clients(
    person: CurrentPerson, parts: RunningParts, page: Paged
) -> tuple[ClientView, ...]:
    """The sender's programs; for an administrator all of them."""
    found = await list_clients(parts.database, person)
    return page.cut(found, lambda each: (each.client,))


@router.post("/clients")
async def add_client(
    body: AddClient, person: CurrentPerson, parts: RunningParts, request: Request
) -> ClientKey:
    """Let a program act as an actor, by the doors that its scopes name; its key is told once."""
    return await add(parts.database, person, request.app.state.scopes, body)


@router.post("/clients/{client}/rotation")
async def rotate_client(
    client: IdInFile, body: RotateKey, person: CurrentPerson, parts: RunningParts
) -> ClientKey:
    """Give a program a new key; those of before are good until the overlap is over."""
    return await rotate(parts.database, person, client, body)


@router.post("/clients/{client}/revocation")
async def revoke_client(
    client: IdInFile, body: RevokeClient, person: CurrentPerson, parts: RunningParts
) -> ClientView:
    """Take a program's keys away, for good."""
    return await revoke(parts.database, person, client, body)


V = TypeVar("V", bound=SessionView)


async def handed(
    view: V, request: Request, response: Response, parts: Parts, *, in_cookie: bool
) -> V:
    """The session as a token, or as a cookie in place of the one the browser has kept until now."""
    if not in_cookie:
        return view
    earlier = request.cookies.get(COOKIE)
    if earlier:
        await end_session(parts.database, earlier)
    keep(response, view.token, parts.settings.session_hours * 3600)
    return view.model_copy(update={"token": "", "form_token": form_token(view.token)})
