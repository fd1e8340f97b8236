"""Signing in with an account of an identity provider: OpenID Connect, code flow with PKCE.

Two requests of one browser belong together by a cookie that only it has, and the row that the cookie
names is used up by the first answer, right or wrong: a state that comes again opens nothing.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from urllib.parse import urlencode

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Account, Invitation
from models.values.base import Carried
from models.values.refusal import refusal
from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import own_path
from service.identity.browsers.attempts import begin_attempt, used_up
from service.identity.invitations import disarmed, refuse_spent
from service.identity.provider import Provider, ProviderCalls
from service.identity.sessions import Opened, begin_session, database_now
from service.identity.tokens import ATTEMPT, new_token

ATTEMPT_COOKIE = "__Host-gongjian-attempt"
CALLBACK = "/v1/sign-in/oidc/callback"
KIND = "oidc"


class Secret(Carried):
    """What the answer must prove: it is to this question, and to whoever asked it."""

    nonce: str
    verifier: str


class Asked(Carried):
    """Where the browser is sent, and the cookie by which it is known when it comes back."""

    address: str
    cookie: str


class Arrived(Carried):
    """A session that began, and the path of this site to which its browser goes."""

    opened: Opened
    goes_to: str


async def ask(
    database: Database, settings: Settings, http: httpx.AsyncClient, goes_to: str, invitation: str
) -> Asked:
    """Begin a sign-in at the provider; with an invitation its account becomes the invited person's.

    Raises:
        Refused: `sign_in.no_provider`, `sign_in.provider_…`, `invitation.…`.
    """
    provider = await _calls(settings, http).configuration()
    cookie, state = new_token(ATTEMPT), secrets.token_urlsafe(32)
    secret = Secret(nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))

    await begin_attempt(
        database,
        KIND,
        cookie,
        secret.model_dump_json(),
        state=state,
        invitation=invitation,
        goes_to=own_path(goes_to),
    )
    return Asked(address=_address(settings, provider, state, secret), cookie=cookie)


def _address(settings: Settings, provider: Provider, state: str, secret: Secret) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secret.verifier.encode()).digest())
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": settings.address + CALLBACK,
        "scope": "openid",
        "state": state,
        "nonce": secret.nonce,
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    sign = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{sign}{urlencode(query)}"


async def arrive(
    database: Database,
    settings: Settings,
    http: httpx.AsyncClient,
    cookie: str,
    state: str,
    code: str,
    issuer: str,
) -> Arrived:
    """The session of a browser that comes back from the provider.

    Raises:
        Refused: `sign_in.attempt_unknown`, `sign_in.provider_…`, `sign_in.not_invited`,
            `invitation.…`.
    """
    calls = _calls(settings, http)
    attempt = await used_up(database, KIND, cookie)
    if not hmac.compare_digest(attempt.state.encode(), state.encode()):
        raise refusal("sign_in.attempt_unknown")
    if not code:  # it says no, or nothing: there is nothing to ask it
        raise refusal("sign_in.provider_refused")
    provider = await calls.configuration()
    named = provider.authorization_response_iss_parameter_supported
    if issuer != provider.issuer and (issuer or named):
        raise refusal("sign_in.provider_unclear", part="iss")
    secret = Secret.model_validate_json(attempt.secret)
    async with database.session() as session:
        now = await database_now(session)
    back_to = settings.address + CALLBACK
    subject = await calls.subject_of(provider, code, secret.verifier, secret.nonce, back_to, now)

    async def work(session: AsyncSession) -> Opened:
        account = await session.scalar(
            select(Account).where(Account.issuer == provider.issuer, Account.subject == subject)
        )
        if attempt.invitation_id is not None:
            account = await _invited(
                session, attempt.invitation_id, account, provider.issuer, subject
            )
        if account is None or account.closed_at is not None:
            raise refusal("sign_in.not_invited")
        return await begin_session(session, account.id, KIND, settings)

    return Arrived(opened=await database.transaction(work), goes_to=attempt.goes_to)


async def _invited(
    session: AsyncSession,
    invitation_id: str,
    known: Account | None,
    issuer: str,
    subject: str,
) -> Account:
    """The account of a person at a provider, made by their invitation, which is used up.

    The one that they had there (`known`) is opened again; somebody else's it does not become. Their other
    accounts open nothing any more until another invitation.

    Raises:
        Refused: `sign_in.account_taken`, `invitation.…`.
    """
    row = await session.get_one(Invitation, invitation_id, with_for_update=True)
    if known is not None and (known.actor_id, known.only_case) != (row.actor_id, row.only_case):
        raise refusal("sign_in.account_taken")
    now = await database_now(session)
    refuse_spent(row, now)
    row.used_at = now
    await disarmed(session, row)
    if known is not None:
        known.closed_at = None
        return known
    account = Account(
        id=uuid.uuid4().hex,
        actor_id=row.actor_id,
        person_id=row.actor_id,
        only_case=None,
        name=f"{issuer}#{subject}",
        issuer=issuer,
        subject=subject,
        totp_step=0,
        created_at=now,
    )
    session.add(account)
    await session.flush()
    return account


def _calls(settings: Settings, http: httpx.AsyncClient) -> ProviderCalls:
    if settings.oidc_issuer is None:
        raise refusal("sign_in.no_provider")
    return ProviderCalls(settings, http)
