"""A period runs from the moment at which it is announced, however long that was held back.

Wall cases: the wall of this module's database stands where a test says, so that two minutes and
midnights need no waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy import select

from activities.publications import Publications
from activities.recording import Recorder
from activities.voting.box import Ballots
from models.messages.command import Command
from models.messages.journey import StageInput
from models.messages.publication import PublicationInput
from models.messages.voting import VotePeriod
from models.tables import BallotBox, Event
from models.values.timetable import Period, Timetable, WorkCalendar, calendar_days
from rules.time.deadlines import deadline
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.agenda import Line, agenda, too_early
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.waiting import blocked_by
from tests.support.wall import SetWall, wall_clock

ZONE = "Asia/Shanghai"
CALENDAR = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
DAY = timedelta(days=1)
MORNING = "2026-03-03T10:00"
HELD = [
    pytest.param(MORNING, "2026-03-03T10:02", 0, id="two-minutes"),
    pytest.param("2026-03-03T23:59", "2026-03-04T00:01", 1, id="over-midnight"),
    pytest.param("2026-03-03T23:59:59.999999", "2026-03-04T00:00", 1, id="to-the-stroke"),
    pytest.param("2026-03-03T23:59", "2026-03-05T00:01", 2, id="for-a-day"),
]


@pytest.fixture
async def wall(owner: str) -> AsyncIterator[SetWall]:
    connection = await asyncpg.connect(owner)
    async with wall_clock(connection) as stand_at:
        yield stand_at
    await connection.close()


@asynccontextmanager
async def held_back(owner: str, rid: str, writing: Awaitable[object]) -> AsyncIterator[None]:
    """Somebody else holds the renovation's row while this is to be written, until the block ends."""
    holder = await asyncpg.connect(owner)
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM renovation WHERE id = $1 FOR UPDATE", rid)
            task = asyncio.ensure_future(writing)
            await blocked_by(holder)
            yield
            assert not task.done()
        await task
    finally:
        await holder.close()


def moment(of_the_place: str) -> datetime:
    return datetime.fromisoformat(of_the_place).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def command(rid: str, name: str, asked_at: datetime | None = None) -> Command:
    workflow = f"workflow-of-{rid}"
    return Command(
        command_id=f"{workflow}#{name}",
        renovation_id=rid,
        asked_at=asked_at,
        workflow_id=workflow,
    )


def ends(start: datetime, period: Period) -> datetime:
    return deadline(start, period, CALENDAR, ZONE)


def recorder(database: Database) -> Recorder:
    return Recorder(database, CALENDAR, BOX_KEYS)


async def box_of(database: Database, rid: str) -> BallotBox:
    async with database.session() as session:
        return await session.get_one(BallotBox, f"{rid}.1")


async def happened_at(database: Database, rid: str) -> list[datetime]:
    async with database.session() as session:
        moments = select(Event.happened_at).where(Event.renovation_id == rid)
        return list(await session.scalars(moments.order_by(Event.seq)))


def name_of(request: pytest.FixtureRequest) -> str:
    return f"{'vote' if 'notice' in request.node.name else 'post'}-{request.node.callspec.id}"


async def announced(
    database: Database,
    owner: str,
    wall: SetWall,
    rid: str,
    timetable: Timetable,
    *,
    asked: datetime,
    written: datetime,
) -> None:
    """The vote is announced at `written`; it was asked for at `asked`, and held back since then."""
    await make_renovation(database, rid=rid, timetable=timetable)
    await wall(asked)
    given = StageInput(renovation_id=rid)
    opening = Ballots(recorder(database)).open_box(command(rid, "open", asked), given)
    async with held_back(owner, rid, opening):
        await wall(written)


