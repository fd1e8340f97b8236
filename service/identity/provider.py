"""What an identity provider says: its addresses, its keys, and the token about who signed in.

Nothing of it is believed beyond what OpenID Connect Core asks to be checked: issuer, audience, nonce,
time, and a signature by one of the provider's public keys, with an algorithm of the settings' list.
"""

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from pydantic import JsonValue, ValidationError

from models.values.base import Carried
from models.values.refusal import Refused, refusal
from runtime.settings import Settings

log = structlog.get_logger("sign_in")

ANSWER_S = 10.0
"""So long a whole answer may take, however it trickles."""
LONGEST_ANSWER = 256 * 1024
LEEWAY_S = 60
"""So far the provider's clock may be off."""
_LONGEST_ID_TOKEN = 16 * 1024


class Provider(Carried):
    """The addresses that the provider's configuration names."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False
    """It always says who it is when it sends a browser back (RFC 9207)."""


class Tokens(Carried):
    """The answer to a code; of it only the token about the person is used."""

    id_token: str


class ProviderCalls:
    """Requests to one provider, none of which follows a redirection."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        assert settings.oidc_issuer is not None
        self._settings, self._issuer, self._http = settings, settings.oidc_issuer, http

    async def configuration(self) -> Provider:
        """Where the provider is asked what.

        Raises:
            Refused: `sign_in.provider_away`, `sign_in.provider_unclear`.
        """
        path = "/.well-known/openid-configuration"
        said = await self._asked("GET", f"{self._issuer.rstrip('/')}{path}")
        try:
            provider = Provider.model_validate_json(said)
        except ValidationError:
            raise _unclear("configuration") from None
        # Another provider's configuration under this address would have others' tokens believed.
        if provider.issuer.rstrip("/") != self._issuer.rstrip("/"):
            raise _unclear("issuer")
        addresses = (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri)
        secure = ("https",) if self._issuer.startswith("https:") else ("https", "http")
        if not all(_scheme(each) in secure for each in addresses):
            raise _unclear("configuration")
        return provider

    async def subject_of(
        self, provider: Provider, code: str, verifier: str, nonce: str, back_to: str, now: datetime
    ) -> str:
        """The provider's name of whoever signed in there, for the code that they came back with.

        Raises:
            Refused: `sign_in.provider_away`, `sign_in.provider_unclear`, `sign_in.provider_refused`.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": verifier,
            "client_id": self._settings.oidc_client_id,
        }
        secret = self._settings.oidc_client_secret
        auth = (self._settings.oidc_client_id, secret.get_secret_value()) if secret else None
        said = await self._asked("POST", provider.token_endpoint, data=form, auth=auth)
        try:
            token = Tokens.model_validate_json(said).id_token
            said = await self._asked("GET", provider.jwks_uri)
            keys = KeySet(list(readable(ProviderKeys.model_validate_json(said))))
        except ValidationError:
            raise _unclear("token") from None
        expected = Expectation(
            issuer=provider.issuer,
            audience=self._settings.oidc_client_id,
            nonce=nonce,
            now=int(now.timestamp()),
        )
        return subject(token, keys, self._settings.oidc_algorithms, expected)

    async def _asked(
        self,
        method: str,
        url: str,
        data: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> bytes:
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._http.stream(
                    method,
                    url,
                    data=data,
                    auth=auth,
                    headers=PLAIN,
                    follow_redirects=False,
                    timeout=ANSWER_S,
                ) as answer,
            ):
                said = await whole_answer(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("provider_away", reason=type(error).__name__)
            raise refusal("sign_in.provider_away") from None
        except ValueError:
            raise _unclear("length") from None
        if answer.status_code >= 500:  # noqa: PLR2004 - a server's own fault
            raise refusal("sign_in.provider_away")
        if not answer.is_success:
            log.warning("provider_refused", status=answer.status_code)
            raise refusal("sign_in.provider_refused")
        return said


PLAIN = {"Accept-Encoding": "identity"}
"""Few bytes that are packed may be very many; whoever packs them nevertheless is not read."""


async def whole_answer(answer: httpx.Response) -> bytes:
    """The body of an answer to a request with `PLAIN`, as it came.

    Raises:
        ValueError: it is too long, or packed.
    """
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise ValueError("packed")
    said = b""
    async for piece in answer.aiter_raw():
        said += piece
        if len(said) > LONGEST_ANSWER:
            raise ValueError(LONGEST_ANSWER)
    return said


class ProviderKeys(Carried):
    """The provider's public keys (JWKS)."""

    keys: tuple[dict[str, JsonValue], ...]

    def public(self) -> Iterator[Any]:
        """As the library reads them; a symmetric key has no place among public ones."""
        return (each for each in self.keys if each.get("kty") != "oct")


def readable(keys: ProviderKeys) -> Iterator[Key]:
    """Those of a provider's keys that can be read; one that cannot spoils no other (RFC 7517, 5)."""
    for each in keys.public():
        try:
            yield import_key(each)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.warning("key_unreadable", reason=type(error).__name__)


class Expectation(Carried):
    """What a token about a person must say. `now` in seconds since 1970."""

    issuer: str
    audience: str
    nonce: str
    now: int


def subject(token: str, keys: KeySet, algorithms: Collection[str], expected: Expectation) -> str:
    """The subject of an id token, every claim of which was checked.

    Raises:
        Refused: `sign_in.provider_unclear`.
    """
    if len(token) > _LONGEST_ID_TOKEN:
        raise _unclear("length")
    try:
        claims = jwt.decode(token, keys, algorithms=list(algorithms)).claims
        jwt.JWTClaimsRegistry(
            now=expected.now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": expected.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": expected.audience},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": expected.nonce},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        log.warning("provider_token_refused", reason=type(error).__name__)
        raise _unclear("token") from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != expected.audience:
        raise _unclear("azp")
    found = claims["sub"]
    if not isinstance(found, str) or not found or len(found) > 255:  # noqa: PLR2004 - Core 2
        raise _unclear("sub")
    return found


def _scheme(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.scheme if parts.hostname else ""


def _unclear(part: str) -> Refused:
    log.warning("provider_unclear", part=part)
    return refusal("sign_in.provider_unclear", part=part)
