"""Faults that nobody has foreseen, put into the activities of one case: before, inside or after the commit.

`Faults` stands between Temporal and the worker, and in the engine of the worker's database. A fault
inside comes with the statement that writes the event, when everything else of the step is written.
"""

from collections import defaultdict
from contextvars import ContextVar
from enum import Enum
from typing import Any

from sqlalchemy import event
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


BREAKS_AT: ContextVar[Moment | None] = ContextVar("BREAKS_AT", default=None)


class Faults(ClientInterceptor, Interceptor):
    """Breaks the activities that are armed, each time until they are disarmed; says which did break."""

    def __init__(self, database: Database) -> None:
        self.armed: dict[str, dict[str, Moment]] = defaultdict(dict)
        """By case and name of the activity."""
        self.broke: dict[str, list[str]] = defaultdict(list)
        """By case: which activities broke, in their order."""
        self.called: dict[str, list[str]] = defaultdict(list)
        event.listen(database.engine.sync_engine, "before_cursor_execute", break_statement)

    def arm(self, rid: str, *names: str, at: Moment = Moment.INSIDE) -> None:
        """Break these activities of the case from now on."""
        self.armed[rid].update(dict.fromkeys(names, at))

    def disarm(self, rid: str, *names: str) -> None:
        """These work again."""
        for name in names:
            self.armed[rid].pop(name, None)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Broken(next, self)


class _Broken(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, faults: Faults) -> None:
        super().__init__(inner)
        self.faults = faults

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
        rid, name = case_of(input.args), activity.info().activity_type
        moment = self.faults.armed[rid].get(name)
        self.faults.called[rid].append(name)
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
    """Raise in the place of a statement of the activity that is under way."""
    moment = BREAKS_AT.get()
    if moment is Moment.FIRST or (
        moment is Moment.INSIDE and statement.lstrip().startswith(WRITES_EVENT)
    ):
        raise UnforeseenError
