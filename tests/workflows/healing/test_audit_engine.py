"""The audit against Temporal: who rewrites the record, hashes and all, is found by the engine's history."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from typer.testing import CliRunner

from cli.main import app
from runtime.database import Database
from runtime.engine.histories import audit_engine
from runtime.record.audit import audit
from runtime.record.audit.engine import EngineAudit
from runtime.rows import AuditedEvent
from runtime.settings import Settings, environment_names
from tests.support.journey import JourneyDriver
from tests.support.record.rewritten import rewrite
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow
Begin = Callable[..., Awaitable[JourneyDriver]]
ANNOUNCED, CLOSED = "voting.box_announced", "renovation.closed"


@pytest.fixture
async def root(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(superuser)
    yield connection
    await connection.close()


async def look(j: JourneyDriver) -> EngineAudit:
    return await audit_engine(j.db, j.client, j.rid)


async def commanded(j: JourneyDriver, language: str) -> tuple[int, str]:
    """The exit code of `gongjian audit --engine`, and what it says in a language."""
    settings = j.parts.settings
    names = environment_names(Settings)
    told = {
        names["database_url"]: settings.database_url.get_secret_value(),
        names["temporal_address"]: settings.temporal_address,
        names["temporal_namespace"]: settings.temporal_namespace,
        names["credential_key"]: settings.credential_key.get_secret_value(),
        names["receipt_key"]: settings.receipt_key.get_secret_value(),
    }
    words = ["audit", j.rid, "--engine", "--language", language]
    result = await asyncio.to_thread(CliRunner().invoke, app, words, env=told)
    return result.exit_code, result.output


async def assert_told(j: JourneyDriver, workflow: str, english: str, chinese: str) -> None:
    """The command finds it, and names the workflow of the case and what is wrong in both languages."""
    for language, words in (("en", english), ("zh_CN", chinese)):
        code, said = await commanded(j, language)
        assert code == 1, said
        lines = [each for each in said.splitlines() if words in each]
        assert any(f"{workflow}{j.rid}" in line for line in lines), said


def one_of(events: Sequence[AuditedEvent], kind: str) -> int:
    return next(place for place, event in enumerate(events) if event.kind == kind)


async def voting(journey: Begin) -> JourneyDriver:
    """A case in which the committee has announced the vote; both look the same."""
    j = await journey()
    await j.until("ballots")
    report = await look(j)
    assert report.bad == ()
    assert report.acts >= 1
    return j


async def test_a_forged_actor_is_not_the_one_of_the_act_in_temporal(
    journey: Begin, database: Database, root: asyncpg.Connection
) -> None:
    j = await voting(journey)

    def forge(events: list[AuditedEvent]) -> Sequence[AuditedEvent]:
        at = one_of(events, ANNOUNCED)
        events[at] = events[at]._replace(actor_id="somebody", actor_label="Somebody")
        return events

    await rewrite(root, j.rid, forge)
    assert not [each for each in (await audit(database, j.rid)).bad if each.reason != "unsigned"]
    (bad,) = {each.reason for each in (await look(j)).bad}
    assert bad == "other_actor"
    await assert_told(j, "renovation/", "the record names another person", "记录中的行为人或签名")


async def test_an_act_that_the_record_lacks_is_found_in_temporal(
    journey: Begin, root: asyncpg.Connection
) -> None:
    j = await voting(journey)
    gone: list[str] = []

    def forget(events: list[AuditedEvent]) -> Sequence[AuditedEvent]:
        at = one_of(events, ANNOUNCED)
        gone.append(events[at].command_id)
        return [*events[:at], *events[at + 1 :]]

    await rewrite(root, j.rid, forget)
    missed = [each for each in (await look(j)).bad if each.reason == "not_in_log"]
    assert {each.command_id for each in missed} == set(gone)
    assert all(each.seq is None for each in missed)
    await assert_told(
        j, "renovation/", "the record does not have it", "Temporal 已执行，而记录中没有"
    )


async def test_an_event_in_the_name_of_a_run_that_has_not_written_it_is_named(
    journey: Begin, root: asyncpg.Connection
) -> None:
    j = await voting(journey)

    def add(events: list[AuditedEvent]) -> Sequence[AuditedEvent]:
        made_up = events[-1]._replace(command_id=f"{events[-1].command_id}-again")
        return [*events, made_up]

    last = await j.db.fetchval(
        "SELECT max(seq) FROM event WHERE renovation_id = $1 AND run_id <> ''", j.rid
    )
    await rewrite(root, j.rid, lambda events: add(events[:last]))
    found = [each for each in (await look(j)).bad if each.reason == "not_in_engine"]
    assert [each.seq for each in found] == [last + 1]


async def test_a_result_that_the_record_tells_otherwise_is_named_and_what_is_gone_is_said(
    journey: Begin, root: asyncpg.Connection
) -> None:
    j = await journey()
    await j.until("nothing")
    await j.handle.result()
    report = await look(j)
    assert (report.bad, report.gone, report.principals) == ((), 0, False)
    assert report.workflows >= 6
    assert report.acts > 10

    def other_end(events: list[AuditedEvent]) -> Sequence[AuditedEvent]:
        at = one_of(events, CLOSED)
        events[at] = events[at]._replace(details={**events[at].details, "state": "cancelled"})
        return events

    await rewrite(root, j.rid, other_end)
    (bad,) = (await look(j)).bad
    assert (bad.reason, bad.workflow_id) == ("other_result", f"renovation/{j.rid}")
    await assert_told(
        j,
        "renovation/",
        "something else than Temporal was answered",
        "记录与 Temporal 收到的结果不同",
    )
    runs = await j.db.fetch(
        "SELECT DISTINCT workflow_id, run_id FROM event WHERE renovation_id = $1 AND run_id <> ''",
        j.rid,
    )
    for row in runs:
        execution = WorkflowExecution(workflow_id=row["workflow_id"], run_id=row["run_id"])
        await j.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=j.client.namespace, workflow_execution=execution
            )
        )

    async def forgotten() -> bool:
        return (await look(j)).gone == len(runs)

    await eventually(forgotten)
    assert (await look(j)).bad == ()
