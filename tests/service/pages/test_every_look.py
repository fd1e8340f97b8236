"""Every page there is, as people see it: phone and desk, both languages, large print, on paper, and with its form wrong."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, NamedTuple

import asyncpg
import httpx
import pytest
from playwright.async_api import BrowserContext, Page

from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import COOKIE as OFFICE_COOKIE
from service.pages.display import COOKIE as LOOK_COOKIE
from service.pages.homes import COOKIE as HOME_COOKIE
from tests.support.browser.looking import Heard, barriers, is_too_wide, small_targets
from tests.support.browser.site import Site
from tests.support.browser.walker import DESK, PHONE
from tests.support.pages.every import World, routes, whole_world

pytestmark = pytest.mark.slow  # every page, five times, each with axe
TAP = {"usual": 44, "large": 60}
ELDER = {"text": 18, "largest": 30, "line": 1.3, "gap": 1.3}
"""The bar of the MIIT's elder mode: CSS pixels of the text and of the largest, the height of a line in its letters,
and how far a paragraph is from the one before it in lines."""
MEASURED = """() => {
  const of = each => getComputedStyle(each);
  const texts = [...document.querySelectorAll('main p, main li, main dd, main label')]
    .filter(each => each.innerText && each.getBoundingClientRect().width > 1 && !each.closest('.hidden'));
  const sizes = texts.map(each => parseFloat(of(each).fontSize));
  const gaps = [...document.querySelectorAll('main p + p')].map(each => {
    const before = each.previousElementSibling, line = parseFloat(of(before).lineHeight);
    const [above, below] = [before.getBoundingClientRect(), each.getBoundingClientRect()];
    const beneath = above.width > 1 && below.width > 1 && below.top >= above.bottom - 1;
    return beneath ? (below.top - above.bottom + line) / line : 9;
  });
  return {
    text: Math.min(18, ...sizes),
    largest: Math.max(...[...document.querySelectorAll('h1, .big')].map(e => parseFloat(of(e).fontSize))),
    line: Math.min(9, ...texts.map(e => parseFloat(of(e).lineHeight) / parseFloat(of(e).fontSize))),
    gap: Math.min(9, ...gaps),
  };
}"""
WITH_QUESTIONS = """() => {
  const form = [...document.querySelectorAll('main form')].find(each =>
    each.querySelector('input:not([type=hidden]), textarea, select') && each.method === 'post');
  if (!form) return false;
  form.noValidate = true;
  form.querySelector('button.go:not([name=more])').dataset.sends = 'yes';
  return true;
}"""
"""Marks the button of the first form in which something is asked; it can be sent as it is."""


class Look(NamedTuple):
    """How pages are looked at."""

    language: Literal["zh", "en"]
    size: Literal["usual", "large"]
    wide: bool = False
    media: Literal["screen", "print"] = "screen"


LOOKS = (
    Look("zh", "usual"),
    Look("zh", "large"),
    Look("en", "large"),
    Look("en", "usual", wide=True),
    Look("zh", "usual", media="print"),
)


@pytest.fixture(scope="module")
async def world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    return await whole_world(http, database, settings, sql)


@pytest.fixture(params=LOOKS, ids=lambda look: ".".join(map(str, look)))
async def looked(
    request: pytest.FixtureRequest, site: Site, world: World
) -> AsyncIterator[tuple[Look, dict[str, Page]]]:
    """A page for each person who may look, in one look."""
    look: Look = request.param
    pages, contexts = {}, list[BrowserContext]()
    for who in ("", *world.sessions):
        context = await site.browser.new_context(
            locale="zh-CN" if look.language == "zh" else "en-GB",
            viewport=DESK if look.wide else PHONE,
        )
        kept = {LOOK_COOKIE: f"{look.language}.{look.size}"}
        if who:
            name = OFFICE_COOKIE if who in {"office", "firm"} else HOME_COOKIE
            kept[name] = world.sessions[who]
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": value,
                    "url": site.address,
                    "secure": True,
                    "httpOnly": True,
                }
                for name, value in kept.items()
            ]
        )
        contexts.append(context)
        pages[who] = await context.new_page()
        await pages[who].emulate_media(media=look.media)
    yield look, pages
    for context in contexts:
        await context.close()


async def wrong(page: Page, look: Look) -> Sequence[str]:
    """What keeps somebody out of a page, in words."""
    found = await barriers(page)
    if await is_too_wide(page):
        found.append("too wide")
    if look.media == "screen":
        found += [f"small {each}" for each in await small_targets(page, TAP[look.size])]
    if look.size == "large":
        measured = await page.evaluate(MEASURED)
        found += [
            f"{name}: {measured[name]}" for name, least in ELDER.items() if measured[name] < least
        ]
    return found


async def test_every_page_is_open_to_everybody(
    looked: tuple[Look, dict[str, Page]], site: Site, world: World
) -> None:
    look, pages = looked
    found: list[str] = []
    for route in routes():
        if route.method != "GET" or route.path.startswith(("/static", "/look")):
            continue
        if route.path.endswith((".zip", ".csv", "/list")):  # a browser keeps it and shows nothing
            continue
        for address in world.addresses(route):
            page, heard = pages[route.who], Heard(site.address)
            page.on("response", heard.hear)
            answer = await page.goto(f"{site.address}{address}")
            assert answer is not None
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            found += [f"{address}: {each}" for each in await wrong(page, look)]
            page.remove_listener("response", heard.hear)
            found += [f"{address}: asks {each}" for each in heard.elsewhere]
            if look == LOOKS[0] and await page.evaluate(WITH_QUESTIONS):
                async with page.expect_navigation():
                    await page.locator("[data-sends]").click()
                found += [f"{address}, sent empty: {each}" for each in await wrong(page, look)]
    assert found == []
