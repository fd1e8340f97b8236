"""Carries a case in which every activity breaks the first time that it is called, and cures it each time.

What breaks is looked at before it is cured: who asked was told, record and workflow agree, the case
is marked, and what was asked goes through afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import asyncpg
import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from activities.healing.remembering import load_progress
from activities.registry import CLASSES
from models.messages import acts as a
from models.messages.journey import JourneyOutcome
from models.messages.reconciling import OPERATOR, Reconciliation
from models.values.actor import Actor
from models.values.refusal import Refused
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from runtime.record.audit import audit
from tests.support.breaks.faults import Faults, Moment
from tests.support.journey import JourneyDriver, codes
from tests.support.wanderer import compared
from workflows.search_attributes import NEEDS_ATTENTION

T = TypeVar("T")
ANSWERED_S = 15
PATIENCE_S = 120
LOOK_S = 0.05
TROUBLES = "SELECT * FROM case_trouble WHERE renovation_id=$1 ORDER BY workflow_id, step"
STEPS: dict[str, str] = {
    vars(method)["__temporal_activity_definition"].name: str(vars(method)["event"])
    for kind in CLASSES
    for method in vars(kind).values()
    if "event" in getattr(method, "__dict__", {})
}
"""Name of the activity to the step that it is: every activity that writes for a workflow."""


class BreakingDriver(JourneyDriver):
    """One told case; the activities that are `to_break` break once each."""

    faults: Faults
    owner: str
    to_break: tuple[str, ...] = tuple(STEPS)
    at: Moment = Moment.INSIDE

    async def start(self) -> Any:
        self.faults.arm(self.rid, *self.to_break, at=self.at)
        return await super().start()

    async def send(self, given: a.Act) -> a.Done:
        """Send an act; one that breaks is looked at, and sent anew as another command."""
        began = monotonic()
        try:
            return await super().send(given)
        except Refused as refused:
            if codes(refused) != ["act.broken"]:
                raise
            reference = refused.problems[0].params["reference"]
        assert monotonic() - began < ANSWERED_S
        row = await self._marked_by_act(str(reference))
        self._disarm(row["step"])
        await self._again_the_same(given, str(reference))
        done = await super().send(given.model_copy(update={"command_id": self.new_id("anew")}))
        left = await self.db.fetch(TROUBLES, self.rid)
        assert not [each for each in left if each["step"] == row["step"]], left
        assert not await shows_trouble(self, str(row["workflow_id"]))
        await agrees_soon(self, str(row["workflow_id"]))
        return done

    async def _marked_by_act(self, reference: str) -> asyncpg.Record:
        rows = [each for each in await self.db.fetch(TROUBLES, self.rid) if each["by_act"]]
        (row,) = [each for each in rows if each["reference"] == reference]
        assert "UnforeseenError" in row["error"]
        assert await shows_trouble(self, str(row["workflow_id"]))
        await agrees_soon(self, str(row["workflow_id"]))
        return row

    async def _again_the_same(self, given: a.Act, reference: str) -> None:
        """The same command again is given up as it was."""
        with pytest.raises(Refused) as again:
            await super().send(given)
        (problem,) = again.value.problems
        assert (problem.code, problem.params["reference"]) == ("act.broken", reference)

    def _disarm(self, step: str) -> list[str]:
        """Whatever broke as this step works again."""
        names = [name for name in self.faults.broke[self.rid] if STEPS.get(name) == step]
        assert names, step
        self.faults.disarm(self.rid, *names)
        return names

    async def plain(self, kind: type[a.Act], who: Actor, /, **fields: Any) -> a.Done:
        """Do an act; one that breaks is nobody's business here."""
        return await super().send(kind(command_id=self.new_id("plain"), actor=who, **fields))

    async def attended(self, going: Awaitable[Any]) -> Any:
        """The same, while somebody looks after the steps of the engine that break."""
        attending = asyncio.create_task(self._attend())
        under_way = asyncio.ensure_future(going)
        try:
            await asyncio.wait({attending, under_way}, return_when=asyncio.FIRST_COMPLETED)
            if attending.done():
                attending.result()
            result = await under_way
            await self._all_cured(attending)
        finally:
            attending.cancel()
            under_way.cancel()
        return result

    async def _all_cured(self, attending: "asyncio.Task[None]") -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.troubles():
                if attending.done():
                    attending.result()
                await asyncio.sleep(LOOK_S)

    async def _attend(self) -> None:
        while True:
            for row in await self.troubles():
                if not row["by_act"]:
                    await self._cure(row)
            await asyncio.sleep(LOOK_S)

    async def _cure(self, row: asyncpg.Record) -> None:
        """An own step that broke: marked, and cured by reconciliation."""
        name, step = str(row["workflow_id"]), str(row["step"])

        async def is_there() -> bool:
            return step in await self.troubled_steps(name)

        async with asyncio.timeout(PATIENCE_S):
            # What was committed in spite of all may be seen to before anybody has looked.
            while await is_there() and not await shows_trouble(self, name):
                await asyncio.sleep(LOOK_S)
        await agrees_soon(self, name)
        self._disarm(step)
        asked = Reconciliation(renovation_id=self.rid, by=OPERATOR)
        await reconcile(self.client, self.queue, asked)
        async with asyncio.timeout(PATIENCE_S):
            while await is_there():
                await asyncio.sleep(LOOK_S)
            while await shows_trouble(self, name) and not await self.troubled_steps(name):
                await asyncio.sleep(LOOK_S)

    async def troubles(self) -> list[asyncpg.Record]:
        """What needs attention, seen over a connection of its own: somebody carries the case meanwhile."""
        looking = await asyncpg.connect(self.owner)
        try:
            rows: list[asyncpg.Record] = await looking.fetch(TROUBLES, self.rid)
        finally:
            await looking.close()
        return rows

    async def troubled_steps(self, workflow_id: str) -> list[str]:
        """The steps of a workflow that need attention."""
        rows = await self.troubles()
        return [str(row["step"]) for row in rows if row["workflow_id"] == workflow_id]


