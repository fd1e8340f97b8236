"""Whether a workflow that runs is ours, and carries what the record says.

Whoever reaches the engine can start a workflow under the id of ours, or answer one in our worker's place.
Neither writes anything that the record would not take; it is found here, and stopped to be rebuilt.
"""

import asyncio
from datetime import timedelta
from enum import Enum

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.healing.comparing import Execution, is_at_work
from activities.healing.remembering import fold, load_answers, load_progress
from activities.sealed import is_carried
from models.messages.progress import CarriedProgress, Progress
from models.messages.reconciling import Fault
from runtime.database import Database

OF_THE_RUN_ALONE = {"tick", "paid_up", "settled", "seq", "remind_at", "troubled"}
"""What a workflow hears by signal, or may still be about to hear."""
LOOKS = (timedelta(seconds=10), timedelta(seconds=10), timedelta(seconds=30))
"""How long an answer is waited for. Its worker may have died, or have much to do: then the next one takes over."""
BETWEEN_S = 2.0
"""Between two looks: an answer may be on its way from the record to the workflow."""
SILENT = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
    }
)


class Believed(Enum):
    """What a workflow was found to be."""

    RIGHT = "as the record says"
    STRANGE = "other than the record"
    SILENT = "not answering"


async def fault_of(
    client: Client, database: Database, renovation_id: str, found: Execution, task_queue: str
) -> Fault | None:
    """What is wrong with a workflow that runs: an impostor, or other than the record; None if nothing.

    It is other than the record where it is so twice, or answers nobody however long it is waited for.
    """
    carried = is_carried(found.workflow_id, renovation_id, found.kind, found.parent_id)
    if not carried or found.task_queue != task_queue:
        return Fault.IMPOSTOR
    strange = 0
    for patience in LOOKS:
        look = await _look(client, database, renovation_id, found.workflow_id, patience)
        if look is Believed.RIGHT:
            return None
        strange += look is Believed.STRANGE
        if strange > 1:
            break
        await asyncio.sleep(BETWEEN_S)
    return Fault.DIFFERS


async def _look(
    client: Client, database: Database, renovation_id: str, name: str, patience: timedelta
) -> Believed:
    try:
        said: CarriedProgress = await client.get_workflow_handle(name).query(
            "progress_now", rpc_timeout=patience
        )
    except WorkflowQueryFailedError:
        return Believed.STRANGE
    except RPCError as error:
        return Believed.SILENT if error.status in SILENT else Believed.STRANGE
    restored = await load_progress(database, renovation_id, name)
    try:
        live = type(restored).model_validate(said)
    except ValueError:
        return Believed.STRANGE
    if live.seq <= restored.seq and _compared(live) == _compared(restored):
        return Believed.RIGHT
    about = await _is_about_to_hear(client, database, renovation_id, name, live)
    return Believed.RIGHT if about else Believed.STRANGE


async def _is_about_to_hear(
    client: Client, database: Database, renovation_id: str, name: str, live: Progress
) -> bool:
    """Whether it lacks the last of its steps alone, and that one is under way.

    A worker that dies after its commit reports nothing: the step is taken again when its time is over.
    """
    async with database.session() as session:
        rows = await load_answers(session, renovation_id, name)
    own = [row for row in rows if row.workflow_id == name]
    if not own or live.seq >= own[-1].seq:
        return False
    before = fold(name, [row for row in rows if row is not own[-1]])
    return _compared(live) == _compared(before) and await is_at_work(client, name)


def _compared(progress: Progress) -> dict[str, object]:
    return progress.model_dump(mode="json", exclude=OF_THE_RUN_ALONE)
