"""How a workflow writes: one activity per step, with a natural key or the person's command id.

A write ends in one of four ways: an answer, a refusal, "not yet", or broken. A database that is away
is waited for; everything else that goes wrong is broken, and is not tried in a loop.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ApplicationErrorCategory,
    CancelledError,
)
from temporalio.exceptions import (
    TimeoutError as ActivityTimeoutError,
)

with workflow.unsafe.imports_passed_through():
    from models.messages.acts import Act, Done
    from models.messages.command import Command
    from models.messages.healing import Breakage
    from models.messages.ids import bulk_queue
    from models.values.actor import ENGINE, Actor
    from models.values.refusal import Problem
    from models.values.waits import NotYetError
    from proof.commands import act_hash, reference_for
    from workflows import policies

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
Activity = Callable[Concatenate[S, Command, P], Awaitable[R]]
"""An activity that writes: what is called with a command, and whatever it needs."""


LONGEST_NAME = 40
"""Letters of a name in a summary, of which the server takes 400 bytes, sealed ones too."""
LONGEST_LEFT = timedelta(days=36_500) // timedelta(microseconds=1)


class BrokenError(Exception):
    """No attempt of a step can do it; nothing is known to be written."""

    def __init__(self, breakage: Breakage) -> None:
        super().__init__(f"{breakage.step}: {breakage.error}")
        self.breakage = breakage


def refuse(code: str, **params: str | int) -> ApplicationError:
    """A refusal for a validator to raise: it leaves no history and reaches the person at once."""
    return refuse_all(Problem(code=code, params=params))


def refuse_all(*problems: Problem) -> ApplicationError:
    """A refusal with every problem that was found."""
    code = problems[0].code
    return _refusal(code, [problem.model_dump(mode="json") for problem in problems])


def code_of(refused: ApplicationError) -> str:
    """The code of the first problem of a refusal."""
    problems = refused.details[0] if refused.details else []
    first = problems[0] if isinstance(problems, list) and problems else {}
    return str(first.get("code", "")) if isinstance(first, dict) else ""


def own_command(renovation_id: str, name: str) -> Command:
    """A step that the engine takes by itself; its key is this workflow's id and `name`."""
    return _command(renovation_id, f"{workflow.info().workflow_id}#{name}", ENGINE)


def act_command(renovation_id: str, act: Act) -> Command:
    """The command of an official act: the person's command id, the person as actor."""
    command = _command(renovation_id, act.command_id, act.actor)
    return command.model_copy(update={"request_hash": act_hash(act), "seal": act.seal})


def done(act: Act, step: str, seq: int) -> Done:
    """The answer to an official act: what was written, where, and the hash of what was asked."""
    return Done(seq=seq, command_id=act.command_id, kind=step, request_hash=act_hash(act))


def step_of(activity: Callable[..., object]) -> str:
    """The name of the step that an activity is: the kind of the event that it writes."""
    return str(vars(activity)["event"])


def _command(renovation_id: str, command_id: str, actor: Actor) -> Command:
    info = workflow.info()
    return Command(
        command_id=command_id,
        renovation_id=renovation_id,
        asked_at=workflow.now(),
        actor=actor,
        workflow_id=info.workflow_id,
        run_id=info.run_id,
        parent_id=info.parent.workflow_id if info.parent else "",
    )


async def write(activity: Activity[S, P, R], command: Command, *args: P.args, **_: P.kwargs) -> R:
    """Run one writing activity, for as long as the database is away.

    Raises:
        ApplicationError: a refusal, as a person reads it.
        NotYetError: the step comes too early by the tick.
        BrokenError: no attempt can do it.
    """
    profile = _profile(activity, command)
    while True:
        try:
            return await _run(activity, (command, *args), profile)
        except ActivityError as error:
            if isinstance(error.cause, CancelledError):
                raise
            if _may_go_better(error):
                # Whoever asked was told to ask again: from here on there is no hurry.
                profile = policies.unhurried(profile)
                continue
            raise _meaning(error, step_of(activity), command) from error


async def heal(
    activity: Callable[Concatenate[S, P], Awaitable[R]], *args: P.args, **_: P.kwargs
) -> R:
    """Run an activity that repairs, for as long as the database is away; one that breaks, a few times.

    Raises:
        ActivityError: it broke each time.
    """
    for pause in policies.HEALED_AGAIN_AFTER:
        try:
            return await _run(activity, args, policies.HEALING)
        except ActivityError as error:
            if isinstance(error.cause, CancelledError):
                raise
            await workflow.sleep(pause)
    return await _run(activity, args, policies.HEALING)


async def _run(
    activity: Callable[..., Awaitable[R]], args: Sequence[Any], profile: policies.Profile
) -> R:
    result: R = await workflow.execute_activity_method(
        activity,
        args=list(args),
        task_queue=bulk_queue(workflow.info().task_queue) if profile.own_slots else None,
        start_to_close_timeout=profile.attempt,
        schedule_to_close_timeout=profile.altogether,
        heartbeat_timeout=profile.heartbeat,
        retry_policy=policies.RETRY,
        summary=_summary(activity, args),
    )
    return result


def _profile(activity: Callable[..., object], command: Command) -> policies.Profile:
    bulk = bool(vars(activity).get("bulk"))
    if is_own(command):
        return policies.BULK_STEP if bulk else policies.STEP
    return policies.BULK_ACT if bulk else policies.ACT


def is_own(command: Command) -> bool:
    """Whether the engine takes this step by itself."""
    return command.command_id.startswith(f"{command.workflow_id}#")


def _may_go_better(error: ActivityError) -> bool:
    """The database was away until the end, or no worker has begun it: nothing is wrong with it."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return cause.type == "Away"
    return isinstance(cause, ActivityTimeoutError) and not error.started_event_id


def _meaning(error: ActivityError, step: str, command: Command) -> Exception:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "Refused":
        return _refusal(cause.message, *cause.details)
    given = cause.details if isinstance(cause, ApplicationError) else ()
    if isinstance(cause, ApplicationError) and cause.type == "NotYet" and _is_time(given):
        return NotYetError(timedelta(microseconds=int(given[0])))
    if isinstance(cause, ApplicationError) and cause.type == "Broken" and len(given) > 1:
        said, reference = (str(each) for each in given[:2])
    else:
        said = "timeout" if isinstance(cause, ActivityTimeoutError) else type(cause).__name__
        reference = reference_for(command.command_id)
    return BrokenError(Breakage(step=step, error=said, reference=reference))


def _is_time(given: Sequence[object]) -> bool:
    """Whether an answer says how many microseconds are left; whoever answers in our place may say anything."""
    return bool(given) and isinstance(given[0], int) and 0 <= given[0] < LONGEST_LEFT


def _refusal(message: str, *details: object) -> ApplicationError:
    return ApplicationError(
        message,
        *details,
        type="Refused",
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def _summary(activity: Callable[..., object], args: Sequence[object]) -> str | None:
    """What the Temporal UI shows beside the activity: who acts, and what the record will say happened."""
    command = args[0] if args else None
    if not isinstance(command, Command):
        return None
    who = "The procedure" if is_own(command) else command.actor.label[:LONGEST_NAME]
    room, _, happened = str(vars(activity).get("event", "")).partition(".")
    return f"{who}: {room}, {happened}".replace("_", " ") if happened else who
