"""Logs of a worker: workflow code is executed again when it restarts, what it logs then is dropped."""

import structlog
from structlog.types import EventDict, WrappedLogger
from temporalio import workflow


def drop_while_replaying(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Pass an event on, unless a workflow is only being rebuilt from its history.

    Raises:
        structlog.DropEvent: the event was logged when the code first ran.
    """
    if workflow.in_workflow() and workflow.unsafe.is_replaying_history_events():
        raise structlog.DropEvent
    return event
