"""A resident with a letter and a phone: the code, the ballot, the receipt, in a real browser."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from playwright.async_api import Page, ViewportSize, expect

from runtime.settings import Settings
from tests.support.box import open_box
from tests.support.browser.site import Site, site_for_browsers
from tests.support.channels import Channels, grant_roles, official

COMMITTEE, SECOND = official("committee"), official("committee2")
UNIT = "1-101"
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
async def site(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site_for_browsers(settings, tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.fixture
async def vote(
    renovation: Callable[..., Awaitable[str]], http: httpx.AsyncClient, sql: asyncpg.Connection
) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    box = await open_box(sql, rid, opens_in=timedelta(days=-2), closes_in=timedelta(days=2))
    return Channels(http, sql, rid, box)


@pytest.fixture(params=["script", "no script"])
async def phone(site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    context = await site.browser.new_context(
        locale="zh-CN", viewport=PHONE, java_script_enabled=request.param == "script"
    )
    yield await context.new_page()
    await context.close()


async def a_letter(vote: Channels) -> tuple[str, str]:
    """The path of a letter's link and its code."""
    made = await vote.post("/letters", COMMITTEE, unit_number=UNIT, reason="lost")
    letter = made.json()["id"]
    handed = await vote.post(f"/letters/{letter}/link", SECOND)
    told = await vote.post(f"/letters/{letter}/code", COMMITTEE)
    return "/v1" + handed.json()["link"].partition("/v1")[2], told.json()["code"]


async def test_a_resident_votes_with_the_letter_and_gets_a_receipt(
    vote: Channels, site: Site, phone: Page
) -> None:
    link, told = await a_letter(vote)
    await phone.goto(f"{site.address}{link}")
    await phone.get_by_label("验证码").fill("00000000")
    await phone.get_by_role("button", name="进入").click()
    await expect(phone.get_by_role("alert")).to_be_visible()
    assert (await phone.title()).startswith("有误")
    await phone.get_by_label("验证码").fill(told)
    await phone.get_by_role("button", name="进入").click()
    await phone.get_by_role("link", name="填写选票").click()

    await phone.get_by_role("button", name="核对选票").click()
    await expect(phone.get_by_role("alert")).to_contain_text("请至少回答一个事项")
    await phone.get_by_label("不同意").check()
    await phone.get_by_role("button", name="核对选票").click()
    await expect(phone.locator("dd")).to_have_text("不同意")
    await phone.get_by_role("button", name="修改").click()
    await expect(phone.get_by_label("不同意")).to_be_checked()
    await phone.get_by_label("同意", exact=True).check()
    await phone.get_by_role("button", name="核对选票").click()
    await phone.get_by_role("button", name="提交选票").click()

    code = await phone.locator(".code").inner_text()
    assert await vote.sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", vote.box) == 1
    found = (await vote.http.get(f"/v1/renovations/{vote.rid}/ballots/{code}")).json()
    assert found["state"] == "taken"
    await phone.reload()  # the form is sent once more: the same ballot, the same receipt
    assert await phone.locator(".code").inner_text() == code
    assert await vote.sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", vote.box) == 1
    await phone.get_by_role("link", name="我的票计入了吗").click()
    await expect(phone.get_by_text("已在票箱中")).to_be_visible()
