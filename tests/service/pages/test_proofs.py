"""Is my ballot counted? The phone checks the proof itself, and says which check it made; and agents."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from runtime.database import Database
from service.pages.rendering import static_file
from tests.service.pages.conftest import (
    COMMITTEE,
    PHONE,
    SECOND,
    UNIT,
    Home,
    entered,
    keep_picture,
    let_in,
)
from tests.support.browser.looking import barriers
from tests.support.browser.site import Site
from tests.support.channels import Channels, confirmed
from tests.support.votes.closing import close_and_count

MOST_OF_A_SCRIPT = 4_000


async def codes(vote: Channels, count: int = 5) -> list[str]:
    """The codes of the ballots of so many homes."""
    units = [f"1-{floor}0{side}" for floor in range(1, 7) for side in (1, 2)]
    # The first home's letter was made anew where a browser has entered with it.
    answers = [await vote.web(unit, "yes") for unit in units[:count]]
    return [str(each.json()["code"]) for each in answers if each.is_success]


@pytest.mark.slow  # a browser, and seven boxes
@pytest.mark.parametrize("count", [1, 2, 5, 11])
async def test_the_phone_finds_each_ballot_in_the_signed_tree(
    vote: Channels, site: Site, database: Database, count: int
) -> None:
    cast = await codes(vote, count)
    await close_and_count(database, vote.box)
    page = await site.browser.new_page(locale="en-GB", viewport=PHONE)
    for code in cast:
        await page.goto(f"{site.address}/cases/{vote.rid}/ballots?code={quote(code)}")
        await expect(page.locator("#proof li.yes")).to_have_count(3)
    await keep_picture(page, "proof")
    assert await barriers(page) == []
    await page.close()


CHANGES: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "leaf": lambda proof: {**proof, "leaf": "0" * 64},
    "place": lambda proof: {**proof, "index": proof["index"] ^ 1},
    "sister": lambda proof: {**proof, "path": ["0" * 64, *proof["path"][1:]]},
    "short path": lambda proof: {**proof, "path": proof["path"][:-1]},
    "size": lambda proof: {**proof, "size": proof["size"] + 1},
    "statement": lambda proof: (
        {**proof, "statement": proof["statement"].replace('"root":"', '"root":"0')}
    ),
    "signature": lambda proof: {**proof, "signature": "0" * 128},
}


async def lies(page: Page, address: str, body: str, proof: Mapping[str, Any]) -> str:
    """What the script says of a proof that somebody has changed on its way."""
    start = body.index('data-proof="') + len('data-proof="')
    text = json.dumps(proof).replace('"', "&#34;")
    changed = body[:start] + text + body[body.index('"', start) :]
    await page.route(
        "**/ballots?*", lambda route: route.fulfill(body=changed, content_type="text/html")
    )
    await page.goto(address)
    await expect(page.locator("#proof li")).to_have_count(3)
    done = await page.locator("#proof").get_attribute("data-done")
    await page.unroute("**/ballots?*")
    return str(done)


@pytest.mark.slow  # a browser
async def test_a_proof_that_was_changed_does_not_hold(
    vote: Channels, site: Site, database: Database
) -> None:
    cast = await codes(vote)
    await close_and_count(database, vote.box)
    page = await site.browser.new_page(locale="en-GB")
    address = f"{site.address}/cases/{vote.rid}/ballots?code={quote(cast[1])}"
    answer = await page.goto(address)
    assert answer is not None
    body = await answer.text()
    proof = json.loads(str(await page.locator("#proof").get_attribute("data-proof")))
    assert await lies(page, address, body, proof) == "true"
    told = {
        name: await lies(page, address, body, change(proof)) for name, change in CHANGES.items()
    }
    assert told == dict.fromkeys(CHANGES, "false")
    await page.close()


async def test_without_a_script_the_server_says_where_the_ballot_is(
    vote: Channels, database: Database, home: Home
) -> None:
    _, code = await codes(vote, 3)
    before = await home.get(f"/cases/{vote.rid}/ballots?code={code}")
    assert "It is in the box" in before.text
    assert "proof.js" not in before.text
    await close_and_count(database, vote.box)
    after = await home.get(f"/cases/{vote.rid}/ballots?code={code}")
    assert "It was counted" in after.text
    assert "in the published tree" in after.text
    wrong = await home.get(f"/cases/{vote.rid}/ballots?code=ZZZZ-ZZZZ-ZZZZ")
    assert (wrong.status_code, 'href="#code"' in wrong.text) == (404, True)


def test_the_script_of_the_proof_is_small() -> None:
    assert len(static_file("proof.js") or b"") < MOST_OF_A_SCRIPT


async def test_an_agent_enters_and_casts_for_the_owner_on_what_the_mandate_is_for(
    vote: Channels, home: Home
) -> None:
    made = await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=UNIT,
        agent_name="Zhou",
        agent_identity="370701198001011010",
        motions=["works"],
        document="folder 3",
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2036-01-01T00:00:00Z",
    )
    assert (await confirmed(vote, made)).status_code == 201
    letters = (await vote.get("/letters", SECOND)).json()
    (letter,) = [each["id"] for each in letters if each["kind"] == "agent"]
    handed = await vote.post(f"/letters/{letter}/link", SECOND)
    link = handed.json()["link"].rpartition("/")[2]
    page = await vote.http.get(f"/letters/{link}", headers=home.headers)
    answer = await vote.http.post(
        f"/letters/{link}",
        data={"fact": "370701198001011010"},
        headers={"accept": "text/html", "accept-language": "en"},
    )
    assert 'href="/agent"' in answer.text, page.text
    session = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    agent = Home(vote.http, session)
    form = await agent.get("/agent")
    assert f"For unit {UNIT}" in form.text
    checked = await agent.send("/agent", form, {"answer.works": "yes"})
    done = await agent.send("/agent/cast", checked)
    assert (done.status_code, "Give this code to the owner" in done.text) == (200, True)
    channels = [row["channel"] for row in await vote.ballots()]
    assert channels == ["proxy"]
    assert (await agent.get("/mine")).status_code == 401
    assert (await home.get("/agent")).status_code == 401


@pytest.mark.slow  # a browser
async def test_a_home_votes_with_the_keyboard_alone_in_three_steps(
    vote: Channels, site: Site
) -> None:
    context = await site.browser.new_context(locale="en-GB", viewport=PHONE)
    await let_in(context, site, await entered(vote))
    page = await context.new_page()
    await page.goto(f"{site.address}/mine")
    await to(page, "To the ballot")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/mine/ballot?*")
    await tab_to(page, "input[type=radio]")
    await page.keyboard.press("Space")
    await to(page, "Check your ballot")
    await page.keyboard.press("Enter")
    await to(page, "Cast my ballot")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your ballot is in the box")).to_be_visible()
    await keep_picture(page, "receipt")
    assert await vote.sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", vote.box) == 1
    await context.close()


async def to(page: Page, words: str) -> None:
    """Press the tabulator until what has the focus says these words."""
    await expect(page.get_by_text(words).first).to_be_visible()
    for _ in range(40):
        await page.keyboard.press("Tab")
        if (await page.evaluate("document.activeElement.innerText ?? ''")).strip() == words:
            return
    raise AssertionError(words)


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(selector)
