"""What is on the record may reach its workflow late: then the record has the last word, and nobody hangs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.values.actor import Actor
from models.values.timetable import Timetable, working_days
from runtime.database import Database
from service.parts import Parts
from tests.support.journey import BUREAU, STREET, JourneyDriver
from tests.support.processes.late_word import LateWord
from tests.support.processes.serving import serving
from tests.support.signed.seconded import seconded
from tests.support.told import move_clock

Begin = Callable[..., Awaitable[JourneyDriver]]
PATIENCE_S = 20
HEAD_START_S = 1.0
"""So long a handler that does not wait for its turn has for its write."""


@pytest.fixture(scope="module")
def word() -> LateWord:
    return LateWord()


@pytest.fixture(scope="module")
async def served(
    env: WorkflowEnvironment, database: Database, word: LateWord
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    async with serving(env, database, [word]) as opened:
        yield opened


async def sent(
    j: JourneyDriver, kind: type[a.Act], who: Actor, **fields: Any
) -> asyncio.Task[a.Done]:
    """An act that is under way."""
    await j.official(who)
    named = j.new_id("act")
    await seconded(j.parts.database, j.rid, kind.name, fields, who.id, named)
    sending = j.parts.gateway.send(j.rid, kind.name, fields, who.id, named)
    return asyncio.create_task(sending)


async def on_record(j: JourneyDriver, kind: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while kind not in await j.events():
            await asyncio.sleep(0.02)


async def heard(handle: WorkflowHandle, kind: "EventType.ValueType") -> None:
    """The workflow has this in its history and has dealt with it: a query is answered after that."""
    async with asyncio.timeout(PATIENCE_S):
        while all(each.event_type != kind for each in (await handle.fetch_history()).events):
            await asyncio.sleep(0.02)
    await handle.query("__stack_trace")


async def test_a_stage_refused_over_a_cancellation_not_yet_heard_of_does_not_stop_the_settlement(
    journey: Begin, database: Database, word: LateWord
) -> None:
    j = await journey()
    await j.until("ballots")
    row = await j.row()
    with word.of("Cancellations.record"):
        cancelling = await sent(j, a.CancelRenovation, STREET, reason="it will be rebuilt")
        await on_record(j, "renovation.cancelled")
        # The vote goes on meanwhile, as on a wall it would, and is refused its next write.
        await move_clock(database, j.rid, row["due_at"])
        voting = j.client.get_workflow_handle(str(row["stage_workflow_id"]))
        await voting.signal("clock_moved", row["due_at"])
        await heard(voting, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED)
    await cancelling
    assert (await j.handle.result()).state == "cancelled"
    assert "settlement.vote_voided" in await j.events()


async def test_an_answer_that_overtakes_a_close_does_not_leave_the_publication_open(
    journey: Begin, word: LateWord
) -> None:
    # Nobody is to be reminded of the answer while the close is held back.
    j = await journey(timetable=Timetable(objection_answer=working_days(30)))
    await j.until("objections.vote_result")
    publication, objection = await j.object_to("vote_result")
    fields = {"publication_id": publication, "objection_id": objection}
    with word.of("Publications.close"):
        # The close finds the objection unanswered; its workflow does not hear of that yet.
        await j.go_on()
        await on_record(j, "publication.close_looked_at")
        answering = await sent(j, a.AnswerObjection, BUREAU, **fields, upheld=False, answer="no")
        await asyncio.wait({answering}, timeout=HEAD_START_S)
    await answering
    await j.parts.clocks.settle(j.rid)
    closings = await j.details("publication.close_looked_at")
    assert closings[0]["unanswered"] == 1
    assert closings[1]["objections"] == 1
