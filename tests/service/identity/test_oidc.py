"""Signing in at an identity provider: `oidc-provider-mock` unmodified, and whoever replays what it says."""

import warnings
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from sqlalchemy import func, update

from models.tables import Account
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.identity.browser import COOKIE, own_path
from service.identity.invitations import Invited, invite
from service.identity.oidc import ATTEMPT_COOKIE
from tests.support.channels import code
from tests.support.waiting import PATIENCE_S

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its own libraries deprecate
    from oidc_provider_mock import run_server_in_thread

# The provider answers in a thread of this process: what its libraries deprecate is no error of it.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
async def browser(settings: Settings, issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of our pages; it keeps cookies."""
    fields = {"oidc_issuer": issuer, "oidc_client_id": "gongjian", "oidc_client_secret": "s"}
    app = create_app(Settings.model_validate({**settings.model_dump(), **fields}))
    api = app.api
    transport = httpx.ASGITransport(app)
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=transport, base_url="https://test") as client,
    ):
        yield client


async def went(browser: httpx.AsyncClient, subject: str, **query: str) -> str:
    """Where the provider sends a fresh browser back to, after somebody signed in there."""
    browser.cookies.clear()
    asked = await browser.get("/v1/sign-in/oidc", params=query)
    async with httpx.AsyncClient(timeout=PATIENCE_S) as out:
        back = await out.post(asked.headers["location"], data={"sub": subject})
    url = httpx.URL(back.headers["location"])
    return f"{url.path}?{url.query.decode()}"


async def invited(database: Database, actor_id: str) -> str:
    who = Invited(actor_id=actor_id, name=actor_id)
    return await database.transaction(lambda session: invite(session, who, "operator", 7))


async def test_an_account_of_the_provider_is_somebodys_by_invitation_only(
    browser, database
) -> None:
    assert code(await browser.get(await went(browser, "p1"))) == (403, "sign_in.not_invited")
    token = await invited(database, "wang")
    taken = await browser.get(await went(browser, "p1", invitation=token))
    assert (taken.status_code, taken.headers["location"]) == (303, "http://127.0.0.1:8000/")
    session = (await browser.get("/v1/session")).json()
    assert (session["actor_id"], session["way"]) == ("wang", "oidc")
    assert (await browser.get(await went(browser, "p1"))).status_code == 303
    other = await invited(database, "li")
    answer = await browser.get(await went(browser, "p1", invitation=other))
    assert code(answer) == (409, "sign_in.account_taken")


async def test_who_is_invited_anew_comes_back_by_the_same_account_and_by_no_other_of_theirs(
    browser, database
) -> None:
    token = await invited(database, "zhao")
    assert (await browser.get(await went(browser, "z1", invitation=token))).status_code == 303
    first = dict(browser.cookies)
    closed = update(Account).where(Account.actor_id == "zhao").values(closed_at=func.now())
    await database.transaction(lambda session: session.execute(closed))
    assert code(await browser.get(await went(browser, "z1"))) == (403, "sign_in.not_invited")
    token = await invited(database, "zhao")
    assert (await browser.get(await went(browser, "z1", invitation=token))).status_code == 303
    assert (await browser.get("/v1/session")).json()["actor_id"] == "zhao"
    browser.cookies.clear()
    browser.cookies.update(first)
    assert (await browser.get("/v1/session")).status_code == 401, "sessions of before are over"
    # Let in by another way, the account of before at the provider opens nothing.
    token = await invited(database, "zhao")
    assert (await browser.get(await went(browser, "z2", invitation=token))).status_code == 303
    assert code(await browser.get(await went(browser, "z1"))) == (403, "sign_in.not_invited")
    token = await invited(database, "zhao")
    browser.cookies.clear()
    local = await browser.post(
        f"/v1/invitations/{token}", json={"password": "correct horse battery staple"}
    )
    assert local.is_success, local.text
    assert code(await browser.get(await went(browser, "z2"))) == (403, "sign_in.not_invited")
    other = await invited(database, "qian")
    answer = await browser.get(await went(browser, "z2", invitation=other))
    assert code(answer) == (409, "sign_in.account_taken")


async def test_an_answer_opens_once_and_in_the_browser_that_asked(browser, database) -> None:
    await browser.get(await went(browser, "p2", invitation=await invited(database, "zhao")))
    back = await went(browser, "p2")
    cookie = browser.cookies[ATTEMPT_COOKIE]
    first = await browser.get(back)
    assert first.status_code == 303
    browser.cookies.set(ATTEMPT_COOKIE, cookie)
    assert code(await browser.get(back)) == (403, "sign_in.attempt_unknown")
    back = await went(browser, "p2")
    browser.cookies.clear()
    assert code(await browser.get(back)) == (403, "sign_in.attempt_unknown")
    mixed = await went(browser, "p2")
    wrong = mixed.replace("state=", "state=x")
    assert code(await browser.get(wrong)) == (403, "sign_in.attempt_unknown")
    assert code(await browser.get(mixed)) == (403, "sign_in.attempt_unknown")


async def test_a_code_of_another_sign_in_is_not_taken(browser, database) -> None:
    """Somebody plants the own code into the victim's way back: the nonce is another one's.

    A provider that asks for the verifier refuses before; this one does not.
    """
    await browser.get(await went(browser, "p3", invitation=await invited(database, "qian")))
    theirs = httpx.URL(await went(browser, "p3")).params["code"]
    mine = httpx.URL(await went(browser, "p3"))
    answer = await browser.get(str(mine.copy_set_param("code", theirs)))
    assert code(answer) == (403, "sign_in.provider_unclear")
    assert COOKIE not in browser.cookies


async def test_another_issuer_in_the_answer_is_refused(browser) -> None:
    back = await went(browser, "p4")
    answer = await browser.get(f"{back}&iss=https%3A%2F%2Fevil.example")
    assert code(answer) == (403, "sign_in.provider_unclear")


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nb", "/\\/e", ""],
)
def test_no_sign_in_leads_to_another_site(path: str) -> None:
    assert own_path(path) == "/"
    assert own_path("/cases/r1?x=1") == "/cases/r1?x=1"
