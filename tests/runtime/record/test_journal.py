import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import CommandReceipt, Event, Renovation
from models.values.actor import Actor, Role
from models.values.base import Carried
from models.values.refusal import Problem, Refused
from proof.chain import GENESIS, Link, verify
from runtime.database import LOCK_NOT_AVAILABLE, Database, sqlstate
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade
from runtime.record.audit import audit
from runtime.record.journal import Journal, Recorded
from runtime.rows.hashed import hashed_fields
from tests.support.estate import make_renovation
from tests.support.pages.statements import Statements
from tests.support.waiting import blocked_by

TOLD_AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATE_S = 8


class Note(Carried):
    """A request and a result."""

    text: str


def command(command_id: str, rid: str = "r1", who: str = "engine") -> Command:
    return Command(
        command_id=command_id,
        renovation_id=rid,
        actor=Actor(id=who, role=Role.ENGINE, label=who),
    )


def saying(answer: str, runs: list[str] | None = None):
    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        if runs is not None:
            runs.append(answer)
        return Recorded(Note(text=answer), {"said": answer})

    return inside


async def say(
    database: Database, command_id: str, answer: str, request: str = "x", rid: str = "r1"
) -> Note:
    return await Journal(database).record(
        command(command_id, rid), "test.said", Note(text=request), saying(answer), Note
    )


async def events(database: Database, rid: str = "r1") -> list[Event]:
    async with database.session() as session:
        query = select(Event).where(Event.renovation_id == rid).order_by(Event.seq)
        return list((await session.scalars(query)).all())


async def count(database: Database, command_id: str) -> int:
    async with database.session() as session:
        query = select(func.count()).select_from(Event).where(Event.command_id == command_id)
        return await session.scalar(query) or 0


@pytest.fixture(scope="module", autouse=True)
async def renovation(database: Database) -> None:
    await make_renovation(database)
    await make_renovation(database, rid="r2")


async def test_the_same_command_twice_is_one_event_and_the_first_answer(database: Database) -> None:
    runs: list[str] = []
    journal = Journal(database)
    first = await journal.record(
        command("twice"), "test.said", Note(text="q"), saying("one", runs), Note
    )
    second = await journal.record(
        command("twice"), "test.said", Note(text="q"), saying("two", runs), Note
    )
    assert first == second == Note(text="one")
    assert runs == ["one"]
    assert await count(database, "twice") == 1


async def test_a_write_takes_three_statements_beside_those_of_its_rows(database: Database) -> None:
    statements = Statements(database.engine, of_requests=False)
    await say(database, "counted", "one")
    assert statements.count == 3, "the lock; the moment and the receipt; event, head and receipt"
    statements.begin()
    await say(database, "counted", "one")
    assert statements.count == 2, "sent again"


async def test_another_request_under_a_used_command_id_is_refused(database: Database) -> None:
    await say(database, "reused", "one", request="a")
    with pytest.raises(Refused) as refused:
        await say(database, "reused", "two", request="b")
    assert refused.value.problems[0].code == "journal.command_reused"
    assert await count(database, "reused") == 1


async def test_another_actor_does_not_get_the_answer_of_the_first(database: Database) -> None:
    journal = Journal(database)
    await journal.record(command("mine", who="a"), "test.said", None, saying("one"), Note)
    with pytest.raises(Refused, match=r"journal\.command_reused"):
        await journal.record(command("mine", who="b"), "test.said", None, saying("two"), Note)


async def test_a_command_id_is_one_for_all_renovations(database: Database) -> None:
    await say(database, "global", "one", rid="r1")
    with pytest.raises(Refused, match=r"journal\.command_reused"):
        await say(database, "global", "one", rid="r2")


async def test_the_receipt_points_to_the_event_and_holds_the_answer(database: Database) -> None:
    await say(database, "kept", "yes")
    receipt = await Journal(database).answered("kept")
    assert isinstance(receipt, CommandReceipt)
    assert (receipt.kind, receipt.result) == ("test.said", {"text": "yes"})
    event = next(event for event in await events(database) if event.command_id == "kept")
    assert (event.seq, event.recorded_at) == (receipt.seq, receipt.recorded_at)
    assert await Journal(database).answered("never") is None


async def test_the_change_may_name_the_kind_of_its_event(database: Database) -> None:
    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        return Recorded(Note(text=""), {}, kind="test.other")

    for _ in range(2):
        await Journal(database).record(command("kind"), "test.said", None, inside, Note)
    assert [e.kind for e in await events(database) if e.command_id == "kind"] == ["test.other"]


async def test_a_refused_change_leaves_nothing(database: Database) -> None:
    before = len(await events(database))

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        row = await session.get_one(Renovation, "r1")
        row.title = "changed"
        await session.flush()
        raise Refused(Problem(code="test.no"))

    for _ in range(2):
        with pytest.raises(Refused, match=r"test\.no"):
            await Journal(database).record(command("no"), "test.said", None, inside, Note)
    assert len(await events(database)) == before
    assert await Journal(database).answered("no") is None
    async with database.session() as session:
        assert (await session.get_one(Renovation, "r1")).title != "changed"


