"""What every answer says to a browser and to a cache, and what the access log says of it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.edge.access_log import LINES_A_SECOND, AccessLog
from service.http.callers import CALLER, REFUSED
from tests.service.ballots.test_voting import ballot, bearer, cast
from tests.service.residents.test_residents_write import official
from tests.support.box import open_box
from tests.support.fields.doors import doors
from tests.support.people import sign_in

Make = Callable[..., Awaitable[str]]
Logs = list[dict[str, object]]


@pytest.fixture
def logs(http: httpx.AsyncClient) -> Iterator[Logs]:
    """What is logged from here on, in a second that has all of its lines."""
    http._transport.app._access._turn()  # type: ignore[attr-defined]
    with capture_logs() as found:
        yield found  # type: ignore[misc]


@pytest.fixture(scope="module")
async def tls(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings.model_copy(update={"public_url": "https://vote.example.org"}))
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def test_every_answer_of_every_route_is_safe_for_a_browser(http: httpx.AsyncClient) -> None:
    answers = [
        await http.request(door.method, door.address("r1"), content=b"{}" if door.body else b"")
        for door in doors()
    ]
    answers += [await http.get("/nowhere"), await http.get("/openapi.json")]
    answers += [
        await http.request("HEAD", "/health/live"),
        await http.request("PUT", "/health/live"),
    ]
    assert len(answers) > 60
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", answer.request.url
        assert headers["cache-control"] in ("no-store", "no-cache"), answer.request.url
        assert "strict-transport-security" not in headers
        assert len(headers["x-request-id"]) == 16
        if not str(answer.request.url).endswith("/ballots"):
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert headers["referrer-policy"] == "no-referrer"


async def test_only_over_tls_browsers_are_told_to_stay_there(tls: httpx.AsyncClient) -> None:
    assert "max-age" in (await tls.get("/health/live")).headers["strict-transport-security"]


async def test_what_is_of_one_person_is_not_kept(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    receipt = await cast(http, rid, ballot(f"{rid}-1"))
    papers = await http.get(f"/v1/renovations/{rid}/ballot-papers", headers=bearer(rid))
    refused = await http.get(f"/v1/renovations/{rid}/ballot-papers")
    turnout = await http.get(f"/v1/renovations/{rid}/turnout")
    assert [each.status_code for each in (receipt, papers, refused, turnout)] == [
        201,
        200,
        401,
        200,
    ]
    kept = [each.headers["cache-control"] for each in (receipt, papers, refused, turnout)]
    assert kept == ["no-store", "no-store", "no-store", "no-cache"]
    page = await http.get(f"/v1/renovations/{rid}/turnout", headers={"Cookie": "session=a"})
    assert page.headers["cache-control"] == "no-store"


async def test_a_line_tells_who_asked_for_what_and_what_came_of_it(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, logs: Logs
) -> None:
    rid = await renovation()
    await sign_in(sql, "nobody-special")
    await http.get(f"/v1/renovations/{rid}/contested?box_id=b", headers={
        **official("nobody-special"), "X-Request-ID": "abc-123",
    })  # fmt: skip
    (line,) = [each for each in logs if each["event"] == "request"]
    assert line.pop("ms", -1) >= 0  # type: ignore[operator]
    assert line.pop("source") == "127.0.0.1"
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/v1/renovations/{renovation_id}/contested",
        "status": 403,
        "code": "credential.no_role",
        "who": "official:nobody-special",
        "renovation": rid,
        "request": "abc-123",
    }


async def test_forged_credentials_are_in_the_log(
    http: httpx.AsyncClient, renovation: Make, logs: Logs
) -> None:
    """At 8287647 thirty of them left no line."""
    rid = await renovation()
    forged = {"Authorization": "Bearer v1.c3RyZWV0LTE.AAAA"}
    for _ in range(10):
        await http.get(f"/v1/renovations/{rid}/contested", headers=forged)
        await http.post(f"/v1/renovations/{rid}/tickets", headers=forged, json={})
        await http.post(f"/v1/renovations/{rid}/ballots", headers=forged, json={})
    lines = [each for each in logs if each["event"] == "credential_refused"]
    assert len(lines) == 30
    assert {each["log_level"] for each in lines} == {"warning"}
    assert {each["code"] for each in lines} == {"credential.wrong"}
    assert {each["source"] for each in lines} == {"127.0.0.1"}
    assert "who" not in lines[0]


async def test_no_line_has_a_secret_a_unit_or_a_choice(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, logs: Logs
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    await cast(http, rid, ballot(f"{rid}-1"))
    await http.get(f"/v1/renovations/{rid}/ballot-papers", headers=bearer(rid))
    await http.get(f"/v1/renovations/{rid}/ballot-papers?key=geheim", headers=bearer(rid))
    await http.get(
        f"/v1/renovations/{rid}/turnout",
        headers={"X-Request-ID": "geheim\n{}", "User-Agent": "geheim", "Cookie": "geheim"},
    )
    told = json.dumps(logs)
    assert '"who": "voter"' in told
    for secret in ("1-101", "geheim", bearer(rid)["Authorization"][10:], "yes"):
        assert secret not in told


async def test_what_the_request_before_left_is_not_told_of_the_next(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, logs: Logs
) -> None:
    rid = await renovation()
    await sign_in(sql, "somebody")
    await http.get(f"/v1/renovations/{rid}/contested", headers=official("somebody"))
    await http.get(f"/v1/renovations/{rid}/turnout")
    assert "who" not in logs[-1]


async def test_ballots_and_floods_are_told_in_sums(logs: Logs) -> None:
    log = AccessLog()
    scope = {"method": "GET", "headers": [], "client": ("198.51.100.7", 1)}
    CALLER.set("")
    REFUSED.set("")
    for _ in range(1_000):
        log.ballot(scope, 201)
        log.request(scope, 404, 0.001)
    assert len(logs) == LINES_A_SECOND
    log._turn()
    sums = {(each["route"], each["status"]): each["count"] for each in logs[LINES_A_SECOND:]}
    assert sums == {
        ("/v1/renovations/{renovation_id}/ballots", 201): 1_000,
        ("-", 404): 1_000 - LINES_A_SECOND,
    }
    log.request(scope, 404, 0.001)
    assert logs[-1]["event"] == "request", "the next second has lines of its own"


async def test_a_statement_that_waits_too_long_is_ended_and_may_be_sent_again(
    settings: Settings, renovation: Make, sql: asyncpg.Connection, database: Database
) -> None:
    rid = await renovation()
    app = create_app(settings.model_copy(update={"statement_timeout_s": 1}))
    api = app.api
    body = {"command_id": "c", "unit_number": "1-101", "kind": "complaint", "text": "The lift"}
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        sql.transaction(),
    ):
        await sql.execute("SELECT FROM renovation WHERE id = $1 FOR UPDATE", rid)
        answer = await client.post(f"/v1/renovations/{rid}/tickets", json=body, headers=bearer(rid))
    assert (answer.status_code, answer.json()["code"]) == (503, "service.database_away")
    assert answer.headers["retry-after"] == "1"
    assert await sql.fetchval("SELECT count(*) FROM ticket WHERE renovation_id = $1", rid) == 0
