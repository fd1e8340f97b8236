"""The parent of every workflow of a case, and the only place that waits.

A wall case waits with a Temporal timer and then asks the tick in the transaction; where the tick is
behind, the step is answered "not yet" and waits for the time that is left. A told case waits until
its clock is told on (`clock_moved`), or an answer says that the moment is over already.

Whoever waits may continue as new: the progress is taken from the record, and new acts are held back
until then. A step of the engine that breaks waits here until it is told to go on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.agenda import Agenda
    from models.messages.act_bodies import unfit
    from models.messages.acts import Act
    from models.messages.healing import Breakage
    from models.messages.journey import Answer, CaseInput, StageInput
    from models.messages.progress import Progress
    from models.values.waits import NotYetError
    from proof.commands import reference_for
    from proof.seals import fault_on_arrival
    from workflows import writes
    from workflows.recorded import (
        SIGNED,
        TOLD_MEANWHILE,
        AtRestError,
        Heard,
        RecordedWorkflow,
        never,
    )
    from workflows.search_attributes import show_due
    from workflows.writes import Activity, BrokenError, refuse, refuse_all, step_of

P = ParamSpec("P")
R = TypeVar("R", bound=Answer)
S = TypeVar("S")
G = TypeVar("G", bound=Progress)
Given = TypeVar("Given", bound=CaseInput)
Condition = Callable[[], bool]
Deadline = datetime | Callable[[], datetime]
"""A moment of the case; one that may move while it is waited for is asked for again and again."""
AT_LEAST = timedelta(seconds=1)
"""A step that came too early is not tried again sooner, however little is left."""
RESTS_AT_LEAST, RESTS_AT_MOST = timedelta(seconds=10), timedelta(days=1)
"""Whoever was not told that the case goes on asks again after as long as it has rested, within these."""
CHILD_LOST = "case.child_lost"


class CaseWorkflow(RecordedWorkflow[Given, G]):
    """A workflow of a case: it waits by the clock of its case, for people and for its turn."""

    @workflow.signal(unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def go_on(self) -> None:
        """Reconciliation, or an administrator: take the step again that broke.

        Whoever waits for something else, a child for example, hears here that a trouble was seen to.
        """
        self.told_to_go_on += 1
        if self.progress.troubled:
            async with self.turn:
                for step in sorted(self.done_after_all):
                    await self._cured(step)
                await self.take_from_record()

    async def own(
        self, name: str, activity: Activity[S, P, R], *args: P.args, **named: P.kwargs
    ) -> R:
        """Take a step of the engine; `name` makes its key within this workflow.

        Raises:
            NotYetError: it comes too early by the tick.
        """
        answer = await self.own_unless(never, name, activity, *args, **named)
        assert answer is not None, name
        return answer

    async def own_unless(
        self,
        overtaken: Condition,
        name: str,
        activity: Activity[S, P, R],
        *args: P.args,
        **named: P.kwargs,
    ) -> R | None:
        """Like `own`; None when it was overtaken before its turn came, or while it was broken."""
        step, rests_since = step_of(activity), cast("datetime | None", None)
        while True:
            async with self.turn if self.heals() else nullcontext():
                if overtaken():
                    if step in self.progress.troubled:
                        await self._cured(step)
                    return None
                # From here on: who sees that the step broke may tell us before we know it ourselves.
                heard = self.told_to_go_on
                with suppress(BrokenError):
                    try:
                        return await self._own(name, activity, *args, **named)
                    except AtRestError:
                        rests_since = rests_since or workflow.now()
            if rests_since is not None:
                await self._rest(overtaken, heard, rests_since)
                continue
            await self._stand_by(
                lambda: overtaken() or self.told_to_go_on != heard,  # noqa: B023
                f"{name} broke and waits to be taken up",
            )

    async def _rest(self, overtaken: Condition, heard: int, since: datetime) -> None:
        """The case stands still: whoever goes on is told, and asks from time to time, less and less often."""
        workflow.set_current_details("the case stands still")
        pause = min(max(workflow.now() - since, RESTS_AT_LEAST), RESTS_AT_MOST)
        await self._pause(
            lambda: overtaken() or self.told_to_go_on != heard, pause, "the case stands still"
        )
        await self._look_at_record(heard)

    async def wait_for(self, condition: Condition, why: str) -> None:
        """Wait for what people do, without end; the record says who is awaited since when.

        Whoever does not come in time is reminded, then the levels above hear of it (`Agenda.remind`);
        the record says until when, and nothing is decided in anybody's place.
        """
        workflow.set_current_details(why)
        while True:
            if self.heals():
                show_due(self.progress.remind_at)
            if condition():
                return
            heard, reminder = self.told_to_go_on, self.progress.remind_at
            if reminder is None:
                await self._pause(lambda: condition() or self._is_told(heard, reminder))  # noqa: B023
            elif self.is_over(reminder):
                await self._tell_late(reminder, condition)
            else:
                await self._wait(
                    reminder,
                    lambda: condition() or self._is_told(heard, reminder),  # noqa: B023
                    why,
                )
            await self._look_at_record(heard)

    async def wait_until(self, deadline: Deadline, condition: Condition, why: str) -> bool:
        """Wait for the condition or the deadline; True when the condition came first."""
        while True:
            goal = _moment(deadline)
            if condition():
                return True
            if self.is_over(goal):
                return False
            if self.heals():
                show_due(goal)
            heard, reminder = self.told_to_go_on, self.progress.remind_at
            if reminder is not None and self.is_over(reminder):
                await self._tell_late(reminder, condition)
                continue
            await self._wait(
                min(goal, reminder or goal),
                lambda: (
                    condition() or _moment(deadline) != goal or self._is_told(heard, reminder)  # noqa: B023
                ),
                why,
            )
            if await self._look_at_record(heard):
                # The tick decides, whatever this workflow thinks of the time.
                return condition()

    async def when_due(
        self,
        deadline: Deadline,
        why: str,
        step: Callable[[], Awaitable[object]],
        unless: Condition = never,
    ) -> None:
        """Take the engine's step when its deadline has come, unless something comes before it.

        The tick decides whether the deadline has come; a step that comes too early waits again.
        """
        while not await self.wait_until(deadline, unless, why):
            heard = self.heard_so_far()
            try:
                await step()
            except NotYetError as early:
                await self.too_early(early.left, unless, heard)
            else:
                return

    async def finish(self) -> None:
        """Whoever was let in before the end gets an answer: wait for the handlers that run."""
        await workflow.wait_condition(workflow.all_handlers_finished)

    def is_over(self, goal: datetime) -> bool:
        """Is the moment over, as far as this workflow knows? The tick has the last word."""
        if self.clock == "told":
            return self.tick is not None and self.tick >= goal
        return workflow.now() >= goal

    async def too_early(self, left: timedelta, overtaken: Condition, heard: Heard) -> None:
        """A step came too early: wait for the time that is left, and remind whoever is late by now.

        `heard` is from before the step was tried.
        """
        reminder = self.progress.remind_at
        if reminder and self.is_over(reminder) and workflow.patched(TOLD_MEANWHILE):
            await self._tell_late(reminder, overtaken)
        else:
            await self._wait_again(left, overtaken, heard)

    async def _wait_again(self, left: timedelta, overtaken: Condition, heard: Heard) -> None:
        """Wait for the time that is left by the tick, unless something overtakes it.

        A reminder that comes before that ends it too, and a word to go on: whoever waited looks again.
        """
        listens = workflow.patched(TOLD_MEANWHILE)
        reminder, tick, signals = self.progress.remind_at, self.tick, self.clock_signals

        def looks_again() -> bool:
            told = listens and self.heard_so_far() != heard
            return told or overtaken() or self.progress.remind_at != reminder

        if self.clock == "told":
            # Whoever reaches the engine may have told it a moment that the case never comes to.
            by_signal = workflow.patched(SIGNED)
            await self._pause(
                lambda: (
                    looks_again()
                    or self.tick != tick
                    or (by_signal and self.clock_signals != signals)
                )
            )
        else:
            until_reminder = left if reminder is None else reminder - workflow.now()
            pause = max(min(left, until_reminder), AT_LEAST)
            await self._pause(looks_again, pause, "not yet, by the tick")
        if listens:
            await self._look_at_record(heard.go_on)

    async def _tell_late(self, due: datetime, unless: Condition) -> None:
        """The time of whoever is awaited is over: they are told, or the level above them."""

        def overtaken() -> bool:
            return unless() or self.progress.remind_at != due

        heard = self.heard_so_far()
        try:
            await self.own_unless(overtaken, f"remind-{self.progress.seq}", Agenda.remind)
            self.reminded = due
        except NotYetError as early:
            async with self.turn:
                await self.take_from_record()
            await self._wait_again(early.left, overtaken, heard)

    @workflow.signal(unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    def agenda_moved(self, remind_at: datetime, now: datetime) -> None:
        """Somebody else wrote what this workflow waits for: it is reminded of at `remind_at`; `now` is
        the tick.
        """
        if self.clock == "told":
            self.clock_moved(now)
        if self.reminded is None or remind_at > self.reminded:
            at = min(remind_at, self.progress.remind_at or remind_at)
            self.progress = self.progress.model_copy(update={"remind_at": at})

    async def _stand_by(self, condition: Condition, why: str) -> None:
        """Wait until somebody has seen to what broke; nobody else is awaited meanwhile."""
        workflow.set_current_details(why)
        if self.heals():
            show_due(None)
        while not condition():
            heard = self.told_to_go_on
            await self._pause(lambda: condition() or self.told_to_go_on != heard)  # noqa: B023
            await self._look_at_record(heard)

    async def make_room(self) -> None:
        """Continue as new if the server suggests it: new acts are held back, running ones end first.

        Never while a child runs: children do not carry over.
        """
        if not self._is_full():
            return
        self.moving = True
        try:
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self.take_from_record()
        except BaseException:
            # Stopped on the way: this run goes on, and answers for itself.
            self.moving = False
            raise
        self.progress = self.progress.model_copy(update={"tick": self.tick})
        carried = self.progress.model_dump(mode="json")
        workflow.continue_as_new(self.given.model_copy(update={"carried": carried}))

    def may_come(self, act: Act) -> None:
        """For validators: what no door lets in is refused, what the next run takes is sent again."""
        problems = unfit(act)
        if problems:
            raise refuse_all(*problems)
        public_key = self.given.gateway_public
        fault = fault_on_arrival(act, self.renovation_id, public_key, workflow.now())
        if fault is not None:
            raise refuse_all(fault)
        if self.moving:
            raise refuse("act.held_back")

    async def child_lost(self, workflow_id: str, why: str) -> None:
        """A child was stopped from outside, or failed: wait until it is to be started again."""
        heard = self.told_to_go_on
        name = f"child-{reference_for(workflow_id)}"
        command = writes.own_command(self.renovation_id, name)
        reference = reference_for(command.command_id)
        async with self.turn:
            await self._note(Breakage(step=CHILD_LOST, error=why, reference=reference), command)
        await self._stand_by(lambda: self.told_to_go_on != heard, "a workflow was lost")

    async def child_taken_up(self) -> None:
        """A child is about to run: if one was lost, in this run or the one before, none is now."""
        if CHILD_LOST not in self.progress.troubled:
            return
        async with self.turn:
            await self._cured(CHILD_LOST)

    def _is_told(self, heard: int, reminder: datetime | None) -> bool:
        """Whether somebody told it to go on, or of another reminder than it waits for."""
        return self.told_to_go_on != heard or self.progress.remind_at != reminder

    async def _look_at_record(self, heard: int) -> bool:
        """Told to go on while it waits: whether it was; then it knows what the record says."""
        if self.told_to_go_on == heard:
            return False
        async with self.turn:
            await self.take_from_record()
        return True

    def _is_full(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and self.heals()

    async def _wait(self, goal: datetime, changed: Condition, why: str) -> None:
        if self.clock == "told":
            await self._pause(lambda: changed() or self.is_over(goal))
            return
        await self._pause(changed, goal - workflow.now(), why)

    async def _pause(
        self, condition: Condition, limit: timedelta | None = None, why: str | None = None
    ) -> None:
        """Wait for the condition, for as long as the limit; and make room on the way."""
        try:
            await workflow.wait_condition(
                lambda: condition() or self._is_full(), timeout=limit, timeout_summary=why
            )
        except TimeoutError:
            return
        if not condition():
            await self.make_room()


class StageWorkflow(CaseWorkflow[StageInput, G]):
    """A workflow that carries one stage of the journey.

    Whoever enters it wrote its first wait.
    """

    def __init__(self, given: StageInput, progress: type[G]) -> None:
        super().__init__(given, progress)
        if given.carried is None:
            first = {"remind_at": given.remind_at}
            self.progress = self.progress.model_copy(update=first)


def _moment(deadline: Deadline) -> datetime:
    return deadline if isinstance(deadline, datetime) else deadline()


Run = TypeVar("Run", bound=Callable[..., Awaitable[Any]])


def heard_out(run: Run) -> Run:
    """A run that is cancelled ends when the acts that were let in have had their answer."""

    @wraps(run)
    async def whole(self: CaseWorkflow[Any, Any], given: CaseInput) -> object:
        try:
            return await run(self, given)
        except (asyncio.CancelledError, FailureError) as error:
            if self.heals():
                await self.finish()
                if self.progress.troubled and is_cancelled_exception(error):
                    # The record has ended its troubles with it: nobody is to look for them any more.
                    self._show(self.progress.model_copy(update={"troubled": ()}))
            raise

    return cast("Run", whole)
