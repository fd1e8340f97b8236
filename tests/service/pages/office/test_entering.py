"""Into an account without a script: an invitation, its second factor, signing in and out; a grid and its first office."""

import re

import asyncpg
import httpx
import pyotp
import pytest

from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import COOKIE
from service.identity.operator import invite_administrator
from tests.support.browser.desk import PAGES, Shown
from tests.support.estate import make_renovation

PASSWORD = "correct horse battery"


async def sent(
    http: httpx.AsyncClient, path: str, cookie: str = "", **fields: str
) -> httpx.Response:
    headers = {**PAGES, "Cookie": f"{COOKIE}={cookie}"} if cookie else PAGES
    return await http.post(path, data=fields, headers=headers)


def cookie_of(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"].partition(f"{COOKIE}=")[2].partition(";")[0]


@pytest.fixture
async def invited(database: Database, settings: Settings) -> str:
    """The path of the page of an administrator's invitation."""
    link = await invite_administrator(database, settings, "op")
    return f"/office/invited/{link.rpartition('/')[2]}"


async def test_an_invitation_makes_an_account_whose_code_is_shown_once(
    http: httpx.AsyncClient, invited: str
) -> None:
    assert "administrator" in Shown(await http.get(invited, headers=PAGES)).text
    differ = Shown(await sent(http, invited, password=PASSWORD, again="another one"))
    assert (differ.status, "The two passwords differ." in differ.text) == (422, True)
    made = await sent(http, invited, password=PASSWORD, again=PASSWORD)
    secret = re.findall(r'class="card code">([A-Z2-7]+)<', made.text)[0]
    own = {**PAGES, "Cookie": f"{COOKIE}={cookie_of(made)}"}
    assert "My work" in (await http.get("/office", headers=own)).text
    assert (await sent(http, invited, password=PASSWORD, again=PASSWORD)).status_code == 409
    wrong = Shown(
        await sent(http, "/office/enter", name="administrator", password="x" * 12, code="000000")
    )
    assert (wrong.status, 'href="#name"' in wrong.html) == (403, True)
    code = pyotp.TOTP(secret).now()
    entered = await sent(http, "/office/enter", name="administrator", password=PASSWORD, code=code)
    assert (entered.status_code, entered.headers["location"]) == (303, "/office")


async def test_an_administrator_sets_up_a_grid_and_gives_its_first_office(
    http: httpx.AsyncClient, invited: str, sql: asyncpg.Connection
) -> None:
    made = await sent(http, invited, password=PASSWORD, again=PASSWORD)
    own = cookie_of(made)
    headers = {**PAGES, "Cookie": f"{COOKIE}={own}"}
    page = Shown(await http.get("/office/people", headers=headers))
    token = dict(page.form("/places").fields)["form_token"]
    levels = {"district": "D", "street_office": "S", "community": "C", "grid": "G"}
    ids = {f"{name}_id": f"n-{name[0]}" for name in levels}
    chain = {"form_token": token, "command_id": "set-up", **levels}
    incomplete = Shown(await sent(http, "/office/people/places", own, **chain))
    assert 'href="#district_id"' in incomplete.html
    for _ in range(2):
        done = await sent(http, "/office/people/places", own, **chain, **ids)
        assert done.status_code == 303
    kinds = await sql.fetch("SELECT kind FROM place_event WHERE log_id = '*' ORDER BY seq")
    assert [row["kind"] for row in kinds].count("place.set_up") == 1
    role = {"person": "first", "name": "Office", "role": "district_bureau", "place": "n-d"}
    asked = {"form_token": token, "command_id": "give", "reason": "first", **role}
    given = Shown(await sent(http, "/office/people", own, **asked))
    assert "/v1/invitations/i1." in given.text
    held = "SELECT count(*) FROM role_grant WHERE actor_id = 'first' AND valid_from IS NOT NULL"
    assert await sql.fetchval(held) == 1


async def test_a_firm_registers_and_waits_and_a_wrong_code_is_said_at_its_field(
    http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection
) -> None:
    await make_renovation(database, rid="rfirm")
    page = Shown(await http.get("/office/firm", headers=PAGES))
    assert "Limited company" in page.text
    said = {
        "command_id": "firm-1",
        "name": "Builder A",
        "code": "not a code",
        "form": "limited",
        "contact": "0531-1",
        "qualification": "grade 2",
        "role": "contractor",
        "place": "d",
        "person": "Li",
    }
    wrong = Shown(await sent(http, "/office/firm", **said))
    assert 'href="#code"' in wrong.html
    done = Shown(await sent(http, "/office/firm", **{**said, "code": "91350100M000100Y43"}))
    assert "It waits for an office of the place." in done.text
    assert "/v1/invitations/i1." in done.text
    waiting = "SELECT count(*) FROM role_grant WHERE role = 'contractor' AND valid_from IS NULL"
    assert await sql.fetchval(waiting) == 1


async def test_whoever_comes_without_a_session_is_asked_to_sign_in(http: httpx.AsyncClient) -> None:
    page = Shown(await http.get("/office", headers=PAGES))
    assert (page.status, "Please sign in" in page.text, "Bearer" in page.text) == (401, True, False)
