"""A stage that is cancelled in the very moment in which its child ends is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from temporalio import workflow

from models.messages.journey import Answer, StageInput
from models.messages.voting import VotingOutcome, VotingProgress, VotingResult
from workflows.children import carry
from workflows.voting import VotingWorkflow
from workflows.waiting import StageWorkflow

GIVEN = StageInput(renovation_id="r", attempt=1)
ANSWER = VotingOutcome(seq=7, outcome=VotingResult.ADOPTED, box_id="r.1")


class Carrying(StageWorkflow[VotingProgress]):
    """Only what a child's end changes."""

    async def child_taken_up(self) -> None:
        return


Started = Callable[..., Awaitable[asyncio.Future[Answer]]]


async def ended_before_it_is_awaited(*_: object, **__: object) -> asyncio.Future[Answer]:
    """Child and cancellation come in one activation; the child is heard of first."""
    child = asyncio.get_running_loop().create_future()
    _both_come(child, asyncio.current_task())
    return child


async def ends_while_it_is_awaited(*_: object, **__: object) -> asyncio.Future[Answer]:
    """The same, when both come while the child is waited for."""
    child = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(_both_come, child, asyncio.current_task())
    return child


def _both_come(child: asyncio.Future[Answer], task: asyncio.Task[Any] | None) -> None:
    assert task is not None
    child.set_result(ANSWER)
    task.cancel()


async def carried(case: Carrying) -> Answer:
    run = cast("Any", VotingWorkflow.run)
    return await carry(case, run, GIVEN, "renovation/r/voting/1", "voting")


@pytest.mark.parametrize("start", [ended_before_it_is_awaited, ends_while_it_is_awaited])
async def test_a_child_that_ends_as_the_cancellation_comes_stops_nothing_from_being_cancelled(
    monkeypatch: pytest.MonkeyPatch, start: Started
) -> None:
    monkeypatch.setattr(workflow, "start_child_workflow", start)
    monkeypatch.setattr("workflows.children.of_the_case", lambda: None)
    case = Carrying(GIVEN, VotingProgress)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(carried(case))
    assert case.progress.outcome == ANSWER, "its answer is known all the same"
