"""Passkeys: to take up an invitation, to sign in, and those of the own account; a terminal's sign-in."""

from fastapi import APIRouter, Request, Response

from service.identity.bodies import AccountView, SessionView
from service.identity.browser import refuse_foreign_page
from service.identity.browsers.bodies import (
    AcceptWithPasskey,
    AddPasskey,
    CredentialId,
    NewPasskeyAsked,
    PasskeyAsked,
    PasskeyView,
    SignInWithCode,
    SignInWithPasskey,
    TerminalCode,
)
from service.identity.browsers.entering import (
    ask_for_passkey,
    code_for_terminal,
    sign_in_with_code,
    sign_in_with_passkey,
)
from service.identity.browsers.passkeys import (
    accept_with_passkey,
    add_passkey,
    ask_for_account,
    ask_for_invited,
    list_passkeys,
    remove_passkey,
)
from service.routes.dependencies import CurrentSession, CurrentToken, RunningParts
from service.routes.sign_in.identity import InvitationToken, handed

router = APIRouter(prefix="/v1", tags=["identity"])


@router.post("/invitations/{token}/passkey-challenges", status_code=201)
async def ask_passkey_of_invited(token: InvitationToken, parts: RunningParts) -> NewPasskeyAsked:
    """What a browser makes a passkey for, to take up an invitation; it uses nothing up."""
    return await ask_for_invited(parts.database, parts.settings, token)


@router.post("/invitations/{token}/passkeys", status_code=201)
async def accept_by_passkey(
    token: InvitationToken,
    body: AcceptWithPasskey,
    parts: RunningParts,
    request: Request,
    response: Response,
) -> AccountView:
    """Take up the invitation with a passkey, once; what one had before opens nothing any more."""
    if body.cookie:
        refuse_foreign_page(request.headers, parts.settings.address)
    made = await accept_with_passkey(parts.database, parts.settings, token, body)
    return await handed(made, request, response, parts, in_cookie=body.cookie)


@router.post("/sign-in/passkey-challenges", status_code=201)
async def ask_passkey(parts: RunningParts) -> PasskeyAsked:
    """What a passkey is to sign, once and within ten minutes."""
    return await ask_for_passkey(parts.database, parts.settings)


@router.post("/sign-in/passkey")
async def sign_in_by_passkey(
    body: SignInWithPasskey, parts: RunningParts, request: Request, response: Response
) -> SessionView:
    """Begin a session with a passkey."""
    if body.cookie:
        refuse_foreign_page(request.headers, parts.settings.address)
    begun = await sign_in_with_passkey(parts.database, parts.settings, body)
    return await handed(begun, request, response, parts, in_cookie=body.cookie)


@router.get("/passkeys")
async def show_passkeys(session: CurrentSession, parts: RunningParts) -> tuple[PasskeyView, ...]:
    """The passkeys of the sender's account."""
    return await list_passkeys(parts.database, session.account_id)


@router.post("/passkey-challenges", status_code=201)
async def ask_another_passkey(
    session: CurrentSession, token: CurrentToken, parts: RunningParts
) -> NewPasskeyAsked:
    """What a browser makes another passkey for; for minutes after a sign-in, in a local account."""
    return await ask_for_account(parts.database, parts.settings, session, token)


@router.post("/passkeys", status_code=201)
async def add_another_passkey(
    body: AddPasskey, session: CurrentSession, token: CurrentToken, parts: RunningParts
) -> PasskeyView:
    """Add a passkey to the sender's account."""
    return await add_passkey(parts.database, parts.settings, session, token, body)


@router.post("/passkeys/{passkey}/removal")
async def remove_own_passkey(
    passkey: CredentialId, session: CurrentSession, token: CurrentToken, parts: RunningParts
) -> tuple[PasskeyView, ...]:
    """Remove a passkey and sign out everywhere else; the last way into an account stays."""
    return await remove_passkey(parts.database, session, token, passkey)


@router.post("/session/terminal-codes", status_code=201)
async def show_terminal_code(
    _session: CurrentSession, token: CurrentToken, parts: RunningParts
) -> TerminalCode:
    """A code for the own terminal; whoever has it is its sender, once and within two minutes."""
    return await code_for_terminal(parts.database, token)


@router.post("/sign-in/terminal")
async def sign_in_at_terminal(body: SignInWithCode, parts: RunningParts) -> SessionView:
    """Begin a session at a terminal, which ends when that of the browser would."""
    return await sign_in_with_code(parts.database, body.code)
