"""The office's places at a glance: each number is the record's, and leads to the cases that it counts."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.support.browser.desk import Desk
from tests.support.channels import grant_roles

Make = Callable[..., Awaitable[str]]
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
WAIT = """
INSERT INTO case_wait (workflow_id, renovation_id, what, subject, who, since, due_at, consequence, level)
VALUES ($1, $1, 'open_vote', '', 'owners_committee, street_office', $2, $3, '', '')"""
TROUBLE = """
INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)
VALUES ($1, 'voting.box_closed', $1, false, 'KeyError', 'ref-7', now())"""


@pytest.fixture
async def late(renovation: Make, sql: asyncpg.Connection) -> str:
    """A case that waits for the street office since yesterday."""
    made = await renovation(told_at=START)
    await grant_roles(sql)
    await sql.execute(WAIT, made, START, START - timedelta(days=1))
    return made


async def test_the_overview_says_how_many_are_late_whose_turn_it_is_and_leads_there(
    http: httpx.AsyncClient, late: str, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "street")
    page = await desk.get("/office/overview")
    cases = await sql.fetchval("SELECT count(*) FROM renovation WHERE state = 'running'")
    assert page.status == 200
    assert f"{cases} running" in page.text
    assert "Whose turn it is" in page.text
    assert f"/office/cases/{late}/why" in page.html
    assert "waiting=street_office" in page.html
    found = await desk.get("/office/cases?waiting=street_office&overdue=true")
    assert f"/office/cases/{late}" in found.html
    table = await desk.get("/office/overview/late.csv")
    assert late in table.html


async def test_what_needs_a_supervising_look_is_what_broke_and_who_is_late(
    http: httpx.AsyncClient, late: str, sql: asyncpg.Connection
) -> None:
    await sql.execute(TROUBLE, late)
    page = await Desk(http, "street").get("/office/oversight")
    assert "Steps that broke" in page.text
    assert "ref-7" in page.text
    assert "the announcement of the vote" in page.text


@pytest.mark.parametrize(
    "path", ["/office/overview", "/office/oversight", "/office/overview/late.csv"]
)
async def test_nobody_looks_over_places_of_others(
    http: httpx.AsyncClient, late: str, path: str
) -> None:
    refused = await Desk(http, "street").get(f"{path}?place=elsewhere")
    assert refused.status == 403


async def test_a_case_is_found_by_a_part_of_its_title_and_the_next_page_keeps_it(
    http: httpx.AsyncClient, late: str, sql: asyncpg.Connection
) -> None:
    await sql.execute("UPDATE renovation SET title = '梅园新村' WHERE id = $1", late)
    desk = Desk(http, "street")
    assert f"/office/cases/{late}" in (await desk.get("/office/cases?words=园新")).html
    assert "There is none." in (await desk.get("/office/cases?words=桂花")).text
    assert f"/cases/{late}" in (await http.get("/cases", params={"words": "梅园"})).text
