"""Official acts through the gateway, to real workflows on a real Temporal server."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from pydantic import JsonValue
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.registry import build_activities
from models.messages.acts import Done
from models.messages.command import Command
from models.messages.healing import Breakage
from models.messages.ids import renovation_workflow_id, ticket_workflow_id
from models.messages.journey import Journey, StageInput
from models.messages.voting import VotePeriod
from models.tables import Ticket
from models.values.actor import ENGINE, Actor, Role
from models.values.refusal import Refused
from models.values.waits import STARTING, at_work
from proof.commands import act_hash, command_key
from runtime.database import Database
from runtime.engine.workers import build_workers, run_together
from runtime.language.sentences import sentence
from runtime.record.agenda import replace_waits
from runtime.record.journal import Journal, Recorded, load_tick
from runtime.settings import Settings
from service.gateway import Gateway, build_act
from service.http.problems import status_for
from service.situation import load_situation
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.processes.servers import plain_client, time_skipping
from tests.support.signed.keys import GATEWAY_KEYS
from tests.support.signed.seconded import SecondedGateway
from tests.support.waiting import blocked_by
from workflows.registry import WORKFLOWS

QUEUE = "gateway-test"
STOP: dict[str, JsonValue] = {"reason": "no money"}


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with time_skipping() as running:
        yield running


@pytest.fixture(scope="module")
async def client(env: WorkflowEnvironment) -> Client:
    return await plain_client(env)


@pytest.fixture(scope="module")
async def worker(client: Client, database: Database, settings: Settings) -> AsyncIterator[None]:
    async with run_together(
        build_workers(
            client,
            on(settings, QUEUE),
            WORKFLOWS,
            build_activities(database, BOX_KEYS, GATEWAY_KEYS),
        )
    ):
        yield


def on(settings: Settings, queue: str) -> Settings:
    return settings.model_copy(update={"task_queue": queue})


@pytest.fixture
def gateway(client: Client, database: Database, settings: Settings) -> Gateway:
    return SecondedGateway(
        client, database, settings.model_copy(update={"update_timeout_s": 20, "task_queue": QUEUE})
    )


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
    body = STOP if act == "cancel_renovation" else {}
    with pytest.raises(Refused) as refused:
        await gateway.send(rid, act, body, actor, command_id)
    return refused.value.problems[0].code


async def still_waits(sending: asyncio.Task[Done]) -> None:
    """Half a second later it is neither done nor refused."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(sending), 0.5)


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


