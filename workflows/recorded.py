"""The parent of what waits: a workflow whose knowledge is what the record has answered.

It writes official acts and steps of the engine, each through one activity. What breaks is given up or
noted here; what follows from it is waited for in `workflows/waiting.py`.
"""

import asyncio
from datetime import datetime
from typing import Generic, NamedTuple, NoReturn, ParamSpec, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import TypeAdapter

    from activities.healing.giving_up import Healing
    from activities.healing.restoring import Restoring
    from models.messages.acts import Act, Done
    from models.messages.command import Command
    from models.messages.healing import Breakage
    from models.messages.journey import Answer, CaseInput, Ticked
    from models.messages.progress import CarriedProgress, Progress
    from proof.commands import reference_for
    from workflows import writes
    from workflows.search_attributes import show_trouble
    from workflows.writes import Activity, BrokenError, done, refuse, step_of

P = ParamSpec("P")
R = TypeVar("R", bound=Answer)
S = TypeVar("S")
G = TypeVar("G", bound=Progress)
Given = TypeVar("Given", bound=CaseInput)
HEALS = "2026-11-heals"
"""The patch since which own steps take turns with acts, and a workflow goes on from the record."""
SIGNED = "2026-11-signed"
"""The patch since which nothing that a workflow is told is believed more than the record."""
TOLD_MEANWHILE = "2026-11-told-meanwhile"
"""The patch since which whoever waits again, as a step came too early, hears what was told meanwhile."""
OVER = frozenset({"renovation.stage_over", "renovation.over"})
"""With these the record refuses a step because the case or the stage has ended: nobody can mend it."""
SUSPENDED = "renovation.suspended"
"""With this it refuses one because the case stands still: it is taken when the case goes on."""


class Heard(NamedTuple):
    """What a workflow was told so far: by its clock, and to go on."""

    clock: int
    go_on: int


class AtRestError(Exception):
    """A step of the engine came while the case stands still; nothing is written."""


def never() -> bool:
    """The condition of whoever waits for a deadline alone."""
    return False


class RecordedWorkflow(Generic[Given, G]):
    """What it knows is its `progress`, made of what the writes answer.

    `turn` is held by whoever writes: what an act was allowed by still holds when it is written.
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
        self.reminded: datetime | None = None
        """The last moment that this run has reminded somebody of."""
        self.told_to_go_on = 0
        self.done_after_all: set[str] = set()
        """Steps whose mark could not be taken away when they were done."""
        self.moving = self.goes_on_from_record
        """Acts are held back. An update of the first task of a run is judged before the run has begun."""
        self.clock_signals = 0
        """Words of the clock: signals, and what the record says of it."""
        self.clock_told = 0
        """Signals of the clock alone."""

    def heals(self) -> bool:
        """Whether this run began after `HEALS`: then its commands follow the newer order."""
        return workflow.patched(HEALS)

    @workflow.signal
    def clock_moved(self, now: datetime) -> None:
        """The told clock of the case stands at `now`."""
        self.clock_told += 1
        self._clock_is(now)

    def _clock_is(self, now: datetime) -> None:
        self.clock_signals += 1
        if self.tick is None or now > self.tick:
            self.tick = now

    def heard_so_far(self) -> Heard:
        """To be asked before a step is tried, whose answer may not know what comes meanwhile."""
        return Heard(self.clock_told, self.told_to_go_on)

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
        return done(act, step, answer.seq)

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

    async def restored(self, workflow_id: str) -> CarriedProgress:
        """The progress of a workflow of this case, computed from the record."""
        return await writes.heal(Restoring.restored, self.renovation_id, workflow_id)

    async def begin_from_record(self) -> None:
        """Go on from what the record says, whatever the input says of it: anybody may have written that."""
        if not self.goes_on_from_record or not workflow.patched(SIGNED):
            self.moving = False
            return
        # Until then acts are held back: what they would be judged by is not known.
        async with self.turn:
            found = await self.restored(workflow.info().workflow_id)
            self._show(self._keeping(type(self.progress).model_validate(found)))
            self._set_clock(self.progress.tick)
        self.moving = False

    def _set_clock(self, tick: datetime | None) -> None:
        """Only a told case has a moment on record; a later one, of which a signal told, is kept."""
        self.clock = "wall" if tick is None else "told"
        if tick is not None:
            self._clock_is(tick)

    async def take_from_record(self) -> None:
        """The record has the last word: after a write that failed, and before continuing as new."""
        if not self.heals():
            return
        try:
            found = await self.restored(workflow.info().workflow_id)
        except ActivityError as error:
            _raise_if_cancelled(error)
            workflow.logger.exception("the progress could not be restored")
            return
        restored = type(self.progress).model_validate(found)
        if restored.seq >= self.progress.seq:
            self._show(self._keeping(restored))
        self._set_clock(restored.tick)

    def _keeping(self, restored: G) -> G:
        """What was restored, with what this run alone knows."""
        return restored

    def _heard(self, step: str, answer: Answer) -> None:
        self.progress = self.progress.after(step, answer)
        if isinstance(answer, Ticked) and answer.tick is not None:
            self._clock_is(answer.tick)

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
        await self._in_trouble(breakage)
        raise refuse("act.broken", reference=breakage.reference)

    async def _note(self, breakage: Breakage, command: Command) -> None:
        """An own step broke: the case needs attention, and the step is taken when told to go on."""
        number = f"{workflow.info().run_id}-{self.told_to_go_on}"
        mark = command.model_copy(update={"command_id": f"{command.command_id}!broken-{number}"})
        try:
            await writes.heal(Healing.note, mark, breakage)
        except ActivityError as error:
            _raise_if_cancelled(error)
            # Reconciliation finds what is late, and whoever looks for what needs attention finds this.
            workflow.logger.exception("a step that broke could not be marked")
        await self._in_trouble(breakage)

    async def _in_trouble(self, breakage: Breakage) -> None:
        """Shown even where it could not be written."""
        await self.take_from_record()
        self._show(self.progress.with_trouble(breakage.step))

    async def _refused(self, refused: ApplicationError, step: str, command: Command) -> NoReturn:
        """The record refuses an own step: this workflow goes by what is not so."""
        code = writes.code_of(refused)
        if not self.heals():
            raise refused
        if code == SUSPENDED:
            raise AtRestError from refused
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
        except ActivityError as error:
            _raise_if_cancelled(error)
            workflow.logger.exception("a mark could not be taken away")
            self.done_after_all.add(step)
            return
        self.done_after_all.discard(step)
        self._show(self.progress.without_trouble(step))

    def _show(self, progress: G) -> None:
        """The progress with its troubles, shown to whoever looks for cases that need attention."""
        self.progress = progress
        show_trouble(bool(progress.troubled))


def _raise_if_cancelled(error: ActivityError) -> None:
    """A workflow that is told to stop does so, whatever it was mending."""
    if is_cancelled_exception(error):
        raise error
