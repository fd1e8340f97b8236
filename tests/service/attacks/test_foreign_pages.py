"""A page of somebody else in the browser of a person who is signed in: every door that changes something."""

from collections.abc import Mapping

import asyncpg
import httpx
import pytest

from runtime.database import Database
from service.identity.browser import COOKIE, FORM_HEADER, form_token
from service.routes.dependencies import OFFICIAL
from tests.support.channels import code
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.people import bearer, sign_in, token_of

RID, VICTIM = "rforeign", "victim"
DOORS = tuple(doors())
SAFE = frozenset({"GET", "HEAD"})
TOKEN = token_of(VICTIM)
FORM = {FORM_HEADER: form_token(TOKEN)}
ATTACKS: Mapping[str, tuple[dict[str, str], str]] = {
    "no form token": ({}, "credential.form_token"),
    "an empty form token": ({FORM_HEADER: ""}, "credential.form_token"),
    "somebody else's form token": (
        {FORM_HEADER: form_token(token_of("attacker"))},
        "credential.form_token",
    ),
    "the session as its form token": ({FORM_HEADER: TOKEN}, "credential.form_token"),
    "another site": ({**FORM, "Sec-Fetch-Site": "cross-site"}, "credential.foreign_page"),
    "a neighbouring name": ({**FORM, "Sec-Fetch-Site": "same-site"}, "credential.foreign_page"),
    "another origin": ({**FORM, "Origin": "https://evil.example"}, "credential.foreign_page"),
    "no origin": ({**FORM, "Origin": "null"}, "credential.foreign_page"),
    "a longer name": ({**FORM, "Origin": "http://127.0.0.1:8000.evil.example"},
                      "credential.foreign_page"),
    "another port": ({**FORM, "Origin": "http://127.0.0.1:9000"}, "credential.foreign_page"),
}  # fmt: skip
CHANGES_NOTHING = frozenset({"/v1/engine/codec/decode"})
"""Sent by the engine's UI, which knows no form token; our own pages alone may send it."""
PLAIN = "text/plain"
"""What a page of another site may send without asking first."""


@pytest.fixture(scope="module", autouse=True)
async def signed_in(database: Database, owner: str) -> None:
    await make_renovation(database, rid=RID)
    sql = await asyncpg.connect(owner)
    await sign_in(sql, VICTIM)
    await sql.close()


async def forge(http: httpx.AsyncClient, door: Door, headers: Mapping[str, str]) -> tuple[int, str]:
    body = '{"command_id":"c","publication_id":"p","text":"no"}'
    sent = {"Cookie": f"{COOKIE}={TOKEN}", "Content-Type": PLAIN, **headers}
    return code(await http.request(door.method, door.address(RID), content=body, headers=sent))


def changing() -> list[Door]:
    return [d for d in DOORS if OFFICIAL.scheme_name in d.takes and d.method not in SAFE]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_door_that_changes_something_takes_a_forged_request(
    http: httpx.AsyncClient, attack: str
) -> None:
    headers, refused = ATTACKS[attack]
    assert len(changing()) > 40
    for door in changing():
        if refused == "credential.form_token" and door.path in CHANGES_NOTHING:
            continue
        assert await forge(http, door, headers) == (403, refused), door.path
    # Nobody was signed out.
    assert (await http.get("/v1/session", headers=bearer(VICTIM))).is_success


async def test_no_door_of_units_agents_or_portals_takes_a_cookie(http: httpx.AsyncClient) -> None:
    others = [d for d in DOORS if d.who and OFFICIAL.scheme_name not in d.takes]
    assert len(others) > 8
    for door in others:
        assert await forge(http, door, FORM) == (401, "credential.missing"), door.path


async def test_a_foreign_page_begins_no_session_in_the_browser(http: httpx.AsyncClient) -> None:
    """Login CSRF: whoever works in the attacker's account tells it to the attacker."""
    sent = {"name": "attacker", "password": "correct horse battery", "code": "123456"}
    for name in ("Sec-Fetch-Site", "Origin"):
        headers = {name: {"Origin": "https://evil.example"}.get(name, "cross-site")}
        answer = await http.post("/v1/sign-in", json={**sent, "cookie": True}, headers=headers)
        assert code(answer) == (403, "credential.foreign_page")


async def test_no_answer_may_be_read_by_a_page_of_another_site(http: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for door in DOORS:
        for method in ("OPTIONS", door.method):
            content = b"{}" if method == "POST" else b""
            answer = await http.request(method, door.address(RID), content=content, headers=asked)
            assert not any(name.startswith("access-control-") for name in answer.headers), door.path


async def test_only_the_way_back_from_a_provider_leads_anywhere(http: httpx.AsyncClient) -> None:
    """Whatever a query parameter is called: nobody is sent to the site that it names."""
    evil = "https://evil.example/"
    usual = {
        "next",
        "return",
        "return_to",
        "redirect",
        "redirect_uri",
        "url",
        "goes_to",
        "continue",
    }
    for door in DOORS:
        query = dict.fromkeys(usual | {p.name for p in door.parameters if not p.in_path}, evil)
        content = b"{}" if door.method == "POST" else b""
        answer = await http.request(door.method, door.address(RID), params=query, content=content)
        assert "evil.example" not in answer.headers.get("location", ""), door.path
        assert not answer.is_redirect, door.path
