"""A vote that was really announced, is open by the database's clock, and is closed by its activity.

It was announced twenty days ago, so that nobody has to wait: the activities take their time as given.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from activities.cancellation import Cancellations
from activities.desk import Desk
from activities.voting import Ballots
from activities.voting_count import roll_totals
from activities.voting_official import OfficialResults
from models.messages.acts import ImportOfficialResult, ReportedNumbers
from models.messages.journey import StageInput, VotePeriod, VoteResult
from models.messages.step import Step
from models.tables import BallotBox, RollUnit
from models.values.timetable import Timetable, WorkCalendar, calendar_days
from runtime.database import Database
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.journey import STREET

TIMETABLE = Timetable(vote_notice=calendar_days(1), vote_open=calendar_days(30))
CALENDAR = WorkCalendar(first_on=date(2020, 1, 1), last_on=date(2020, 12, 31))
EARLIER = timedelta(days=20)


class LiveVote:
    """One renovation with an open vote; `box_id` is its box, `units` are those of its roll."""

    def __init__(
        self,
        database: Database,
        rid: str,
        units: int = 12,
        owner_keys: Sequence[str] | None = None,
    ) -> None:
        self.database, self.rid, self._units, self._owners = database, rid, units, owner_keys
        self.box_id = f"{rid}.1"
        self.units: list[str] = []
        self.desk = Desk(database, CALENDAR, BOX_KEYS)
        self.period: VotePeriod

    async def open(self) -> "LiveVote":
        """Make the renovation and announce its vote."""
        await make_renovation(
            self.database,
            rid=self.rid,
            units=self._units,
            owner_keys=self._owners,
            timetable=TIMETABLE,
        )
        step = self._step("open", datetime.now(UTC) - EARLIER)
        given = StageInput(renovation_id=self.rid, attempt=1)
        self.period = await Ballots(self.desk).open_box(step, given)
        async with self.database.session() as session:
            box = await session.get_one(BallotBox, self.box_id)
            assert box.opens_at < datetime.now(UTC) < box.closes_at
            roll = await session.scalars(
                select(RollUnit.unit_number)
                .where(RollUnit.box_id == self.box_id)
                .order_by(RollUnit.unit_number)
            )
            self.units = list(roll)
        return self

    async def close(self) -> VoteResult:
        """Close and count, at the moment that was announced."""
        step = self._step("close", self.period.closes_at)
        return await Ballots(self.desk).close_box(step, self.period)

    async def look_at_turnout(self) -> VotePeriod:
        """What is done a day before the close: a short quorum extends the vote."""
        step = self._step("turnout", self.period.check_at)
        self.period = await Ballots(self.desk).check_turnout(step, self.period)
        return self.period

    async def void(self) -> None:
        """Stop the renovation's vote, as a cancellation does."""
        await Cancellations(self.desk).void_vote(self._step("void", datetime.now(UTC)))

    async def close_officially(self) -> VoteResult:
        """Close with the result of an official system, where all said yes, before the announced close."""
        async with self.database.session() as session:
            roll = await roll_totals(session, self.box_id)
        numbers = ReportedNumbers(
            roll_heads=roll.heads,
            roll_area_dm2=roll.area_dm2,
            participating_heads=roll.heads,
            participating_area_dm2=roll.area_dm2,
            yes_heads=roll.heads,
            yes_area_dm2=roll.area_dm2,
            no_heads=0,
            no_area_dm2=0,
            abstain_heads=0,
            abstain_area_dm2=0,
        )
        act = ImportOfficialResult(
            command_id=f"{self.rid}#official",
            actor=STREET,
            system="city",
            certificate="1",
            file_sha256="0" * 64,
            results={"works": numbers, "costs": numbers},
        )
        step = self._step("official", datetime.now(UTC))
        return await OfficialResults(self.desk).import_one(step, self.period, act)

    def _step(self, name: str, at: datetime) -> Step:
        return Step(command_id=f"{self.rid}#{name}", renovation_id=self.rid, at=at)