async def test_the_opening_event_may_insert_its_renovation(database: Database) -> None:
    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        old = await session.get_one(Renovation, "r1")
        values = {c.key: getattr(old, c.key) for c in Renovation.__table__.columns}
        del values["head_seq"], values["head_hash"]
        session.add(Renovation(**{**values, "id": "opened"}))
        return Recorded(Note(text="opened"), {})

    for _ in range(2):
        await Journal(database).record(
            command("open", "opened"), "renovation.opened", None, inside, Note
        )
    (event,) = await events(database, "opened")
    assert (event.seq, event.prev_hash) == (1, GENESIS)


async def test_an_event_happens_at_the_tick_that_the_change_is_given(database: Database) -> None:
    given: list[datetime] = []

    async def inside(session: AsyncSession, now: datetime) -> Recorded[Note]:
        given.append(now)
        return Recorded(Note(text=""), {})

    await make_renovation(database, rid="told", told_at=TOLD_AT)
    for rid in ("r1", "told"):
        await Journal(database).record(command(f"at-{rid}", rid), "test.said", None, inside, Note)
    wall = (await events(database))[-1]
    (told,) = await events(database, "told")
    assert given == [wall.happened_at, TOLD_AT]
    assert told.happened_at == TOLD_AT
    assert wall.happened_at <= wall.recorded_at
    assert told.recorded_at > TOLD_AT


async def test_a_change_that_waited_for_another_happens_after_it(
    database: Database, owner: str
) -> None:
    await make_renovation(database, rid="queue", told_at=TOLD_AT)
    later = TOLD_AT + timedelta(days=3)
    clock = await asyncpg.connect(owner)
    try:
        async with clock.transaction():
            await clock.execute("SELECT 1 FROM renovation WHERE id = 'queue' FOR NO KEY UPDATE")
            waiting = asyncio.create_task(say(database, "queued", "one", rid="queue"))
            await blocked_by(clock)
            await clock.execute(
                "UPDATE case_clock SET now = $1, moved_seq = 2 WHERE renovation_id = 'queue'", later
            )
        await waiting
    finally:
        await clock.close()
    assert [event.happened_at for event in await events(database, "queue")] == [later]


async def test_an_unknown_renovation_is_refused(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match=r"renovation.unknown"):
            await say(database, "lost", "one", rid="nowhere")


async def test_twenty_writers_at_once_make_a_gapless_chain(database: Database) -> None:
    await make_renovation(database, rid="busy")
    await asyncio.gather(*(say(database, f"w{n}", str(n), rid="busy") for n in range(20)))
    written = await events(database, "busy")
    assert [event.seq for event in written] == list(range(1, 21))
    links = [Link(e.seq, e.prev_hash, e.hash, hashed_fields(e)) for e in written]
    assert verify(links) is None
    assert [e.recorded_at for e in written] == sorted(e.recorded_at for e in written)
    async with database.session() as session:
        row = await session.get_one(Renovation, "busy")
        assert (row.head_seq, row.head_hash) == (20, written[-1].hash)
    assert (await audit(database, "busy")).ok


async def test_one_command_sent_ten_times_at_once_is_one_event(database: Database) -> None:
    answers = await asyncio.gather(*(say(database, "rush", "one") for _ in range(10)))
    assert set(answers) == {Note(text="one")}
    assert await count(database, "rush") == 1


async def test_rows_that_refer_to_the_renovation_do_not_wait_for_a_long_act(
    database: Database, owner: str
) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[Note]:
        started.set()
        await finish.wait()
        return Recorded(Note(text="done"), {})

    act = asyncio.create_task(
        Journal(database).record(command("long"), "test.said", None, inside, Note)
    )
    await started.wait()
    try:
        async with asyncio.timeout(5):
            await insert_payment(owner, "while-locked")
    finally:
        finish.set()
    assert await act == Note(text="done")


