"""Who has joined an item later (E19): read by the home, its neighbours, and by everybody in sums."""

import re

import pytest
from playwright.async_api import Page, expect

from models.values.scheme import SchemeContent
from runtime.database import Database
from tests.service.pages.conftest import PHONE, UNIT, Home, entered, keep_picture, let_in
from tests.support.breaks.branches import upper_floors_pay
from tests.support.browser.site import Site
from tests.support.channels import Channels
from tests.support.money import computed

NEIGHBOUR = "1-201"
SAID = {
    "en": ("You have joined “New risers” later", "A home has joined “New risers” later", "later"),
    "zh-CN": ("您家后续加入“New risers”", "有住户后续加入“New risers”", "后续加入"),
}

MEANS = {
    "en": ("goes back to you when that home has paid", "as soon as you have paid"),
    "zh-CN": ("待该户缴清后退还您家", "缴清后即可"),
}
"""What follows for a neighbour, and for whoever has joined."""


def with_joined() -> SchemeContent:
    """The home on the ground floor has joined the risers, for a tenth more as it was voted."""
    content = upper_floors_pay()
    items = tuple(
        each.model_copy(
            update={
                "payers": each.payers.model_copy(update={"joined": (UNIT,)}),
                "late_uplift_permille": 100,
            }
        )
        if each.id == "pipes"
        else each
        for each in content.items
    )
    return content.model_copy(update={"items": items})


async def joined_here(vote: Channels, database: Database) -> None:
    """The shares of the case are computed with the home that has joined."""
    await vote.sql.execute("ALTER TABLE scheme DISABLE TRIGGER USER")
    await vote.sql.execute(
        "UPDATE scheme SET content = $2::jsonb WHERE renovation_id = $1",
        *(vote.rid, with_joined().model_dump_json()),
    )
    await vote.sql.execute("ALTER TABLE scheme ENABLE TRIGGER USER")
    await computed(database, vote.rid)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_joining_is_told_to_the_home_to_its_neighbours_and_to_everybody(
    vote: Channels, database: Database, language: str
) -> None:
    await joined_here(vote, database)
    own, other, everybody = SAID[language]
    homes = {
        unit: Home(vote.http, await entered(vote, unit), language) for unit in (UNIT, NEIGHBOUR)
    }
    for unit, said in ((UNIT, own), (NEIGHBOUR, other)):
        page = (await homes[unit].get("/mine/share")).text
        assert said in page
        assert ("10%" in page) is (unit == UNIT), "what was voted for whoever joins later"
        assert MEANS[language][unit == UNIT] in page
        assert 'id="share"' in page, "the share is explained and proved"
        printed = await homes[unit].get("/mine/share.pdf")
        assert printed.content.startswith(b"%PDF")
    for path in ("money", "scheme"):
        found = await vote.http.get(
            f"/cases/{vote.rid}/{path}",
            headers={"accept-language": language, "accept": "text/html"},
        )
        assert everybody in found.text
        assert UNIT not in found.text, "which home is not everybody's to read"
    (told,) = (await vote.http.get(f"/v1/renovations/{vote.rid}/schemes")).json()
    (pipes,) = [each for each in told["items"] if each["id"] == "pipes"]
    assert (pipes["payers"]["joined_later"], pipes["payers"]["joined"]) == (1, None)
    assert pipes["late_uplift_permille"] == 100


async def test_what_one_home_pays_that_has_joined_the_owners_read_and_nobody_else(
    vote: Channels, database: Database
) -> None:
    await joined_here(vote, database)
    address = f"/v1/renovations/{vote.rid}/shares/published"
    (everybody,) = (await vote.http.get(address)).json()["late"]
    assert {name for name, value in everybody.items() if value is not None} == {"item_id"}
    neighbour = Home(vote.http, await entered(vote, NEIGHBOUR), "en")
    bill = (await neighbour.get("/mine/share/bill")).json()
    (own,) = bill["late"]
    assert own["pay_fen"] > 0
    assert None not in own.values()


async def answered(page: Page, text: str) -> None:
    """The page of the share is this one from now on."""
    await page.route(
        "**/mine/share", lambda route: route.fulfill(body=text, content_type="text/html")
    )


@pytest.mark.slow  # a browser
async def test_the_phone_proves_what_a_joining_has_changed(
    vote: Channels, site: Site, database: Database
) -> None:
    await joined_here(vote, database)
    for unit in (UNIT, NEIGHBOUR):
        context = await site.browser.new_context(locale="en-GB", viewport=PHONE)
        await let_in(context, site, await entered(vote, unit))
        page = await context.new_page()
        answer = await page.goto(f"{site.address}/mine/share")
        assert answer is not None
        await expect(page.locator("#share li.yes")).to_have_count(3)
        body = await answer.text()
        assert await page.locator("#share").get_attribute("data-done") == "true"
        fen = re.search(r"&#34;amount_fen&#34;:(-?\d+)\}\]\}", body)
        assert fen is not None
        more = fen[0].replace(fen[1], str(int(fen[1]) + 2))
        await answered(page, body.replace(fen[0], more))
        await page.goto(f"{site.address}/mine/share")
        await expect(page.locator("#share li.no")).to_have_count(1)
        await keep_picture(page, f"joined-{unit}")
        await context.close()
