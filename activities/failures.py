"""What an activity says when it does not write: refused, too early, the database away, or broken.

Only what another attempt may cure is tried again. Everything else is broken: whoever asked is told
so once, with a reference under which the log has the whole error.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from models.messages.command import Command
from models.values.refusal import Refused
from models.values.waits import NotYetError
from proof.commands import reference_for
from runtime.database import causes, is_lost, sqlstate_in

log = structlog.get_logger("activities")
ROOMS = frozenset({"activities", "formats", "models", "proof", "rules", "runtime"})
"""The packages of ours in which a write can fail."""
MICROSECOND = timedelta(microseconds=1)


@contextmanager
def told_to_workflow(command: Command) -> Iterator[None]:
    """Turn what an activity raises into what its workflow understands.

    Raises:
        ApplicationError: "Refused" with the problems; "NotYet" with the microseconds that are left;
            "Away", which is tried again; "Broken" with the error and its reference.
    """
    try:
        yield
    except ApplicationError:
        raise
    except Refused as refused:
        problems = [problem.model_dump(mode="json") for problem in refused.problems]
        raise _answer("Refused", str(refused), problems) from refused
    except NotYetError as early:
        # In whole microseconds: a float would lose some, and the step would come too early again.
        raise _answer("NotYet", str(early), early.left // MICROSECOND) from early
    except Exception as error:  # noqa: BLE001 - what it is decides what happens next
        # Not `from error`: its words may hold what a person wrote, and Temporal keeps every cause.
        raise _failure(command, error) from None


def described(error: BaseException) -> str:
    """The kind of an error, its SQLSTATE, and where in our code: nothing that anybody has written."""
    *_, first = causes(error)
    words = (type(first).__name__, sqlstate_in(error), "at", _place(error))
    return " ".join(word for word in words if word)


def _failure(command: Command, error: Exception) -> ApplicationError:
    text = described(error)
    if is_lost(error):
        return ApplicationError(text, type="Away")
    reference = reference_for(command.command_id)
    log.error(
        "step_broken",
        reference=reference,
        renovation_id=command.renovation_id,
        workflow_id=command.workflow_id,
        error=text,
        exc_info=error,
    )
    return ApplicationError(text, text, reference, type="Broken", non_retryable=True)


def _place(error: BaseException) -> str:
    """File and line of the innermost frame of ours, like "proof/canonical.py:71"."""
    place = "?"
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ROOMS:
            place = f"{module.replace('.', '/')}.py:{line}"
    return place


def _answer(kind: str, message: str, *details: object) -> ApplicationError:
    """An answer that is no failure: the activity is not tried again, and nobody is alarmed."""
    return ApplicationError(
        message,
        *details,
        type=kind,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
