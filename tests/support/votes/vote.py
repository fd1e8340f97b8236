"""A vote of a told case that was really announced, is open, and is closed by its activity.

Nobody has to wait: the clock is moved to the opening, to the look at the turnout, to the close.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import select

from activities.cancellation import Cancellations
from activities.recording import Recorder
from activities.voting.box import Ballots
from activities.voting.count import roll_totals
from activities.voting.official import OfficialResults
from models.messages.acts import ImportOfficialResult
from models.messages.command import Command
from models.messages.journey import StageInput
from models.messages.voting import VotePeriod, VoteResult
from models.tables import BallotBox, RollUnit
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable, WorkCalendar, calendar_days
from models.values.voting import ReportedNumbers
from runtime.database import Database
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.journey import STREET
from tests.support.told import move_clock

TIMETABLE = Timetable(vote_notice=calendar_days(1), vote_open=calendar_days(30))
CALENDAR = WorkCalendar(first_on=date(2020, 1, 1), last_on=date(2020, 12, 31))
TOLD_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class LiveVote:
    """One renovation with an open vote; `box_id` is its box, `units` are those of its roll."""

    def __init__(
        self,
        database: Database,
        rid: str,
        units: int = 12,
        owner_keys: Sequence[str] | None = None,
        content: SchemeContent | None = None,
    ) -> None:
        self.database, self.rid, self._units, self._owners = database, rid, units, owner_keys
        self._content = content
        self.box_id = f"{rid}.1"
        self.units: list[str] = []
        self.recorder = Recorder(database, CALENDAR, BOX_KEYS)
        self.period: VotePeriod

    async def open(self) -> "LiveVote":
        """Announce the vote, and go on to the moment at which its box opens."""
        await self.announce()
        async with self.database.session() as session:
            opens_at = (await session.get_one(BallotBox, self.box_id)).opens_at
        await move_clock(self.database, self.rid, opens_at)
        return self

    async def announce(self) -> None:
        """Make the renovation and announce its vote; the notice runs."""
        await make_renovation(
            self.database,
            rid=self.rid,
            units=self._units,
            owner_keys=self._owners,
            content=self._content,
            timetable=TIMETABLE,
            told_at=TOLD_AT,
        )
        command = self._step("open")
        given = StageInput(renovation_id=self.rid, attempt=1)
        self.period = await Ballots(self.recorder).open_box(command, given)
        async with self.database.session() as session:
            roll = await session.scalars(
                select(RollUnit.unit_number)
                .where(RollUnit.box_id == self.box_id)
                .order_by(RollUnit.unit_number)
            )
            self.units = list(roll)

    async def close(self) -> VoteResult:
        """Close and count, at the moment that was announced."""
        await move_clock(self.database, self.rid, self.period.closes_at)
        command = self._step("close")
        return await Ballots(self.recorder).close_box(command, self.period)

    async def look_at_turnout(self) -> VotePeriod:
        """What is done a day before the close: a short quorum extends the vote."""
        await move_clock(self.database, self.rid, self.period.check_at)
        command = self._step("turnout")
        self.period = await Ballots(self.recorder).check_turnout(command, self.period)
        return self.period

    async def void(self) -> None:
        """Stop the renovation's vote, as a cancellation does."""
        await Cancellations(self.recorder).void_vote(self._step("void"))

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
        command = self._step("official")
        return await OfficialResults(self.recorder).import_one(command, self.period, act)

    def _step(self, name: str) -> Command:
        return Command(command_id=f"{self.rid}#{name}", renovation_id=self.rid)
