"""A hostile identity provider, over real HTTP, and people who plant what a strict one gave to them."""

import gzip
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from structlog.testing import capture_logs

from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.identity import provider as provider_module
from service.identity.browser import COOKIE
from service.identity.invitations import Invited, invite
from service.identity.oidc import ATTEMPT_COOKIE
from tests.support.channels import code
from tests.support.providers.strict import (
    CLIENT,
    PASSWORD,
    Json,
    StrictProvider,
    answer,
    encoded,
    pieces,
    strict_provider,
    there,
)
from tests.support.waiting import PATIENCE_S

CONFIGURATION = "/.well-known/openid-configuration"
OTHER = rsa.generate_private_key(65537, 2048)
ROUTE = "/v1/sign-in/oidc/callback"


@pytest.fixture(scope="module")
async def listening() -> AsyncIterator[StrictProvider]:
    async with strict_provider() as found:
        yield found


@pytest.fixture
def provider(listening: StrictProvider) -> StrictProvider:
    listening.reset()
    return listening


@pytest.fixture(scope="module")
async def browser(
    settings: Settings, listening: StrictProvider
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of our pages; it keeps cookies."""
    fields = {
        "oidc_issuer": listening.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": PASSWORD,
    }
    app = create_app(Settings.model_validate({**settings.model_dump(), **fields}))
    api = app.api
    transport = httpx.ASGITransport(app)
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=transport, base_url="https://test") as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def known(browser: httpx.AsyncClient, database: Database, listening: StrictProvider) -> str:
    """The subject of somebody who has an account: whoever is taken for them is in."""
    who = Invited(actor_id="known", name="known")
    token = await database.transaction(lambda session: invite(session, who, "operator", 7))
    answered = await browser.get(await went(browser, invitation=token))
    assert answered.status_code == 303, answered.text
    return "person-1"


async def went(browser: httpx.AsyncClient, **query: str) -> str:
    """Where the provider sends a fresh browser back to."""
    browser.cookies.clear()
    asked = await browser.get("/v1/sign-in/oidc", params=query)
    assert asked.status_code == 303, asked.text
    async with httpx.AsyncClient(timeout=PATIENCE_S) as out:
        back = await out.get(asked.headers["location"])
    return there(back.headers["location"])


async def refused(
    browser: httpx.AsyncClient, sql: asyncpg.Connection, back: str, expected: str
) -> str:
    """The way back is refused: a problem document, a line in the access log, and no session.

    What the sentence says is wrong is answered.
    """
    count = "SELECT count(*) FROM private.session"
    before = await sql.fetchval(count)
    with capture_logs() as lines:
        answered = await browser.get(back)
    assert code(answered)[1] == expected, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    (line,) = (each for each in lines if each["event"] == "request")
    assert (line["route"], line["code"]) == (ROUTE, expected)
    assert COOKIE not in browser.cookies
    assert await sql.fetchval(count) == before
    return str(answered.json()["detail"])


def part(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def unsigned(alg: str) -> Callable[[StrictProvider, Json], str]:
    return lambda _, claims: f"{part({'alg': alg, 'kid': 'k1'})}.{part(claims)}."


def confused(form: PublicFormat, kind: Encoding) -> Callable[[StrictProvider, Json], str]:
    """The public key, which everybody has, as the secret of an HMAC."""

    def made(provider: StrictProvider, claims: Json) -> str:
        text = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{part(claims)}"
        secret = provider.key.public_key().public_bytes(kind, form)
        return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"

    return made


def saying(**changes: Any) -> Callable[[StrictProvider, Json], str]:
    """Signed as it should be, and says something else; None leaves a claim out."""

    def made(provider: StrictProvider, claims: Json) -> str:
        said = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return provider.signed(said)

    return made


def headed(**header: Any) -> Callable[[StrictProvider, Json], str]:
    """Signed with a key of somebody else, which the header brings along or names."""
    return lambda provider, claims: provider.signed(claims, OTHER, **header)


OTHERS_JWK = RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True)
TOKENS: dict[str, Callable[[StrictProvider, Json], str]] = {
    "alg none": unsigned("none"),
    "alg nOnE": unsigned("nOnE"),
    "no alg": unsigned(""),
    "the public key's PEM as a secret": confused(PublicFormat.SubjectPublicKeyInfo, Encoding.PEM),
    "the public key's DER as a secret": confused(PublicFormat.SubjectPublicKeyInfo, Encoding.DER),
    "another audience": saying(aud="another"),
    "no audience": saying(aud=None),
    "several audiences without azp": saying(aud=[CLIENT, "another"]),
    "azp of another": saying(aud=[CLIENT, "another"], azp="another"),
    "azp of another, one audience": saying(azp="another"),
    "another issuer": saying(iss="https://evil.example"),
    "no issuer": saying(iss=None),
    "over": saying(exp=1_000_000_000, iat=999_999_000),
    "without end": saying(exp=None),
    "an end that is no number": saying(exp="never"),
    "not yet": saying(nbf=4_000_000_000),
    "of the future": saying(iat=4_000_000_000, exp=4_000_000_300),
    "another nonce": saying(nonce="planted"),
    "no nonce": saying(nonce=None),
    "nobody": saying(sub=None),
    "an empty subject": saying(sub=""),
    "a subject that is a list": saying(sub=["person-1"]),
    "a key that nobody knows": headed(kid="k2"),
    "another key of the same name": headed(),
    "a key that it brings along": headed(kid=None, jwk=OTHERS_JWK),
    "a key that it brings along by the name of ours": headed(jwk=OTHERS_JWK),
    "an address of keys": headed(jku="http://localhost:9/jwks"),
    "a certificate that it brings along": headed(x5c=["MIIB"]),
    "an extension that we do not know": lambda provider, claims: provider.signed(
        claims, crit=["exp2"], exp2=1
    ),
    "no token": lambda *_: "a.b",
    "five parts": lambda *_: "a.b.c.d.e",
    "nothing": lambda *_: "",
}


@pytest.mark.parametrize("name", TOKENS)
async def test_a_token_that_does_not_hold_signs_nobody_in(
    browser, provider, known, sql, name: str
) -> None:
    back = await went(browser)
    provider.twist = lambda claims: TOKENS[name](provider, claims)
    assert "does not hold" in await refused(browser, sql, back, "sign_in.provider_unclear")
    assert "/jwks" in provider.asked  # it was the token, and not something before


async def test_a_strict_provider_lets_in_with_the_verifier_and_only_with_it(
    browser, provider, known
) -> None:
    assert (await browser.get(await went(browser))).status_code == 303
    assert (await browser.get("/v1/session")).json()["actor_id"] == "known"
    assert not provider.refused
    # The provider itself is no pushover.
    query = httpx.URL(await went(browser)).params
    form = {
        "grant_type": "authorization_code",
        "code": query["code"],
        "redirect_uri": f"http://127.0.0.1:8000{ROUTE}",
    }
    async with httpx.AsyncClient(
        base_url=provider.issuer, auth=(CLIENT, PASSWORD), timeout=PATIENCE_S
    ) as out:
        assert (await out.post("/token", data=form)).status_code == 400
        assert (await out.get("/authorize", params={"state": "x"})).status_code == 400
    assert provider.refused == ["verifier", "no challenge"]


async def test_a_code_that_somebody_plants_signs_nobody_in(browser, provider, known, sql) -> None:
    """Stolen or the thief's own: it was asked for with another verifier."""
    planted = httpx.URL(await went(browser)).params["code"]
    mine = httpx.URL(await went(browser)).copy_set_param("code", planted)
    await refused(browser, sql, str(mine), "sign_in.provider_refused")
    assert provider.refused == ["verifier"]


async def test_a_way_back_is_good_once_and_in_its_own_browser(
    browser, provider, known, sql
) -> None:
    back = await went(browser)
    cookie = browser.cookies[ATTEMPT_COOKIE]
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    browser.cookies.set(ATTEMPT_COOKIE, cookie)
    await refused(browser, sql, back, "sign_in.attempt_unknown")
    theirs = await went(browser)  # state and code of another browser
    await went(browser)
    await refused(browser, sql, theirs, "sign_in.attempt_unknown")
    used = httpx.URL(back).params["code"]  # a code that was used, in a way back of its own
    mine = httpx.URL(await went(browser)).copy_set_param("code", used)
    await refused(browser, sql, str(mine), "sign_in.provider_refused")


async def test_a_provider_that_says_no_is_asked_nothing(browser, provider, known, sql) -> None:
    state = httpx.URL(await went(browser)).params["state"]
    provider.asked.clear()
    denied = f"{ROUTE}?error=access_denied&state={state}"
    await refused(browser, sql, denied, "sign_in.provider_refused")
    assert not provider.asked


async def test_who_says_always_who_it_is_must_say_so(browser, provider, known, sql) -> None:
    """Mix-up (RFC 9207): another provider's way back into ours."""
    provider.extra = {"authorization_response_iss_parameter_supported": True}
    await refused(browser, sql, await went(browser), "sign_in.provider_unclear")
    back = await went(browser)
    await refused(browser, sql, f"{back}&iss=https://evil.example", "sign_in.provider_unclear")
    back = await went(browser)
    assert (await browser.get(f"{back}&iss={provider.issuer}")).status_code == 303


SENT: dict[str, tuple[str, Callable[[StrictProvider], Any], str]] = {
    "another issuer's configuration": (
        CONFIGURATION,
        lambda by: answer({**by.configuration(), "issuer": "https://evil.example"}),
        "unclear",
    ),
    "no addresses": (CONFIGURATION, lambda by: answer({"issuer": by.issuer}), "unclear"),
    "an address that is none": (
        CONFIGURATION,
        lambda by: answer({**by.configuration(), "token_endpoint": "file:///etc/passwd"}),
        "unclear",
    ),
    "no JSON": ("/token", lambda _: pieces(b"<html>", 1), "unclear"),
    "no token": ("/token", lambda _: answer({"access_token": "t"}), "unclear"),
    "a redirect to another host": (
        "/token",
        lambda _: answer({}, 307, location="http://127.0.0.1:9/token"),
        "refused",
    ),
    "keys at another host": (
        "/jwks",
        lambda _: answer({}, 302, location="http://127.0.0.1:9/jwks"),
        "refused",
    ),
    "no keys": ("/jwks", lambda _: answer({"keys": []}), "unclear"),
    "keys that are none": ("/jwks", lambda _: answer({"keys": [{"kty": "oct", "k": "YQ"}, {"kty": 5}]}), "unclear"),
    "an endless answer": ("/jwks", lambda _: pieces(b" " * 65_536, 10_000), "unclear length"),
    # Few packed bytes may be very many: nothing is unpacked, not even the right keys.
    "a packed answer": (
        "/jwks",
        lambda by: pieces(
            gzip.compress(json.dumps(by.keys()).encode()), 1, content_encoding="gzip"
        ),
        "unclear length",
    ),
    "a failure": ("/token", lambda _: answer({}, 500), "away"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENT)
async def test_an_answer_that_is_not_as_it_should_be_signs_nobody_in(
    browser, provider, known, sql, name: str
) -> None:
    path, made, expected = SENT[name]
    back = await went(browser)
    provider.answers[path] = made(provider)
    outcome, _, what = expected.partition(" ")
    assert what in await refused(browser, sql, back, f"sign_in.provider_{outcome}")


async def test_an_answer_that_trickles_is_not_waited_for(
    browser, provider, known, sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece comes soon, the whole never: what is limited is the whole."""
    back = await went(browser)
    provider.answers["/jwks"] = pieces(b" ", 200, 0.05)
    monkeypatch.setattr(provider_module, "ANSWER_S", 0.5)
    await refused(browser, sql, back, "sign_in.provider_away")


async def test_a_key_that_cannot_be_read_spoils_no_other(browser, provider, known) -> None:
    known_key = provider.keys()["keys"]
    strange = [{"kty": "AKP", "kid": "k9", "alg": "ML-DSA-44"}, {"kty": "RSA", "n": 1}]
    provider.answers["/jwks"] = answer({"keys": [*strange, *known_key]})
    assert (await browser.get(await went(browser))).status_code == 303


async def test_what_the_provider_says_of_a_person_elsewhere_is_not_asked(
    browser, provider, known
) -> None:
    """A userinfo with another subject cannot mislead: the signed token alone says who it is."""
    provider.answers["/userinfo"] = answer({"sub": "somebody else"})
    assert (await browser.get(await went(browser))).status_code == 303
    assert (await browser.get("/v1/session")).json()["actor_id"] == "known"
    assert "/userinfo" not in provider.asked
