"""The database's owner plays against time: every hash is made anew, and the audit still finds it."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.tables import Event
from models.values.base import Carried
from proof.chain import GENESIS, event_hash
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.record.audit import audit
from runtime.record.audit.cases import BadEvent
from runtime.record.audit.clock import DEADLINES, TURNOUT
from runtime.record.journal import Journal, Recorded
from runtime.rows.hashed import hashed_fields
from tests.support.estate import make_renovation
from tests.support.told import move_clock

ROOT = Path(__file__).resolve().parents[3]
NUMBERS = count(1)
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OF_BEFORE = {"title": "x", "sandbox_day_s": None}


class Done(Carried):
    """A result."""


class Played:
    """A case, told or on the wall clock, and a connection that may do everything in its database."""

    def __init__(self, database: Database, admin: asyncpg.Connection, *, told: bool) -> None:
        self.database, self.admin, self.told = database, admin, told
        self.rid = f"c{next(NUMBERS)}"
        self.written = count(1)

    async def begin(self, opening: Mapping[str, object] | None = None) -> "Played":
        await make_renovation(self.database, rid=self.rid, told_at=START if self.told else None)
        clock = "told" if self.told else "wall"
        await self.write("renovation.opened", opening or {"clock": clock})
        return self

    async def write(self, kind: str, details: Mapping[str, object]) -> None:
        async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
            return Recorded(Done(), details)  # type: ignore[arg-type]

        command = f"{self.rid}-{next(self.written)}"
        written = Command(command_id=command, renovation_id=self.rid)
        await Journal(self.database).record(written, kind, None, inside, Done)

    async def forge(self, seq: int, change: str, *args: object) -> None:
        """Change an event, and make its hash and all that follow anew, with the renovation's head."""
        await self.admin.execute(
            f"UPDATE event SET {change} WHERE renovation_id=$1 AND seq=$2", self.rid, seq, *args
        )
        async with self.database.session() as session:
            query = select(Event).where(Event.renovation_id == self.rid).order_by(Event.seq)
            events = (await session.scalars(query)).all()
        head = GENESIS
        for event in events:
            before, head = head, event_hash(head, hashed_fields(event))
            await self.admin.execute(
                "UPDATE event SET prev_hash=$3, hash=$4 WHERE renovation_id=$1 AND seq=$2",
                *(self.rid, event.seq, before, head),
            )
        await self.admin.execute("UPDATE renovation SET head_hash=$2 WHERE id=$1", self.rid, head)

    async def bad(self) -> tuple[tuple[int, str], ...]:
        report = await audit(self.database, self.rid)
        assert all(bad == BadEvent(**bad.model_dump()) for bad in report.bad)
        return tuple((bad.seq, bad.reason) for bad in report.bad)


