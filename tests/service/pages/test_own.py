"""A home's own pages beside the vote: what it suggests, where it is written to, what is kept; and an office's replies."""

import io
import json
import re
import zipfile

import httpx
import pytest

from tests.service.pages.conftest import UNIT, Home, entered
from tests.support.browser.desk import Desk
from tests.support.channels import Channels

WORDS = {"theme": "Lamps", "reason": "The stairs are <dark>", "proposal": "A lamp on each floor"}


async def suggestion(vote: Channels) -> str:
    found = await vote.sql.fetchval(
        "SELECT id FROM suggestion WHERE renovation_id = $1 ORDER BY submitted_at DESC LIMIT 1",
        vote.rid,
    )
    return str(found)


async def test_a_suggestion_goes_from_one_home_by_the_office_to_a_neighbour_and_back(
    vote: Channels, home: Home
) -> None:
    page = await home.get("/mine/suggestions")
    empty = await home.send("/mine/suggestions", page, {**WORDS, "theme": ""})
    assert (empty.status_code, "A lamp on each floor" in empty.text) == (422, True)
    sent = await home.send("/mine/suggestions", page, WORDS)
    assert (sent.status_code, sent.headers["location"]) == (303, "/mine/suggestions?done=made")
    name = await suggestion(vote)
    own = (await home.get("/mine/suggestions?done=made")).text
    assert "Your suggestion came in." in own
    assert "The stairs are &lt;dark&gt;" in own
    neighbour = Home(vote.http, await entered(vote, "1-102"))
    assert "Lamps" not in (await neighbour.get("/mine/suggestions")).text

    desk = Desk(vote.http, "committee")
    path = f"/office/cases/{vote.rid}/suggestions"
    listed = await desk.get(path)
    assert "The stairs are &lt;dark&gt;" in listed.html
    published = await desk.send(listed, f"{path}/{name}/review", {"decision": "publish"})
    assert "It was looked at." in published.text

    page = await neighbour.get("/mine/suggestions")
    joined = await neighbour.send(f"/mine/suggestions/{name}", page, {"deed": "support"})
    assert joined.headers["location"] == "/mine/suggestions?done=support"
    assert "you support it" in (await neighbour.get("/mine/suggestions")).text
    again = await neighbour.send(f"/mine/suggestions/{name}", page, {"deed": "shout"})
    assert again.status_code == 404

    listed = await desk.get(path)
    wrong = await desk.send(listed, f"{path}/{name}/reply", {"reason": ""})
    assert wrong.status == 422
    assert f'href="#outcome-{name}"' in wrong.html
    assert '<option value="roof">New roof</option>' in wrong.html
    replied = {"outcome": "referred", "reason": "It belongs into the next scheme"}
    answered = await desk.send(listed, f"{path}/{name}/reply", replied)
    assert "The reply was given." in answered.text
    for each in (home, neighbour):
        read = (await each.get("/mine/suggestions")).text
        assert "referred to the next scheme" in read
        assert "It belongs into the next scheme" in read


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_home_gives_an_address_takes_it_back_and_gets_its_data(
    vote: Channels, home: Home, language: str
) -> None:
    reader = Home(vote.http, home.session, language)
    page = await reader.get("/mine/data")
    assert page.status_code == 200
    assert not re.search(r"\b(page|office)\.[a-z_]+\b", re.sub(r"<[^>]+>", " ", page.text))
    wrong = await reader.send(
        "/mine/data/contacts", page, {"channel": "email", "address": "nowhere"}
    )
    assert (wrong.status_code, "nowhere" in wrong.text) == (422, True)
    given = {"channel": "email", "address": "home@example.org"}
    added = await reader.send("/mine/data/contacts", page, given)
    assert added.headers["location"] == "/mine/data?done=added"
    page = await reader.get("/mine/data")
    assert "home@example.org" in page.text
    packed = await reader.get("/mine/data/own-data.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        told = json.loads(archive.read("own-data.json"))
    assert told["unit_number"] == UNIT
    assert [each["address"] for each in told["contacts"]] == ["home@example.org"]
    form = re.search(r'name="contact" value="([^"]+)"', page.text)
    assert form is not None
    gone = await reader.send("/mine/data/contacts/withdrawal", page, {"contact": form[1]})
    assert gone.headers["location"] == "/mine/data?done=withdrawn"
    assert "home@example.org" not in (await reader.get("/mine/data")).text


async def test_nobody_reads_an_office_s_suggestions_without_its_role(
    vote: Channels, http: httpx.AsyncClient
) -> None:
    desk = Desk(http, "grid")
    refused = await desk.get(f"/office/cases/{vote.rid}/suggestions")
    assert refused.status in {401, 403}
