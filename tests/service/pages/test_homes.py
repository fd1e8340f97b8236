"""What a home does on its pages beside the ballot, with nothing but HTML: forms that are sent by hand."""

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from runtime.database import Database
from runtime.language.amounts import money
from tests.service.pages.conftest import COMMITTEE, UNIT, Home, entered
from tests.support.channels import Channels, confirmed, owner_of
from tests.support.money import computed

OTHER = "1-102"


def photograph() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(written, "JPEG")
    return written.getvalue()


async def owed(vote: Channels) -> None:
    """An award, of which one part of two has fallen due and is half paid."""
    await vote.sql.execute(
        "INSERT INTO share_total VALUES ($1, 'award', $2, 300000)", vote.rid, UNIT
    )
    for number, days in ((1, -3), (2, 30)):
        await vote.sql.execute(
            "INSERT INTO instalment VALUES ($1, $2, $3, now() + $4, 150000)",
            *(vote.rid, UNIT, number, timedelta(days=days)),
        )
    await vote.sql.execute(
        "INSERT INTO payment VALUES ($1 || '.p', $1, $1 || '-p', $2, 50000, 'owner', now())",
        *(vote.rid, UNIT),
    )


async def posted(vote: Channels, subject: str = "share_table") -> str:
    content = json.dumps({"units": 12, "total_fen": 12_600_000})
    await vote.sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, $2, $3, now(), now() + interval '9 days')",
        *(vote.rid, subject, content),
    )
    return f"{vote.rid}.p"


async def test_the_first_page_says_what_is_asked_until_when_and_the_soonest_comes_first(
    vote: Channels, home: Home
) -> None:
    await owed(vote)
    await posted(vote)
    said = (await home.get("/mine")).text
    places = [said.index(each) for each in ("is overdue", "Your vote is asked", "is posted")]
    assert places == sorted(places)
    assert "¥1,000.00" in said  # 1,500 due and 500 paid
    assert (await vote.web(UNIT, "yes")).status_code == 403  # the letter was made anew


async def test_a_home_that_has_voted_is_told_so_and_may_change_it(
    vote: Channels, home: Home
) -> None:
    form = await home.get("/mine/ballot")
    checked = await home.send("/mine/ballot", form, {"answer.works": "yes"})
    assert (await home.send("/mine/ballot/cast", checked)).status_code == 200
    said = (await home.get("/mine")).text
    assert "There is a ballot of your home in the box" in said
    assert "Your vote is asked" not in said


async def test_the_share_says_what_is_missing_of_which_instalment(
    vote: Channels, home: Home
) -> None:
    await owed(vote)
    said = (await home.get("/mine/share")).text
    assert "¥3,000.00" in said
    assert "missing ¥1,000.00" in said
    assert "later" in said


async def test_a_report_with_a_photograph_has_a_thread_that_says_who_answers_until_when(
    vote: Channels, home: Home
) -> None:
    form = await home.get("/mine/reports/new?kind=defect")
    bad = await home.send(
        "/mine/reports", form, {"kind": "defect", "text": "wet wall"}, picture=b"<svg/>"
    )
    assert bad.status_code == 422
    assert "send a JPEG, PNG or WebP picture" in bad.text
    assert "wet wall" in bad.text
    assert (
        await vote.sql.fetchval("SELECT count(*) FROM ticket WHERE renovation_id=$1", vote.rid) == 0
    )
    away = await home.send(
        "/mine/reports", form, {"kind": "defect", "text": "wet wall"}, picture=photograph()
    )
    assert away.status_code == 503  # no engine runs here; the report is written
    (ticket,) = await vote.sql.fetch(
        "SELECT id, due_at - opened_at AS time FROM ticket WHERE renovation_id=$1", vote.rid
    )
    assert ticket["time"] == timedelta(hours=24)  # nobody is shown an end that is over already
    thread = await home.get(f"/mine/reports/{ticket['id']}")
    assert "wet wall" in thread.text
    assert "The answer is due until" in thread.text
    assert '<meta name="robots" content="noindex">' in thread.text
    added = await home.send(f"/mine/reports/{ticket['id']}/pictures", thread, picture=photograph())
    assert added.status_code == 303
    picture = await vote.sql.fetchval(
        "SELECT id FROM private.picture WHERE renovation_id=$1", vote.rid
    )
    seen = await home.get(f"/mine/pictures/{picture}")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert f"/mine/pictures/{picture}" in (await home.get(added.headers["location"])).text


