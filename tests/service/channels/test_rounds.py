"""Going round: a worker at the doors knows no choice, a portal votes for units, reminders."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from service.routes.channels import router as channels_router
from tests.support.box import close_box, open_box, put_ballots
from tests.support.channels import Channels, code, grant_roles, official, owner_of
from tests.support.votes.portal import ACTOR, vouching

Make = Callable[..., Awaitable[str]]
WORKER, COMMITTEE = official("grid"), official("committee")
UNIT = "1-101"


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    return Channels(http, sql, rid, await open_box(sql, rid))


async def visited(
    vote: Channels, *doors: tuple[str, str, str], command_id: str = ""
) -> httpx.Response:
    visits = [
        {"unit_number": unit, "outcome": outcome, "envelope": envelope}
        for unit, outcome, envelope in doors
    ]
    return await vote.post("/door-visits", WORKER, command_id, visits=visits)


async def portal(
    vote: Channels, choice: str = "yes", command_id: str = "", **more: object
) -> httpx.Response:
    body: dict[str, Any] = {"unit_number": UNIT, "choices": {"works": choice}, **more}
    return await vote.post("/portal-ballots", vouching(vote.rid, UNIT), command_id, **body)


async def test_a_round_of_visits_is_written_down_once_with_an_event_without_doors(
    vote: Channels,
) -> None:
    doors = ((UNIT, "handed_over", "0017"), ("1-102", "not_at_home", ""))
    first = await visited(vote, *doors, command_id=f"{vote.rid}-v")
    again = await visited(vote, *doors, command_id=f"{vote.rid}-v")
    assert first.json() == again.json()
    rows = await vote.sql.fetch("SELECT * FROM door_visit WHERE box_id=$1", vote.box)
    assert [(row["unit_number"], row["outcome"]) for row in rows] == [
        (UNIT, "handed_over"),
        ("1-102", "not_at_home"),
    ]
    details = await vote.sql.fetchval("SELECT details FROM event WHERE renovation_id=$1", vote.rid)
    assert json.loads(details) == {
        "box": vote.box,
        "doors": 2,
        "handed_over": 1,
        "not_at_home": 1,
    }


async def test_the_last_visit_at_each_door_is_listed(vote: Channels) -> None:
    await visited(vote, (UNIT, "not_at_home", ""))
    await visited(vote, (UNIT, "refused", ""))
    (line,) = (await vote.get("/door-visits", WORKER)).json()
    assert (line["unit_number"], line["outcome"], line["visited_by"]) == (UNIT, "refused", "grid")


async def test_one_wrong_door_refuses_the_whole_round(vote: Channels) -> None:
    answer = await visited(vote, (UNIT, "visited", ""), ("9-999", "visited", ""))
    assert code(answer) == (404, "voting.unit_not_on_roll")
    assert await vote.events() == []


async def test_the_worker_casts_no_ballot_by_any_endpoint_of_the_service(vote: Channels) -> None:
    body: dict[str, Any] = {"unit_number": UNIT, "choices": {"works": "yes"}}
    line = [{"unit_number": UNIT, "choices": {"works": "yes"}}]
    answers = {
        "/ballots": await vote.post("/ballots", WORKER, **body),
        "/portal-ballots": await vote.post("/portal-ballots", WORKER, **body),
        "/proxy-ballots": await vote.post("/proxy-ballots", WORKER, choices={"works": "yes"}),
        "/paper": await vote.post(
            "/paper", WORKER, reference="P", scan="s", code="c" * 16, lines=line
        ),
    }
    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/ballots": 401,
        "/portal-ballots": 401,
        "/proxy-ballots": 401,
        "/paper": 403,
    }
    assert await vote.ballots() == []


async def test_no_route_lets_the_worker_read_a_choice(vote: Channels) -> None:
    options = [{"id": "blue-roof", "title": "B"}, {"id": "red-roof", "title": "R"}]
    vote.box = await open_box(
        vote.sql,
        vote.rid,
        attempt=2,
        motions=[{"id": "works", "title": "W", "kind": "major", "options": options}],
    )
    document = (await vote.http.get("/openapi.json")).json()
    mine = "/v1/renovations/{renovation_id}"
    paths = [
        path.removeprefix(mine)
        for path, methods in document["paths"].items()
        if path.startswith(mine) and "get" in methods and "{" not in path.removeprefix(mine)
    ]
    assert {"/contested", "/paper", "/mandates", "/door-visits", "/turnout"} <= set(paths)
    before = {path: (await vote.get(path, WORKER)).text.count("red-roof") for path in paths}
    assert (await vote.web(UNIT, "red-roof")).status_code == 201
    after = {path: (await vote.get(path, WORKER)).text.count("red-roof") for path in paths}
    assert after == before
    for path in paths:
        assert "choices" not in (await vote.get(path, WORKER)).text


async def test_a_ballot_from_the_workers_device_is_the_residents_own(vote: Channels) -> None:
    await visited(vote, (UNIT, "handed_over", "0017"))
    assert (await vote.web(UNIT, "yes")).status_code == 201
    assert [row["channel"] for row in await vote.ballots()] == ["web"]


async def test_a_portal_votes_for_a_unit_once_for_a_command(vote: Channels) -> None:
    first = await portal(vote, command_id="p1")
    again = await portal(vote, command_id="p1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["ballot_id"] == again.json()["ballot_id"]
    assert code(await portal(vote, "no", command_id="p1")) == (409, "journal.command_reused")
    assert [row["channel"] for row in await vote.ballots()] == ["portal"]


async def test_a_portals_command_sent_by_many_at_once_is_one_ballot(vote: Channels) -> None:
    answers = await asyncio.gather(*(portal(vote, command_id="p1") for _ in range(16)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len(await vote.ballots()) == 1


async def test_a_portals_command_id_is_not_a_voters(vote: Channels) -> None:
    await portal(vote, command_id="same")
    assert (await vote.web(UNIT, "yes", "same")).status_code == 201
    assert [row["channel"] for row in await vote.ballots()] == ["portal", "web"]


async def test_only_a_portal_votes_for_units(vote: Channels) -> None:
    body: dict[str, Any] = {"unit_number": UNIT, "choices": {"works": "yes"}}
    for who, wanted in (
        (COMMITTEE, (401, "credential.wrong")),
        (official(ACTOR), (401, "credential.wrong")),
        (owner_of(vote.rid, UNIT), (401, "credential.wrong")),
    ):
        assert code(await vote.post("/portal-ballots", who, **body)) == wanted


async def test_a_portal_may_not_enter_an_invalid_ballot(vote: Channels) -> None:
    assert code(await portal(vote, "invalid")) == (422, "voting.choice_unknown")


async def test_those_who_have_not_taken_part_are_listed_and_reminded(vote: Channels) -> None:
    await vote.web(UNIT, "no")
    await put_ballots(vote.sql, vote.box, [("1-102", {"works": "yes"})], channel="paper")
    silent = (await vote.get("/non-voters", COMMITTEE)).json()
    assert len(silent) == 10
    assert not {UNIT, "1-102"} & set(silent)
    first = await vote.post("/reminders", COMMITTEE, f"{vote.rid}-r")
    again = await vote.post("/reminders", COMMITTEE, f"{vote.rid}-r")
    assert first.json() == again.json()
    rows = await vote.sql.fetch("SELECT * FROM notice WHERE renovation_id=$1", vote.rid)
    assert [(row["audience"], row["template"]) for row in rows] == [("non_voters", "vote_reminder")]
    assert await vote.events() == ["voting.reminder_ordered"]


async def test_a_unit_whose_ballots_are_contested_is_reminded_and_out_of_the_turnout(
    vote: Channels,
) -> None:
    await vote.web(UNIT, "yes")
    await put_ballots(vote.sql, vote.box, [(UNIT, {"works": "no"})], channel="paper")
    assert UNIT in (await vote.get("/non-voters", COMMITTEE)).json()
    assert (await vote.get("/turnout", {})).json()["participating_heads"] == 0


async def test_when_all_have_taken_part_nobody_is_reminded(vote: Channels) -> None:
    units = (await vote.get("/non-voters", COMMITTEE)).json()
    await put_ballots(vote.sql, vote.box, [(unit, {"works": "yes"}) for unit in units])
    assert code(await vote.post("/reminders", COMMITTEE)) == (422, "reminder.nobody")


async def test_an_excluded_unit_is_not_reminded(vote: Channels) -> None:
    await vote.sql.execute(
        "UPDATE roll_entry SET excluded_reason='arrears' WHERE box_id=$1 AND entry_id=$2",
        vote.box,
        UNIT,
    )
    assert UNIT not in (await vote.get("/non-voters", COMMITTEE)).json()


async def test_the_worker_does_not_see_who_has_not_taken_part(vote: Channels) -> None:
    assert code(await vote.get("/non-voters", WORKER)) == (403, "credential.no_role")


async def test_after_the_close_nobody_is_visited_reminded_or_voted_for(
    vote: Channels, owner: str
) -> None:
    await close_box(owner, vote.box)
    closed = (409, "voting.box_closed")
    assert code(await visited(vote, (UNIT, "visited", ""))) == closed
    assert code(await portal(vote)) == closed
    assert code(await vote.post("/reminders", COMMITTEE)) == closed


async def test_without_a_credential_no_list_of_the_channels_is_read(vote: Channels) -> None:
    lists = [route.path for route in channels_router.routes if "GET" in route.methods]  # type: ignore[attr-defined]
    assert len(lists) == 6
    for path in lists:
        answer = await vote.http.get(path.format(renovation_id=vote.rid))
        assert code(answer) == (401, "credential.missing")
