"""A stage that is cancelled in the very moment in which its child ends is cancelled."""

import asyncio
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


async def ends_as_the_cancellation_comes(*_: object, **__: object) -> Answer:
    """What temporalio 1.35 does with both in one activation: the answer comes, the cancellation is
    taken and goes no further (`_await_temporal_operation`)."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        return ANSWER
    raise AssertionError


async def carried(case: Carrying) -> Answer:
    run = cast("Any", VotingWorkflow.run)
    return await carry(case, run, GIVEN, "renovation/r/voting/1", "voting")


async def test_a_child_that_ends_as_the_cancellation_comes_stops_nothing_from_being_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workflow, "execute_child_workflow", ends_as_the_cancellation_comes)
    monkeypatch.setattr("workflows.children.of_the_case", lambda: None)
    case = Carrying(GIVEN, VotingProgress)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(carried(case))
    assert case.progress.outcome == ANSWER, "its answer is known all the same"
