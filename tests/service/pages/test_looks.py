"""Every page of a home as somebody sees it: both languages, both prints, on a narrow phone."""

import itertools
import json

import pytest
from playwright.async_api import Page

from tests.service.pages.conftest import PHONE, UNIT, entered, keep_picture, let_in
from tests.service.pages.test_homes import owed, posted
from tests.service.pages.test_public import filled
from tests.support.browser.looking import Heard, barriers, is_too_wide, small_targets
from tests.support.browser.site import Site
from tests.support.channels import Channels, owner_of

BALLOT_BYTES, PAGE_BYTES = 14_000, 30_000
TAP = {"usual": 44, "large": 60}
LOOKS = tuple(itertools.product(("zh-CN", "en-GB"), TAP))


async def everything(vote: Channels) -> list[str]:
    """A home that is asked for everything there is; the paths of its pages."""
    await owed(vote)
    await posted(vote)
    body = {"unit_number": "1-102", "kind": "defect", "text": "theirs"}
    await vote.post("/tickets", owner_of(vote.rid, "1-102"), **body)
    for name, state in (("a", "resolved"), ("b", "open")):
        await vote.sql.execute(
            "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, level, state,"
            " opened_at, due_at) VALUES ($1 || '.' || $3, $1, $1 || $3, 'defect',"
            " '2 单元三楼墙面从周一开始渗水', $2, 'grid', $4, now(), now() + interval '5 days')",
            *(vote.rid, UNIT, name, state),
        )
    content = json.loads(
        await vote.sql.fetchval("SELECT content FROM scheme WHERE renovation_id=$1", vote.rid)
    )
    content["works"][0]["occupies"] = [UNIT]
    await vote.sql.execute("ALTER TABLE scheme DISABLE TRIGGER USER")
    await vote.sql.execute(
        "UPDATE scheme SET content=$2 WHERE renovation_id=$1", vote.rid, json.dumps(content)
    )
    await vote.sql.execute("ALTER TABLE scheme ENABLE TRIGGER USER")
    return [
        "/mine",
        "/mine/ballot",
        "/mine/share",
        "/mine/reports",
        "/mine/reports/new",
        f"/mine/reports/{vote.rid}.a",
        f"/mine/reports/{vote.rid}.b",
        f"/mine/publications/{vote.rid}.p",
        "/mine/mandate",
        "/mine/opinion",
        "/mine/vote-objection",
        "/mine/consents",
        "/mine/rating",
    ]


async def look(page: Page, site: Site, path: str, size: str, picture: str) -> list[str]:
    """What is wrong with a page, in words."""
    heard = Heard(site.address)
    cdp = await page.context.new_cdp_session(page)
    # Styles and scripts are weighed with every page, as on the first visit.
    await cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("response", heard.hear)
    answer = await page.goto(f"{site.address}{path}", wait_until="networkidle")
    page.remove_listener("response", heard.hear)
    await keep_picture(page, picture)
    most = BALLOT_BYTES if path == "/mine/ballot" else PAGE_BYTES
    total = sum(heard.sizes.values())
    wrong = [
        *([f"{path}: {answer.status}"] if answer and answer.status != 200 else []),
        *(f"{path}: asks {each}" for each in heard.elsewhere),
        *([f"{path}: {total} bytes"] if total > most else []),
        *([f"{path}: too wide"] if await is_too_wide(page) else []),
        *(f"{path}: small {each}" for each in await small_targets(page, TAP[size])),
        *(f"{path}: {each}" for each in await barriers(page)),
    ]
    print(path, size, total, len(wrong))
    return wrong


@pytest.mark.slow  # 13 pages, four times, each with axe
@pytest.mark.parametrize(("locale", "size"), LOOKS)
async def test_every_page_of_a_home_is_open_to_everybody_and_light(
    vote: Channels, site: Site, locale: str, size: str
) -> None:
    session = await entered(vote)
    context = await site.browser.new_context(locale=locale, viewport=PHONE)
    await let_in(context, site, session)
    page = await context.new_page()
    await page.goto(f"{site.address}/look?size={size}&back=/mine")
    wrong: list[str] = []
    for path in await everything(vote):
        name = path.replace(f"{vote.rid}.", "").strip("/").replace("/", "-")
        by_law = "Some Regs art. 3" if path == "/mine/opinion" else ""
        await vote.sql.execute("UPDATE ballot_box SET official_by=$2 WHERE id=$1", vote.box, by_law)
        wrong += await look(page, site, path, size, f"{name}-{locale[:2]}-{size}")
    await context.close()
    assert wrong == []


async def told_case(vote: Channels) -> list[str]:
    """A case with something on each of its public pages; the paths of them."""
    await posted(vote)
    await vote.sql.execute(
        "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, level, state,"
        " opened_at, due_at) VALUES ($1 || '.t', $1, $1 || 't', 'defect', 'words', $2, 'grid', 'open',"
        " now(), now() + interval '5 days')",
        *(vote.rid, UNIT),
    )
    await vote.sql.execute(
        "INSERT INTO work_item (id, renovation_id, building, title, concealed, value_fen, state)"
        " SELECT $1 || '.w' || n, $1, '1', 'Roof ' || n, false, 4000000,"
        " CASE WHEN n > 2 THEN 'planned' ELSE 'passed' END FROM generate_series(1, 4) n",
        vote.rid,
    )
    await vote.sql.execute(
        "INSERT INTO case_wait (renovation_id, workflow_id, what, subject, due_at, since, who, consequence)"
        " VALUES ($1, $1, 'ballots', '', now() + interval '2 days', now(), 'owners', 'box_closed')",
        vote.rid,
    )
    return [
        "/",
        "/cases",
        f"/cases/{vote.rid}",
        f"/cases/{vote.rid}/scheme",
        f"/cases/{vote.rid}/vote",
        f"/cases/{vote.rid}/tender",
        f"/cases/{vote.rid}/works",
        f"/cases/{vote.rid}/ballots",
        *await filled(vote),
    ]


@pytest.mark.slow  # 7 pages, four times, each with axe
@pytest.mark.parametrize(("locale", "size"), LOOKS)
async def test_every_public_page_is_open_to_everybody_and_light(
    vote: Channels, site: Site, locale: str, size: str
) -> None:
    for number in range(2, 7):
        assert (await vote.web(f"1-{number}01", "yes")).status_code == 201
    context = await site.browser.new_context(locale=locale, viewport=PHONE)
    page = await context.new_page()
    await page.goto(f"{site.address}/look?size={size}&back=/cases")
    wrong: list[str] = []
    for path in await told_case(vote):
        name = path.partition("?")[0].replace(vote.rid, "case").strip("/").replace("/", "-")
        name = name or "front"
        wrong += await look(page, site, path, size, f"{name}-{locale[:2]}-{size}")
    await context.close()
    assert wrong == []
