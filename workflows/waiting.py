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
from typing import Generic, NoReturn, ParamSpec, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import TypeAdapter

    from activities.healing.giving_up import Healing
    from activities.healing.restoring import Restoring
    from models.messages.act_bodies import unfit
    from models.messages.acts import Act, Done
    from models.messages.command import Command
    from models.messages.healing import Breakage
    from models.messages.journey import Answer, CaseInput, StageInput, Ticked
    from models.messages.progress import CarriedProgress, Progress
    from models.values.waits import NotYetError
    from proof.commands import reference_for
    from workflows import writes
    from workflows.search_attributes import show_due, show_trouble
    from workflows.writes import Activity, BrokenError, done, refuse, refuse_all, step_of

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
HEALS = "2026-11-heals"
"""The patch since which own steps take turns with acts, and a workflow goes on from the record."""
CHILD_LOST = "case.child_lost"
OVER = frozenset({"renovation.stage_over", "renovation.over"})
"""With these the record refuses a step because the case or the stage has ended: nobody can mend it."""


def never() -> bool:
    """The condition of whoever waits for a deadline alone."""
    return False


class CaseWorkflow(Generic[Given, G]):
    """It writes, and it waits by the clock of its case.

    `turn` is held by whoever writes: what an act was allowed by still holds when it is written. What
    the writes answer makes the `progress`, which is all that the workflow knows of its case.
    """

    def __init__(self, given: Given, progress: type[G]) -> None:
        self.given = given.model_copy(update={"carried": None})
        self.renovation_id = given.renovation_id
        self.clock = given.clock
        self.turn = asyncio.Lock()
        self.progress: G = progress.model_validate(given.carried or {})
        self.goes_on_from_record = given.carried is not None
        self.tick = self.progress.tick
        """The latest moment of a told clock that this workflow has heard of."""
        self.told_to_go_on = 0
        self.moving = False

    def heals(self) -> bool:
        """Whether this run began after `HEALS`: then its commands follow the newer order."""
        return workflow.patched(HEALS)

    @workflow.signal
    def clock_moved(self, now: datetime) -> None:
        """The told clock of the case stands at `now`."""
        if self.tick is None or now > self.tick:
            self.tick = now

    @workflow.signal(unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def go_on(self) -> None:
        """Reconciliation, or an administrator: take the step again that broke.

        Whoever waits for something else, a child for example, hears here that a trouble was seen to.
        """
        self.told_to_go_on += 1
        if self.progress.troubled:
            async with self.turn:
                await self.take_from_record()

    @workflow.query
    def progress_now(self) -> CarriedProgress:
        """How far this workflow has come, to be held against the record."""
        return self.progress.model_dump(mode="json")

    async def do(
        self, act: Act, activity: Activity[S, P, R], *args: P.args, **named: P.kwargs
    ) -> Done:
        """Write an official act, in the turn of its handler; an act that breaks jams nothing.

        Raises:
            ApplicationError: what the record refuses, or `act.broken` with a reference.
        """
        step, command = step_of(activity), writes.act_command(self.renovation_id, act)
        try:
            answer = await writes.write(activity, command, *args, **named)
        except BrokenError as broken:
            answer = await self._give_up(broken.breakage, command, activity)
        except ApplicationError:
            await self.take_from_record()
            raise
        self._heard(step, answer)
        if step in self.progress.troubled:
            await self._cured(step)
        return done(act, step)

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
        step = step_of(activity)
        while True:
            async with self.turn if self.heals() else nullcontext():
                if overtaken():
                    if step in self.progress.troubled:
                        await self._cured(step)
                    return None
                # From here on: who sees that the step broke may tell us before we know it ourselves.
                heard = self.told_to_go_on
                with suppress(BrokenError):
                    return await self._own(name, activity, *args, **named)
            await self.wait_for(
                lambda: overtaken() or self.told_to_go_on != heard,  # noqa: B023
                f"{name} broke and waits to be taken up",
            )

    async def _own(
        self, name: str, activity: Activity[S, P, R], *args: P.args, **named: P.kwargs
    ) -> R:
        step, command = step_of(activity), writes.own_command(self.renovation_id, name)
        try:
            answer = await writes.write(activity, command, *args, **named)
        except BrokenError as broken:
            await self._note(broken.breakage, command)
            raise
        except ApplicationError as refused:
            await self._refused(refused, step, command)
        self._heard(step, answer)
        if step in self.progress.troubled:
            await self._cured(step)
        return answer

    async def wait_for(self, condition: Condition, why: str) -> None:
        """Wait for what people do, without end; the record says who is awaited since when."""
        workflow.set_current_details(why)
        if self.heals():
            show_due(None)
        while not condition():
            heard = self.told_to_go_on
            await self._pause(lambda: condition() or self.told_to_go_on != heard)  # noqa: B023
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
            heard = self.told_to_go_on
            await self._wait(
                goal,
                lambda: (
                    condition() or _moment(deadline) != goal or self.told_to_go_on != heard  # noqa: B023
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
            try:
                await step()
            except NotYetError as early:
                await self.wait_again(early.left, unless)
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

    async def wait_again(self, left: timedelta, overtaken: Condition) -> None:
        """Wait for the time that is left by the tick, unless something overtakes it."""
        if self.clock == "told":
            heard = self.tick
            await self._pause(lambda: overtaken() or self.tick != heard)
            return
        await self._pause(overtaken, max(left, AT_LEAST), "not yet, by the tick")

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
        await self.wait_for(lambda: self.told_to_go_on != heard, "a workflow was lost")

    async def child_taken_up(self) -> None:
        """A child is about to run: if one was lost, in this run or the one before, none is now."""
        if CHILD_LOST not in self.progress.troubled:
            return
        async with self.turn:
            await self._cured(CHILD_LOST)

    async def restored(self, workflow_id: str) -> CarriedProgress:
        """The progress of a workflow of this case, computed from the record."""
        return await writes.heal(Restoring.restored, self.renovation_id, workflow_id)

    async def _look_at_record(self, heard: int) -> bool:
        """Told to go on while it waits: whether it was; then it knows what the record says."""
        if self.told_to_go_on == heard:
            return False
        async with self.turn:
            await self.take_from_record()
        return True

    async def take_from_record(self) -> None:
        """The record has the last word: after a write that failed, and before continuing as new."""
        if not self.heals():
            return
        try:
            found = await self.restored(workflow.info().workflow_id)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.exception("the progress could not be restored")
            return
        restored = type(self.progress).model_validate(found)
        if restored.seq >= self.progress.seq:
            self._show(self._keeping(restored))
        if restored.tick is not None:
            self.clock_moved(restored.tick)

    def _keeping(self, restored: G) -> G:
        """What was restored, with what this run alone knows."""
        return restored

    def _heard(self, step: str, answer: Answer) -> None:
        self.progress = self.progress.after(step, answer)
        if isinstance(answer, Ticked) and answer.tick is not None:
            self.clock_moved(answer.tick)

    async def _give_up(
        self, breakage: Breakage, command: Command, activity: Activity[S, P, R]
    ) -> R:
        """An act broke: nothing of it is written, and nothing of it can be written any more."""
        try:
            given_up = await writes.heal(Healing.give_up, command, breakage)
        except ActivityError:
            given_up = None
        if given_up is not None and given_up.found is not None:
            answer = TypeAdapter(vars(activity)["into"]).validate_python(given_up.found)
            return cast("R", answer)
        self._show(self.progress.with_trouble(breakage.step))
        await self.take_from_record()
        raise refuse("act.broken", reference=breakage.reference)

    async def _note(self, breakage: Breakage, command: Command) -> None:
        """An own step broke: the case needs attention, and the step is taken when told to go on."""
        number = f"{workflow.info().run_id}-{self.told_to_go_on}"
        mark = command.model_copy(update={"command_id": f"{command.command_id}!broken-{number}"})
        try:
            await writes.heal(Healing.note, mark, breakage)
        except ActivityError:
            # Reconciliation finds what is late, and whoever looks for what needs attention finds this.
            workflow.logger.exception("a step that broke could not be marked")
        self._show(self.progress.with_trouble(breakage.step))
        await self.take_from_record()

    async def _refused(self, refused: ApplicationError, step: str, command: Command) -> NoReturn:
        """The record refuses an own step: this workflow goes by what is not so."""
        code = writes.code_of(refused)
        if not self.heals():
            raise refused
        if code in OVER:
            # Whoever started this workflow is about to cancel it.
            await workflow.wait_condition(never)
        breakage = Breakage(step=step, error=code, reference=reference_for(command.command_id))
        await self._note(breakage, command)
        raise BrokenError(breakage) from refused

    async def _cured(self, step: str) -> None:
        """The step that broke is done."""
        name = f"cured-{step}-{self.progress.seq}"
        command = writes.own_command(self.renovation_id, name)
        try:
            await writes.heal(Healing.cured, command, step)
        except ActivityError:
            workflow.logger.exception("a mark could not be taken away")
            return
        self._show(self.progress.without_trouble(step))

    def _show(self, progress: G) -> None:
        """The progress with its troubles, shown to whoever looks for cases that need attention."""
        self.progress = progress
        show_trouble(bool(progress.troubled))

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
    """A workflow that carries one stage of the journey."""


def _moment(deadline: Deadline) -> datetime:
    return deadline if isinstance(deadline, datetime) else deadline()