@pytest.fixture
async def admin(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser with the triggers switched off."""
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture
async def as_app(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The role of worker and service."""
    connection = await asyncpg.connect(asyncpg_url(database.url))
    yield connection
    await connection.close()


@pytest.fixture
async def told(database: Database, admin: asyncpg.Connection) -> Played:
    """Seven events: opened, one more, moved (3), one, moved (5), two at the end."""
    played = await Played(database, admin, told=True).begin()
    await played.write("test.happened", {})
    for day in (1, 2):
        await move_clock(database, played.rid, START + day * DAY)
        await played.write("test.happened", {"day": day})
    await played.write("test.happened", {})
    assert await played.bad() == ()
    return played


@pytest.fixture
async def wall(database: Database, admin: asyncpg.Connection) -> Played:
    """Four events on the wall clock."""
    played = await Played(database, admin, told=False).begin()
    for _ in range(3):
        await played.write("test.happened", {})
    assert await played.bad() == ()
    return played


# The clock of a told case.


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("seq", [2, 4, 7])
async def test_no_event_of_a_told_case_happened_at_another_moment_than_its_clock_said(
    told: Played, seq: int, hours: int
) -> None:
    await told.forge(seq, f"happened_at = happened_at + interval '{hours} hour'")
    assert await told.bad() == ((seq, "clock"),)


async def test_a_clock_that_was_moved_without_an_event_is_found(
    told: Played, as_app: asyncpg.Connection
) -> None:
    # The role of the service may do this; the trigger lets the clock go forward only.
    await as_app.execute(
        "UPDATE case_clock SET now = now + interval '1 day', moved_seq = moved_seq + 1"
        " WHERE renovation_id=$1",
        told.rid,
    )
    assert await told.bad() == ((7, "clock"),)
    await told.write("test.happened", {})
    assert await told.bad() == ((8, "clock"),)


async def test_a_clock_cannot_be_turned_back_and_is_found_where_it_was(
    told: Played, as_app: asyncpg.Connection
) -> None:
    back = "UPDATE case_clock SET now = now - interval '1 hour' WHERE renovation_id=$1"
    with pytest.raises(asyncpg.RaiseError, match="only goes forward"):
        await as_app.execute(back, told.rid)
    await told.admin.execute(back, told.rid)
    assert await told.bad() == ((7, "clock"),)


@pytest.mark.parametrize(
    ("seq", "key", "moved", "found"),
    [
        (3, "to", DAY, 4),  # the next event did not happen then
        (5, "to", DAY, 6),
        (5, "from", DAY, 5),
        (5, "to", -DAY, 5),  # no step at all
        (5, "to", -2 * DAY, 5),  # backwards
    ],
)
async def test_a_move_that_was_changed_does_not_fit_the_events_around_it(
    told: Played, seq: int, key: str, moved: timedelta, found: int
) -> None:
    said = await told.admin.fetchval(
        "SELECT details ->> $3 FROM event WHERE renovation_id=$1 AND seq=$2", told.rid, seq, key
    )
    moment = (datetime.fromisoformat(said) + moved).isoformat()
    await told.forge(seq, f"details = details || jsonb_build_object('{key}', $3::text)", moment)
    assert await told.bad() == ((found, "clock"),)


@pytest.mark.parametrize("details", ["{}", '{"from": "soon", "to": "later"}'])
async def test_a_move_that_says_nothing_is_none(told: Played, details: str) -> None:
    await told.forge(5, "details = $3", details)
    assert await told.bad() == ((5, "clock"),)


async def test_a_last_move_that_was_changed_leaves_the_clock_elsewhere(
    told: Played, database: Database
) -> None:
    await move_clock(database, told.rid, START + 3 * DAY)
    moment = (START + 9 * DAY).isoformat()
    await told.forge(8, "details = details || jsonb_build_object('to', $3::text)", moment)
    assert await told.bad() == ((8, "clock"),)


async def test_an_act_of_the_wall_clock_does_not_stand_in_a_told_case(told: Played) -> None:
    await told.forge(7, "happened_at = clock_timestamp()")
    assert await told.bad() == ((7, "clock"),)


async def test_the_clock_of_a_real_case_cannot_be_held_still(
    wall: Played, as_app: asyncpg.Connection
) -> None:
    # The role of the service may open told cases; with a clock it could take late ballots in.
    clock = "INSERT INTO case_clock VALUES ($1, clock_timestamp(), 1)"
    with pytest.raises(asyncpg.RaiseError, match="no clock of its own"):
        await as_app.execute(clock, wall.rid)
    async with as_app.transaction():
        await as_app.execute("UPDATE renovation SET head_seq=0 WHERE id=$1", wall.rid)
        with pytest.raises(asyncpg.RaiseError, match="no clock of its own"):
            async with as_app.transaction():
                await as_app.execute(clock, wall.rid)
        await as_app.execute("UPDATE renovation SET head_seq=4 WHERE id=$1", wall.rid)
    assert await wall.bad() == ()
    await wall.admin.execute(clock, wall.rid)
    assert await wall.bad() == ((1, "clock"),)


async def test_the_clock_of_a_told_case_cannot_be_taken_away(
    told: Played, as_app: asyncpg.Connection
) -> None:
    gone = "DELETE FROM case_clock WHERE renovation_id=$1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_app.execute(gone, told.rid)
    await told.admin.execute(gone, told.rid)
    assert await told.bad() == ((1, "clock"),)


async def test_nobody_tells_the_clock_of_a_case_on_the_wall(wall: Played) -> None:
    now = datetime.now(UTC)
    details = {"from": now.isoformat(), "to": (now + DAY).isoformat()}
    await wall.write("clock.advanced", details)
    assert await wall.bad() == ((5, "clock"),)


# Time goes forward.


async def test_an_event_that_happened_before_the_one_before_it_is_found(wall: Played) -> None:
    await wall.forge(3, "happened_at = happened_at - interval '1 hour'")
    assert await wall.bad() == ((3, "backwards"),)
    await wall.forge(3, "happened_at = happened_at + interval '2 hours'")
    assert await wall.bad() == ((4, "backwards"),)


async def test_a_case_of_before_wrote_down_when_it_was_asked_and_is_whole(
    database: Database, admin: asyncpg.Connection
) -> None:
    played = await Played(database, admin, told=False).begin(OF_BEFORE)
    for _ in range(3):
        await played.write("test.happened", {})
    await played.forge(3, "happened_at = happened_at - interval '1 hour'")
    assert await played.bad() == ()


# Deadlines.


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind in DEADLINES for key in DEADLINES[kind]]
)
@pytest.mark.parametrize("as_list", [False, True])
async def test_no_deadline_lies_before_the_event_that_sets_it(
    database: Database, admin: asyncpg.Connection, kind: str, key: str, as_list: bool
) -> None:
    for opening in (None, OF_BEFORE):
        played = await Played(database, admin, told=False).begin(opening)
        await played.write(kind, {key: (datetime.now(UTC) + DAY).isoformat()})
        assert await played.bad() == ()
        # As if it had been announced when it was over already: 112 seconds, seen in a real run.
        happened_at = await admin.fetchval(
            "SELECT happened_at FROM event WHERE renovation_id=$1 AND seq=2", played.rid
        )
        for seconds, found in ((0, ()), (-112, ((2, "deadline"),))):
            said = (happened_at + timedelta(seconds=seconds)).isoformat()
            value = [(happened_at + DAY).isoformat(), said] if as_list else said
            await played.forge(2, "details = $3", json.dumps({key: value}))
            assert await played.bad() == found


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        (TURNOUT, {"extended": False, "closes_at": "2026-03-02T00:00:00+00:00"}),
        ("inspection.inspection_recorded", {"due_at": None}),
        ("feedback.tickets_looked_at", {}),
        ("inspection.rectification_overdue", {"due_at": "2026-03-02T00:00:00+00:00"}),
    ],
)
async def test_what_sets_no_deadline_may_speak_of_one_that_is_over(
    wall: Played, kind: str, details: Mapping[str, object]
) -> None:
    await wall.write(kind, details)
    assert await wall.bad() == ()


def test_every_kind_and_every_key_of_the_table_is_written_by_an_activity() -> None:
    texts = "".join(path.read_text() for path in (ROOT / "activities").rglob("*.py"))
    for kind, keys in DEADLINES.items():
        assert f'"{kind}"' in texts
        for key in keys:
            assert f'"{key}": ' in texts
