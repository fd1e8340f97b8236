"""Every page there is: what it weighs and asks for, hostile text on it, and whatever nobody's browser sends to it."""

import gzip
import re
from collections.abc import Iterator
from html import unescape

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.settings import Settings
from service.pages.rendering import static_file
from service.pages.wording import text
from tests.support.browser.desk import Shown
from tests.support.pages.every import Route, World, read_forms, routes, whole_world
from tests.support.pages.hostile import EVIL, Attack, attacks, write_everywhere
from tests.support.pages.statements import Statements
from tests.support.plans import scanned
from tests.support.slow import some_are_slow

LANGUAGES = ("en", "zh-CN")
BALLOT_BYTES, PAGE_BYTES = 14_000, 30_000
STATEMENTS = 30
STATEMENTS_OF = {"/mine": 11, "/mine/ballot": 7}
"""Of the pages that every home opens on the days of a vote; `STATEMENTS` is what the dearest of the others costs."""
FILES = {"/mine/share.pdf", "/mine/share/bill", "/cases/{renovation_id}/pictures/{picture_id}"}
"""No pages, and here not there: of a computed share, and a photograph that was published."""
OF_OURS = (
    *("text/html", "text/css", "text/javascript", "text/csv"),
    *("application/pdf", "application/zip", "image/jpeg"),
)
ENDS_A_SESSION = ("/leave", "/end")
A_CODE = re.compile(r"\b(service|form|expected|credential|page|office)\.[a-z_]+\b")
TRIED = 2
"""Attacks on each route in the quick test; the slow one tries all of them."""


@pytest.fixture(scope="module")
async def world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    made = await whole_world(http, database, settings, sql)
    await read_forms(made)
    return made


def loaded(page: str) -> set[str]:
    """What a browser fetches for a page by itself."""
    return {
        address
        for tag in re.findall(r"<(?:script|img|link|source|iframe|object|video)\b[^>]*>", page)
        for address in re.findall(r'(?:src|href)="([^"]*)"', tag)
    }


