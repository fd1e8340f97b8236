"""How workflows start the ones that belong to them, and what they do when one of them is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
)

with workflow.unsafe.imports_passed_through():
    from models.messages.ids import publication_workflow_id
    from models.messages.journey import Answer, CaseInput
    from models.messages.publication import PublicationClosing, PublicationInput, Subject
    from workflows.publication import PublicationWorkflow
    from workflows.search_attributes import of_the_case
    from workflows.waiting import CaseWorkflow

W = TypeVar("W")
Given = TypeVar("Given", bound=CaseInput)
R = TypeVar("R", bound=Answer)
STOPS_LAST_RUN = "2026-11-stops-last-run"
"""The patch since which the last run of a child is cancelled, not the first."""


async def carry(
    case: CaseWorkflow[Any, Any],
    run: Callable[[W, Given], Awaitable[R]],
    given: Given,
    workflow_id: str,
    summary: str,
) -> R:
    """Run a child to its end, and take its answer into the progress.

    A child that was stopped from outside, or failed, is noted; when reconciliation or an
    administrator tells this workflow to go on, it is started again from the record.
    """
    from_record = case.goes_on_from_record
    while True:
        await case.child_taken_up()
        if from_record:
            try:
                carried = await case.restored(workflow_id)
            except ActivityError as error:
                if _being_cancelled():
                    raise
                await case.child_lost(workflow_id, f"not restored: {type(error.cause).__name__}")
                continue
            given = given.model_copy(update={"carried": carried})
        try:
            child = await workflow.start_child_workflow(
                run,
                given,
                id=workflow_id,
                static_summary=summary,
                search_attributes=of_the_case(),
            )
            answer: R = await _to_its_end(child)
        except (ChildWorkflowError, WorkflowAlreadyStartedError) as error:
            if not case.heals() or _being_cancelled():
                raise
            await case.child_lost(workflow_id, type(error.__cause__ or error).__name__)
            from_record = True
        else:
            case.progress = case.progress.after_child(answer)
            if _being_cancelled():
                # A child's answer that comes together with the cancellation makes Temporal forget it.
                raise asyncio.CancelledError
            return answer


async def _to_its_end(child: workflow.ChildWorkflowHandle[W, R]) -> R:
    """The answer of a child; where this workflow is cancelled, the child is too, whichever run it is in.

    The SDK cancels the run that it started. Of a child that went on in a new run that run is over, and
    the server takes a request to cancel it as done: nothing would ever end.
    """
    try:
        return await asyncio.shield(child)
    except asyncio.CancelledError:
        if child.done():
            return await child
        if workflow.patched(STOPS_LAST_RUN):
            # One that ended meanwhile is not found: its answer is on its way.
            with suppress(ApplicationError):
                await workflow.get_external_workflow_handle(child.id).cancel()
        else:
            child.cancel()
        return await child


async def publish(
    case: CaseWorkflow[Any, Any], subject: Subject, number: str | int, suspends: bool = False
) -> PublicationClosing:
    """Post something and wait until its objection window is over.

    `number` tells the publications of one subject apart; `suspends` says that an objection stops
    the clock of the window.
    """
    given = PublicationInput(
        renovation_id=case.renovation_id,
        publication_id=f"{case.renovation_id}.{subject}.{number}",
        subject=subject,
        suspends=suspends,
        clock=case.clock,
        gateway_public=case.given.gateway_public,
    )
    name = publication_workflow_id(given.renovation_id, given.publication_id)
    return await carry(case, PublicationWorkflow.run, given, name, f"publication of {subject}")


async def tell_to_go_on(workflow_id: str) -> None:
    """Tell another workflow of the case; one that has ended meanwhile needs no word."""
    with suppress(ApplicationError):
        await workflow.get_external_workflow_handle(workflow_id).signal("go_on")


def _being_cancelled() -> bool:
    """Whether it ended because this workflow stops, and has stopped it too."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
