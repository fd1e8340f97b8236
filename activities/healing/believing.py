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

OF_THE_RUN_ALONE = {"tick", "paid_up", "settled", "seq", "remind_at", "troubled", "folded_to"}
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
        # Temporal answers no query of a workflow whose task was lost several times with its worker.
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
UNHEARD = 2
"""So many answers at most may be on their way: its own last one, and one of a workflow that it has started."""


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
    said = await _said(client, name, patience)
    if isinstance(said, Believed):
        return said
    restored = await load_progress(database, renovation_id, name)
    try:
        live = type(restored).model_validate(said)
    except ValueError:
        return Believed.STRANGE
    if live.seq <= restored.seq and _compared(live) == _compared(restored):
        return Believed.RIGHT
    about = await _is_about_to_hear(client, database, renovation_id, name, live)
    return Believed.RIGHT if about else Believed.STRANGE


async def _said(client: Client, name: str, patience: timedelta) -> CarriedProgress | Believed:
    """What it says of itself; it is asked again until the patience is over, as some errors come at once."""
    loop = asyncio.get_running_loop()
    last = loop.time() + patience.total_seconds()
    while (left := last - loop.time()) > 0:
        try:
            said: CarriedProgress = await client.get_workflow_handle(name).query(
                "progress_now", rpc_timeout=timedelta(seconds=left)
            )
        except WorkflowQueryFailedError:
            return Believed.STRANGE
        except RPCError as error:
            if error.status not in SILENT:
                return Believed.STRANGE
        else:
            return said
        await asyncio.sleep(BETWEEN_S)
    return Believed.SILENT


async def _is_about_to_hear(
    client: Client, database: Database, renovation_id: str, name: str, live: Progress
) -> bool:
    """Whether it lacks the last answers alone, and whoever wrote them is still at work.

    A worker that dies after its commit reports nothing: the step is taken again when its time is over. Until
    then neither its workflow knows of it, nor the one that has started that workflow.
    """
    async with database.session() as session:
        rows = await load_answers(session, renovation_id, name)
    for missing in range(1, min(UNHEARD, len(rows)) + 1):
        unheard, before = rows[-missing:], fold(name, rows[:-missing])
        if live.seq < unheard[0].seq and _compared(live) == _compared(before):
            writers = {row.workflow_id for row in unheard}
            return all([await is_at_work(client, each) for each in sorted(writers)])
    return False


def _compared(progress: Progress) -> dict[str, object]:
    return progress.model_dump(mode="json", exclude=OF_THE_RUN_ALONE | progress.HEARD_LATE)
