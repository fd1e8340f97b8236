"""How a workflow writes: one activity per step, with a natural key or the person's command id."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Concatenate, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from models.messages.acts import Act, Done
    from models.messages.command import Command
    from models.values.actor import ENGINE, Actor
    from models.values.refusal import Problem
    from models.values.waits import NotYetError
    from proof.commands import act_hash
    from workflows import policies

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def refuse(code: str, **params: str | int) -> ApplicationError:
    """A refusal for a validator to raise: it leaves no history and reaches the person at once."""
    return _refusal(code, [Problem(code=code, params=params).model_dump(mode="json")])


def own_command(renovation_id: str, name: str) -> Command:
    """A step that the engine takes by itself; its key is this workflow's id and `name`."""
    return _command(renovation_id, f"{workflow.info().workflow_id}#{name}", ENGINE)


def act_command(renovation_id: str, act: Act) -> Command:
    """The command of an official act: the person's command id, the person as actor."""
    command = _command(renovation_id, act.command_id, act.actor)
    return command.model_copy(update={"request_hash": act_hash(act)})


def done(act: Act, activity: Callable[..., object]) -> Done:
    """The answer to an official act: what was written, as the activity names it, and what was asked."""
    kind = str(vars(activity)["event"])
    return Done(command_id=act.command_id, kind=kind, request_hash=act_hash(act))


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


async def write(
    activity: Callable[Concatenate[S, P], Awaitable[R]], *args: P.args, **_: P.kwargs
) -> R:
    """Run one writing activity. A refusal comes back as the ApplicationError that a person reads."""
    return await _run(activity, args, policies.WRITE)


async def write_many(
    activity: Callable[Concatenate[S, P], Awaitable[R]], *args: P.args, **_: P.kwargs
) -> R:
    """Like `write`, for activities that write or read a row per resident and may take minutes."""
    return await _run(activity, args, policies.WRITE_MANY)


async def _run(
    activity: Callable[Concatenate[S, P], Awaitable[R]],
    args: Sequence[object],
    profile: policies.Profile,
) -> R:
    try:
        result: R = await workflow.execute_activity_method(
            activity,
            args=list(args),
            start_to_close_timeout=profile.timeout,
            heartbeat_timeout=profile.heartbeat,
            retry_policy=policies.WRITE_RETRY,
            summary=_summary(args),
        )
    except ActivityError as error:
        said = error.cause
        if isinstance(said, ApplicationError) and said.type == "Refused":
            raise _refusal(said.message, *said.details) from error
        if isinstance(said, ApplicationError) and said.type == "NotYet":
            raise NotYetError(timedelta(microseconds=int(said.details[0]))) from error
        raise
    return result


def _refusal(message: str, *details: object) -> ApplicationError:
    return ApplicationError(
        message,
        *details,
        type="Refused",
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def _summary(args: Sequence[object]) -> str | None:
    """What the Temporal UI shows beside the activity: who acts, or the engine's own step."""
    command = args[0] if args else None
    if not isinstance(command, Command):
        return None
    own = command.command_id.startswith(f"{command.workflow_id}#")
    return command.command_id.partition("#")[2] if own else command.actor.label
