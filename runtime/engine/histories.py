"""Temporal's histories of a case, read for the audit: which acts, steps and ends they have."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import asyncpg
from pydantic import JsonValue
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.messages.ids import renovation_workflow_id
from runtime.record.audit.engine import (
    BadInEngine,
    EngineAudit,
    EngineDeed,
    EventSaid,
    Found,
    Object,
    compare,
    recorded_of,
)

AT_ONCE = 8
"""Histories that are read at the same time, and cases that are looked at together."""
RENOVATION = "RenovationWorkflow"
HEALS = "Healing."
"""Activities that mend: what they are answered is no receipt."""
Run = tuple[str, str]


async def read_case(
    client: Client,
    renovation_id: str,
    recorded: Sequence[EventSaid],
    turn: asyncio.Semaphore | None = None,
) -> Found:
    """What the engine has of a case: of the runs that the record names, and of those it knows itself.

    `turn` is held while a history is read, where several cases are read together.

    Raises:
        RPCError: the engine does not answer.
    """
    named = {(each.workflow_id, each.run_id) for each in recorded if each.run_id}
    runs = sorted(named | {run async for run in _listed(client, renovation_id)})
    turn = turn or asyncio.Semaphore(AT_ONCE)

    async def read(run: Run) -> Sequence[HistoryEvent] | None:
        async with turn:
            return await _history(client, run)

    histories = await asyncio.gather(*map(read, runs))
    there = {run: events for run, events in zip(runs, histories, strict=True) if events is not None}
    done = [
        each for run, events in there.items() for each in await _RunReader(client, run).read(events)
    ]
    return Found(
        done=done,
        runs=frozenset(there),
        gone=len(named - there.keys()),
        principals=any(each.HasField("principal") for events in there.values() for each in events),
    )


async def _listed(client: Client, renovation_id: str) -> AsyncIterator[Run]:
    """The runs of a case that the engine lists; a run of the last second may not be listed yet."""
    name = renovation_workflow_id(renovation_id)
    async for found in client.list_workflows(f"WorkflowId STARTS_WITH '{name}'"):
        if found.id == name or found.id.startswith(f"{name}/"):
            yield found.id, found.run_id


async def _history(client: Client, run: Run) -> Sequence[HistoryEvent] | None:
    """All events of a run; None where the engine has it no more."""
    handle = client.get_workflow_handle(run[0], run_id=run[1])
    try:
        return [each async for each in handle.fetch_history_events()]
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise


class _RunReader:
    """Reads the history of one run."""

    def __init__(self, client: Client, run: Run) -> None:
        self._converter = client.data_converter
        self._run = run
        self._type = ""

    async def read(self, events: Iterable[HistoryEvent]) -> list[EngineDeed]:
        """What it says was done, in its order."""
        asked: dict[int, EngineDeed] = {}
        found: list[EngineDeed] = []
        for event in events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                self._type = event.workflow_execution_started_event_attributes.workflow_type.name
            elif (begun := await self._begun(event)) is not None:
                asked[event.event_id] = begun
            elif (ended := await self._ended(event, asked)) is not None:
                found.append(ended)
        # What is on its way, or was refused, has no answer.
        return [*found, *asked.values()]

    async def _begun(self, event: HistoryEvent) -> EngineDeed | None:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            request = event.workflow_execution_update_accepted_event_attributes.accepted_request
            return self._done("act", await self._object(request.input.args))
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            command = await self._object(scheduled.input)
            mends = scheduled.activity_type.name.startswith(HEALS)
            return self._done("step", {**command, "mends": mends} if command else None)
        return None

    async def _ended(self, event: HistoryEvent, asked: dict[int, EngineDeed]) -> EngineDeed | None:
        """What an event answers; the question is taken out of `asked`."""
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            completed = event.workflow_execution_update_completed_event_attributes
            return await self._answered(
                asked.pop(completed.accepted_event_id, None), completed.outcome.success
            )
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            task = event.activity_task_completed_event_attributes
            return await self._answered(asked.pop(task.scheduled_event_id, None), task.result)
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            result = event.workflow_execution_completed_event_attributes.result
            if self._type == RENOVATION:
                return await self._answered(self._done("end", {}), result)
        return None

    def _done(self, what: Any, asked: Object | None) -> EngineDeed | None:
        known = asked is not None and (what == "end" or "command_id" in asked)
        return EngineDeed(what, *self._run, asked or {}, None) if known else None

    async def _answered(self, begun: EngineDeed | None, result: Payloads) -> EngineDeed | None:
        if begun is None:
            return None
        if begun.asked.get("mends"):
            return begun
        return begun._replace(answer=await self._object(result))

    async def _object(self, payloads: Payloads) -> dict[str, JsonValue] | None:
        """The first argument or the result as the wire has it; None where it is no object."""
        if not payloads.payloads:
            return None
        first = await self._converter.decode(payloads.payloads[:1])
        return first[0] if first and isinstance(first[0], dict) else None


async def audit_engine(
    connection: asyncpg.Connection, client: Client, renovation_id: str | None
) -> EngineAudit:
    """Hold the histories of one case, or of all, against the record.

    Raises:
        RPCError: the engine does not answer.
    """
    query = "SELECT id FROM renovation WHERE $1::text IS NULL OR id = $1 ORDER BY id"
    names = [str(row["id"]) for row in await connection.fetch(query, renovation_id)]
    workflows = gone = acts = steps = 0
    principals, bad, turn = False, list[BadInEngine](), asyncio.Semaphore(AT_ONCE)
    for first in range(0, len(names), AT_ONCE):
        together = names[first : first + AT_ONCE]
        recorded = [await recorded_of(connection, name) for name in together]
        read = (read_case(client, *each, turn) for each in zip(together, recorded, strict=True))
        for name, said, found in zip(together, recorded, await asyncio.gather(*read), strict=True):
            bad += compare(name, said, found)
            workflows, gone = workflows + len(found.runs), gone + found.gone
            acts += sum(each.what == "act" for each in found.done)
            steps += sum(each.what == "step" for each in found.done)
            principals = principals or found.principals
    return EngineAudit(
        workflows=workflows,
        acts=acts,
        steps=steps,
        gone=gone,
        principals=principals,
        bad=tuple(bad),
    )
