"""A site with a browser, a vote, letters and sessions, for the tests of the pages."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import BrowserContext, Page, ViewportSize

from runtime.settings import Settings
from service.pages.homes import COOKIE
from tests.support.box import open_box
from tests.support.browser.site import Site, site_for_browsers
from tests.support.channels import Channels, grant_roles, official

COMMITTEE, SECOND = official("committee"), official("committee2")
UNIT = "1-101"
PHONE: ViewportSize = {"width": 360, "height": 740}
SCREENSHOTS = os.environ.get("GONGJIAN_SCREENSHOTS", "")
"""A folder in which the pages of the tests are kept as pictures; none where it is empty."""


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


async def a_letter(vote: Channels, unit: str = UNIT) -> tuple[str, str]:
    """The path of a letter's link and its code."""
    made = await vote.post("/letters", COMMITTEE, unit_number=unit, reason="lost")
    letter = made.json()["id"]
    handed = await vote.post(f"/letters/{letter}/link", SECOND)
    told = await vote.post(f"/letters/{letter}/code", COMMITTEE)
    return "/v1" + handed.json()["link"].partition("/v1")[2], told.json()["code"]


async def entered(vote: Channels, unit: str = UNIT) -> str:
    """The session of a home that has entered with its letter."""
    link, code = await a_letter(vote, unit)
    answer = await vote.http.post(f"{link}/entries", json={"fact": code})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session"])


class Home:
    """A home that has entered, with a browser that has no script: it gets pages and sends their forms."""

    def __init__(self, http: httpx.AsyncClient, session: str, language: str = "en") -> None:
        self._http = http
        self.headers = {"accept": "text/html", "accept-language": language}
        self.headers["cookie"] = f"{COOKIE}={session}"
        self.session = session

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path, headers=self.headers)

    async def send(
        self,
        path: str,
        page: httpx.Response,
        fields: Mapping[str, str] | None = None,
        picture: bytes | None = None,
    ) -> httpx.Response:
        """The form of a page with what is filled in; its hidden fields come from the page."""
        hidden = dict(
            re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
        )
        files = {"picture": ("wall.jpg", picture, "image/jpeg")} if picture else None
        return await self._http.post(
            path, data={**hidden, **(fields or {})}, files=files, headers=self.headers
        )


@pytest.fixture
async def home(vote: Channels) -> Home:
    return Home(vote.http, await entered(vote))


async def let_in(context: BrowserContext, site: Site, session: str) -> None:
    """The browser keeps the session as if it had entered."""
    cookie = {"name": COOKIE, "value": session, "url": site.address, "secure": True}
    await context.add_cookies([cookie])  # type: ignore[list-item]


async def keep_picture(page: Page, name: str) -> None:
    """Keep a page as it looks, where somebody wants to look at it."""
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
