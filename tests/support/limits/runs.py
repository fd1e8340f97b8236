"""The runs of a workflow that continues as new: read from the histories, oldest first."""

from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

CONTINUED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
UPDATED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


class Run(NamedTuple):
    """One run: how many events and bytes its history has, how many updates, its last event's kind."""

    events: int
    size: int
    updates: int
    last: str


async def runs_of(client: Client, workflow_id: str) -> list[Run]:
    """Every run of a workflow, from the first one on."""
    described = await client.get_workflow_handle(workflow_id).describe()
    next_run: str = described.raw_description.workflow_execution_info.first_run_id
    found: list[Run] = []
    while next_run:
        handle = client.get_workflow_handle(workflow_id, run_id=next_run)
        events = [each async for each in handle.fetch_history_events()]
        last = events[-1]
        found.append(
            Run(
                events=len(events),
                size=sum(each.ByteSize() for each in events),
                updates=sum(each.event_type == UPDATED for each in events),
                last=EventType.Name(last.event_type).removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_"),
            )
        )
        continued = last.workflow_execution_continued_as_new_event_attributes
        next_run = continued.new_execution_run_id if last.event_type == CONTINUED else ""
    return found
