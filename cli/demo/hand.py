"""What the people of every stage share: look, act, insist, wait; and what they have done so far."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from cli.demo.ballots import VotePlan, vote_plan
from cli.demo.doors import Answer, Doors
from cli.demo.estate import DemoUnit
from cli.demo.people import Official
from cli.demo.view import View
from models.values.base import Value
from models.values.refusal import Problem, Refused

POLL_S = 0.07
STILL_S = 60.0
"""Nothing moved for so long although no legal period runs: something is broken."""
INSIST_S = 20.0
"""A refusal may only mean that the workflow is a moment behind the row that was looked at."""


class Charge(Value):
    """What one unit owes now, as the committee hands it to the bank."""

    unit_number: str
    amount_fen: int


class Ledger(Protocol):
    """The committee's list of what is due, which the bank collects."""

    async def charges(self, renovation_id: str) -> tuple[Charge, ...]:
        """Every unit's first instalment, by unit."""


class Show(Protocol):
    """What the person in front of the screen sees."""

    def say(self, text: str) -> None:
        """One line about something that happened."""

    def waiting(self, text: str) -> None:
        """What it waits for now."""


class Hand:
    """The hand that acts for everybody in the demo."""

    def __init__(
        self,
        doors: Doors,
        units: Sequence[DemoUnit],
        ledger: Ledger,
        seed: int,
        show: Show,
        check: Callable[[], None],
        poll_s: float = POLL_S,
    ) -> None:
        self.doors = doors
        self.units = tuple(units)
        self.ledger = ledger
        self.seed = seed
        self.show = show
        self.check = check
        """Raises when a part of the stack has ended."""
        self.poll_s = poll_s
        self.plan: VotePlan = vote_plan(self.units, seed, doors.renovation_id)
        self.accepted = 0
        self.repeated = 0
        self.refused: Counter[str] = Counter()
        self.background: list[asyncio.Task[None]] = []
        self._seen: View | None = None
        self._since = 0.0

    @property
    def renovation_id(self) -> str:
        """The renovation that all of this is about."""
        return self.doors.renovation_id

    async def look(self) -> View:
        """Where the renovation stands; notices when it stands still, or something has ended.

        Raises:
            Refused: `demo.stands_still`, what `check` raises, or what was done meanwhile raised.
        """
        self.check()
        for task in self.background:
            if task.done():
                task.result()
        view = View.model_validate(await self.doors.look())
        self._refuse_if_still(view, asyncio.get_running_loop().time())
        return view

    async def act(self, name: str, who: Official, step: str, **fields: JsonValue) -> Answer:
        """Do an official act, once, however often it has to be asked for."""
        command_id = self.id(step)
        return await self.insist(name, lambda: self.doors.act(name, who.id, command_id, fields))

    async def post(
        self, path: str, credential: str, step: str, body: dict[str, JsonValue]
    ) -> Answer:
        """Send what a resident, a bank or a bidder sends, once."""
        whole = {"command_id": self.id(step), **body}
        return await self.insist(path, lambda: self.doors.post(path, credential, whole))

    async def insist(self, what: str, send: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until the answer is yes.

        Raises:
            Refused: `demo.act_refused` when it stays no.
        """
        loop = asyncio.get_running_loop()
        last = loop.time() + INSIST_S
        while True:
            answer = await send()
            if answer.accepted:
                return answer
            if loop.time() > last:
                params: dict[str, str | int] = {
                    "act": what,
                    "status": answer.status,
                    "reason": answer.reason,
                }
                raise Refused(Problem(code="demo.act_refused", where=what, params=params))
            self.check()
            await asyncio.sleep(2 * self.poll_s)

    def _refuse_if_still(self, view: View, now_s: float) -> None:
        moved = self._seen is None or view.standing != self._seen.standing
        if moved or not view.overdue or view.state != "running":
            self._seen, self._since = view, now_s
        elif now_s - self._since > STILL_S:
            params: dict[str, str | int] = {
                "waiting_for": view.waiting_for,
                "stage": view.stage,
                "seconds": int(now_s - self._since),
            }
            raise Refused(Problem(code="demo.stands_still", params=params))

    async def case_days(self, days: int) -> None:
        """Let case time pass."""
        goal = (await self.look()).case_now + timedelta(days=days)
        while (await self.look()).case_now < goal:  # noqa: ASYNC110 - a service, no event
            await asyncio.sleep(self.poll_s)

    def do_meanwhile(self, work: Coroutine[None, None, None]) -> None:
        """Start something that goes on beside the stages; `look` raises what it raised."""
        self.background.append(asyncio.create_task(work))

    def id(self, step: str) -> str:
        """A command id: the same step has the same one, however often it is sent."""
        return f"{self.renovation_id}-demo-{step}"


Reaction = Callable[[Hand, View], Awaitable[None]]
