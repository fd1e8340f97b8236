"""Carries a case in which every activity breaks the first time that it is called, and cures it each time.

What breaks is looked at before it is cured: who asked was told, record and workflow agree, the case
is marked, and what was asked goes through afterwards.
"""

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import Any

import asyncpg
import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.healing.restoring import load_progress
from activities.registry import CLASSES
from models.messages import acts as a
from models.messages.reconciling import Reconciliation
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from runtime.record.audit import audit
from tests.support.breaks.faults import Faults, Moment
from tests.support.journey import JourneyDriver, codes
from tests.support.wanderer import compared
from workflows.search_attributes import NEEDS_ATTENTION

OPERATOR = Actor(id="op", role=Role.AUDITOR, label="operator", place="d")
ANSWERED_S = 15
PATIENCE_S = 20
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
            while await self.db_of_attendant.fetch(TROUBLES, self.rid):
                if attending.done():
                    attending.result()
                await asyncio.sleep(LOOK_S)

    async def _attend(self) -> None:
        self.db_of_attendant = await asyncpg.connect(self.owner)
        try:
            while True:
                for row in await self.db_of_attendant.fetch(TROUBLES, self.rid):
                    if not row["by_act"]:
                        await self._cure(row)
                await asyncio.sleep(LOOK_S)
        finally:
            await self.db_of_attendant.close()

    async def _cure(self, row: asyncpg.Record) -> None:
        """An own step that broke: marked, and cured by reconciliation."""
        db, name, step = self.db_of_attendant, str(row["workflow_id"]), str(row["step"])

        async def is_there() -> bool:
            same = "SELECT 1 FROM case_trouble WHERE workflow_id=$1 AND step=$2"
            return bool(await db.fetchval(same, name, step))

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
            others = "SELECT 1 FROM case_trouble WHERE workflow_id=$1"
            while await shows_trouble(self, name) and not await db.fetchval(others, name):
                await asyncio.sleep(LOOK_S)


async def agrees_soon(j: JourneyDriver, workflow_id: str) -> None:
    """The workflow carries what the record gives; it may still be about to hear of it."""
    handle = j.client.get_workflow_handle(workflow_id)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            restored = await load_progress(j.parts.database, j.rid, workflow_id)
            live = type(restored).model_validate(await handle.query("progress_now"))
            if compared(live) == compared(restored):
                return
            await asyncio.sleep(LOOK_S)


async def shows_trouble(j: JourneyDriver, workflow_id: str) -> bool:
    """Whether whoever looks for workflows that need attention finds this one."""
    described = await j.client.get_workflow_handle(workflow_id).describe()
    return bool(described.typed_search_attributes.get(NEEDS_ATTENTION))


async def ended_well(j: JourneyDriver, database: Database, *states: str) -> None:
    """The case has ended in one of the states; nothing runs, nothing waits, the record is clean."""
    assert (await j.handle.result()).state in states
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
