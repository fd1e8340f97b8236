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
