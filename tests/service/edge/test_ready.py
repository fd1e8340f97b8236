"""Sixty who read the turnout cost the database's ballots as much as one."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import event

from models.tables import BallotBox
from runtime.ballots.boxes import load_running_boxes
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.edge.ready import AT_ONCE, ReadyCounts
from service.views import Turnout, turnout_of
from tests.service.ballots.test_voting import ballot, cast
from tests.support.box import open_box

Make = Callable[..., Awaitable[str]]
PUBLIC = ("turnout", "verification")
"""What everybody may read and is counted from ballots."""
OF_BALLOTS = re.compile(r"\b(FROM|JOIN)\s+ballot\b(?!_)", re.IGNORECASE)
LOOK_S = 1.2


@dataclass
class Asked:
    """A service as it runs, and what its pool asked the database."""

    http: httpx.AsyncClient
    statements: list[str] = field(default_factory=list)

    def of_ballots(self) -> int:
        return sum(OF_BALLOTS.search(each) is not None for each in self.statements)


@pytest.fixture(scope="module")
async def asked(settings: Settings) -> AsyncIterator[Asked]:
    app = create_app(settings.model_copy(update={"counts_age_s": 1.0}))
    api = app.api  # type: ignore[attr-defined]
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        found = Asked(http)

        def of_driver(connection: Any, _record: object) -> None:
            log = connection.driver_connection.add_query_logger
            log(lambda query: found.statements.append(query.query))

        def of_engine(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            found.statements.append(statement)

        engine = api.state.parts.database.engine.sync_engine
        # The driver tells what goes past the engine, and only that.
        event.listen(engine, "connect", of_driver)
        event.listen(engine, "before_cursor_execute", of_engine)
        yield found


@pytest.mark.parametrize("what", PUBLIC)
async def test_however_many_read_a_box_is_counted_once_a_second(
    asked: Asked, renovation: Make, sql: asyncpg.Connection, what: str
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    await cast(asked.http, rid, ballot(f"{rid}-1"))
    time = asyncio.get_running_loop().time
    for readers in (1, 60):
        asked.statements.clear()
        begun, answers = time(), list[int]()

        async def read() -> None:
            while time() < begun + LOOK_S:  # noqa: B023 - awaited before the next turn
                answer = await asked.http.get(f"/v1/renovations/{rid}/{what}")
                answers.append(answer.status_code)  # noqa: B023

        await asyncio.gather(*(read() for _ in range(readers)))
        assert set(answers) == {200}
        assert len(answers) >= readers
        # One at the beginning, and one for each second that has passed.
        counts = asked.of_ballots()
        assert 1 <= counts <= 1 + (time() - begun), (readers, asked.statements)


async def test_while_it_is_told_a_number_says_when_it_was_counted(
    asked: Asked, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    path = f"/v1/renovations/{rid}/turnout"
    before = (await asked.http.get(path)).json()
    await cast(asked.http, rid, ballot(f"{rid}-1"))
    async with asyncio.timeout(30):
        while (now := (await asked.http.get(path)).json())["participating_heads"] == 0:
            assert now["counted_at"] == before["counted_at"]
            await asyncio.sleep(0.05)
    assert now["counted_at"] > before["counted_at"]


@dataclass
class Slow:
    """Counts that end when they are told to; how many were begun."""

    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0


async def test_who_waits_for_a_count_holds_no_connection_and_counts_run_two_at_a_time(
    database: Database, renovation: Make, sql: asyncpg.Connection
) -> None:
    """At 8287647 sixty readers of one case kept another case waiting for 21 seconds."""
    slow = Slow()

    async def count(session: Any, box: Any) -> Turnout:
        slow.begun += 1
        found = await turnout_of(session, box)
        await slow.may_end.wait()
        return found

    boxes: list[BallotBox] = []
    for _ in range(5):
        rid = await renovation()
        await open_box(sql, rid)
        async with database.session() as session:
            boxes += await load_running_boxes(session, rid)
    small = Database(database.url, pool=AT_ONCE + 1)
    ready = ReadyCounts(small, 60)
    readers = [asyncio.create_task(ready.read(box, count)) for box in boxes for _ in range(12)]
    async with asyncio.timeout(30):
        while slow.begun < AT_ONCE:
            await asyncio.sleep(0.01)
        async with small.session() as session:
            await load_running_boxes(session, "another")
    assert slow.begun == AT_ONCE
    readers[0].cancel()
    slow.may_end.set()
    answers = await asyncio.gather(*readers, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert all(isinstance(each, Turnout) for each in answers[1:])
    assert slow.begun == len(boxes)
    await small.dispose()


async def test_a_count_that_fails_is_counted_again_by_the_next(
    database: Database, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await open_box(sql, rid)
    async with database.session() as session:
        (box,) = await load_running_boxes(session, rid)
    ready, times = ReadyCounts(database, 60), list[int]()

    async def count(session: Any, box: Any) -> Turnout:
        times.append(1)
        if len(times) == 1:
            raise OSError("away")
        return await turnout_of(session, box)

    first = await asyncio.gather(
        *(ready.read(box, count) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in first] == [OSError] * 3
    assert (await ready.read(box, count)).roll_heads > 0
    assert len(times) == 2
