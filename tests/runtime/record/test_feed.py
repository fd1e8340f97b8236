"""The feed: each event once and none missed, however many write at once and however slowly they commit."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event
from models.values.actor import ENGINE
from runtime.database import Database
from runtime.record import feed, place_log
from runtime.record.feed import FeedPage
from runtime.record.journal import Journal, Recorded
from tests.runtime.record.test_journal import Note, command
from tests.support.estate import make_renovation

WRITERS, EACH = 64, 4
CASES = [f"rf{number}" for number in range(8)]
SLOW_COMMITS = """
CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_sleep(random() * 0.03); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION sleeps();
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON place_event DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION sleeps();
"""
QUICK_COMMITS = """
DROP TRIGGER slow_commit ON event; DROP TRIGGER slow_commit ON place_event; DROP FUNCTION sleeps()
"""
ESTATES = {"g": "rf0.estate", "g10": "rf7.estate"}
"""By the place in whose log it stands what happens to an estate without a case."""


@pytest.fixture(scope="module", autouse=True)
async def cases(database: Database, owner: str) -> None:
    for rid in CASES:
        await make_renovation(database, rid=rid)
    await make_renovation(database, rid="rft", told_at=datetime(2025, 3, 3, tzinfo=UTC))
    sql = await asyncpg.connect(owner)
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path)"
        " SELECT 'g10', kind, 'other', parent_id, path || '10' FROM place WHERE id = 'g'"
    )
    await sql.execute(
        "UPDATE renovation SET place_id = 'g10', place_path = place_path || '10' WHERE id = 'rf7'"
    )
    await sql.execute("UPDATE estate SET place_id = 'g10' WHERE id = 'rf7.estate'")
    await sql.execute("UPDATE estate SET synthetic = false")
    await sql.close()


@pytest.fixture
async def slow_commits(owner: str) -> AsyncIterator[None]:
    """Each transaction that has written an event takes up to 30 ms to commit."""
    sql = await asyncpg.connect(owner)
    await sql.execute(SLOW_COMMITS)
    yield
    await sql.execute(QUICK_COMMITS)
    await sql.close()


@pytest.fixture
async def wide(database: Database) -> AsyncIterator[Database]:
    many = Database(database.url, pool=WRITERS)
    yield many
    await many.dispose()


async def say(database: Database, rid: str, name: str) -> None:
    """One event."""

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Note]:
        return Recorded(Note(text=name), {"said": name})

    await Journal(database).record(command(name, rid), "test.said", None, inside, Note)


async def say_of_estate(database: Database, place: str, name: str) -> None:
    """One event of an estate that has no case."""

    async def work(session: AsyncSession) -> None:
        details = {"estate": ESTATES[place]}
        await place_log.append(session, place, ENGINE, name, "0" * 64, "suggestion.made", details)

    await database.transaction(work)


async def read(database: Database, after: int, limit: int = 100, *places: str) -> FeedPage:
    async with database.session() as session:
        await feed.advance(session)
        return await feed.read_page(session, places or ("",), after, limit)


async def test_64_writers_with_slow_commits_and_nothing_is_lost_or_doubled(
    wide: Database, database: Database, slow_commits: None
) -> None:
    chance, done = random.Random(7), asyncio.Event()
    seen: list[tuple[str, int]] = []
    begun = (await read(database, 0, 10_000)).next_position

    async def writer(number: int) -> None:
        for turn in range(EACH):
            of, name = chance.choice([*CASES, *ESTATES]), f"w{number}-{turn}"
            await (say_of_estate if of in ESTATES else say)(wide, of, name)

    async def reader() -> None:
        position = begun
        while True:
            over = done.is_set()
            page = await read(database, position, 7)
            seen.extend(
                (each.renovation_id if isinstance(each, Event) else each.log_id, each.seq)
                for each in (line.event for line in page.lines)
            )
            position = page.next_position
            if over and not page.more:
                return
            await asyncio.sleep(0.001)

    async def writers() -> None:
        await asyncio.gather(*map(writer, range(WRITERS)))
        done.set()

    await asyncio.gather(writers(), reader())
    async with database.session() as session:
        rows = await session.execute(
            text(
                "SELECT renovation_id AS of, seq FROM event WHERE command_id ~ '^w[0-9]+-[0-9]$'"
                " UNION ALL SELECT log_id, seq FROM place_event WHERE command_id ~ '^w[0-9]+-[0-9]$'"
            )
        )
        written = sorted((row.of, row.seq) for row in rows)
    assert {of for of, _ in written} == {*CASES, *ESTATES}
    assert len(written) == WRITERS * EACH
    assert sorted(seen) == written
    for one in (*CASES, *ESTATES):
        numbers = [seq for of, seq in seen if of == one]
        assert numbers == sorted(numbers)


async def test_an_event_that_is_not_committed_holds_up_nobody_and_comes_later(
    wide: Database, database: Database
) -> None:
    begun = (await read(database, 0, 10_000)).next_position
    writing, go_on = asyncio.Event(), asyncio.Event()

    async def held(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        await session.execute(text("SELECT pg_current_xact_id()"))
        writing.set()
        await go_on.wait()
        return Recorded(Note(text="late"), {})

    asked = command("late", CASES[0])
    late = asyncio.create_task(Journal(wide).record(asked, "test.said", None, held, Note))
    await writing.wait()
    await say(database, CASES[1], "early")
    first = await read(database, begun)
    assert [line.event.command_id for line in first.lines] == ["early"]
    go_on.set()
    await late
    second = await read(database, first.next_position)
    assert [line.event.command_id for line in second.lines] == ["late"]


async def test_who_was_away_catches_up_by_pages_that_do_not_concern_it_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SCANNED", 5)
    begun = (await read(database, 0, 10_000)).next_position
    while (page := await read(database, begun, 100)).more:
        begun = page.next_position
    begun = page.next_position
    for number in range(23):
        await say(database, CASES[7 if number == 20 else 0], f"away-{number}")
    found, position, pages = [], begun, 0
    while True:
        page = await read(database, position, 2, "d/s/c/g10")
        found += [line.event.command_id for line in page.lines]
        position, pages = page.next_position, pages + 1
        if not page.more:
            break
    assert found == ["away-20"]
    assert pages >= 5
    assert await read(database, position, 2, "d/s/c/g10") == FeedPage((), position, more=False)


async def test_a_place_has_its_own_cases_and_no_neighbours_and_training_only_on_request(
    database: Database,
) -> None:
    begun = (await read(database, 0, 10_000)).next_position
    await say(database, CASES[0], "here")
    await say(database, CASES[7], "there")
    await say(database, "rft", "told")

    async def of(*places: str, training: bool = False) -> list[str]:
        async with database.session() as session:
            await feed.advance(session)
            page = await feed.read_page(session, places, begun, 100, training=training)
        return [line.event.command_id for line in page.lines]

    assert await of("d/s/c/g") == ["here"]
    assert await of("d/s/c/g10") == ["there"]
    assert await of("d") == await of("") == ["here", "there"]
    assert await of("") == await of("d/s/c/g", "d/s/c/g10")
    assert await of("d", training=True) == ["here", "there", "told"]
    assert await of("d/s_") == []
