"""A vote with a box for the estate and one for each of two stairwells, through the HTTP API."""

import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from formats.roll import owner_key, stored_owner_key
from runtime.database import Database
from service.estates.units import owner_secret
from tests.support.box import put_ballots
from tests.support.channels import (
    KEY,
    Channels,
    agent_of,
    code,
    confirmed,
    grant_roles,
    official,
    owner_of,
)
from tests.support.told import move_clock
from tests.support.votes.scopes import roof_and_lifts
from tests.support.votes.vote import TOLD_AT, LiveVote

COMMITTEE, SECOND, WORKER = official("committee"), official("committee2"), official("grid")
UNIT, NEXT_DOOR = "1-101", "2-101"
SELLER, BUYER = "Wang Xiuying", "Zhao Lei"
LISTS = ("/contested", "/paper", "/mandates", "/non-voters", "/turnout", "/verification")


@pytest.fixture
async def live(database: Database) -> LiveVote:
    rid = f"r{uuid.uuid4().hex[:10]}"
    return LiveVote(database, rid, units=24, content=roof_and_lifts("1", "2"))


@pytest.fixture
async def vote(live: LiveVote, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    await live.open()
    await grant_roles(sql)
    return Channels(http, sql, live.rid, live.box_id)


async def cast(
    vote: Channels, unit: str = UNIT, box_id: str = "", **choices: str
) -> httpx.Response:
    body = {"unit_number": unit, "choices": choices, **({"box_id": box_id} if box_id else {})}
    return await vote.post("/ballots", owner_of(vote.rid, unit), f"{vote.rid}-{unit}", **body)


async def test_a_unit_votes_in_each_box_that_it_belongs_to_and_in_no_other(vote: Channels) -> None:
    papers = (await vote.get("/ballot-papers", owner_of(vote.rid, UNIT))).json()
    assert [(each["id"], each["building"]) for each in papers] == [
        (vote.box, ""),
        (f"{vote.box}.1", "1"),
    ]
    assert [[motion["id"] for motion in each["motions"]] for each in papers] == [
        ["roof"],
        ["lift-1"],
    ]
    # One command id for both: a ballot is the same one within its box.
    taken = [await cast(vote, roof="yes"), await cast(vote, **{"lift-1": "yes"})]
    assert [answer.json()["box_id"] for answer in taken] == [each["id"] for each in papers]
    again = await cast(vote, **{"lift-1": "yes"})
    assert (again.status_code, again.json()["ballot_id"]) == (200, taken[1].json()["ballot_id"])
    elsewhere = await cast(vote, **{"lift-2": "no"})
    assert code(elsewhere) == (404, "voting.unit_not_on_roll")
    assert await vote.sql.fetchval(
        "SELECT count(*) FROM ballot WHERE unit_number=$1 AND box_id LIKE $2 || '%'", UNIT, vote.box
    ) == len(papers)


async def test_a_ballot_is_for_one_box(vote: Channels) -> None:
    both = await cast(vote, **{"roof": "yes", "lift-1": "yes"})
    assert code(both) == (422, "voting.motion_unknown")
    wrong = await cast(vote, box_id=f"{vote.box}.2", **{"lift-1": "yes"})
    assert wrong.status_code in (404, 422)
    unknown = await cast(vote, box_id=f"{vote.rid}.7", roof="yes")
    assert code(unknown) == (409, "voting.other_box")
    assert (await cast(vote, box_id=f"{vote.box}.1", **{"lift-1": "no"})).status_code == 201


async def test_a_box_that_is_not_extended_closes_at_its_own_time(
    vote: Channels, live: LiveVote, database: Database
) -> None:
    for box, name in ((vote.box, "roof"), (f"{vote.box}.1", "lift-1")):
        rows = await vote.sql.fetch("SELECT entry_id FROM roll_entry WHERE box_id=$1", box)
        await put_ballots(vote.sql, box, [(row["entry_id"], {name: "yes"}) for row in rows])
    announced = live.period.closes_at
    await live.look_at_turnout()
    await move_clock(database, vote.rid, announced)
    assert code(await cast(vote, NEXT_DOOR, roof="no")) == (409, "voting.box_closed")
    late = await vote.post("/reminders", COMMITTEE, box_id=vote.box)
    assert code(late) == (409, "voting.box_closed")
    assert (await cast(vote, NEXT_DOOR, **{"lift-2": "no"})).status_code == 201
    # A sale still counts where the vote goes on.
    view = (await vote.get("", {})).json()
    assert [view["box"]["id"], *(each["id"] for each in view["other_boxes"])] == [
        vote.box,
        f"{vote.box}.1",
        f"{vote.box}.2",
    ]
    assert view["box"]["closes_at"] < view["other_boxes"][1]["closes_at"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_says_which_box_it_is_of(vote: Channels, path: str) -> None:
    who = official("residents") if path == "/contested" else COMMITTEE
    assert code(await vote.get(path, who)) == (422, "voting.which_box")
    named = await vote.get(f"{path}?box_id={vote.box}.1", who)
    assert named.status_code == 200, named.text
    assert code(await vote.get(f"{path}?box_id={vote.rid}.7", who)) == (409, "voting.other_box")


async def test_turnout_and_non_voters_are_of_the_part(vote: Channels) -> None:
    await cast(vote, **{"lift-1": "yes"})
    turnout = (await vote.get(f"/turnout?box_id={vote.box}.1", {})).json()
    assert (turnout["roll_heads"], turnout["participating_heads"]) == (12, 1)
    silent = (await vote.get(f"/non-voters?box_id={vote.box}.1", COMMITTEE)).json()
    assert UNIT not in silent
    assert {unit[:2] for unit in silent} == {"1-"}
    silent = (await vote.get(f"/non-voters?box_id={vote.box}", COMMITTEE)).json()
    assert UNIT in silent


async def test_paper_and_mandates_find_their_box_by_the_motions(vote: Channels) -> None:
    line = {"unit_number": UNIT, "choices": {"lift-1": "yes"}}
    bundle: dict[str, Any] = {
        "reference": "P-1",
        "scan": "s",
        "code": "written-on-the-bundle",
        "lines": [line],
    }
    typings = [await vote.post("/paper", who, **bundle) for who in (COMMITTEE, SECOND)]
    assert [answer.json()["cast"] for answer in typings] == [0, 1]
    rows = await vote.sql.fetch("SELECT box_id FROM ballot WHERE box_id LIKE $1 || '%'", vote.box)
    assert [row["box_id"] for row in rows] == [f"{vote.box}.1"]

    mandate: dict[str, Any] = {
        "unit_number": NEXT_DOOR,
        "agent_name": "Li Jianguo",
        "agent_identity": "370701198001010017",
        "motions": ["lift-2"],
        "document": "folder 3",
        "valid_from": TOLD_AT.isoformat(),
        "valid_until": (TOLD_AT + timedelta(days=90)).isoformat(),
    }
    given = await confirmed(vote, await vote.post("/mandates", COMMITTEE, **mandate))
    assert given.status_code == 201, given.text
    agent = agent_of(vote.rid, given)
    assert (await vote.post("/proxy-ballots", agent, choices={"lift-2": "yes"})).status_code == 201
    register = (await vote.get(f"/mandates?box_id={vote.box}.2", COMMITTEE)).json()
    assert [each["voted"] for each in register] == [True]
    revoked = await vote.post(
        f"/mandates/{given.json()['id']}/revocation", COMMITTEE, reason="changed my mind"
    )
    assert revoked.status_code == 201, revoked.text


async def test_a_visit_is_of_a_box_that_is_named(vote: Channels) -> None:
    visits = [{"unit_number": UNIT, "outcome": "not_at_home", "envelope": ""}]
    unnamed = await vote.post("/door-visits", WORKER, visits=visits)
    assert code(unnamed) == (422, "voting.which_box")
    named = await vote.post("/door-visits", WORKER, visits=visits, box_id=f"{vote.box}.1")
    assert named.status_code == 201, named.text


async def test_from_a_sale_on_the_seller_votes_in_no_box(
    live: LiveVote, http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    await live.announce()
    key = stored_owner_key(owner_key((SELLER,)), owner_secret(SecretStr(KEY)))
    await sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3",
        f"{live.rid}.estate",
        key,
        UNIT,
    )
    await grant_roles(sql)
    vote = Channels(http, sql, live.rid, live.box_id)
    opens_at = await sql.fetchval("SELECT opens_at FROM ballot_box WHERE id=$1", vote.box)
    await move_clock(live.database, live.rid, opens_at)
    sold = await vote.post(
        "/replacements",
        COMMITTEE,
        unit_number=UNIT,
        seller_names=[SELLER],
        buyer_names=[BUYER],
        registered_on=opens_at.date().isoformat(),
        evidence="extract 17",
    )
    sold = await confirmed(vote, sold)
    assert sold.status_code == 201, sold.text
    buyer = owner_of(vote.rid, UNIT, 1)
    for choices in ({"roof": "yes"}, {"lift-1": "yes"}):
        refused = await cast(vote, **choices)
        assert code(refused) == (403, "credential.replaced")
        taken = await vote.post("/ballots", buyer, unit_number=UNIT, choices=choices)
        assert taken.status_code == 201, taken.text
