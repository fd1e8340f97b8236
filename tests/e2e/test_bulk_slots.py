"""Eight counts of 20,000 ballots in one worker: whoever acts meanwhile on another case is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest

from models.messages.acts import CancelRenovation, OpenVote
from models.messages.ids import bulk_queue, stage_workflow_id
from models.values.refusal import Refused
from runtime.addresses import asyncpg_url
from runtime.local.stack import LocalStack
from runtime.settings import LocalSettings
from service.parts import Parts, open_parts
from tests.support.estate import make_renovation
from tests.support.journey import BUREAU, COMMITTEE, JourneyDriver, codes
from tests.support.votes.by_copy import everybody_votes, insert_units

COUNTS = 8
BALLOTS = 20_000
PEOPLE = 4
SMALL = 60
"""Cases that wait for their vote to be opened: each can be opened once, and then cancelled."""
OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
PART = 2 / 3
"""An act that stood in line behind the counts would take about as long as they do: it takes less than this part.

On a machine with nothing else to do it takes less than two seconds.
"""

pytestmark = pytest.mark.slow


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path, log_level="warning")
    async with LocalStack(local, headless=True) as running:
        yield running


@pytest.fixture
async def parts(stack: LocalStack) -> AsyncIterator[Parts]:
    async with open_parts(stack.settings, pool=COUNTS) as opened:
        yield opened


@pytest.fixture
async def owner(stack: LocalStack) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(asyncpg_url(stack.owner_url), min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture
async def http(stack: LocalStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.record.service_url, timeout=60) as client:
        yield client


async def voted(case: JourneyDriver) -> None:
    """Open the vote, let the box open, and let everybody vote."""
    act = OpenVote(command_id=case.new_id("open"), actor=COMMITTEE)
    while not await confirmed(case, act):
        await asyncio.sleep(1)
    await case.move("next")
    async with case.db.acquire() as connection:
        await everybody_votes(connection, await case.box_id())
        await connection.execute("ANALYZE ballot, ballot_seal, roll_entry, roll_unit")


async def confirmed(case: JourneyDriver, act: OpenVote) -> bool:
    """Send it; False when freezing the roll takes longer than the gateway waits."""
    try:
        await case.send(act)
    except Refused as refused:
        if codes(refused) != ["service.not_confirmed"]:
            raise
        return False
    return True


async def begin(case: JourneyDriver, units: int) -> None:
    await make_renovation(case.parts.database, rid=case.rid, units=3, told_at=OPENED_AT)
    async with case.db.acquire() as connection:
        await insert_units(connection, case.rid, units)
        await connection.execute("ANALYZE unit")
    await case.start()
    await case.until("open_vote")


async def counted(case: JourneyDriver) -> None:
    """Tell the clock to the close; returns when the box is counted."""
    while "voting.box_closed" not in await case.events():
        await case.go_on()


async def acts(cases: list[JourneyDriver], over: asyncio.Event) -> list[float]:
    """One act after the other, each on a case of its own, until the counts are over: their seconds."""
    answers: list[float] = []
    for kind in (OpenVote, CancelRenovation):
        for case in cases:
            if over.is_set():
                return answers
            sent = monotonic()
            if kind is OpenVote:
                await case.act(OpenVote, COMMITTEE)
            else:
                await case.act(CancelRenovation, BUREAU, reason="no money")
            answers.append(monotonic() - sent)
    return answers


async def queue_of(case: JourneyDriver, activity: str) -> str:
    """The queue by which the first vote of a case asked for an activity."""
    vote = case.parts.client.get_workflow_handle(stage_workflow_id(case.rid, "voting", 1))
    asked = (
        event.activity_task_scheduled_event_attributes
        for event in (await vote.fetch_history()).events
    )
    (queue,) = {each.task_queue.name for each in asked if each.activity_type.name == activity}
    return str(queue)


async def test_an_act_is_answered_while_eight_boxes_are_counted(
    stack: LocalStack, parts: Parts, http: httpx.AsyncClient, owner: asyncpg.Pool
) -> None:
    large = [JourneyDriver(parts, http, owner, f"large{number}") for number in range(COUNTS)]
    small = [JourneyDriver(parts, http, owner, f"small{number}") for number in range(SMALL)]
    for case in small:
        await begin(case, 0)
    for case in large:
        await begin(case, BALLOTS)
        await voted(case)
    over = asyncio.Event()
    acting = [asyncio.create_task(acts(small[one::PEOPLE], over)) for one in range(PEOPLE)]
    began = monotonic()
    await asyncio.gather(*(counted(case) for case in large))
    ended = monotonic()
    over.set()
    took = sorted(seconds for one in await asyncio.gather(*acting) for seconds in one)
    print(
        f"{COUNTS} counts of {BALLOTS:,} in {ended - began:.1f} s;"
        f" {len(took)} acts meanwhile: median {took[len(took) // 2]:.2f} s, longest {took[-1]:.2f} s"
    )
    for case in large:
        (closed,) = await case.details("voting.box_closed")
        assert closed["ballots"]["counted"] == BALLOTS, closed["ballots"]
        # How long an act waits hangs on the processors more than on the slots: whose they were is looked up.
        assert await queue_of(case, "Ballots.close_box") == bulk_queue(stack.settings.task_queue)
    assert await queue_of(small[0], "Ballots.open_box") == stack.settings.task_queue
    assert len(took) >= PEOPLE
    assert took[-1] < (ended - began) * PART
