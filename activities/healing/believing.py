"""Whether a workflow that runs is ours, and carries what the record says.

Whoever reaches the engine can start a workflow under the id of ours, or answer one in our worker's place.
Neither writes anything that the record would not take; it is found here, and stopped to be rebuilt.
"""

import asyncio
from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.healing.comparing import Execution, is_at_work
from activities.healing.remembering import load_progress
from activities.sealed import is_carried
from models.messages.progress import CarriedProgress, Progress
from models.messages.reconciling import Fault
from runtime.database import Database

OF_THE_RUN_ALONE = {"tick", "paid_up", "settled", "seq", "remind_at", "troubled"}
"""What a workflow hears by signal, or may still be about to hear."""
PATIENCE = timedelta(seconds=10)
BETWEEN_S = 2.0
"""Between two looks: an answer may be on its way from the record to the workflow."""
NOT_NOW = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
    }
)
"""A workflow that could not be asked: its worker died or has much to do. That says nothing about it."""


async def fault_of(
    client: Client, database: Database, renovation_id: str, found: Execution, task_queue: str
) -> Fault | None:
    """What is wrong with a workflow that runs: an impostor, or other than the record; None if nothing."""
    carried = is_carried(found.workflow_id, renovation_id, found.kind, found.parent_id)
    if not carried or found.task_queue != task_queue:
        return Fault.IMPOSTOR
    for pause_s in (BETWEEN_S, 0.0):
        if not await _differs(client, database, renovation_id, found.workflow_id):
            return None
        await asyncio.sleep(pause_s)
    return Fault.DIFFERS


async def _differs(client: Client, database: Database, renovation_id: str, name: str) -> bool:
    """Whether it carries another progress than the record gives, or cannot say which.

    One that is behind the record while a step of it is under way is about to hear the answer: a worker that
    dies after its commit reports nothing, and the step is taken again when its time is over.
    """
    try:
        said: CarriedProgress = await client.get_workflow_handle(name).query(
            "progress_now", rpc_timeout=PATIENCE
        )
    except WorkflowQueryFailedError:
        return True
    except RPCError as error:
        return error.status not in NOT_NOW
    restored = await load_progress(database, renovation_id, name)
    try:
        live = type(restored).model_validate(said)
    except ValueError:
        return True
    if live.seq < restored.seq and await is_at_work(client, name):
        return False
    return live.seq > restored.seq or _compared(live) != _compared(restored)


def _compared(progress: Progress) -> dict[str, object]:
    return progress.model_dump(mode="json", exclude=OF_THE_RUN_ALONE)
