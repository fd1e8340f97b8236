"""What the real server says to an act: too many, moving on, ended, failed. Each answer says what to do."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import pytest
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from models.messages.acts import Act, CancelRenovation, Done
from models.messages.command import Command
from models.messages.ids import renovation_workflow_id
from models.values.actor import ENGINE
from models.values.refusal import Refused, problem
from proof.commands import act_hash, command_key, reference_for
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from runtime.settings import Settings
from service.gateway import Gateway, build_act
from service.http.problems import status_for
from tests.support.estate import make_renovation
from tests.support.processes.servers import dev_server

QUEUE = "delivery-test"
UPDATES = 3
AT_ONCE = 2
STOP: dict[str, JsonValue] = {"reason": "no money"}


@workflow.defn(name="RenovationWorkflow")
class Peer:
    """Stands at the other end of the gateway, and answers as it is told to."""

    @workflow.init
    def __init__(self, answers: str) -> None:
        # An act that comes together with the start is heard before `run` is.
        self.answers = answers
        self.over = False
        self.again = False

    @workflow.run
    async def run(self, _answers: str) -> None:
        """Until it is told to end, or to go on in a new run, which does what is asked."""
        await workflow.wait_condition(lambda: self.over or self.again)
        if self.again:
            workflow.continue_as_new("done")

    @workflow.signal
    def end(self) -> None:
        self.over = True

    @workflow.signal
    def move_on(self) -> None:
        self.again = True

    @workflow.signal
    def answer(self, how: str) -> None:
        self.answers = how

    @workflow.update
    async def cancel_renovation(self, act: CancelRenovation) -> Done:
        await workflow.wait_condition(lambda: self.answers != "later")
        if self.answers == "fails":
            raise ApplicationError("unforeseen", type="Other")
        await workflow.execute_activity(
            "Peer.write", act, start_to_close_timeout=timedelta(seconds=10)
        )
        return Done(
            command_id=act.command_id,
            kind="renovation.corrected",
            seq=1,
            request_hash=act_hash(act),
        )

    @cancel_renovation.validator
    def cancel_renovation_allowed(self, act: CancelRenovation) -> None:
        if self.answers == "held back":
            said = [problem("act.held_back").model_dump()]
            raise ApplicationError("act.held_back", said, type="Refused")


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    limits = (f"history.maxTotalUpdates={UPDATES}", f"history.maxInFlightUpdates={AT_ONCE}")
    async with dev_server(*limits) as env:
        yield env.client


@pytest.fixture(scope="module", autouse=True)
async def worker(client: Client, database: Database) -> AsyncIterator[None]:
    runner = UnsandboxedWorkflowRunner()

    @activity.defn(name="Peer.write")
    async def put_down(act: CancelRenovation) -> None:
        """The gateway says done of what is on the record alone."""
        rid = str(activity.info().workflow_id).removeprefix(renovation_workflow_id(""))
        await write_act(database, rid, act, "renovation.corrected")

    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Peer],
        activities=[put_down],
        workflow_runner=runner,
    ):
        yield


@dataclass(frozen=True)
class Wire:
    """A case whose workflow is a `Peer`, and two gateways: a patient one, and one with a second."""

    rid: str
    handle: WorkflowHandle[Peer, None]
    patient: Gateway
    hurried: Gateway

    def send(self, name: str, gateway: Gateway | None = None) -> asyncio.Task[Done]:
        """An act under way."""
        send = (gateway or self.patient).send
        return asyncio.create_task(send(self.rid, "cancel_renovation", STOP, "bureau", name))

    async def code(self, name: str) -> tuple[int, str]:
        """How the hurried gateway refuses an act."""
        with pytest.raises(Refused) as refused:
            await self.send(name, self.hurried)
        problems = refused.value.problems
        return status_for(problems), problems[0].code


Open = Callable[[str], Awaitable[Wire]]


@pytest.fixture
async def wire(
    client: Client, database: Database, settings: Settings, sql: asyncpg.Connection
) -> Open:
    async def begin(answers: str) -> Wire:
        rid = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ('bureau', 'bureau', 'district_bureau', 'd') ON CONFLICT DO NOTHING"
        )
        handle = await client.start_workflow(
            Peer.run, answers, id=renovation_workflow_id(rid), task_queue=QUEUE
        )
        patient = settings.model_copy(update={"update_timeout_s": 20})
        return Wire(
            rid,
            handle,
            Gateway(client, database, patient),
            Gateway(client, database, settings),
        )

    return begin


async def test_a_workflow_that_has_had_all_its_updates_says_to_come_again(wire: Open) -> None:
    peer = await wire("done")
    for number in range(UPDATES):
        await peer.send(f"a{number}")
    assert await peer.code("one-more") == (503, "service.full")
    # And the act succeeds by itself if the workflow goes on in a new run meanwhile.
    sending = peer.send("one-more")
    await peer.handle.signal(Peer.move_on)
    assert (await sending).kind == "renovation.corrected"


async def test_too_many_acts_at_once_wait_for_each_other(wire: Open) -> None:
    peer = await wire("later")
    under_way = [peer.send(f"a{number}") for number in range(AT_ONCE)]
    await accepted(peer.handle, AT_ONCE)
    # The SDK asks again by itself, for longer than this gateway waits.
    assert await peer.code("one-more") == (503, "service.not_confirmed")
    sending = peer.send("one-more")
    await peer.handle.signal(Peer.answer, "done")
    assert [done.kind for done in await asyncio.gather(*under_way, sending)] == [
        "renovation.corrected"
    ] * 3


async def test_an_act_that_is_held_back_is_taken_by_the_next_run(wire: Open) -> None:
    peer = await wire("held back")
    assert await peer.code("a1") == (503, "act.held_back")
    sending = peer.send("a1")
    await peer.handle.signal(Peer.move_on)
    assert (await sending).kind == "renovation.corrected"


@pytest.mark.filterwarnings("ignore:.*unfinished.*")
async def test_an_act_whose_run_ended_under_it_is_taken_by_the_next_run(wire: Open) -> None:
    peer = await wire("later")
    sending = peer.send("a1")
    await accepted(peer.handle, 1)
    await peer.handle.signal(Peer.move_on)
    assert (await sending).kind == "renovation.corrected"


@pytest.mark.filterwarnings("ignore:.*unfinished.*")
async def test_an_act_whose_workflow_ended_under_it_depends_on_the_record(
    wire: Open, sql: asyncpg.Connection, database: Database
) -> None:
    peer = await wire("later")
    sending = [peer.send("a1", peer.hurried), peer.send("a2")]
    await accepted(peer.handle, 2)
    # The second was written, and its workflow ended before it could say so.
    await write(database, peer.rid, "a2")
    await peer.handle.signal(Peer.end)
    first, second = await asyncio.gather(*sending, return_exceptions=True)
    assert isinstance(first, Refused)
    assert first.problems[0].code == "service.not_running"
    assert isinstance(second, Done)
    assert (second.kind, second.command_id) == ("renovation.cancelled", "a2")
    await sql.execute(
        "UPDATE renovation SET state='completed', closed_at=now() WHERE id=$1", peer.rid
    )
    assert await peer.code("a1") == (409, "service.target_closed")


async def test_what_nobody_foresaw_is_said_once_with_a_reference(wire: Open) -> None:
    peer = await wire("fails")
    key = command_key("bureau", peer.rid, "a1")
    with capture_logs() as logs, pytest.raises(Refused) as refused:
        await peer.send("a1")
    (said,) = refused.value.problems
    assert (said.code, said.params) == ("service.failed", {"reference": reference_for(key)})
    (line,) = [line for line in logs if line["event"] == "act_failed"]
    assert (line["reference"], str(line["exc_info"])) == (reference_for(key), "Other: unforeseen")


async def test_what_was_recorded_before_its_update_failed_is_done(
    wire: Open, database: Database
) -> None:
    peer = await wire("later")
    sending = peer.send("a1")
    await accepted(peer.handle, 1)
    await write(database, peer.rid, "a1")
    await peer.handle.signal(Peer.answer, "fails")
    assert (await sending).kind == "renovation.cancelled"


async def write(database: Database, rid: str, name: str) -> None:
    """The act on the record, as an activity writes it."""
    act = build_act("cancel_renovation", STOP, ENGINE, command_key("bureau", rid, name))
    await write_act(database, rid, act, "renovation.cancelled")


async def write_act(database: Database, rid: str, act: Act, kind: str) -> None:
    command = Command(command_id=act.command_id, renovation_id=rid, request_hash=act_hash(act))
    done = Done(command_id=act.command_id, kind=kind)

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        return Recorded(done, {})

    await Journal(database).record(command, done.kind, act, inside, Done)


async def accepted(handle: WorkflowHandle[Peer, None], number: int) -> None:
    """Return when so many updates are in the history."""
    async with asyncio.timeout(20):
        while True:
            history = await handle.fetch_history()
            kinds = [EventType.Name(event.event_type) for event in history.events]
            if kinds.count("EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED") >= number:
                return
            await asyncio.sleep(0.05)
