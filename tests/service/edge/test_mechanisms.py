"""What every route has alike: the id of a request, the key of a command, tags of answers, what is left of a quota."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from models.values.timetable import Timetable
from tests.service.ballots.test_voting import ballot, bearer
from tests.support.box import open_box

Make = Callable[..., Awaitable[str]]
KEY = "Idempotency-Key"


def ticket(rid: str, **more: object) -> Mapping[str, object]:
    return {"unit_number": "1-101", "kind": "complaint", "text": "The lift", **more}


async def send(http: httpx.AsyncClient, rid: str, body: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/v1/renovations/{rid}/tickets"
    return await http.post(path, json=body, headers={**bearer(rid), **named})


async def test_a_request_keeps_the_id_it_came_with_and_gets_one_where_it_has_none(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    with capture_logs() as lines:
        given = await http.get("/v1/session", headers={"X-Request-ID": "portal-7"})
        bad = await http.get("/v1/session", headers={"X-Request-ID": "a b"})
        cast = await http.post(
            f"/v1/renovations/{rid}/ballots",
            json=ballot("own"),
            headers={**bearer(rid), "X-Request-ID": "portal-8"},
        )
    assert given.headers["x-request-id"] == "portal-7"
    assert bad.headers["x-request-id"] not in ("", "a b")
    assert (cast.status_code, cast.headers["x-request-id"]) == (201, "portal-8")
    told = [each["request"] for each in lines if each["event"] == "credential_refused"]
    assert told == ["portal-7", bad.headers["x-request-id"]]


@pytest.mark.parametrize("written", ["key-1", '"key-1"'])
async def test_the_key_of_a_command_may_be_a_header(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, written: str
) -> None:
    rid = await renovation()
    answers = [
        await send(http, rid, ticket(rid), **{KEY: written}),
        await send(http, rid, ticket(rid, command_id="key-1")),
        await send(http, rid, ticket(rid, command_id="key-1"), **{KEY: written}),
    ]
    assert {each.status_code for each in answers} <= {201, 503}, "no engine runs here"
    assert await sql.fetchval("SELECT count(*) FROM ticket WHERE renovation_id = $1", rid) == 1


async def test_a_key_is_bound_to_its_content_and_two_keys_are_refused(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    two = await send(http, rid, ticket(rid, command_id="one"), **{KEY: "other"})
    assert (two.status_code, two.json()["code"]) == (400, "service.command_id_differs")
    assert two.json()["problems"][0]["where"] == KEY
    bad = await send(http, rid, ticket(rid), **{KEY: "a key"})
    assert (bad.status_code, bad.json()["code"]) == (422, "service.field_wrong")
    assert bad.json()["problems"][0]["where"] == KEY
    none = await send(http, rid, ticket(rid))
    assert none.json()["problems"][0]["where"] == "command_id"
    await send(http, rid, ticket(rid), **{KEY: "same"})
    other = await send(http, rid, ticket(rid, text="The roof"), **{KEY: "same"})
    assert (other.status_code, other.json()["code"]) == (409, "journal.command_reused")
    assert await sql.fetchval("SELECT count(*) FROM ticket WHERE renovation_id = $1", rid) == 1


async def test_a_ballot_takes_its_key_from_the_header_too(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    body = dict(ballot("of the body"))
    del body["command_id"]
    path = f"/v1/renovations/{rid}/ballots"
    headers = {**bearer(rid), KEY: "ballot-1"}
    first, again = (
        await http.post(path, json=body, headers=headers),
        await http.post(path, json=body, headers=headers),
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["ballot_id"] == again.json()["ballot_id"]
    two = await http.post(path, json={**body, "command_id": "else"}, headers=headers)
    assert (two.status_code, two.json()["code"]) == (400, "service.command_id_differs")


async def test_a_route_without_a_command_does_not_look_at_a_key(http: httpx.AsyncClient) -> None:
    body = {"name": "nobody", "password": "correct horse battery"}
    answer = await http.post("/v1/sign-in", json=body, headers={KEY: "k"})
    assert "command_id" not in answer.text


@pytest.mark.parametrize("path", ["", "/progress", "/events", "/works", "/ballot-papers"])
async def test_who_has_an_answer_is_told_that_nothing_has_changed(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, path: str
) -> None:
    rid = await renovation()
    address = f"/v1/renovations/{rid}{path}"
    first = await http.get(address, headers=bearer(rid))
    tag = first.headers["etag"]
    for wanted in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = await http.get(address, headers={**bearer(rid), "If-None-Match": wanted})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
    other = await http.get(address, headers={**bearer(rid), "If-None-Match": '"x"'})
    assert (other.status_code, other.headers["etag"]) == (200, tag)
    head = await http.head(address, headers=bearer(rid))
    assert (head.status_code, head.headers["etag"], head.content) == (200, tag, b"")
    await sql.execute("UPDATE renovation SET title = 'Another' WHERE id = $1", rid)
    if path in ("", "/progress"):
        moved = await http.get(address, headers={**bearer(rid), "If-None-Match": tag})
        assert moved.status_code == 200


async def test_the_width_of_the_reader_is_part_of_the_tag(
    http: httpx.AsyncClient, renovation: Make
) -> None:
    rid = await renovation()
    refused = await http.get(f"/v1/renovations/{rid}/household", headers={"If-None-Match": "*"})
    assert refused.status_code == 401
    assert "etag" not in refused.headers


async def test_an_answer_says_what_is_left_of_a_quota_and_a_refusal_when_again(
    http: httpx.AsyncClient, renovation: Make
) -> None:
    rid = await renovation(timetable=Timetable(quota_tickets=2))
    answers = [await send(http, rid, ticket(rid, command_id=f"c{n}")) for n in range(3)]
    assert [each.headers["ratelimit-policy"] for each in answers] == ['"tickets";q=2;w=86400'] * 3
    left = [each.headers["ratelimit"].partition(";t=") for each in answers]
    assert [each[0] for each in left] == ['"tickets";r=1', '"tickets";r=0', '"tickets";r=0']
    assert all(86_300 < int(each[2]) <= 86_400 for each in left)
    assert answers[2].status_code == 429
    waits = answers[2].json()["problems"][0]["params"]["wait_s"]
    assert 86_300 < int(answers[2].headers["retry-after"]) == waits <= 86_401
    read = await http.get(f"/v1/renovations/{rid}")
    assert "ratelimit" not in read.headers


async def test_a_locked_door_says_after_how_many_seconds_it_opens(http: httpx.AsyncClient) -> None:
    body = {"name": "locked-out", "password": "correct horse battery", "code": "123456"}
    answers = await asyncio.gather(*(http.post("/v1/sign-in", json=body) for _ in range(8)))
    locked = [each for each in answers if each.status_code == 429]
    assert locked
    assert all(0 < int(each.headers["retry-after"]) <= 900 for each in locked)
    assert locked[0].json()["problems"][0]["params"]["until"].endswith("+08:00")
