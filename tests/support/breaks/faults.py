"""Faults that nobody has foreseen, put into the activities of one case: before, inside or after the commit.

`Faults` stands between Temporal and the worker, and in the engine of the worker's database. A fault
inside comes with the statement that writes the event, when everything else of the step is written.
"""

import asyncio
from collections import defaultdict
from contextvars import ContextVar
from enum import Enum
from typing import Any

from sqlalchemy import event
from sqlalchemy.util import await_only
from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.failures import told_to_workflow
from models.messages.command import Command
from runtime.database import Database

WRITES_EVENT = "INSERT INTO event "


class Moment(Enum):
    """When an activity breaks."""

    FIRST = "at its first statement"
    INSIDE = "when its event is written"
    AFTER = "after its commit"


class UnforeseenError(Exception):
    """A fault of ours."""


HELD_IN: ContextVar["Held | None"] = ContextVar("HELD_IN", default=None)
BREAKS_AT: ContextVar[Moment | None] = ContextVar("BREAKS_AT", default=None)


class Held:
    """Attempts that go on when everybody has given up waiting for them, as those of a cut-off worker do."""

    def __init__(self, *, inside: bool, attempts: int, after: bool) -> None:
        self.inside, self.attempts, self.after = inside, attempts, after
        """Whether they hang in their transaction, after it, or before it; how many, the first ones."""
        self.released, self.reached = asyncio.Event(), asyncio.Event()
        self.late: list[asyncio.Task[object]] = []

    async def release(self) -> list[object]:
        """Let them go on; what each of them came to."""
        self.released.set()
        return await asyncio.gather(*self.late, return_exceptions=True)

    async def wait(self) -> None:
        """Hang here."""
        self.reached.set()
        await self.released.wait()


class Faults(ClientInterceptor, Interceptor):
    """Breaks the activities that are armed, each time until they are disarmed; says which did break."""

    def __init__(self, database: Database) -> None:
        self.armed: dict[str, dict[str, Moment]] = defaultdict(dict)
        """By case and name of the activity."""
        self.broke: dict[str, list[str]] = defaultdict(list)
        """By case: which activities broke, in their order."""
        self.held: dict[tuple[str, str], Held] = {}
        event.listen(database.engine.sync_engine, "before_cursor_execute", break_statement)

    def arm(self, rid: str, *names: str, at: Moment = Moment.INSIDE) -> None:
        """Break these activities of the case from now on."""
        self.armed[rid].update(dict.fromkeys(names, at))

    def disarm(self, rid: str, *names: str) -> None:
        """These work again."""
        for name in names:
            self.armed[rid].pop(name, None)

    def hold(
        self, rid: str, name: str, *, inside: bool, attempts: int = 1000, after: bool = False
    ) -> Held:
        """Have the next attempts of this activity of the case hang until they are released."""
        self.held[rid, name] = Held(inside=inside, attempts=attempts, after=after)
        return self.held[rid, name]

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Broken(next, self)


class _Broken(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, faults: Faults) -> None:
        super().__init__(inner)
        self.faults = faults

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
        rid, name = case_of(input.args), activity.info().activity_type
        moment = self.faults.armed[rid].get(name)
        held = self.faults.held.get((rid, name))
        if held is not None and len(held.late) < held.attempts:
            held.late.append(asyncio.create_task(self._late(held, input)))
            return await asyncio.shield(held.late[-1])
        told = BREAKS_AT.set(moment)
        try:
            answer: object = await super().execute_activity(input)
            if moment is Moment.AFTER:
                self._break_after(input.args)
        except ApplicationError as error:
            if error.type == "Broken":
                self.faults.broke[rid].append(name)
            raise
        finally:
            BREAKS_AT.reset(told)
        return answer

    async def _late(self, held: Held, given: ExecuteActivityInput) -> object:
        if held.inside:
            HELD_IN.set(held)
        elif not held.after:
            await held.wait()
        answer: object = await super().execute_activity(given)
        if held.after:
            await held.wait()
        return answer

    def _break_after(self, args: Any) -> None:
        command = (
            args[0] if isinstance(args[0], Command) else Command(command_id="?", renovation_id="?")
        )
        with told_to_workflow(command):
            raise UnforeseenError


def case_of(args: Any) -> str:
    """The case of an activity, by its first argument."""
    return str(getattr(args[0], "renovation_id", args[0])) if args else ""


def break_statement(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
    """Raise or hang in the place of a statement of the activity that is under way."""
    held, moment = HELD_IN.get(), BREAKS_AT.get()
    if held is not None and WRITES_EVENT in statement:
        await_only(held.wait())
    if moment is Moment.FIRST or (moment is Moment.INSIDE and WRITES_EVENT in statement):
        raise UnforeseenError
