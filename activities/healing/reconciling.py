"""Record and engine compared, case by case; what the engine has lost is rebuilt from the record."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities.failures import told_to_workflow
from activities.healing.believing import fault_of
from activities.healing.comparing import CaseOnRecord, Execution, execution_of, load_case
from activities.healing.following import UNFOUNDED
from activities.healing.remembering import load_progress
from activities.recording import Writer
from models.messages.command import Command
from models.messages.feedback import TicketInput
from models.messages.healing import Noted
from models.messages.ids import publication_workflow_id
from models.messages.journey import CaseClock as CaseTime
from models.messages.journey import Journey
from models.messages.reconciling import OPERATOR, Discrepancy, Fault, Mended, Reconciliation
from models.tables import CaseClock, CaseTrouble, Renovation
from models.values.actor import ENGINE
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.states import OPEN_STATES
from runtime.engine.starting import start_renovation, start_ticket
from runtime.record.journal import Recorded
from runtime.record.trouble import end_trouble

SETTLED = frozenset({"RUNNING", "COMPLETED", "CONTINUED_AS_NEW"})
"""A child in one of these is not lost: whoever started it has heard of it, or is about to."""
UNBELIEVABLE = frozenset({Fault.IMPOSTOR, Fault.DIFFERS})
"""What is stopped though it runs."""
SECOND_LOOK_S = 2.0
"""Between the word that a child begins and its start, the engine knows none of its id."""
EVERY = timedelta(minutes=1)
"""How often the schedule compares; a step that breaks again is told to go on ever more rarely."""


class Mending(Carried):
    """What is recorded of a repair: the workflow, what the engine said of it, what was done."""

    workflow: str
    was: str
    done: str


class Reconciling(Writer):
    """Compares a case with the engine, and mends what differs."""

    @activity.defn(name="Reconciling.mend")
    async def mend(self, given: Reconciliation) -> Mended:
        """Look at one case. With `dry_run` nothing is changed.

        Raises:
            ApplicationError: refused, `renovation.unknown`.
        """
        name = f"renovation/{given.renovation_id}#mended"
        with told_to_workflow(Command(command_id=name, renovation_id=given.renovation_id)):
            if given.by not in (ENGINE, OPERATOR):
                raise refusal("act.impostor", where=given.by.id, workflow=given.by.label)
            case = await self._load(given.renovation_id)
            repair = Repair(self, activity.client(), activity.info().task_queue, case, given)
            return Mended(findings=tuple([each async for each in repair.findings()]))

    async def _load(self, renovation_id: str) -> CaseOnRecord:
        async with self.recorder.database.session() as session:
            told = await session.get(CaseClock, renovation_id) is not None
            case = await load_case(session, renovation_id, told)
        if case is None:
            raise refusal("renovation.unknown", where=renovation_id)
        return case

    async def record(self, command: Command, mending: Mending, trouble: CaseTrouble | None) -> None:
        """Write that something was mended, and that a trouble was seen to."""
        kind = "case.repaired" if trouble is None else "case.attention_ended"
        details: dict[str, JsonValue] = mending.model_dump(mode="json")
        if trouble is not None:
            details["step"] = trouble.step

        async def inside(session: AsyncSession, _now: datetime) -> Recorded[Noted]:
            if trouble is not None:
                await end_trouble(session, trouble.workflow_id, trouble.step)
            row = await session.get_one(Renovation, command.renovation_id)
            return Recorded(Noted(seq=row.head_seq + 1), details)

        await self.recorder.journal.record(command, kind, mending, inside, Noted)


class Repair:
    """One case while it is compared and mended."""

    def __init__(
        self,
        desk: Reconciling,
        client: Client,
        task_queue: str,
        case: CaseOnRecord,
        given: Reconciliation,
    ) -> None:
        self.desk, self.client, self.task_queue = desk, client, task_queue
        self.case, self.given = case, given
        self.asked = given.by != ENGINE
        self.woken: set[str] = set()
        self.seen_to: set[tuple[str, str]] = set()
        """Troubles that have ended by now: the workflow and its step."""

    async def findings(self) -> AsyncIterator[Discrepancy]:
        """What differs, in the order in which it is mended: the journey first."""
        if self.case.row.state in OPEN_STATES:
            async for each in self._journey():
                yield each
        for name in self.case.tickets:
            found = await self._looked_at(name)
            if not found.runs:
                yield await self._ticket(found)
        for trouble in self.case.troubles:
            ended = (trouble.workflow_id, trouble.step) in self.seen_to
            if not ended and self._is_time(trouble):
                yield await self._trouble(trouble)
        for name in self.case.late:
            if name not in self.woken:
                yield await self._wake(name, self._finding(name, Fault.LATE))

    async def _journey(self) -> AsyncIterator[Discrepancy]:
        journey = await self._looked_at(self.case.journey)
        if not journey.runs:
            yield await self._rebuild(journey)
            return
        stage_id = self.case.row.stage_workflow_id
        stage = await self._child(stage_id) if stage_id else None
        if stage is not None and stage.status not in SETTLED:
            yield await self._wake(self.case.journey, self._lost(stage))
            return
        parent = stage if stage is not None and stage.runs else journey
        # Beside those on record: one that somebody has answered in our place, so that it was never posted.
        started = [name for name in parent.children if self._is_publication(name)]
        for name in dict.fromkeys((*self.case.publications, *started)):
            publication = await self._child(name)
            if publication.status not in SETTLED:
                yield await self._wake(parent.workflow_id, self._lost(publication))
        for name in self.case.collections:
            collection = await self._child(name)
            if collection.status not in SETTLED:
                yield await self._wake(self.case.journey, self._lost(collection))

    def _is_publication(self, workflow_id: str) -> bool:
        return workflow_id.startswith(publication_workflow_id(self.case.row.id, ""))

    async def _child(self, workflow_id: str) -> Execution:
        found = await self._looked_at(workflow_id)
        if not found.status:
            await asyncio.sleep(SECOND_LOOK_S)
            found = await self._looked_at(workflow_id)
        if found.status in UNBELIEVABLE and not self.given.dry_run:
            # Whoever has started it hears first that it was stopped, then that it is to go on.
            await asyncio.sleep(SECOND_LOOK_S)
        return found

    async def _looked_at(self, workflow_id: str) -> Execution:
        """A workflow as the engine has it; what is not to be believed is stopped, and counts as lost."""
        found = await execution_of(self.client, workflow_id)
        if not found.runs or not self.case.signed:
            return found
        database, rid = self.desk.recorder.database, self.case.row.id
        fault = await fault_of(self.client, database, rid, found, self.task_queue)
        unfounded = self._goes_by_what_is_not_so(workflow_id)
        if fault is None and unfounded:
            fault = Fault.DIFFERS
        if fault is None:
            return found
        if not self.given.dry_run:
            handle = self.client.get_workflow_handle(workflow_id, run_id=found.run_id)
            await _terminate(handle, f"{fault}: it is rebuilt from the record")
            # What it went by ends with it: else the one that is rebuilt would be stopped for the same.
            for trouble in unfounded:
                await self._see_to(trouble)
        return replace(found, status=fault)

    def _goes_by_what_is_not_so(self, workflow_id: str) -> list[CaseTrouble]:
        """The steps of it that the record has refused as not following; asked again they would be the same."""
        return [
            each
            for each in self.case.troubles
            if each.workflow_id == workflow_id and not each.by_act and each.error == UNFOUNDED
        ]

    async def _rebuild(self, journey: Execution) -> Discrepancy:
        """The journey begins again where the record says that it is; its children with it."""
        row = self.case.row
        beside = (*self.case.publications, *self.case.collections)
        if not self.given.dry_run:
            await self._stop(row.stage_workflow_id, *beside)
            carried = await self._carried(journey)
            given = Journey(
                renovation_id=row.id,
                clock=self._clock(),
                gateway_public=self._gateway_public(),
                carried=carried,
            )
            await start_renovation(self.client, self.task_queue, row, given)
        self.woken.update((self.case.journey, row.stage_workflow_id, *beside))
        return self._lost(journey)

    async def _ticket(self, ticket: Execution) -> Discrepancy:
        row, number = self.case.row, ticket.workflow_id.rsplit("/", 1)[-1]
        if not self.given.dry_run:
            carried = await self._carried(ticket)
            given = TicketInput(
                renovation_id=row.id,
                ticket_id=number,
                clock=self._clock(),
                gateway_public=self._gateway_public(),
                carried=carried,
            )
            await start_ticket(self.client, self.task_queue, row, given)
        self.woken.add(ticket.workflow_id)
        return self._lost(ticket)

    async def _carried(self, lost: Execution) -> dict[str, JsonValue]:
        """Record the repair, and take the progress from the record."""
        progress = await load_progress(
            self.desk.recorder.database, self.case.row.id, lost.workflow_id
        )
        of_run = lost.run_id or str(progress.seq)
        mending = Mending(workflow=lost.workflow_id, was=lost.status, done="started")
        command = self._command(lost.workflow_id, f"repaired-{of_run}")
        # A comparison that died before the start has told it in its own words: as differing, not as stopped.
        if await self.desk.recorder.journal.answered(command.command_id) is None:
            await self.desk.record(command, mending, None)
        return progress.model_dump(mode="json")

    async def _trouble(self, trouble: CaseTrouble) -> Discrepancy:
        """Tell the engine to take its step again; an act that broke is seen to by whoever asks.

        A step whose workflow is over, by a cancellation for example, nobody takes any more.
        """
        if not trouble.by_act and await self._goes_on(trouble.workflow_id):
            finding = self._finding(trouble.workflow_id, Fault.BROKEN, step=trouble.step)
            return await self._wake(trouble.workflow_id, finding)
        if not self.given.dry_run:
            await self._see_to(trouble)
        finding = self._finding(trouble.workflow_id, Fault.SEEN_TO, step=trouble.step)
        return await self._wake(trouble.workflow_id, finding)

    async def _see_to(self, trouble: CaseTrouble) -> None:
        """The trouble has ended; it may come again, of the same step."""
        name = f"seen-{trouble.step}-{trouble.reference}-{trouble.since:%Y%m%dT%H%M%S%f}"
        mending = Mending(workflow=trouble.workflow_id, was="broken", done="seen_to")
        await self.desk.record(self._command(trouble.workflow_id, name), mending, trouble)
        self.seen_to.add((trouble.workflow_id, trouble.step))

    async def _goes_on(self, workflow_id: str) -> bool:
        return workflow_id in self.woken or (await execution_of(self.client, workflow_id)).runs

    def _is_time(self, trouble: CaseTrouble) -> bool:
        """At once when somebody asks; else after 1, 2, 4, 8… minutes, and acts never."""
        if self.asked:
            return True
        minutes = (datetime.now(UTC) - trouble.since) // EVERY
        return not trouble.by_act and minutes > 0 and minutes & (minutes - 1) == 0

    async def _wake(self, workflow_id: str, finding: Discrepancy) -> Discrepancy:
        if workflow_id not in self.woken and not self.given.dry_run:
            self.woken.add(workflow_id)
            await self._signal(workflow_id)
        return finding

    async def _signal(self, workflow_id: str) -> None:
        try:
            await self.client.get_workflow_handle(workflow_id).signal("go_on")
        except RPCError as error:
            # It has ended meanwhile: the next comparison sees that.
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def _stop(self, *workflow_ids: str) -> None:
        """Children that outlived the journey make room for those of the new one."""
        for name in filter(None, workflow_ids):
            if (await execution_of(self.client, name)).runs:
                handle = self.client.get_workflow_handle(name)
                await _terminate(handle, "the renovation is rebuilt from the record")

    def _command(self, workflow_id: str, name: str) -> Command:
        return Command(
            command_id=f"{workflow_id}#{name}",
            renovation_id=self.case.row.id,
            actor=self.given.by,
            workflow_id=workflow_id,
        )

    def _clock(self) -> CaseTime:
        return "told" if self.case.told else "wall"

    def _gateway_public(self) -> str:
        return self.desk.recorder.gateway.newest if self.case.signed else ""

    def _lost(self, found: Execution) -> Discrepancy:
        if found.status in UNBELIEVABLE:
            return self._finding(found.workflow_id, Fault(found.status))
        return self._finding(found.workflow_id, Fault.LOST, was=found.status)

    def _finding(
        self, workflow_id: str, fault: Fault, was: str = "", step: str = ""
    ) -> Discrepancy:
        return Discrepancy(
            renovation_id=self.case.row.id,
            workflow_id=workflow_id,
            fault=fault,
            was=was,
            step=step,
        )


async def _terminate(handle: WorkflowHandle[Any, Any], reason: str) -> None:
    """Stop a workflow, if nothing has ended it a moment before: with a journey its children end."""
    try:
        await handle.terminate(reason=reason)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
