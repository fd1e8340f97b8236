"""Official acts through the gateway, to real workflows on a real Temporal server."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.registry import build_activities
from models.messages.command import Command
from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey, StageInput
from models.messages.voting import VotePeriod
from models.values.refusal import Refused
from runtime.database import Database
from runtime.settings import Settings
from runtime.workers import at_work, build_workers
from service.gateway import Gateway
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.processes.servers import plain_client, time_skipping
from workflows.registry import WORKFLOWS

QUEUE = "gateway-test"


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with time_skipping() as running:
        yield running


@pytest.fixture(scope="module")
async def client(env: WorkflowEnvironment) -> Client:
    return await plain_client(env)


@pytest.fixture(scope="module")
async def worker(client: Client, database: Database, settings: Settings) -> AsyncIterator[None]:
    async with at_work(
        build_workers(client, on(settings, QUEUE), WORKFLOWS, build_activities(database, BOX_KEYS))
    ):
        yield


def on(settings: Settings, queue: str) -> Settings:
    return settings.model_copy(update={"task_queue": queue})


@pytest.fixture
def gateway(client: Client, database: Database, settings: Settings) -> Gateway:
    return Gateway(client, database, settings.model_copy(update={"update_timeout_s": 20}))


@pytest.fixture
async def rid(database: Database, sql: asyncpg.Connection) -> str:
    """A renovation with a committee and a district bureau; no workflow yet."""
    name = f"r{uuid.uuid4().hex[:10]}"
    await make_renovation(database, rid=name)
    for actor_id, role in (("oc", "owners_committee"), ("bureau", "district_bureau")):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, 'd') ON CONFLICT DO NOTHING",
            actor_id,
            role,
        )
    return name


async def begin(client: Client, rid: str, queue: str = QUEUE) -> None:
    await client.start_workflow(
        "RenovationWorkflow",
        Journey(renovation_id=rid),
        id=renovation_workflow_id(rid),
        task_queue=queue,
    )


async def in_voting(sql: asyncpg.Connection, rid: str) -> None:
    stage = ""
    async with asyncio.timeout(30):
        while not stage:
            stage = await sql.fetchval("SELECT stage_workflow_id FROM renovation WHERE id=$1", rid)


async def code_of(gateway: Gateway, rid: str, act: str, command_id: str, actor: str) -> str:
    body = {"reason": "no money"} if act == "cancel_renovation" else {}
    with pytest.raises(Refused) as refused:
        await gateway.send(rid, act, body, actor, command_id)
    return refused.value.problems[0].code


async def test_an_act_is_done_once_however_often_it_is_sent(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    sent = await asyncio.gather(
        *(gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open") for _ in range(2))
    )
    again = await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open")
    assert {done.kind for done in (*sent, again)} == {"voting.box_announced"}
    boxes = await sql.fetchval("SELECT count(*) FROM ballot_box WHERE renovation_id=$1", rid)
    assert boxes == 1


async def test_what_the_workflow_refuses_comes_back_with_its_code(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open")
    assert await code_of(gateway, rid, "open_vote", f"{rid}-two", "oc") == "voting.announced"


async def test_a_command_of_somebody_else_is_not_answered(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open")
    code = await code_of(gateway, rid, "open_vote", f"{rid}-open", "bureau")
    assert code == "journal.command_reused"


async def test_a_workflow_that_does_not_run_is_a_conflict(gateway: Gateway, rid: str) -> None:
    code = await code_of(gateway, rid, "cancel_renovation", f"{rid}-stop", "bureau")
    assert code == "service.target_closed"


async def test_without_a_worker_the_act_is_not_confirmed_and_may_be_sent_again(
    client: Client, database: Database, settings: Settings, rid: str
) -> None:
    hurried = Gateway(client, database, settings)
    await begin(client, rid, "nobody-listens")
    code = await code_of(hurried, rid, "cancel_renovation", f"{rid}-stop", "bureau")
    assert code == "service.not_confirmed"


async def test_an_act_on_the_record_is_not_confirmed_before_its_workflow_knows(
    client: Client,
    database: Database,
    gateway: Gateway,
    settings: Settings,
    sql: asyncpg.Connection,
    rid: str,
) -> None:
    """As after a worker that died between its commit and its answer to Temporal."""
    written, answered = asyncio.Event(), asyncio.Event()
    others = list(build_activities(database, BOX_KEYS))
    (real,) = [each for each in others if each.__qualname__ == "Ballots.open_box"]

    @activity.defn(name="Ballots.open_box")
    async def open_box(command: Command, given: StageInput) -> VotePeriod:
        period: VotePeriod = await real(command, given)
        written.set()
        await answered.wait()
        return period

    others.remove(real)
    queue = f"{QUEUE}-slow"
    async with at_work(build_workers(client, on(settings, queue), WORKFLOWS, [*others, open_box])):
        await begin(client, rid, queue)
        await in_voting(sql, rid)
        first = asyncio.create_task(gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open"))
        await written.wait()
        hurried = Gateway(client, database, settings)
        code = await code_of(hurried, rid, "open_vote", f"{rid}-open", "oc")
        assert code == "service.not_confirmed"
        answered.set()
        assert await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open") == await first


async def test_the_engines_own_keys_cannot_be_taken(gateway: Gateway, rid: str) -> None:
    key = f"renovation/{rid}#close"
    assert await code_of(gateway, rid, "open_vote", key, "oc") == "service.field_wrong"


async def test_nobody_names_the_actor_of_an_act(gateway: Gateway, rid: str) -> None:
    with pytest.raises(Refused) as refused:
        await gateway.send(rid, "open_vote", {"actor": {"id": "x"}}, "oc", f"{rid}-x")
    assert refused.value.problems[0].code == "service.field_unknown"
