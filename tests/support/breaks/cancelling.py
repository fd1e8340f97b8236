"""Cancels a case at a chosen moment of one of its activities, while nothing else of it goes on."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from models.messages import acts as a
from models.messages.ids import renovation_workflow_id
from models.values.refusal import Refused
from tests.support.breaks.faults import case_of
from tests.support.journey import STREET, JourneyDriver, codes
from tests.support.signed.seconded import seconded

PATIENCE_S = 120
LOOK_S = 0.02
LAST_EVENTS = 12
WAITS = "SELECT workflow_id, what, subject, consequence FROM case_wait WHERE renovation_id=$1"
WORKFLOWS = "SELECT DISTINCT workflow_id FROM case_wait WHERE renovation_id=$1 ORDER BY 1"
ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


@dataclass
class Moment:
    """Before or after the n-th activity of a case, counted from 1; `sent` is the cancellation."""

    number: int
    after: bool
    driver: JourneyDriver
    sent: "asyncio.Task[a.Done] | None" = None
    at: str = ""
    """The activity at which it came."""


@dataclass
class Cancelling(ClientInterceptor, Interceptor):
    """Stands between Temporal and the worker, and has the case cancelled when its moment has come."""

    moments: dict[str, Moment] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Cancelled(next, self)


class _Cancelled(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, cancelling: Cancelling) -> None:
        super().__init__(inner)
        self.cancelling = cancelling

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
        rid = case_of(input.args)
        self.cancelling.begun[rid] += 1
        self.cancelling.names[rid].append(activity.info().activity_type)
        moment = self.cancelling.moments.get(rid)
        if moment is None or moment.sent or self.cancelling.begun[rid] != moment.number:
            return await super().execute_activity(input)
        if not moment.after:
            await cancel(moment)
        answer: object = await super().execute_activity(input)
        if moment.after:
            await cancel(moment)
        return answer


async def cancel(moment: Moment) -> None:
    """Send the cancellation; go on when it is done or refused, or waits for the turn that this activity has."""
    j = moment.driver
    moment.at = activity.info().activity_type
    moment.sent = asyncio.create_task(sent(j))
    of_the_journey = activity.info().workflow_id == renovation_workflow_id(j.rid)
    async with asyncio.timeout(PATIENCE_S):
        while not moment.sent.done():
            if of_the_journey and await accepted(j.client, j.rid):
                return
            await asyncio.sleep(LOOK_S)


async def sent(j: JourneyDriver) -> a.Done:
    """The answer to a cancellation."""
    fields = {"reason": "it will be rebuilt"}
    gateway, name, who, named = (
        j.parts.gateway,
        a.CancelRenovation.name,
        STREET.id,
        f"{j.rid}-cancel",
    )
    await seconded(j.parts.database, j.rid, name, fields, who, named)
    return await gateway.send(j.rid, name, fields, who, named)


async def accepted(client: Client, rid: str) -> bool:
    """Whether the workflow of the renovation has let the cancellation in."""
    handle: WorkflowHandle[object, object] = client.get_workflow_handle(renovation_workflow_id(rid))
    history = await handle.fetch_history()
    return any(
        each.event_type == ACCEPTED
        and each.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        == a.CancelRenovation.name
        for each in history.events
    )


async def outcome_of(moment: Moment) -> str:
    """ "cancelled", or the code with which the cancellation was refused; "" if its moment never came."""
    if moment.sent is None:
        return ""
    try:
        await moment.sent
    except Refused as refused:
        (code,) = codes(refused)
        return code
    return "cancelled"


async def how_it_stands(j: JourneyDriver) -> str:
    """For who reads why a case stands still: what its workflows wait for and did last, and what is open."""
    lines = [f"waits {[tuple(row) for row in await j.db.fetch(WAITS, j.rid)]}"]
    for row in await j.db.fetch(WORKFLOWS, j.rid):
        handle: WorkflowHandle[object, object] = j.client.get_workflow_handle(row["workflow_id"])
        described = (await handle.describe()).raw_description
        last = (await handle.fetch_history()).events[-LAST_EVENTS:]
        lines += [
            f"{row['workflow_id']} {described.workflow_execution_info.status}",
            f"  under way {[str(each) for each in described.pending_activities]}",
            f"  task {described.pending_workflow_task}",
            f"  did {[(each.event_id, EventType.Name(each.event_type)) for each in last]}",
        ]
    return "\n".join([*lines, f"acts {j.parts.gateway.under_way(j.rid)}"])