async def together(way: Awaitable[object], other: Awaitable[object]) -> None:
    """Both; what fails fails at once."""
    async with asyncio.TaskGroup() as group:
        for each in (way, other):
            group.create_task(_awaited(each))


async def _awaited(each: Awaitable[object]) -> None:
    await each


async def left_when(way: Awaitable[object], other: Awaitable[object]) -> None:
    """Carry on until the other is done; then leave the way, wherever it is."""
    under_way = asyncio.ensure_future(way)
    watching = asyncio.ensure_future(other)
    try:
        await asyncio.wait({under_way, watching}, return_when=asyncio.FIRST_COMPLETED)
        if under_way.done():
            await under_way
        await watching
    finally:
        for each in (under_way, watching):
            each.cancel()
        await asyncio.wait({under_way, watching})


async def soon(look: Callable[[], Awaitable[T]]) -> T:
    """What is seen, as soon as there is something to see."""
    async with asyncio.timeout(PATIENCE_S):
        while not (seen := await look()):
            await asyncio.sleep(LOOK_S)
        return seen


async def agrees_soon(j: JourneyDriver, workflow_id: str) -> None:
    """The workflow carries what the record gives; it may still be about to hear of it.

    One that is told to stop hears of nothing any more: the record goes on without it.
    """
    handle = j.client.get_workflow_handle(workflow_id)
    last = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        restored = await load_progress(j.parts.database, j.rid, workflow_id)
        live = type(restored).model_validate(await handle.query("progress_now"))
        if compared(live) == compared(restored) or await is_told_to_stop(handle):
            return
        if asyncio.get_running_loop().time() > last:
            assert compared(live) == compared(restored)
        await asyncio.sleep(LOOK_S)


async def is_told_to_stop(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether somebody has asked for the cancellation of the workflow."""
    described = await handle.describe()
    return described.raw_description.workflow_extended_info.cancel_requested


async def shows_trouble(j: JourneyDriver, workflow_id: str) -> bool:
    """Whether whoever looks for workflows that need attention finds this one."""
    described = await j.client.get_workflow_handle(workflow_id).describe()
    return bool(described.typed_search_attributes.get(NEEDS_ATTENTION))


async def ended_well(j: JourneyDriver, database: Database, *states: str) -> None:
    """The case has ended in one of the states; nothing runs, nothing waits, the record is clean."""
    last_run = j.client.get_workflow_handle(j.handle.id, result_type=JourneyOutcome)
    async with asyncio.timeout(PATIENCE_S):
        assert (await last_run.result()).state in states
    assert (await j.row())["state"] in states
    assert await still_running(j) == []
    for table in ("case_wait", "case_trouble"):
        left = await j.db.fetch(f"SELECT * FROM {table} WHERE renovation_id=$1", j.rid)
        assert not left, left
    report = await audit(database, j.rid)
    assert report.ok, report


async def still_running(j: JourneyDriver) -> list[str]:
    """Workflows of the case that the server runs, of all that the record names."""
    rows = await j.db.fetch(
        "SELECT DISTINCT workflow_id FROM event WHERE renovation_id=$1 AND workflow_id <> ''", j.rid
    )
    running = []
    for row in rows:
        try:
            found = await j.client.get_workflow_handle(str(row["workflow_id"])).describe()
        except RPCError:
            continue
        if found.status is WorkflowExecutionStatus.RUNNING:
            running.append(str(row["workflow_id"]))
    return running
