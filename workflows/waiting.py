"""The one place that waits: for a moment of the case, by whichever clock the case keeps.

A wall case waits with a Temporal timer and then asks the tick in the transaction; where the tick is
behind, the step is answered "not yet" and waits for the time that is left. A told case waits until
its clock is told on (`clock_moved`), or an answer says that the moment is over already.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages.journey import CaseClock, Ticked
    from models.values.waits import NotYetError
    from workflows import writes

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
AT_LEAST = timedelta(seconds=1)
"""A step that came too early is not tried again sooner, however little is left."""


class CaseWorkflow:
    """The parent of every workflow: it writes, and it waits by the clock of its case."""

    def __init__(self, clock: CaseClock) -> None:
        self.clock = clock
        self.tick: datetime | None = None
        """The latest moment of a told clock that this workflow has heard of."""

    @workflow.signal
    def clock_moved(self, now: datetime) -> None:
        """The told clock of the case stands at `now`."""
        if self.tick is None or now > self.tick:
            self.tick = now

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

    async def until(
        self, moment: Callable[[], datetime], condition: Callable[[], bool], summary: str
    ) -> bool:
        """Wait for the condition or the moment, which may move; True when the condition came first."""
        while True:
            goal = moment()
            if condition():
                return True
            if self.is_over(goal):
                return False
            await self._wait(goal, lambda: condition() or moment() != goal, summary)  # noqa: B023

    async def when_due(
        self,
        moment: Callable[[], datetime],
        overtaken: Callable[[], bool],
        summary: str,
        step: Callable[[], Awaitable[R]],
    ) -> R | None:
        """Take the engine's step when its moment has come; None when something overtook it.

        The tick decides whether the moment has come; a step that comes too early waits again.
        """
        while not await self.until(moment, overtaken, summary):
            try:
                return await step()
            except NotYetError as early:
                await self.wait_again(early.left, overtaken)
        return None

    def _heard(self, answer: R) -> R:
        if isinstance(answer, Ticked) and answer.tick is not None:
            self.clock_moved(answer.tick)
        return answer

    def is_over(self, goal: datetime) -> bool:
        """Is the moment over, as far as this workflow knows? The tick has the last word."""
        if self.clock == "told":
            return self.tick is not None and self.tick >= goal
        return workflow.now() >= goal

    async def _wait(self, goal: datetime, changed: Callable[[], bool], summary: str) -> None:
        if self.clock == "told":
            await workflow.wait_condition(lambda: changed() or self.is_over(goal))
            return
        try:
            await workflow.wait_condition(
                changed, timeout=goal - workflow.now(), timeout_summary=summary
            )
        except TimeoutError:
            return

    async def wait_again(self, left: timedelta, overtaken: Callable[[], bool]) -> None:
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
