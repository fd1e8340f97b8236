"""The daily anchor as Temporal runs it: what breaks is tried again, and the heads are anchored."""

import asyncio
import secrets
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowHandle

from models.messages.reconciling import Anchored
from runtime.database import Database
from tests.runtime.record.test_audit import fill
from tests.support.processes.servers import dev_server, plain_client
from tests.support.processes.serving import settings_for, working
from workflows.reconcile import AnchorWorkflow

pytestmark = pytest.mark.slow
AWAY, BACK = "ALTER TABLE anchor RENAME TO away", "ALTER TABLE away RENAME TO anchor"
SECOND_TRY, PATIENCE_S, LOOK_S = 2, 60, 0.1


async def attempts(handle: WorkflowHandle[AnchorWorkflow, Anchored]) -> int:
    """How often the activity that is under way was begun."""
    pending = (await handle.describe()).raw_description.pending_activities
    return max((each.attempt for each in pending), default=0)


async def test_an_anchor_that_breaks_is_made_when_it_can_be(
    database: Database, owner: str, tmp_path: Path
) -> None:
    await fill(database, "daily")
    sql = await asyncpg.connect(owner)
    await sql.execute(AWAY)
    async with dev_server() as env:
        client = await plain_client(env)
        settings = settings_for(env, database).model_copy(
            update={
                "heads_key": SecretStr(secrets.token_hex(32)),
                "heads_dir": tmp_path,
            }
        )
        queue = settings.task_queue
        async with working(env, client, database, settings):
            handle = await client.start_workflow(AnchorWorkflow.run, id="anchor", task_queue=queue)
            async with asyncio.timeout(PATIENCE_S):
                while await attempts(handle) < SECOND_TRY:
                    await asyncio.sleep(LOOK_S)
                await sql.execute(BACK)
                first = await handle.result()
                again = await client.execute_workflow(
                    AnchorWorkflow.run, id="anchor again", task_queue=queue
                )
    await sql.close()
    assert first.size == first.added > 0
    assert (again.size, again.added) == (first.size, 0)
