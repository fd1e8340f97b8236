"""One sender floods the desks of a case: so much is taken a day, and the refusal says when again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from models.values.timetable import Timetable
from runtime.database import Database
from tests.service.residents.test_residents_write import official, publication, send, voter
from tests.support.box import open_box
from tests.support.people import sign_in
from tests.support.told import move_clock

Make = Callable[..., Awaitable[str]]
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
UNIT, OTHER = "1-101", "1-102"


@pytest.fixture
async def rid(renovation: Make) -> str:
    """A case whose clock stands still until it is moved."""
    return await renovation(told_at=START, timetable=Timetable(quota_objections=3, quota_tickets=4))


@pytest.fixture
def ticket(http: httpx.AsyncClient, rid: str) -> Callable[..., Awaitable[httpx.Response]]:
    async def opened(
        number: int, unit: str = UNIT, *, confidential: bool = False
    ) -> httpx.Response:
        return await send(
            http, rid, "/tickets", voter(rid, unit), command_id=f"{rid}-{unit}-{number}",
            unit_number=unit, kind="complaint", text="The lift", confidential=confidential,
        )  # fmt: skip

    return opened


Ticket = Callable[..., Awaitable[httpx.Response]]
WRITTEN = (201, 503)
"""No engine runs here: the ticket is written, and its workflow is started when it is sent again."""


async def rows(sql: asyncpg.Connection, rid: str, table: str = "ticket") -> int:
    return await sql.fetchval(f"SELECT count(*) FROM {table} WHERE renovation_id = $1", rid)


async def test_a_unit_that_files_tickets_without_end_is_told_when_again(
    database: Database, sql: asyncpg.Connection, rid: str, ticket: Ticket
) -> None:
    """At 8287647 one unit filed 120 in 21 seconds."""
    for number in range(4):
        assert (await ticket(number)).status_code in WRITTEN
        await move_clock(database, rid, START + (number + 1) * timedelta(minutes=1))
    answer = await ticket(4)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota.used_up")
    said = answer.json()["problems"][0]["params"]
    assert said == {"most": 4, "days": 1, "at": "2026-03-03T09:00:00+08:00"}
    assert "2026-03-03 9:00" in answer.json()["detail"]
    # Its clock stands still until somebody moves it: no wait helps.
    assert "retry-after" not in answer.headers
    assert await rows(sql, rid) == 4

    # What was taken is answered as before, and nobody else is held up.
    assert (await ticket(0)).status_code in WRITTEN
    assert (await ticket(0, OTHER)).status_code in WRITTEN
    assert await rows(sql, rid) == 5

    await move_clock(database, rid, START + DAY - timedelta(seconds=1))
    assert (await ticket(4)).status_code == 429
    await move_clock(database, rid, START + DAY)
    assert (await ticket(4)).status_code in WRITTEN
    assert (await ticket(5)).status_code == 429
    assert await rows(sql, rid) == 6


async def test_confidential_or_not_it_is_one_unit_and_the_count_does_not_name_it(
    sql: asyncpg.Connection, rid: str, ticket: Ticket
) -> None:
    for number in range(6):
        await ticket(number, confidential=True)
    senders = {
        row["sender"]
        for row in await sql.fetch("SELECT sender FROM quota_use WHERE renovation_id = $1", rid)
    }
    assert len(senders) == 1
    assert UNIT not in senders.pop()
    assert await rows(sql, rid) == 4


async def test_many_at_once_are_not_more_than_one_after_the_other(
    sql: asyncpg.Connection, rid: str, ticket: Ticket
) -> None:
    answers = await asyncio.gather(*(ticket(number) for number in range(12)))
    assert [answer.status_code for answer in answers].count(429) == 8
    assert await rows(sql, rid) == 4


async def test_objections_of_a_unit_and_of_an_official_are_counted_each(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    """At 8287647 one unit filed 40 in a second; each has to be answered before a publication closes."""
    name = await publication(sql, rid)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ('objector', 'o', 'payment_provider', 'd')"
        " ON CONFLICT DO NOTHING"
    )
    await sign_in(sql, "objector")
    for who, unit in ((voter(rid), UNIT), (official("objector"), None)):
        answers = [
            await send(
                http, rid, "/objections", who, command_id=f"o{number}", publication_id=name,
                text="Not so", unit_number=unit,
            )
            for number in range(5)
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert await sql.fetchval("SELECT count(*) FROM objection WHERE publication_id = $1", name) == 6


async def test_opinions_and_answers_to_the_survey_are_counted_too(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    limits = Timetable(quota_opinions=2, quota_survey_answers=2)
    rid = await renovation(told_at=START, timetable=limits)
    box = await open_box(sql, rid)
    await sql.execute("UPDATE ballot_box SET official_by = 'art. 1' WHERE id = $1", box)
    await sql.execute(
        "UPDATE renovation SET stage = 'feedback', waiting_for = 'survey' WHERE id = $1", rid
    )
    for path, body in (
        ("/opinions", {"choices": {"works": "yes"}}),
        ("/survey-answers", {"score": 4}),
    ):
        answers = [
            await send(
                http, rid, path, voter(rid), command_id=f"c{number}", unit_number=UNIT, **body
            )
            for number in range(3)
        ]
        assert [each.status_code for each in answers] == [201, 201, 429], answers[0].text
        again = await send(http, rid, path, voter(rid), command_id="c0", unit_number=UNIT, **body)
        assert again.status_code == 201


@pytest.mark.parametrize("state", ["cancelled", "completed", "shelved"])
async def test_a_case_that_is_over_takes_no_ticket(
    sql: asyncpg.Connection, rid: str, ticket: Ticket, state: str
) -> None:
    """At 8287647 a cancelled case took it and started a workflow."""
    await sql.execute("UPDATE renovation SET state = $2 WHERE id = $1", rid, state)
    answer = await ticket(0)
    assert (answer.status_code, answer.json()["code"]) == (422, "renovation.over")
    assert await rows(sql, rid) == 0