async def test_an_answered_report_asks_whether_it_was_really_fixed(
    vote: Channels, home: Home
) -> None:
    await vote.sql.execute(
        "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, level, state,"
        " opened_at, due_at) VALUES ($1 || '.t', $1, $1 || 't', 'defect', 'dark stairs', $2, 'grid',"
        " 'resolved', now(), now())",
        *(vote.rid, UNIT),
    )
    assert "Your report was answered" in (await home.get("/mine")).text
    path = f"/mine/reports/{vote.rid}.t"
    thread = await home.get(path)
    assert "Was it really fixed?" in thread.text
    nothing = await home.send(f"{path}/answer", thread)
    assert (nothing.status_code, 'href="#satisfied"' in nothing.text) == (422, True)
    said = await home.send(f"{path}/answer", thread, {"satisfied": "no"})
    assert said.status_code == 503  # it goes to the ticket's workflow, and no engine runs here


async def test_a_thread_keeps_every_answer_and_that_the_first_did_not_help(
    vote: Channels, home: Home
) -> None:
    ticket = f"{vote.rid}.t"
    await vote.sql.execute(
        "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, level, state,"
        " opened_at, due_at, reopened, satisfied) VALUES ($2, $1, $2, 'defect', 'dark stairs', $3,"
        " 'community', 'resolved', now(), now(), 1, false)",
        *(vote.rid, ticket, UNIT),
    )
    for number, answer in enumerate(("a new bulb is in", "the cable is replaced")):
        await vote.sql.execute(
            "INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at)"
            " VALUES ($2, $1, $2, 'complainant', 'ticket_answered', $3, $4)",
            *(vote.rid, f"{ticket}{number}", json.dumps({"ticket": ticket, "answer": answer})),
            datetime(2026, 3, 2 + number, tzinfo=UTC),
        )
    said = (await home.get(f"/mine/reports/{ticket}")).text
    thread = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", said[said.index("<ol") :]))
    told = ("dark stairs", "2 March", "a new bulb is in", "Was it really fixed? No", "3 March",
            "the cable is replaced", "Was it really fixed?")  # fmt: skip
    places = [thread.find(each) for each in told[:-1]]
    assert places == sorted(places), thread
    assert -1 not in places, thread
    assert thread.count(told[-1]) == 2


async def test_a_home_objects_to_what_is_posted_and_finds_it_again(
    vote: Channels, home: Home
) -> None:
    name = await posted(vote)
    page = await home.get(f"/mine/publications/{name}")
    assert "¥126,000.00" in page.text
    empty = await home.send(f"/mine/publications/{name}", page, {"text": " "})
    assert (empty.status_code, 'href="#text"' in empty.text) == (422, True)
    sent = await home.send(f"/mine/publications/{name}", page, {"text": "my area is 56 m²"})
    assert sent.headers["location"] == "/mine?done=objected"
    assert "Your objection is filed" in (await home.get(sent.headers["location"])).text
    assert "my area is 56 m²" in (await home.get("/mine/reports")).text


async def test_a_home_sees_who_holds_its_mandate_and_takes_it_back(
    vote: Channels, home: Home
) -> None:
    assert "Nobody but you votes" in (await home.get("/mine/mandate")).text
    made = await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=UNIT,
        agent_name="Zhou",
        agent_identity="370701198001011010",
        agent_shown=True,
        motions=["works"],
        document="folder 3",
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2036-01-01T00:00:00Z",
    )
    assert (await confirmed(vote, made)).status_code == 201
    page = await home.get("/mine/mandate")
    assert "Zhou may vote for your home" in page.text
    neighbour = Home(vote.http, await entered(vote, "1-201"))
    wall = (await neighbour.get("/mine/mandate")).text
    assert "<b>Zhou</b>: 1 home<br>" in wall
    assert UNIT in wall
    public = (await vote.http.get(f"/cases/{vote.rid}/vote", headers=home.headers)).text
    assert "1 mandate; one agent holds 1 at most." in public
    assert "Zhou" not in public
    done = await home.send("/mine/mandate", page)
    assert done.headers["location"] == "/mine?done=revoked"
    assert "A mandate was taken back" in (await home.get("/mine/mandate")).text


