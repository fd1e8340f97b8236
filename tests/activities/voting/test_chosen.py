"""Which results count for the scheme, and what is left of it; on a real PostgreSQL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
from sqlalchemy import select

from activities.recording import Case, Recorder
from activities.voting.box import Ballots
from activities.voting.scopes import adopted_ever
from models.messages.command import Command
from models.messages.journey import StageInput
from models.messages.publication import PublicationClosing
from models.messages.voting import VotePeriod
from models.tables import BallotBox, Event, Renovation, RollEntry, Scheme
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable, WorkCalendar
from models.values.voting import Motion, MotionKind, MotionOption
from rules.adopted import MotionOutcome
from runtime.database import Database
from tests.support.box import BOX_KEYS, put_ballots
from tests.support.estate import make_renovation, scheme_content
from tests.support.told import move_clock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALENDAR = WorkCalendar(first_on=date(2020, 1, 1), last_on=date(2035, 12, 31))
COLOUR = Motion(
    id="colour",
    title="Colour",
    kind=MotionKind.ORDINARY,
    options=(MotionOption(id="red", title="Red"), MotionOption(id="blue", title="Blue")),
)


def only_red() -> SchemeContent:
    """All that would be built is built if red wins."""
    base = scheme_content()
    items = [each.model_copy(update={"motion": "colour", "choice": "red"}) for each in base.items]
    return base.model_copy(update={"items": tuple(items), "motions": (COLOUR,)})


@dataclass
class Votes:
    """One renovation whose owners choose a colour."""

    database: Database
    owner: str
    rid: str

    async def vote(self, colour: str, upheld: int = 0) -> str:
        """Everybody chooses this colour; how the vote ends."""
        ballots = Ballots(Recorder(self.database, CALENDAR, BOX_KEYS))
        given = StageInput(renovation_id=self.rid, attempt=1)
        period: VotePeriod = await ballots.open_box(self.step("open"), given)
        async with self.database.session() as session:
            box = await session.get_one(BallotBox, period.box_id)
            entries = await session.scalars(
                select(RollEntry.entry_id).where(RollEntry.box_id == box.id)
            )
            said = [(entry, {"colour": colour}) for entry in entries]
        await move_clock(self.database, self.rid, box.opens_at)
        connection = await asyncpg.connect(self.owner)
        await put_ballots(connection, box.id, said)
        await connection.close()
        await move_clock(self.database, self.rid, period.closes_at)
        result = await ballots.close_box(self.step("close"), period)
        closing = PublicationClosing(closed=True, closes_at=START, upheld=upheld)
        outcome = await ballots.declare_result(self.step("declare"), result, closing)
        return outcome.outcome.value

    def step(self, name: str) -> Command:
        return Command(command_id=f"{self.rid}#{name}", renovation_id=self.rid)

    async def declared(self) -> dict[str, Any]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Event.details).where(
                    Event.renovation_id == self.rid, Event.kind == "voting.result_declared"
                )
            )
            return dict(found.one())

    async def versions(self) -> list[int]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Scheme.version).where(Scheme.renovation_id == self.rid)
            )
            return sorted(found)

    async def results(self) -> dict[str, MotionOutcome]:
        async with self.database.session() as session:
            case = Case(
                session=session,
                renovation=await session.get_one(Renovation, self.rid),
                command=self.step("look"),
                now=START,
                timetable=Timetable(),
                calendar=CALENDAR,
            )
            return await adopted_ever(case)


async def begun(database: Database, owner: str, rid: str) -> Votes:
    await make_renovation(database, rid=rid, told_at=START, content=only_red())
    return Votes(database, owner, rid)


async def test_where_nothing_is_left_to_build_nothing_is_adopted(
    database: Database, owner: str
) -> None:
    votes = await begun(database, owner, "rchosen1")
    assert await votes.vote("blue") == "rejected"
    declared = await votes.declared()
    assert (declared["motions"], declared["scheme"]) == ({"colour": "passed"}, None)
    assert await votes.versions() == [1]


async def test_what_won_is_in_the_next_version(database: Database, owner: str) -> None:
    votes = await begun(database, owner, "rchosen2")
    assert await votes.vote("red") == "adopted"
    assert (await votes.declared())["scheme"]["version"] == 2
    assert await votes.versions() == [1, 2]
    assert (await votes.results())["colour"].chosen == ("red",)


async def test_a_vote_that_was_annulled_chose_nothing(database: Database, owner: str) -> None:
    votes = await begun(database, owner, "rchosen3")
    assert await votes.vote("red", upheld=1) == "annulled"
    assert await votes.versions() == [1]
    assert await votes.results() == {}