async def insert_payment(url: str, key: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO payment (id, renovation_id, command_id, unit_number, amount_fen, source,"
            " received_at) VALUES ($1, 'r1', $1, '1-101', 1, 'owner', now())",
            key,
        )
    finally:
        await connection.close()


async def test_a_deadlock_is_tried_again_until_both_are_done(database: Database) -> None:
    tries: list[str] = []
    met = asyncio.Barrier(2)

    def moves(first: str, second: str) -> Callable[[AsyncSession], Awaitable[str]]:
        async def work(session: AsyncSession) -> str:
            tries.append(first)
            for place, rid in enumerate((first, second)):
                await session.execute(
                    text("UPDATE renovation SET title = title || '.' WHERE id = :rid"),
                    {"rid": rid},
                )
                if place == 0 and len(tries) <= 2:
                    await met.wait()
            return first

        return work

    done = await asyncio.gather(
        database.transaction(moves("r1", "r2")), database.transaction(moves("r2", "r1"))
    )
    assert list(done) == ["r1", "r2"]
    assert len(tries) > 2


async def test_a_serialization_failure_is_tried_again(database: Database) -> None:
    tries = 0

    async def work(session: AsyncSession) -> int:
        nonlocal tries
        tries += 1
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        seen = await session.scalar(text("SELECT head_seq FROM renovation WHERE id = 'r2'"))
        if tries == 1:
            await say(database, "in between", "x", rid="r2")
        await session.execute(text("UPDATE renovation SET title = 'mine' WHERE id = 'r2'"))
        return int(seen)

    assert await database.transaction(work) >= 1
    assert tries == 2


async def test_a_lost_connection_is_replaced(database: Database, superuser: str) -> None:
    tries = 0

    async def work(session: AsyncSession) -> str:
        nonlocal tries
        tries += 1
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        if tries == 1:
            killer = await asyncpg.connect(superuser)
            await killer.execute("SELECT pg_terminate_backend($1)", pid)
            await killer.close()
        return str(await session.scalar(text("SELECT 'here'")))

    assert await database.transaction(work) == "here"
    assert tries == 2


@pytest.mark.parametrize(
    ("sql", "value"), [("SELECT 1 / CAST(:v AS int)", 0), ("SELECT CAST(:v AS int)", "text")]
)
async def test_a_mistake_is_not_tried_again(database: Database, sql: str, value: object) -> None:
    tries = 0

    async def work(session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        await session.execute(text(sql), {"v": value})

    with pytest.raises(DBAPIError):
        await database.transaction(work)
    assert tries == 1


async def test_a_lock_that_is_not_there_in_time_is_told_at_once_if_the_work_says_so(
    database: Database, owner: str
) -> None:
    tries = 0

    async def work(session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        await session.execute(text("SET LOCAL lock_timeout = '10ms'"))
        await session.execute(text("SELECT 1 FROM renovation WHERE id = 'r1' FOR UPDATE"))

    async def impatient(session: AsyncSession) -> None:
        try:
            await work(session)
        except DBAPIError as error:
            raise Refused(Problem(code=f"test.{sqlstate(error)}")) from error

    holder = await asyncpg.connect(owner)
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM renovation WHERE id = 'r1' FOR UPDATE")
            with pytest.raises(Refused, match=LOCK_NOT_AVAILABLE):
                await database.transaction(impatient)
            assert tries == 1
            again = asyncio.create_task(database.transaction(work))
            async with asyncio.timeout(20):
                while tries <= 2:
                    await asyncio.sleep(0.01)
        await again
    finally:
        await holder.close()


async def test_a_server_that_is_away_for_good_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runtime.database.AWAY_S", 0.2)
    nowhere = Database("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(ConnectionRefusedError):
        await nowhere.transaction(lambda session: session.scalar(text("SELECT 1")))
    await nowhere.dispose()


async def test_a_server_that_is_killed_and_started_again_costs_a_writer_only_time(
    tmp_path: Path,
) -> None:
    server = EmbeddedPostgres(tmp_path)
    urls = await asyncio.to_thread(server.start)
    upgrade(urls.owner)
    database = Database(urls.app)
    try:
        await make_renovation(database)
        await say(database, "before", "one")
        killed = server.postmaster_pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        writing = asyncio.create_task(say(database, "during", "two"))
        await asyncio.to_thread(server.start)
        assert await writing == Note(text="two")
        assert await say(database, "before", "other") == Note(text="one")
        assert (await audit(database)).ok
        assert [e.command_id for e in await events(database)] == ["before", "during"]
    finally:
        await database.dispose()
        await asyncio.to_thread(server.stop)


@pytest.mark.slow
async def test_a_server_that_comes_back_late_on_a_busy_machine_is_waited_for(
    tmp_path: Path,
) -> None:
    server = EmbeddedPostgres(tmp_path)
    urls = await asyncio.to_thread(server.start)
    upgrade(urls.owner)
    database = Database(urls.app)
    busy = [await busy_loop(10 * LATE_S) for _ in range(2)]
    try:
        await make_renovation(database)
        await asyncio.to_thread(server.stop)
        writing = asyncio.create_task(say(database, "late", "one"))
        # It ends when the server was away for longer than it was once waited for.
        await (await busy_loop(LATE_S)).wait()
        assert not writing.done()
        await asyncio.to_thread(server.start)
        assert await writing == Note(text="one")
        assert [event.command_id for event in await events(database)] == ["late"]
    finally:
        await database.dispose()
        await asyncio.to_thread(server.stop)
        for process in busy:
            process.kill()
            await process.wait()


async def busy_loop(seconds: float) -> asyncio.subprocess.Process:
    """A process that keeps one core busy for so long."""
    loop = f"import time; end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    return await asyncio.create_subprocess_exec(sys.executable, "-c", loop)