@pytest.mark.parametrize(("asked_at", "written_at", "days_later"), HELD)
async def test_notice_and_vote_are_whole_however_long_the_announcement_was_held_back(
    database: Database,
    owner: str,
    wall: SetWall,
    request: pytest.FixtureRequest,
    asked_at: str,
    written_at: str,
    days_later: int,
) -> None:
    asked, written, rid, table = moment(asked_at), moment(written_at), name_of(request), Timetable()
    await announced(database, owner, wall, rid, table, asked=asked, written=written)
    box = await box_of(database, rid)
    assert await happened_at(database, rid) == [written]
    assert box.opens_at == ends(written, table.vote_notice)
    assert box.closes_at == ends(box.opens_at, table.vote_open)
    assert box.opens_at == ends(asked, table.vote_notice) + days_later * DAY
    turnout, ballots = (await agenda(database, rid))[f"workflow-of-{rid}"]
    assert turnout == Line("turnout", "", box.closes_at - DAY, written, "", "turnout_checked")
    assert ballots == Line("ballots", "", box.closes_at, box.opens_at, "owners", "box_closed")
    assert (await audit(database, rid)).ok


async def test_a_notice_of_no_days_shows_the_two_minutes_themselves(
    database: Database, owner: str, wall: SetWall
) -> None:
    """Whole days hide minutes: with none, the box opens with its announcement, not two minutes before."""
    asked = moment(MORNING)
    written, table = asked + timedelta(minutes=2), Timetable(vote_notice=calendar_days(0))
    await announced(database, owner, wall, "minutes", table, asked=asked, written=written)
    assert (await box_of(database, "minutes")).opens_at == written


@pytest.mark.parametrize(("asked_at", "written_at", "days_later"), HELD)
async def test_the_window_of_a_publication_runs_from_its_posting(
    database: Database,
    owner: str,
    wall: SetWall,
    request: pytest.FixtureRequest,
    asked_at: str,
    written_at: str,
    days_later: int,
) -> None:
    asked, written, rid = moment(asked_at), moment(written_at), name_of(request)
    await make_renovation(database, rid=rid)
    await wall(asked)
    given = PublicationInput.model_validate(
        {"renovation_id": rid, "publication_id": f"{rid}.p", "subject": "share_table"}
    )
    posting = Publications(recorder(database)).open(command(rid, "open", asked), given)
    async with held_back(owner, rid, posting):
        await wall(written)
    (wait,) = (await agenda(database, rid))[f"workflow-of-{rid}"]
    window = Timetable().scheme_publication
    assert wait.due_at == ends(written, window) == ends(asked, window) + days_later * DAY


async def test_a_timer_that_is_ahead_of_the_tick_closes_nothing(
    database: Database, owner: str, wall: SetWall
) -> None:
    table = Timetable()
    at = moment(MORNING)
    await announced(database, owner, wall, "ahead", table, asked=at, written=at)
    closes_at = (await box_of(database, "ahead")).closes_at
    period = VotePeriod(box_id="ahead.1", check_at=closes_at - DAY, closes_at=closes_at)

    async def close() -> object:
        return await Ballots(recorder(database)).close_box(
            command("ahead", "close", closes_at), period
        )

    await wall(closes_at - timedelta(seconds=90))
    assert await too_early(database, "ahead", close) == timedelta(seconds=90)
    await wall(closes_at)
    await close()
    assert (await box_of(database, "ahead")).closed_at == closes_at


async def test_a_wall_that_is_put_back_breaks_neither_the_order_nor_a_period(
    database: Database, owner: str, wall: SetWall
) -> None:
    at = moment(MORNING)
    await announced(database, owner, wall, "back", Timetable(), asked=at, written=at)
    await wall(at - timedelta(hours=11))
    given = PublicationInput.model_validate(
        {"renovation_id": "back", "publication_id": "back.p", "subject": "share_table"}
    )
    period = await Publications(recorder(database)).open(command("back", "post"), given)
    assert await happened_at(database, "back") == [at, at]
    assert period.closes_at == ends(at, Timetable().scheme_publication)