async def test_where_only_the_citys_system_counts_the_page_says_so_first(
    vote: Channels, home: Home
) -> None:
    await vote.sql.execute(
        "UPDATE ballot_box SET official_by = 'Some Regs art. 3' WHERE id=$1", vote.box
    )
    assert "/mine/opinion?box=" in (await home.get("/mine")).text
    ballot = await home.get("/mine/ballot")
    assert (ballot.status_code, ballot.headers["location"][:13]) == (303, "/mine/opinion")
    page = await home.get("/mine/opinion")
    assert page.text.index("Some Regs art. 3") < page.text.index("Your opinion</h2>")
    sent = await home.send("/mine/opinion", page, {"answer.works": "no"})
    assert sent.headers["location"] == "/mine?done=opinion"
    assert (
        await vote.sql.fetchval("SELECT count(*) FROM vote_opinion WHERE box_id=$1", vote.box) == 1
    )
    everybody = (await home.get(f"/cases/{vote.rid}/vote")).text
    assert everybody.index("Some Regs art. 3") < everybody.index("Who has taken part")
    assert "Opinions of homes: no vote" in everybody


async def test_a_home_rates_when_it_is_asked_and_once(vote: Channels, home: Home) -> None:
    await vote.sql.execute(
        "UPDATE renovation SET stage='feedback', waiting_for='survey', due_at=now() + interval '9 days'"
        " WHERE id=$1",
        vote.rid,
    )
    assert "How did the works come out?" in (await home.get("/mine")).text
    page = await home.get("/mine/rating")
    assert (await home.send("/mine/rating", page)).status_code == 422
    sent = await home.send("/mine/rating", page, {"score": "4"})
    assert sent.headers["location"] == "/mine?done=rated"
    assert "How did the works come out?" not in (await home.get("/mine")).text


@pytest.mark.parametrize("path", ["/mine/reports/new", "/mine/rating", "/mine/mandate"])
async def test_a_form_of_another_page_or_without_its_token_is_refused(
    vote: Channels, home: Home, path: str
) -> None:
    page = await home.get(path)
    target = path.removesuffix("/new")
    told = await home.send(target, page, {"form_token": "guessed"})
    assert told.status_code == 403
    home.headers["origin"] = "https://evil.example"
    assert (await home.send(target, page)).status_code == 403


async def test_a_neighbours_things_are_not_there(vote: Channels, home: Home) -> None:
    body = {"unit_number": "1-102", "kind": "defect", "text": "theirs"}
    await vote.post("/tickets", owner_of(vote.rid, "1-102"), **body)
    theirs = await vote.sql.fetchval("SELECT id FROM ticket WHERE renovation_id=$1", vote.rid)
    assert (await home.get(f"/mine/reports/{theirs}")).status_code == 404


async def test_the_share_says_item_by_item_why_it_is_so_much(vote: Channels, home: Home) -> None:
    async with vote.sql.transaction():
        units = await vote.sql.fetch(
            "SELECT number, area_dm2 FROM unit WHERE estate_id = $1", f"{vote.rid}.estate"
        )
    # Two items of the scheme: the roof by area, the risers the same for each of twelve homes.
    area = {row["number"]: row["area_dm2"] for row in units}
    roof = 8_400_000 * area[UNIT] // sum(area.values())
    for more in (0, 1):  # the largest remainders get one fen more
        await vote.sql.execute("DELETE FROM share_total WHERE renovation_id=$1", vote.rid)
        await vote.sql.execute(
            "INSERT INTO share_total VALUES ($1, 'estimate', $2, $3)",
            *(vote.rid, UNIT, roof + more + 350_000),
        )
        said = (await home.get("/mine/share")).text
        if "Why it is so much" in said:
            break
    assert "New roof" in said
    assert "¥3,500.00" in said
    assert "Left for 12 homes" in said


async def test_the_share_is_explained_in_words_that_come_to_it(
    vote: Channels, home: Home, database: Database
) -> None:
    await computed(database, vote.rid)
    said = (await home.get("/mine/share")).text
    own = await vote.sql.fetchval(
        "SELECT amount_fen FROM share_total WHERE renovation_id = $1 AND unit_number = $2",
        *(vote.rid, UNIT),
    )
    assert money(own, "en") in said
    for words in ("Area in the roll", "homes together", "How the fen were rounded", "Exact part"):
        assert words in said
    made = await home.get("/mine/share.pdf")
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert made.content.startswith(b"%PDF")


async def test_the_ballot_says_what_a_yes_would_cost_this_home(vote: Channels, home: Home) -> None:
    said = (await home.get("/mine/ballot")).text
    assert "If this is adopted, your home pays ¥" in said
    papers = await vote.http.get(
        f"/v1/renovations/{vote.rid}/ballot-papers", headers=owner_of(vote.rid, OTHER)
    )
    (paper,) = papers.json()
    assert {each["motion"] for each in paper["prices"]} == {each["id"] for each in paper["motions"]}
    assert all(each["total_fen"] > 0 for each in paper["prices"])
