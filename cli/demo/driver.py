"""What all stages of the demo use: read the renovation, act for people, move the clock.

Nothing here waits for case time and no two things happen at once: the clock of the case moves only
when the driver moves it. So one seed makes the same case on every machine.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from cli.demo.client import Client, HttpAnswer
from cli.demo.residents import Household
from cli.demo.stages.ballots import VotePlan, vote_plan
from cli.demo.town.estate import DemoUnit, figures_for
from cli.demo.town.figures import Figures
from cli.demo.town.people import COMMITTEE, DemoOfficial
from models.values.base import Value
from models.values.refusal import Refused, refusal
from service.clock.bodies import ClockView
from service.views import RenovationView

MOST_MOVES = 300
"""A journey takes some forty moves of the clock; so many mean that it leads nowhere."""
NOTHING_DUE = "clock.nothing_due"
WEEK_DAYS = 7
MONDAY = 1
OFFICE_HOUR = 9
"""People come to their offices at nine in the morning, local time."""


class Charge(Value):
    """What one unit owes now, as the committee hands it to the bank."""

    unit_number: str
    amount_fen: int


class Owed(Value):
    """What somebody still owes to the case, by the account of the ledger."""

    kind: str
    name: str
    amount_fen: int


class DueList(Protocol):
    """The committee's list of what is due, which the bank collects."""

    async def charges(self, renovation_id: str) -> tuple[Charge, ...]:
        """Every unit's first instalment, by unit."""

    async def due(self, renovation_id: str, now: datetime) -> tuple[Charge, ...]:
        """What every unit owes of the instalments that have fallen due, by unit."""

    async def owed(self, renovation_id: str) -> tuple[Owed, ...]:
        """What anybody still owes, by account."""


class DemoDisplay(Protocol):
    """Shows how far the demo is; `run.Screen` in a terminal."""

    def say(self, text: str) -> None:
        """One line about something that happened."""

    def waiting(self, text: str) -> None:
        """Show what the demo waits for now."""


class Driver:
    """Acts for everybody in the demo, over HTTP, and moves the clock of the case."""

    def __init__(
        self,
        client: Client,
        residents: Household,
        units: Sequence[DemoUnit],
        due_list: DueList,
        seed: int,
        show: DemoDisplay,
        check: Callable[[], None],
    ) -> None:
        self.client = client
        self.residents = residents
        self.units = tuple(units)
        self.figures: Figures = figures_for(self.units)
        self.due_list = due_list
        self.seed = seed
        self.show = show
        self.check = check
        """Raises when a part of the stack has ended."""
        self.plan: VotePlan = vote_plan(self.units, seed, client.renovation_id)
        self.acknowledged: set[str] = set()
        """Command ids of the ballots that have a receipt."""
        self.repeated = 0
        self.refused: Counter[str] = Counter()
        self.moves = 0
        self._clock: ClockView | None = None
        self._view: RenovationView | None = None
        self._settled = False
        """Nothing was done since the clock was last seen, settled."""

    @property
    def renovation_id(self) -> str:
        """The renovation that all of this is about."""
        return self.client.renovation_id

    @property
    def clock(self) -> ClockView:
        """The clock as it was last seen; nobody but this driver moves it."""
        assert self._clock is not None, "look first"
        return self._clock

    def at_the_place(self, moment: datetime) -> datetime:
        """A moment as the clocks of the estate show it."""
        return moment.astimezone(ZoneInfo(self.clock.zone))

    @property
    def today(self) -> date:
        """The date on the wall of the estate."""
        return self.at_the_place(self.clock.now).date()

    @property
    def before_hours(self) -> bool:
        """Legal periods end at midnight, and nobody acts at that hour."""
        return self.at_the_place(self.clock.now).hour < OFFICE_HOUR

    def has_begun(self, what: str) -> bool:
        """Whether it is already time for this; the ballots of a box are awaited from its opening on."""
        waits = (wait for wait in self.clock.waits if wait.what == what)
        return all(wait.since is None or wait.since <= self.clock.now for wait in waits)

    def awaited(self, what: str) -> set[datetime]:
        """Until when this is awaited, by each workflow that waits for it."""
        return {wait.due_at for wait in self.clock.waits if wait.what == what and wait.due_at}

    async def look(self) -> RenovationView:
        """Where the renovation stands, once the engine has done everything that is due.

        Raises:
            Refused: `demo.service_silent`, or what `check` raises.
        """
        self.check()
        if not self._settled:
            self._clock = ClockView.model_validate(await self.client.clock())
            self._settled = True
        self._view = RenovationView.model_validate(await self.client.look())
        return self._view

    async def act(self, name: str, who: DemoOfficial, step: str, **fields: JsonValue) -> HttpAnswer:
        """Do an official act."""
        self._settled = False
        return self._done(name, await self.client.act(name, who.id, self.id(step), fields))

    async def post(
        self, path: str, credential: str, step: str, body: dict[str, JsonValue]
    ) -> HttpAnswer:
        """Send what a resident, a bank or a bidder sends."""
        self._settled = False
        whole = {"command_id": self.id(step), **body}
        return self._done(path, await self.client.post(path, credential, whole))

    async def next(self) -> None:
        """Move the clock to the next moment at which something falls due or begins."""
        await self._move(move="next")

    async def days(self, days: int) -> None:
        """Let so many days of the case pass."""
        await self._move(move="days", days=days)

    async def until(self, day: date) -> None:
        """Move the clock to the morning of a day."""
        await self._move(move="to", to=day.isoformat())

    async def morning(self) -> None:
        """Let the night pass, if it is night."""
        if self.before_hours:
            await self.until(self.today)

    async def monday(self) -> None:
        """Let the week pass, unless it is Monday."""
        left = (MONDAY - self.today.isoweekday()) % WEEK_DAYS
        if left:
            await self.days(left)

    def say(self, text: str) -> None:
        """Show what has happened, with the date of the case."""
        self.show.say(f"{self.today} {text}")

    def id(self, step: str) -> str:
        """A command id: the same step has the same one, however often it is sent."""
        return f"{self.renovation_id}-demo-{step}"

    async def _move(self, **fields: JsonValue) -> None:
        """Move the clock, as the committee.

        Raises:
            Refused: `demo.stands_still` when nothing lies ahead or the moves lead nowhere,
                `demo.act_refused`, or what `check` raises.
        """
        self.check()
        self.moves += 1
        command: dict[str, JsonValue] = {"command_id": self.id(f"clock-{self.moves}"), **fields}
        answer = await self.client.post("/clock", self.client.official(COMMITTEE.id), command)
        if answer.code == NOTHING_DUE or self.moves > MOST_MOVES:
            raise self.stands_still()
        self._clock = ClockView.model_validate(self._done("clock", answer).fields())
        self._settled = True

    def _done(self, what: str, answer: HttpAnswer) -> HttpAnswer:
        """The answer, if it is yes: in a settled case there is nothing that one could wait for.

        Raises:
            Refused: `demo.act_refused`.
        """
        if answer.accepted:
            return answer
        raise refusal(
            "demo.act_refused", where=what, act=what, status=answer.status, reason=answer.reason
        )

    def stands_still(self) -> Refused:
        """What there is to say when the case goes nowhere."""
        view = self._view
        return refusal(
            "demo.stands_still",
            date=str(self.today),
            stage=view.stage if view else "",
            waiting_for=view.waiting_for if view else "",
        )


Reaction = Callable[[Driver, RenovationView], Awaitable[None]]
