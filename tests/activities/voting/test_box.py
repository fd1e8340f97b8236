"""The activities of a vote on a real PostgreSQL; every write is made twice."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, text
from temporalio.exceptions import ApplicationError

from activities.recording import Recorder
from activities.voting.box import Ballots
from activities.voting.roll import hash_of_roll
from models.messages.command import Command
from models.messages.journey import StageInput
from models.messages.publication import PublicationClosing
from models.messages.voting import VotePeriod, VoteResult
from models.tables import BallotBox, Event, Notice, Renovation, RollEntry, RollUnit
from models.values.timetable import Timetable, WorkCalendar, calendar_days
from models.values.voting import Motion, MotionKind
from runtime.database import Database
from tests.support.agenda import now_of, too_early
from tests.support.box import BOX_KEYS, put_ballots
from tests.support.estate import make_renovation, scheme_content
from tests.support.told import move_clock

CALENDAR = WorkCalendar(
    first_on=date(2020, 1, 1),
    last_on=date(2035, 12, 31),
    # Every day is worked, so that a period lasts as many days as it says.
    make_up=tuple(
        day
        for number in range(366 * 14)
        if (day := date(2022, 1, 1) + timedelta(days=number)).weekday() >= 5
    ),
)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Vote:
    """One renovation and its ballots; every step is taken twice with the same command id."""

    def __init__(self, database: Database, owner: str, rid: str) -> None:
        self.database = database
        self.owner = owner
        self.rid = rid
        self.ballots = Ballots(Recorder(database, CALENDAR, BOX_KEYS))
        self.steps = 0

    async def at(self, moment: datetime) -> None:
        await move_clock(self.database, self.rid, moment)

    async def twice(self, act: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        self.steps += 1
        command = Command(command_id=f"{self.rid}#{self.steps}", renovation_id=self.rid)
        first = await act(command, *given)
        again = await act(command, *given)
        assert again == first
        return first

    async def open(self, attempt: int = 1) -> VotePeriod:
        given = StageInput(renovation_id=self.rid, attempt=attempt)
        return await self.twice(self.ballots.open_box, given)

    async def check(self, period: VotePeriod) -> VotePeriod:
        await self.at(period.check_at)
        return await self.twice(self.ballots.check_turnout, period)

    async def close(self, period: VotePeriod) -> VoteResult:
        await self.at(period.closes_at)
        return await self.twice(self.ballots.close_box, period)

    async def declare(self, result: VoteResult, upheld: int = 0, closed: bool = True) -> str:
        closing = PublicationClosing(closed=closed, closes_at=START, upheld=upheld)
        outcome = await self.twice(self.ballots.declare_result, result, closing)
        return str(outcome.outcome)

    async def cast(self, said: dict[str, str | dict[str, str]], channel: str = "web") -> list[str]:
        """Sealed ballots as plain rows, once the box is open: entry -> choice(s); their ids."""
        opens_at = (await self.box()).opens_at
        if await now_of(self.database, self.rid) < opens_at:
            await self.at(opens_at)
        ballots = [
            (entry, choice if isinstance(choice, dict) else {"works": choice, "costs": choice})
            for entry, choice in said.items()
        ]
        connection = await asyncpg.connect(self.owner)
        try:
            return await put_ballots(connection, await self.box_id(), ballots, channel=channel)
        finally:
            await connection.close()

    async def box_id(self) -> str:
        async with self.database.session() as session:
            found = await session.scalar(
                select(BallotBox.id)
                .where(BallotBox.renovation_id == self.rid)
                .order_by(BallotBox.attempt.desc())
                .limit(1)
            )
        return str(found)

    async def entries(self) -> list[str]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(RollEntry.entry_id)
                .where(RollEntry.box_id == await self.box_id())
                .order_by(RollEntry.entry_id)
            )
            return list(found)

    async def heads(self) -> list[tuple[str, list[str], int]]:
        """Every head of the roll: its entry, its units, its area."""
        async with self.database.session() as session:
            found = await session.execute(
                select(RollEntry.entry_id, RollEntry.units, RollEntry.area_dm2)
                .where(RollEntry.box_id == await self.box_id())
                .order_by(RollEntry.entry_id)
            )
            return [(entry, units, area) for entry, units, area in found]

    async def box(self) -> BallotBox:
        async with self.database.session() as session:
            return await session.get_one(BallotBox, await self.box_id())

    async def details(self, kind: str) -> list[dict[str, Any]]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Event.details)
                .where(Event.renovation_id == self.rid, Event.kind == kind)
                .order_by(Event.seq)
            )
            return [dict(details) for details in found]

    async def renovation(self) -> Renovation:
        async with self.database.session() as session:
            return await session.get_one(Renovation, self.rid)

    async def notices(self) -> list[str]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Notice.template).where(Notice.renovation_id == self.rid)
            )
            return sorted(found)


Begin = Callable[..., Awaitable[Vote]]


@pytest.fixture
def begin(database: Database, owner: str, request: pytest.FixtureRequest) -> Begin:
    async def start(suffix: str = "", **given: Any) -> Vote:
        name = hashlib.sha256(f"{request.node.name}{suffix}".encode()).hexdigest()[:12]
        rid = await make_renovation(database, rid=f"r{name}", **{"told_at": START, **given})
        return Vote(database, owner, rid)

    return start


def refusal(error: pytest.ExceptionInfo[ApplicationError]) -> tuple[str, dict[str, Any]]:
    (problem,) = error.value.details[0]
    return problem["code"], problem["params"]


async def test_opening_freezes_the_roll_and_gives_notice_first(begin: Begin) -> None:
    vote = await begin(units=12)
    period = await vote.open()
    box = await vote.box()
    # 2 March + 15 days of notice: open from the midnight that ends 17 March in Shanghai.
    assert box.opens_at == datetime(2026, 3, 17, 16, 0, tzinfo=UTC)
    assert box.closes_at == period.closes_at == datetime(2026, 4, 2, 16, 0, tzinfo=UTC)
    assert period.check_at == period.closes_at - DAY
    assert len(await vote.entries()) == 12
    (announced,) = await vote.details("voting.box_announced")
    assert (announced["entries"], announced["voters"], announced["units"]) == (12, 12, 12)
    assert announced["roll_hash"] == box.roll_hash
    renovation = await vote.renovation()
    assert (renovation.waiting_for, renovation.due_at) == ("ballots", box.closes_at)
    assert await vote.notices() == ["vote_announced"]


async def test_units_of_the_same_owners_are_one_entry_with_all_its_units(begin: Begin) -> None:
    vote = await begin(units=4, owner_keys=["a", "b", "a", "c"])
    await vote.open()
    assert len(await vote.entries()) == 3
    async with vote.database.session() as session:
        merged = await session.scalars(
            select(RollUnit.entry_id).where(
                RollUnit.box_id == await vote.box_id(), RollUnit.unit_number.in_(("1-101", "1-201"))
            )
        )
        assert set(merged) == {"1-101"}


async def test_the_roll_hash_can_be_computed_again_from_the_stored_roll(begin: Begin) -> None:
    vote = await begin(units=3)
    await vote.open()
    box = await vote.box()
    async with vote.database.held() as session:
        assert await hash_of_roll(session, box.id) == box.roll_hash


async def test_one_owner_more_is_another_roll_hash(begin: Begin) -> None:
    one = await begin(units=3, owner_keys=["a", "b", "c"], suffix="a")
    other = await begin(units=3, owner_keys=["a", "b", "a"], suffix="b")
    await one.open()
    await other.open()
    assert (await one.box()).roll_hash != (await other.box()).roll_hash


async def test_an_empty_roll_opens_no_vote(begin: Begin) -> None:
    vote = await begin(units=0)
    with pytest.raises(ApplicationError) as error:
        await vote.open()
    assert refusal(error)[0] == "voting.roll_empty"
    assert await vote.details("voting.box_announced") == []
    assert await vote.box_id() == "None"


async def test_a_roll_on_which_nobody_may_vote_opens_no_vote(begin: Begin) -> None:
    vote = await begin(units=2)
    async with vote.database.session() as session:
        await session.execute(
            text("UPDATE unit SET kind = 'parking' WHERE estate_id = :estate"),
            {"estate": f"{vote.rid}.estate"},
        )
        await session.commit()
    with pytest.raises(ApplicationError) as error:
        await vote.open()
    assert refusal(error)[0] == "voting.roll_empty"


async def test_a_scheme_without_a_question_opens_no_vote(begin: Begin) -> None:
    vote = await begin(content=scheme_content().model_copy(update={"motions": ()}))
    with pytest.raises(ApplicationError) as error:
        await vote.open()
    assert refusal(error)[0] == "voting.no_motions"


async def test_a_second_box_beside_an_open_one_is_refused(begin: Begin) -> None:
    vote = await begin()
    await vote.open()
    with pytest.raises(ApplicationError) as error:
        await vote.open(attempt=2)
    assert refusal(error)[0] == "voting.already_open"


async def test_a_re_vote_before_its_time_is_refused_with_the_date(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.close(period)
    # Closed with 2 April; 30 days later is the midnight that ends 3 May: 4 May is the first day.
    with pytest.raises(ApplicationError) as error:
        await vote.open(attempt=2)
    assert refusal(error) == ("voting.re_vote_too_early", {"date": "2026-05-04"})
    await vote.at(datetime(2026, 5, 3, 15, 59, 59, tzinfo=UTC))
    with pytest.raises(ApplicationError):
        await vote.open(attempt=2)
    await vote.at(datetime(2026, 5, 3, 16, 0, tzinfo=UTC))
    assert (await vote.open(attempt=2)).box_id == f"{vote.rid}.2"


async def test_the_limit_of_votes_holds(begin: Begin) -> None:
    vote = await begin(timetable=Timetable(re_vote_limit=1, re_vote_wait=calendar_days(0)))
    await vote.close(await vote.open())
    with pytest.raises(ApplicationError) as error:
        await vote.open(attempt=2)
    assert refusal(error) == ("voting.re_vote_limit", {"limit": 1})


async def test_a_full_turnout_brings_no_extension(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.cast(dict.fromkeys((await vote.entries())[:9], "abstain"))
    checked = await vote.check(period)
    assert (checked.extended, checked.closes_at) == (False, period.closes_at)


async def test_a_short_quorum_brings_one_extension_and_the_checks(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.cast(dict.fromkeys((await vote.entries())[:7], "yes"))
    checked = await vote.check(period)
    assert checked.extended
    # The day that begins with the old close is the day of the event: 15 whole days follow it.
    assert checked.closes_at == period.closes_at + 16 * DAY
    assert (await vote.box()).closes_at == checked.closes_at
    (details,) = await vote.details("voting.turnout_checked")
    assert details["checks"][0]["have"] == 7
    assert details["checks"][0]["need"] == 8
    assert await vote.notices() == ["vote_announced", "vote_extended"]


async def test_a_second_extension_is_not_given(begin: Begin) -> None:
    vote = await begin()
    once = await vote.check(await vote.open())
    await vote.at(once.closes_at - DAY)
    again = await vote.twice(vote.ballots.check_turnout, once)
    assert (again.extended, again.closes_at) == (False, once.closes_at)


@pytest.mark.parametrize("late", [timedelta(), 3 * DAY])
async def test_no_extension_after_the_close(begin: Begin, late: timedelta) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.at(period.closes_at + late)
    checked = await vote.twice(vote.ballots.check_turnout, period)
    assert (checked.extended, checked.closes_at) == (False, period.closes_at)
    assert (await vote.box()).closes_at == period.closes_at
    assert await vote.notices() == ["vote_announced"]


async def test_the_turnout_is_not_looked_at_before_its_time(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.at(period.check_at - INSTANT)
    command = Command(command_id=f"{vote.rid}#turnout", renovation_id=vote.rid)
    look = partial(vote.ballots.check_turnout, command, period)
    assert await too_early(vote.database, vote.rid, look) == INSTANT
    await vote.at(period.check_at)
    assert (await look()).extended


async def test_an_extension_ends_with_the_longest_window(begin: Begin) -> None:
    vote = await begin(timetable=Timetable(vote_open_max=calendar_days(20)))
    period = await vote.open()
    checked = await vote.check(period)
    assert checked.extended
    assert checked.closes_at - (await vote.box()).opens_at == 20 * DAY


async def test_a_window_that_is_already_the_longest_is_not_extended(begin: Begin) -> None:
    longest = calendar_days(60)
    vote = await begin(timetable=Timetable(vote_open=longest, vote_open_max=longest))
    period = await vote.open()
    assert period.closes_at - (await vote.box()).opens_at == 60 * DAY
    assert not (await vote.check(period)).extended


async def test_a_limit_of_no_extensions_holds(begin: Begin) -> None:
    vote = await begin(timetable=Timetable(extension_limit=0))
    assert not (await vote.check(await vote.open())).extended


async def test_the_count_takes_the_last_ballot_of_each_entry(begin: Begin) -> None:
    vote = await begin(units=12)
    period = await vote.open()
    entries = await vote.entries()
    await vote.cast(dict.fromkeys(entries[:9], "no"))
    await vote.cast(dict.fromkeys(entries[:9], "yes"))
    await vote.cast({entries[9]: "no", entries[10]: "abstain"})
    result = await vote.close(period)
    assert result.adopted
    box = await vote.box()
    assert (box.state, box.closed_at) == ("closed", period.closes_at)
    record: dict[str, Any] = box.tally or {}
    tally = record["works"]["tally"]
    assert tally["roll_heads"] == 12
    said = [tally[f"{name}_heads"] for name in ("yes", "no", "abstain", "participating")]
    assert said == [9, 1, 1, 11]
    (closed,) = await vote.details("voting.box_closed")
    assert {check["motion"] for check in closed["checks"]} == {"works", "costs"}
    assert all(check["passed"] for check in closed["checks"])


async def test_nine_yes_of_thirteen_fail_by_their_number(begin: Begin) -> None:
    vote = await begin(units=13)
    period = await vote.open()
    entries = await vote.entries()
    await vote.cast({**dict.fromkeys(entries[:9], "yes"), **dict.fromkeys(entries[9:], "no")})
    assert not (await vote.close(period)).adopted
    (closed,) = await vote.details("voting.box_closed")
    heads = next(each for each in closed["checks"] if each["code"] == "voting.approve.head")
    assert (heads["have"], heads["need"], heads["passed"]) == (9, "39/4", False)


async def test_what_depends_on_a_failed_motion_lapses(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.cast({entry: {"works": "no", "costs": "yes"} for entry in await vote.entries()})
    assert not (await vote.close(period)).adopted
    (closed,) = await vote.details("voting.box_closed")
    outcomes = {name: each["outcome"] for name, each in closed["motions"].items()}
    assert outcomes == {"works": "failed", "costs": "lapsed"}
    assert {check["motion"] for check in closed["checks"]} == {"works"}


async def test_a_lapsed_option_does_not_defeat_the_rest(begin: Begin) -> None:
    motions = (
        Motion(id="works", title="Works", kind=MotionKind.MAJOR),
        Motion(id="colour", title="Which colour", kind=MotionKind.ORDINARY, depends_on="paint"),
    )
    vote = await begin(content=scheme_content().model_copy(update={"motions": motions}))
    period = await vote.open()
    await vote.cast({entry: {"works": "yes", "colour": "no"} for entry in await vote.entries()})
    assert (await vote.close(period)).adopted


async def test_a_dependent_motion_that_stands_and_fails_defeats_the_scheme(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.cast({entry: {"works": "yes", "costs": "no"} for entry in await vote.entries()})
    assert not (await vote.close(period)).adopted


async def test_the_closed_box_says_how_much_the_largest_owner_holds(begin: Begin) -> None:
    vote = await begin(units=4, owner_keys=["a", "a", "a", "b"])
    await vote.close(await vote.open())
    (closed,) = await vote.details("voting.box_closed")
    largest = closed["concentration"]
    assert (largest["heads"], largest["roll_heads"]) == (1, 2)
    assert largest["area_dm2"] == 3 * 5_000 + 377 + 2 * 377
    assert largest["above_one_fifth"] is True


async def test_a_box_is_not_closed_before_its_time(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    command = Command(command_id=f"{vote.rid}#close", renovation_id=vote.rid)
    close = partial(vote.ballots.close_box, command, period)
    assert await too_early(vote.database, vote.rid, close) == period.closes_at - START
    await vote.at(period.closes_at - INSTANT)
    assert await too_early(vote.database, vote.rid, close) == INSTANT
    await vote.at(period.closes_at)
    assert (await close()).box_id == period.box_id
    assert (await vote.box()).state == "closed"


async def test_an_extended_box_is_not_closed_at_its_first_closing_time(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    extended = await vote.check(period)
    await vote.at(period.closes_at)
    command = Command(command_id=f"{vote.rid}#close", renovation_id=vote.rid)
    left = await too_early(
        vote.database, vote.rid, partial(vote.ballots.close_box, command, period)
    )
    assert left == extended.closes_at - period.closes_at


async def test_a_closed_box_is_not_counted_again_by_another_command(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.close(period)
    with pytest.raises(ApplicationError) as error:
        await vote.close(period)
    assert refusal(error)[0] == "voting.box_closed"


@pytest.mark.parametrize(
    ("choice", "upheld", "outcome"),
    [("yes", 0, "adopted"), ("no", 0, "rejected"), ("yes", 1, "annulled")],
)
async def test_the_result_is_declared_after_its_publication(
    begin: Begin, choice: str, upheld: int, outcome: str
) -> None:
    vote = await begin()
    period = await vote.open()
    await vote.cast(dict.fromkeys(await vote.entries(), choice))
    assert await vote.declare(await vote.close(period), upheld) == outcome
    (declared,) = await vote.details("voting.result_declared")
    assert declared["outcome"] == outcome
    assert set(declared["motions"]) == {"works", "costs"}


async def test_a_result_under_publication_is_not_declared(begin: Begin) -> None:
    vote = await begin()
    result = await vote.close(await vote.open())
    with pytest.raises(ApplicationError) as error:
        await vote.declare(result, closed=False)
    assert refusal(error)[0] == "voting.not_published"


async def test_an_uncounted_vote_is_not_declared(begin: Begin) -> None:
    vote = await begin()
    period = await vote.open()
    with pytest.raises(ApplicationError) as error:
        await vote.declare(VoteResult(box_id=period.box_id, adopted=True))
    assert refusal(error)[0] == "voting.not_counted"


async def test_a_box_that_does_not_exist_is_refused(begin: Begin) -> None:
    vote = await begin()
    missing = VotePeriod(box_id="none", check_at=START, closes_at=START)
    with pytest.raises(ApplicationError) as error:
        await vote.close(missing)
    assert refusal(error)[0] == "voting.box_unknown"


async def test_a_roll_in_pieces_is_the_same_roll(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [f"o{number % 11}" for number in range(30)]
    whole = await begin(units=30, owner_keys=owners, suffix="a")
    await whole.open()
    monkeypatch.setattr("activities.voting.roll.PIECE", 4)
    pieces = await begin(units=30, owner_keys=owners, suffix="b")
    await pieces.open()
    assert len(await pieces.entries()) == 11
    assert await pieces.heads() == await whole.heads()