async def test_every_page_is_light_asks_nobody_else_and_costs_few_statements(
    world: World, http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    api = http._transport.app.api  # type: ignore[attr-defined]
    statements = Statements(api.state.parts.database.engine)
    wrong_with: list[str] = []
    shown, pages = set[str](), [each for each in routes() if each.method == "GET"]
    for route in pages:
        for address in world.addresses(route):
            statements.begin()
            answer = await http.get(address, headers=world.headers(route.who, "zh-CN"))
            if answer.status_code < 400:
                shown.add(route.path)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            fetched = loaded(answer.text)
            size = len(gzip.compress(answer.content)) + sum(map(_weight, fetched))
            ballot = route.path == "/mine/ballot"
            if size > (BALLOT_BYTES if ballot else PAGE_BYTES):
                wrong_with.append(f"{address}: {size} bytes")
            if statements.count > STATEMENTS_OF.get(route.path, STATEMENTS):
                wrong_with.append(f"{address}: {statements.count} statements")
            if elsewhere := [each for each in fetched if not each.startswith("/")]:
                wrong_with.append(f"{address}: asks {elsewhere}")
            if re.search(r"<script(?![^>]*src=)|\son\w+=|javascript:", answer.text):
                wrong_with.append(f"{address}: has a script of its own")
    assert wrong_with == []
    # Whatever looks at every page would look at a refusal.
    assert {each.path for each in pages} - shown == FILES
    assert await scanned(sql, statements.texts) == []


def _weight(address: str) -> int:
    """The bytes of a style or a script, compressed; pictures have limits of their own."""
    content = static_file(address.rpartition("/")[2]) if address.startswith("/static/") else None
    return len(gzip.compress(content)) if content else 0


def wrong(answer: httpx.Response, language: str) -> Iterator[str]:
    """What somebody with a browser could not make sense of."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code >= 500 and answer.status_code != 503:
        yield "broke"
    if not (answer.is_redirect or kind.startswith(OF_OURS)):
        yield f"is {kind}: {answer.text[:80]}"
    if not kind.startswith("text/html"):
        return
    if "<script>alert" in answer.text or "<img src=x" in answer.text:
        yield "lets a script in"
    if f'<html lang="{language}"' not in answer.text:
        yield "is in another language"
    main = answer.text.partition("<main")[2]
    if code := A_CODE.search(re.sub("<[^>]*>", " ", main)):
        yield f"says {code[0]}"
    if answer.status_code >= 400:
        yield from _leads_nowhere(main)


def _leads_nowhere(main: str) -> Iterator[str]:
    summary = main.partition('id="errors"')[2].partition("</ul>")[0]
    if not summary and "<h1>" not in main:
        yield "says nothing"
    for field in re.findall(r'<a href="#([^"]*)">', summary):
        if f'id="{field}"' not in main:
            yield f"leads to no {field}"
    if "<a " not in main and "<form" not in main:
        yield "has no way out"


async def answered(world: World, number: int, attack: Attack) -> list[str]:
    language = LANGUAGES[number % 2]
    headers = {**world.headers(attack.who, language), **attack.headers}
    content = attack.body.encode("utf-8", "surrogatepass")
    answer = await world.http.request(
        attack.method, attack.address, content=content, headers=headers
    )
    at = f"{attack.method} {attack.address[:90]}, {attack.name}: {answer.status_code}"
    return [f"{at} {each}" for each in wrong(answer, language)]


def _harmless() -> list[Route]:
    """All routes but those that end the session of whoever asks next."""
    return [each for each in routes() if not each.path.endswith(ENDS_A_SESSION)]


async def test_whatever_is_sent_to_a_page_is_answered_by_a_page(world: World) -> None:
    found: list[str] = []
    for number, route in enumerate(_harmless()):
        every = attacks(world, route)
        # Another part of the attacks at each route: together they are all tried.
        step = max(len(every) // TRIED, 1)
        for attack in every[number % step :: step]:
            found += await answered(world, number, attack)
    assert found == []


@pytest.mark.slow  # about 8,000 requests
async def test_everything_that_is_tried_at_every_page_is_answered_by_a_page(world: World) -> None:
    found: list[str] = []
    for number, route in enumerate(_harmless()):
        for attack in attacks(world, route):
            found += await answered(world, number, attack)
    assert found == []


@pytest.mark.slow  # every form there is
async def test_a_form_that_is_sent_as_it_stands_is_wrong_at_its_own_fields(world: World) -> None:
    lost = text("form.page_changed", "en", {})
    found = set[str]()
    for route in (each for each in _harmless() if each.method == "GET"):
        for address in world.addresses(route):
            page = await world.http.get(address, headers=world.headers(route.who))
            if not page.headers.get("content-type", "").startswith("text/html"):
                continue
            for form in Shown(page).forms:
                to = form.action or address
                if to.endswith(ENDS_A_SESSION):
                    continue
                data: dict[str, list[str]] = {}
                for name, value in (*form.fields, *filter(None, (form.button,))):
                    data.setdefault(name, []).append(value)
                sent = await world.http.post(to, data=data, headers=world.headers(route.who))
                if lost in unescape(sent.text):
                    found.add(f"{route.path}: {to.partition('?')[0]}")
    assert found == set()


@pytest.mark.parametrize(
    "words", [EVIL, *some_are_slow("9999-12-31T23:59:59-12:00", "%(nothing)s [x] {0}")]
)
async def test_what_somebody_has_written_stays_text_on_every_page(
    world: World, superuser: str, words: str
) -> None:
    filled = await write_everywhere(superuser, words)
    seen = 0
    for number, route in enumerate(each for each in _harmless() if each.method == "GET"):
        for address in world.addresses(route):
            language = LANGUAGES[number % 2]
            answer = await world.http.get(address, headers=world.headers(route.who, language))
            assert list(wrong(answer, language)) == [], address
            seen += words in unescape(answer.text)
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy, address
            assert "default-src 'none'" in policy, address
    assert filled >= 20
    assert seen >= 60
