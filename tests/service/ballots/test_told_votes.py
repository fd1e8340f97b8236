"""A vote of a told case: what officials and agents may do goes by its clock, not by the wall's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.support.box import open_box
from tests.support.channels import Channels, agent_of, code, confirmed, grant_roles, official
from tests.support.waiting import blocked_by

Make = Callable[..., Awaitable[str]]
COMMITTEE, WORKER = official("committee"), official("grid")
DAY = timedelta(days=1)
TOLD_AT = datetime.now(UTC) - 100 * DAY
OPENS_AT, CLOSES_AT = TOLD_AT + 15 * DAY, TOLD_AT + 30 * DAY


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    """A box that opens in fifteen days of the case; by the wall clock it closed long ago."""
    rid = await renovation(told_at=TOLD_AT)
    await grant_roles(sql)
    box = await open_box(sql, rid)
    await sql.execute(
        "UPDATE ballot_box SET opens_at=$2, closes_at=$3 WHERE id=$1", box, OPENS_AT, CLOSES_AT
    )
    return Channels(http, sql, rid, box)


async def told(vote: Channels, now: datetime) -> None:
    await vote.sql.execute(
        "UPDATE case_clock SET now=$2, moved_seq=moved_seq+1 WHERE renovation_id=$1", vote.rid, now
    )


async def visited(vote: Channels) -> httpx.Response:
    visits = [{"unit_number": "1-101", "outcome": "visited", "envelope": ""}]
    return await vote.post("/door-visits", WORKER, visits=visits)


async def test_the_box_is_open_from_its_opening_to_its_close_by_the_told_clock(
    vote: Channels,
) -> None:
    assert (await visited(vote)).status_code == 201
    assert code(await vote.post("/reminders", COMMITTEE)) == (409, "voting.box_not_open_yet")
    await told(vote, OPENS_AT)
    reminded = await vote.post("/reminders", COMMITTEE)
    assert datetime.fromisoformat(reminded.json()["happened_at"]) == OPENS_AT
    notice = await vote.sql.fetchrow("SELECT * FROM notice WHERE renovation_id=$1", vote.rid)
    assert notice["created_at"] == OPENS_AT
    assert CLOSES_AT.isoformat() in notice["params"]
    await told(vote, CLOSES_AT)
    assert code(await vote.post("/reminders", COMMITTEE)) == (409, "voting.box_closed")
    assert code(await visited(vote)) == (409, "voting.box_closed")


async def test_who_waited_for_the_lock_of_the_box_is_judged_after_it(
    vote: Channels, sql: asyncpg.Connection
) -> None:
    await told(vote, OPENS_AT)
    async with sql.transaction():
        await sql.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", vote.box)
        waiting = asyncio.create_task(visited(vote))
        await blocked_by(sql)
        await told(vote, CLOSES_AT)
    assert code(await waiting) == (409, "voting.box_closed")
    assert await vote.events() == []


async def test_a_mandate_is_in_force_by_the_told_clock(vote: Channels) -> None:
    registered = await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number="1-101",
        agent_name="Li Jianguo",
        agent_identity="370701198001010017",
        motions=["works"],
        document="folder 3, sheet 7",
        valid_from=TOLD_AT.isoformat(),
        valid_until=(OPENS_AT + DAY).isoformat(),
    )
    registered = await confirmed(vote, registered)
    assert registered.status_code == 201
    agent = agent_of(vote.rid, registered)
    await told(vote, OPENS_AT)
    cast = await vote.post("/proxy-ballots", agent, choices={"works": "yes"})
    assert cast.status_code == 201
    await told(vote, OPENS_AT + DAY + timedelta(microseconds=1))
    late = await vote.post("/proxy-ballots", agent, choices={"works": "no"})
    assert code(late) == (403, "mandate.not_in_force")
    assert len(await vote.ballots()) == 1
