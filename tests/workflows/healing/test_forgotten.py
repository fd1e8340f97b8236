"""Temporal forgets a case: its history, its waits and its proofs are there all the same, and the page says so."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

from proof.casefile.checking import check, read_zip
from rules.disclosure.readers import ReaderKind
from runtime.database import Database
from runtime.engine.histories import audit_engine
from runtime.record.audit import audit
from service.history.casefile import case_bundle
from service.reading.shaping import Viewer
from tests.service.reading.test_case_evidence import KEYS
from tests.support.journey import JourneyDriver
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow
FORGOTTEN = "when the workflow engine has forgotten a case"
Begin = Callable[..., Awaitable[JourneyDriver]]


async def forget(j: JourneyDriver) -> int:
    """Delete every run of the case from Temporal, those that are open too; how many they were."""
    runs = [
        (each.id, each.run_id)
        async for each in j.client.list_workflows(f"WorkflowId STARTS_WITH 'renovation/{j.rid}'")
    ]
    for workflow_id, run_id in runs:
        await j.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=j.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            )
        )
    return len(runs)


async def test_history_waits_and_proofs_survive_the_deletion_of_the_workflows(
    journey: Begin, http: httpx.AsyncClient, database: Database, tmp_path: Path
) -> None:
    j = await journey()
    await j.until("ballots")
    paths = (
        *("history?level=all", "why", "standing", "changes?earlier=2025-03-01", "events"),
        *("log?form=csv", "log?form=xes", "log?form=ocel"),
    )
    before = {path: (await http.get(f"/v1/renovations/{j.rid}/{path}")).text for path in paths}
    whole = await case_bundle(database, KEYS, j.rid, "Estate", Viewer(reader=ReaderKind.AUDITOR))
    listed = j.client.list_workflows(f"WorkflowId STARTS_WITH 'renovation/{j.rid}'")
    assert [each async for each in listed]
    assert await forget(j) >= 2

    async def gone() -> bool:
        found = await audit_engine(j.db, j.client, j.rid)
        assert found.bad == ()
        return not found.workflows and found.gone >= 2

    await eventually(gone)
    for path, text in before.items():
        answer = await http.get(f"/v1/renovations/{j.rid}/{path}")
        assert (answer.status_code, answer.text) == (200, text), path
    assert "ballots" in before["why"]
    report = await audit(database, j.rid)
    assert report.ok, report
    assert report.rows >= 2
    bundle = tmp_path / "case.zip"
    bundle.write_bytes(
        await case_bundle(database, KEYS, j.rid, "Estate", Viewer(reader=ReaderKind.AUDITOR))
    )
    assert bundle.read_bytes() == whole
    found = check(read_zip(str(bundle)), KEYS.signer.public_key)
    assert found["events"] == found["whole"] == await j.seq()
    for page in ("history", "why"):
        shown = await http.get(f"/cases/{j.rid}/{page}", headers={"accept-language": "en"})
        assert shown.status_code == 200
        assert FORGOTTEN in shown.text or page == "why"
