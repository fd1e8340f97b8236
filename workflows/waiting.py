"""The parent of every workflow of a case, and the only place that waits.

A wall case waits with a Temporal timer and then asks the tick in the transaction; where the tick is
behind, the step is answered "not yet" and waits for the time that is left. A told case waits until
its clock is told on (`clock_moved`), or an answer says that the moment is over already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages.acts import Act
    from models.messages.command import Command
    from models.messages.journey import CaseClock, Ticked
    from models.values.waits import NotYetError
    from workflows import writes

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
Condition = Callable[[], bool]
Deadline = datetime | Callable[[], datetime]
"""A moment of the case; one that may move while it is waited for is asked for again and again."""
AT_LEAST = timedelta(seconds=1)
"""A step that came too early is not tried again sooner, however little is left."""


def never() -> bool:
    """The condition of whoever waits for a deadline alone."""
    return False


class CaseInput(Protocol):
    """What the input of every workflow of a case says."""

    @property
    def renovation_id(self) -> str:
        """The renovation."""

    @property
    def clock(self) -> CaseClock:
        """Whose clock the case keeps."""


class CaseWorkflow:
    """It writes, and it waits by the clock of its case.

    `turn` is held by whoever writes: what an act was allowed by still holds when it is written.
    """

    def __init__(self, given: CaseInput) -> None:
        self.renovation_id = given.renovation_id
        self.clock = given.clock
        self.turn = asyncio.Lock()
        self.tick: datetime | None = None
        """The latest moment of a told clock that this workflow has heard of."""

    @workflow.signal
    def clock_moved(self, now: datetime) -> None:
        """The told clock of the case stands at `now`."""
        if self.tick is None or now > self.tick:
            self.tick = now

    def step(self, name: str) -> Command:
        """A step that the engine takes by itself; `name` makes its key within this workflow."""
        return writes.own_command(self.renovation_id, name)

    def command(self, act: Act) -> Command:
        """The command of an official act: the person's command id, the person as actor."""
        return writes.act_command(self.renovation_id, act)

    async def write(
        self,
        activity: Callable[Concatenate[S, P], Awaitable[R]],
        *args: P.args,
        **_: P.kwargs,
    ) -> R:
        """One short write; see `workflows.writes.write`."""
        return self._heard(await writes.write(activity, *args, **_))

    async def write_many(
        self,
        activity: Callable[Concatenate[S, P], Awaitable[R]],
        *args: P.args,
        **_: P.kwargs,
    ) -> R:
        """One write of a row per resident; see `workflows.writes.write_many`."""
        return self._heard(await writes.write_many(activity, *args, **_))

    async def wait_for(self, condition: Condition, why: str) -> None:
        """Wait for what people do, without end; the record says who is awaited since when."""
        workflow.set_current_details(why)
        await workflow.wait_condition(condition)

    async def wait_until(self, deadline: Deadline, condition: Condition, why: str) -> bool:
        """Wait for the condition or the deadline; True when the condition came first."""
        while True:
            goal = _moment(deadline)
            if condition():
                return True
            if self.is_over(goal):
                return False
            await self._wait(goal, lambda: condition() or _moment(deadline) != goal, why)  # noqa: B023

    async def when_due(
        self,
        deadline: Deadline,
        why: str,
        step: Callable[[], Awaitable[R]],
        unless: Condition = never,
    ) -> R | None:
        """Take the engine's step when its deadline has come; None when `unless` came first.

        The tick decides whether the deadline has come; a step that comes too early waits again.
        """
        while not await self.wait_until(deadline, unless, why):
            try:
                return await step()
            except NotYetError as early:
                await self.wait_again(early.left, unless)
        return None

    async def at(self, deadline: Deadline, why: str, step: Callable[[], Awaitable[R]]) -> R:
        """Take the engine's step when its deadline has come; nothing comes before it."""
        done = await self.when_due(deadline, why, step)
        assert done is not None, why
        return done

    async def finish(self) -> None:
        """Whoever was let in before the end gets an answer: wait for the handlers that run."""
        await workflow.wait_condition(workflow.all_handlers_finished)

    def is_over(self, goal: datetime) -> bool:
        """Is the moment over, as far as this workflow knows? The tick has the last word."""
        if self.clock == "told":
            return self.tick is not None and self.tick >= goal
        return workflow.now() >= goal

    async def wait_again(self, left: timedelta, overtaken: Condition) -> None:
        """Wait for the time that is left by the tick, unless something overtakes it."""
        if self.clock == "told":
            heard = self.tick
            await workflow.wait_condition(lambda: overtaken() or self.tick != heard)
            return
        try:
            await workflow.wait_condition(
                overtaken, timeout=max(left, AT_LEAST), timeout_summary="not yet, by the tick"
            )
        except TimeoutError:
            return

    def _heard(self, answer: R) -> R:
        if isinstance(answer, Ticked) and answer.tick is not None:
            self.clock_moved(answer.tick)
        return answer

    async def _wait(self, goal: datetime, changed: Condition, why: str) -> None:
        if self.clock == "told":
            await workflow.wait_condition(lambda: changed() or self.is_over(goal))
            return
        try:
            await workflow.wait_condition(
                changed, timeout=goal - workflow.now(), timeout_summary=why
            )
        except TimeoutError:
            return


def _moment(deadline: Deadline) -> datetime:
    return deadline if isinstance(deadline, datetime) else deadline()
