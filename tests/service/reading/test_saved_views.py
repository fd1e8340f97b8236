"""Lists that somebody saves under a name: their own, replaced by the same name, forgotten, gone with the account."""

import uuid

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.record.cases import CaseFilter
from service.finding.bodies import WantedCases
from service.finding.saved import MOST
from service.privacy.keeping import ERASE
from tests.support.browser.desk import Desk
from tests.support.channels import code, grant_roles
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in

LATE = {"place": "d/s", "overdue": True}


@pytest.fixture
async def views(
    http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection
) -> httpx.AsyncClient:
    await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
    await grant_roles(sql)
    for who in ("street", "committee"):
        await sign_in(sql, who)
    await sql.execute("DELETE FROM private.saved_view")
    return http


async def post(http: httpx.AsyncClient, who: str, path: str = "", **body: object) -> httpx.Response:
    command = {"command_id": uuid.uuid4().hex, **body}
    return await http.post(f"/v1/saved-views{path}", json=command, headers=bearer(who))


def test_a_saved_list_is_narrowed_to_whatever_a_list_can_be() -> None:
    assert WantedCases.model_fields.keys() == CaseFilter.model_fields.keys()
    assert WantedCases().asked() == CaseFilter()


async def test_a_list_is_its_owners_until_it_is_forgotten(views: httpx.AsyncClient) -> None:
    assert (await post(views, "street", name="late here", wanted={"stuck": True})).is_success
    (kept,) = (await post(views, "street", name="late here", wanted=LATE)).json()
    assert (kept["name"], {k: v for k, v in kept["wanted"].items() if v}) == ("late here", LATE)
    (read,) = (await views.get("/v1/saved-views", headers=bearer("street"))).json()
    assert read == kept
    assert (await views.get("/v1/saved-views", headers=bearer("committee"))).json() == []
    strange = await post(views, "committee", "/removals", name="late here")
    assert code(strange) == (404, "saved_view.unknown")
    assert (await post(views, "street", "/removals", name="late here")).json() == []


async def test_nobody_saves_without_end_or_what_is_no_filter(views: httpx.AsyncClient) -> None:
    for number in range(MOST):
        assert (await post(views, "street", name=f"list {number}", wanted={})).is_success
    assert code(await post(views, "street", name="one more")) == (409, "saved_view.too_many")
    assert len((await views.get("/v1/saved-views", headers=bearer("street"))).json()) == MOST
    wrong = await post(views, "street", name="list 1", wanted={"stage": "later"})
    assert code(wrong) == (422, "service.field_wrong")


async def test_a_list_goes_with_the_account(
    views: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    await post(views, "street", name="mine", wanted=LATE)
    first, *_ = ERASE["account"]
    own = await sql.fetchval("SELECT id FROM private.account WHERE actor_id = 'street'")
    await sql.execute(first.replace(":ids", "$1"), [own])
    assert await sql.fetchval("SELECT count(*) FROM private.saved_view") == 0


async def test_a_list_is_saved_and_opened_on_the_page(views: httpx.AsyncClient) -> None:
    desk = Desk(views, "street")
    shown = await desk.get("/office/cases?stage=voting&overdue=true")
    opened = await desk.send(shown, "/office/views", {"name": "votes late", "decision": "save"})
    assert "votes late" in opened.text
    assert "stage=voting" in opened.url
    assert "overdue=true" in opened.url
    table = await desk.get(f"/office/list?{opened.url.partition('?')[2]}".partition("&saved_as")[0])
    assert table.headers["content-type"].startswith("text/csv")
    left = await desk.send(opened, "/office/views", {"name": "votes late", "decision": "forget"})
    assert "votes late" not in left.text
    empty = await desk.send(shown, "/office/views", {"name": "", "decision": "save"})
    assert empty.status == 422
