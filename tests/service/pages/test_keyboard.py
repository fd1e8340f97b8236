"""Every page there is with the tabulator alone: all that can be used is reached, shows that it is, and lets go again."""

import asyncpg
import httpx
import pytest
from playwright.async_api import Page

from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import COOKIE as OFFICE_COOKIE
from service.pages.homes import COOKIE as HOME_COOKIE
from tests.support.browser.site import Site
from tests.support.browser.walker import PHONE
from tests.support.pages.every import World, routes, whole_world

pytestmark = pytest.mark.slow  # every page, a key for everything that can be used on it
MOST = 400
"""No page has more to be used: one that had would be no page for a keyboard."""
STOPS = """() => {
  const all = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')];
  const radio = each => each.type === 'radio' && `${each.form?.action} ${each.name}`;
  const seen = new Set();
  window.stops = all.filter(each => {
    const box = each.getBoundingClientRect();
    if (each.disabled || !each.checkVisibility() || !box.width) return false;
    const group = radio(each);
    if (!group) return true;
    if (seen.has(group)) return false;
    return seen.add(group);
  });
  window.stopOf = each => {
    const group = radio(each);
    return window.stops.findIndex(one => one === each || (group && radio(one) === group));
  };
  return window.stops.map(each => each.outerHTML.slice(0, 120));
}"""
"""What can be used, in the order of the page; a group of radio buttons is one stop, its arrows do the rest."""
AT = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect();
  const drawn = [at, at.closest('label')].some(each =>
    each && (getComputedStyle(each).outlineStyle !== 'none' || getComputedStyle(each).boxShadow !== 'none'));
  const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {stop: window.stopOf(at), drawn, inView, html: at.outerHTML.slice(0, 120)};
}"""


async def walked(page: Page) -> list[str]:
    """What is wrong with a page for somebody who has a keyboard alone, in words."""
    stops: list[str] = await page.evaluate(STOPS)
    reached: set[int] = set()
    wrong: list[str] = []
    for _ in range(min(len(stops), MOST) + 20):
        await page.keyboard.press("Tab")
        at = await page.evaluate(AT)
        if at is None:
            break
        if at["stop"] in reached and len(reached) == len(stops):
            break  # around once more
        reached.add(at["stop"])
        if not at["drawn"]:
            wrong.append(f"nothing is drawn around {at['html']}")
        if not at["inView"]:
            wrong.append(f"out of sight: {at['html']}")
    return wrong + [f"not reached: {each}" for n, each in enumerate(stops) if n not in reached]


async def test_every_page_can_be_used_with_a_keyboard_alone(
    http: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    sql: asyncpg.Connection,
    site: Site,
) -> None:
    world: World = await whole_world(http, database, settings, sql)
    wrong: list[str] = []
    for who in ("", *world.sessions):
        context = await site.browser.new_context(locale="zh-CN", viewport=PHONE)
        if who:
            name = OFFICE_COOKIE if who in {"office", "firm"} else HOME_COOKIE
            value, url = world.sessions[who], site.address
            await context.add_cookies(
                [{"name": name, "value": value, "url": url, "secure": True, "httpOnly": True}]
            )
        page = await context.new_page()
        for route in routes():
            of_files = route.path.startswith(("/static", "/look")) or route.path.endswith(
                (".zip", ".csv", "/list")
            )
            if route.method != "GET" or route.who != who or of_files:
                continue
            for address in world.addresses(route):
                answer = await page.goto(f"{site.address}{address}")
                assert answer is not None
                if answer.headers.get("content-type", "").startswith("text/html"):
                    wrong += [f"{address}: {each}" for each in await walked(page)]
        await context.close()
    assert wrong == []