async def test_two_officials_may_use_one_command_id(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    opened = await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-one")
    stopped = await gateway.send(rid, "cancel_renovation", STOP, "bureau", f"{rid}-one")
    assert (opened.kind, stopped.kind) == ("voting.box_announced", "renovation.cancelled")
    assert {opened.command_id, stopped.command_id} == {f"{rid}-one"}
    keys = await sql.fetch(
        "SELECT command_id FROM event WHERE renovation_id=$1 AND actor_id IN ('oc', 'bureau')", rid
    )
    assert {row["command_id"] for row in keys} == {
        command_key(name, rid, f"{rid}-one") for name in ("oc", "bureau")
    }


async def test_a_command_id_is_bound_to_its_act_and_its_content(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-one")
    body: dict[str, JsonValue] = {"reason": "other"}
    with pytest.raises(Refused) as refused:
        await gateway.send(rid, "revise_scheme", body, "oc", f"{rid}-one")
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("journal.command_reused", "command_id")
    done = await gateway.send(rid, "cancel_renovation", STOP, "bureau", f"{rid}-two")
    assert await gateway.send(rid, "cancel_renovation", STOP, "bureau", f"{rid}-two") == done
    with pytest.raises(Refused, match=r"journal\.command_reused"):
        await gateway.send(rid, "cancel_renovation", body, "bureau", f"{rid}-two")


async def test_an_act_that_is_under_way_answers_for_no_other_content(
    worker: None, gateway: Gateway, client: Client, sql: asyncpg.Connection, rid: str, owner: str
) -> None:
    await begin(client, rid)
    await in_voting(sql, rid)
    holder = await asyncpg.connect(owner)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM renovation WHERE id=$1 FOR NO KEY UPDATE", rid)
        sending = [
            asyncio.create_task(
                gateway.send(
                    rid, "correct_renovation", {"title": why, "reason": why}, "bureau", f"{rid}-one"
                )
            )
            for why in ("no money", "no will")
        ]
        # Both are with Temporal, which knows the update by its key alone.
        await blocked_by(holder)
    await holder.close()
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Done", "Refused"], answers
    reason = await sql.fetchval(
        "SELECT details->>'reason' FROM event WHERE renovation_id=$1"
        " AND kind='renovation.corrected'",
        rid,
    )
    assert reason == ("no money" if isinstance(answers[0], Done) else "no will")
    (refused,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert refused.problems[0].code == "journal.command_reused"


async def test_an_act_of_the_release_before_stays_found_by_its_bare_command_id(
    gateway: Gateway, client: Client, database: Database, settings: Settings, rid: str
) -> None:
    done = Done(command_id=f"{rid}-one", kind="voting.box_announced")

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        return Recorded(done, {})

    actor = Actor(id="oc", role=Role.OWNERS_COMMITTEE, label="oc", place="d")
    command = Command(command_id=f"{rid}-one", renovation_id=rid, actor=actor)
    await Journal(database).record(command, "voting.box_announced", None, inside, Done)
    again = await gateway.send(rid, "open_vote", {}, "oc", f"{rid}-one")
    assert (again.command_id, again.kind) == (done.command_id, done.kind)
    # Somebody else's act under that id is another one: there is no workflow to take it.
    hurried = SecondedGateway(client, database, settings)
    code = await code_of(hurried, rid, "cancel_renovation", f"{rid}-one", "bureau")
    assert code == "service.not_running"


async def test_an_act_that_was_given_up_is_answered_with_its_reference(
    gateway: Gateway, database: Database, rid: str
) -> None:
    act = build_act("cancel_renovation", STOP, ENGINE, command_key("bureau", rid, f"{rid}-one"))
    command = Command(
        command_id=act.command_id, renovation_id=rid, request_hash=act_hash(act), workflow_id="w"
    )
    breakage = Breakage(step="renovation.cancelled", error="timeout", reference="0a1b2c3d")
    await Journal(database).give_up(command, breakage)
    with pytest.raises(Refused) as refused:
        await gateway.send(rid, "cancel_renovation", STOP, "bureau", f"{rid}-one")
    (problem,) = refused.value.problems
    assert (problem.code, problem.params) == ("act.broken", {"reference": "0a1b2c3d"})
    assert status_for(refused.value.problems) == 500
    for language in ("en", "zh_CN"):
        assert "0a1b2c3d" in sentence(problem, language)
    body: dict[str, JsonValue] = {"reason": "other"}
    with pytest.raises(Refused, match=r"journal\.command_reused"):
        await gateway.send(rid, "cancel_renovation", body, "bureau", f"{rid}-one")


async def test_an_act_waits_for_the_workflow_of_a_case_that_is_open(
    worker: None, gateway: Gateway, client: Client, rid: str
) -> None:
    sending = asyncio.create_task(
        gateway.send(rid, "cancel_renovation", STOP, "bureau", f"{rid}-stop")
    )
    await still_waits(sending)
    await begin(client, rid)
    assert (await sending).kind == "renovation.cancelled"


async def test_a_workflow_that_does_not_run_is_asked_for_again_while_the_case_is_open(
    client: Client, database: Database, settings: Settings, sql: asyncpg.Connection, rid: str
) -> None:
    hurried = SecondedGateway(client, database, settings)
    code = await code_of(hurried, rid, "cancel_renovation", f"{rid}-stop", "bureau")
    assert code == "service.not_running"
    await sql.execute("UPDATE renovation SET state='completed', closed_at=now() WHERE id=$1", rid)
    code = await code_of(hurried, rid, "cancel_renovation", f"{rid}-stop", "bureau")
    assert code == "service.target_closed"


async def test_an_answer_that_follows_its_complaint_at_once_waits_for_the_ticket(
    worker: None, gateway: Gateway, client: Client, database: Database, rid: str
) -> None:
    name = f"{rid}.t1"
    situation = await load_situation(database, rid)
    await complain(database, rid, name)
    fields: dict[str, JsonValue] = {"ticket_id": name, "answer": "it is mended"}
    sending = asyncio.create_task(
        gateway.send(rid, "resolve_ticket", fields, "bureau", f"{rid}-answer")
    )
    await still_waits(sending)
    await gateway.start_ticket(situation, name)
    assert (await sending).kind == "feedback.ticket_resolved"


async def complain(database: Database, rid: str, name: str) -> None:
    """The rows of a ticket, as the service commits them before it starts the workflow."""

    async def work(session: AsyncSession) -> None:
        now = await load_tick(session, rid)
        ticket = {"id": name, "renovation_id": rid, "command_id": name, "kind": "noise"}
        state = {"state": "open", "opened_at": now, "due_at": now, "text": "loud"}
        await session.execute(insert(Ticket).values(**ticket, **state, level="grid"))
        workflow_id = ticket_workflow_id(rid, name)
        await replace_waits(session, rid, workflow_id, [at_work(STARTING, now)], now)

    await database.transaction(work)


async def test_without_a_worker_the_act_is_not_confirmed_and_may_be_sent_again(
    client: Client, database: Database, settings: Settings, rid: str
) -> None:
    hurried = SecondedGateway(client, database, settings)
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
    others = list(build_activities(database, BOX_KEYS, GATEWAY_KEYS))
    (real,) = [each for each in others if each.__qualname__ == "Ballots.open_box"]

    @activity.defn(name="Ballots.open_box")
    async def open_box(command: Command, given: StageInput) -> VotePeriod:
        period: VotePeriod = await real(command, given)
        written.set()
        await answered.wait()
        return period

    others.remove(real)
    queue = f"{QUEUE}-slow"
    async with run_together(
        build_workers(client, on(settings, queue), WORKFLOWS, [*others, open_box])
    ):
        await begin(client, rid, queue)
        await in_voting(sql, rid)
        first = asyncio.create_task(gateway.send(rid, "open_vote", {}, "oc", f"{rid}-open"))
        await written.wait()
        hurried = SecondedGateway(client, database, settings)
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
