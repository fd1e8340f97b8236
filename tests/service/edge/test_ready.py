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

from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.edge.ready import AT_ONCE, ReadyCounts
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
    api = app.api
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
            # A count rests longer where it took longer: they read on until there is one.
            while time() < begun + LOOK_S or not asked.of_ballots():  # noqa: B023 - awaited before the next turn
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


async def test_a_case_is_read_for_everybody_until_something_happens_in_it(
    asked: Asked, renovation: Make, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    path, page = f"/cases/{rid}", {"accept": "text/html", "accept-language": "en"}
    assert (await asked.http.get(path, headers=page)).status_code == 200
    asked.statements.clear()
    answers = await asyncio.gather(*(asked.http.get(path, headers=page) for _ in range(30)))
    assert {each.status_code for each in answers} == {200}
    # Each asks where the case stands, and one of them at most reads the rest again.
    assert len(asked.statements) < 2 * len(answers), asked.statements
    await sql.execute(
        "UPDATE renovation SET suspended_at = now(), head_seq = head_seq + 1 WHERE id = $1", rid
    )
    assert "the renovation stands still" in (await asked.http.get(path, headers=page)).text


@dataclass
class Slow:
    """Counts that end when they are told to; how many were begun."""

    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    async def count(self) -> int:
        self.begun += 1
        await self.may_end.wait()
        return 7


async def test_counts_run_two_at_a_time_and_each_once_for_all_who_wait() -> None:
    """At 8287647 sixty readers of one case kept another case waiting for 21 seconds."""
    slow, ready = Slow(), ReadyCounts(60)
    keys = [("turnout", f"r{number}") for number in range(5)]
    readers = [asyncio.create_task(ready.read(key, slow.count)) for key in keys for _ in range(12)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert slow.begun == AT_ONCE
    readers[0].cancel()
    slow.may_end.set()
    answers = await asyncio.gather(*readers, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [7] * 59
    assert slow.begun == len(keys)


async def test_readers_of_one_case_do_not_keep_another_waiting(
    settings: Settings, renovation: Make, sql: asyncpg.Connection, database: Database
) -> None:
    """A count that takes its time holds one connection, however many wait for it."""
    rid, other = await renovation(), await renovation()
    await open_box(sql, rid)
    app = create_app(settings.model_copy(update={"database_pool": 2}))
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        async with sql.transaction():
            await sql.execute("LOCK TABLE ballot IN ACCESS EXCLUSIVE MODE")
            path = f"/v1/renovations/{rid}/turnout"
            waiting = [asyncio.create_task(http.get(path)) for _ in range(60)]
            await asyncio.sleep(0.1)
            answer = await http.get(f"/v1/renovations/{other}/progress")
            assert answer.status_code == 200
            assert not any(each.done() for each in waiting)
        assert {(await each).status_code for each in waiting} == {200}


async def test_a_count_that_fails_is_counted_again_by_the_next() -> None:
    ready, times = ReadyCounts(60), list[int]()

    async def count() -> int:
        times.append(1)
        if len(times) == 1:
            raise OSError("away")
        return 7

    first = await asyncio.gather(
        *(ready.read(("a",), count) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in first] == [OSError] * 3
    assert await ready.read(("a",), count) == 7
    assert len(times) == 2
