"""What Temporal stores of a workflow that speaks through the codec, and what it stored before."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from google.protobuf.json_format import MessageToDict
from pydantic import SecretStr
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from models.values.base import Carried
from models.values.refusal import Refused
from runtime.keys.codec import ENCODING, KEY_ID, SealingCodec, data_converter
from runtime.keys.values import ids_of
from runtime.temporal import Way, connect
from tests.support.processes.servers import dev_server

SECRET = "lives in 3-502"
OLD, NEW = SecretStr("c0" * 32), SecretStr("c1" * 32)
BOTH = SecretStr(f"{NEW.get_secret_value()},{OLD.get_secret_value()}")
QUEUE = "sealed"
SOON = timedelta(seconds=20)


class Said(Carried):
    """What is carried."""

    text: str


@activity.defn(name="says")
async def says(said: Said) -> Said:
    if said.text == "fail":
        raise ApplicationError(f"fails because who {SECRET}", Said(text=SECRET), non_retryable=True)
    return said


@workflow.defn(name="Sealed", sandboxed=False)
class Sealed:
    """Says everything that a workflow can say."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self, said: Said) -> Said:
        await workflow.wait_condition(lambda: len(self.heard) > 1, timeout_summary=SECRET)
        await workflow.sleep(0.001, summary=SECRET)
        return await workflow.execute_activity(
            says, said, start_to_close_timeout=SOON, summary=SECRET
        )

    @workflow.update
    async def hear(self, said: Said) -> Said:
        if said.text == "fail":
            raise ApplicationError(SECRET, Said(text=SECRET))
        self.heard.append(said.text)
        return said

    @workflow.signal
    def tell(self, said: Said) -> None:
        self.heard.append(said.text)


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with dev_server() as running:
        yield running


async def client_with(env: WorkflowEnvironment, key: SecretStr | None) -> Client:
    target = env.client.service_client.config.target_host
    return await connect(target, way=Way(codec_key=key))


def worker_of(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[Sealed],
        activities=[says],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def carried(client: Client, name: str, text: str) -> str:
    """A workflow that has said everything; its history as JSON."""
    handle = await client.start_workflow(
        "Sealed",
        Said(text=text),
        id=name,
        task_queue=QUEUE,
        memo={"note": SECRET},
        static_summary=SECRET,
        static_details=SECRET,
        result_type=Said,
    )
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("hear", Said(text="fail"), result_type=Said)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == SECRET
    assert (await handle.execute_update("hear", Said(text=SECRET), result_type=Said)).text == SECRET
    await handle.signal("tell", Said(text=SECRET))
    if text == "fail":
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
        assert isinstance(ended.value.cause, ActivityError)
        assert SECRET in str(ended.value.cause.cause)
    else:
        assert (await handle.result()).text == text
    return (await handle.fetch_history()).to_json()


def payloads_in(value: object) -> list[dict[str, object]]:
    """Every payload of a history as JSON: an object with metadata and data."""
    if isinstance(value, list):
        return [each for part in value for each in payloads_in(part)]
    if not isinstance(value, dict):
        return []
    own = [value] if "metadata" in value and "data" in value else []
    return own + [each for part in value.values() for each in payloads_in(part)]


@pytest.mark.parametrize("text", [SECRET, "fail"])
async def test_nothing_that_is_said_stays_readable(env: WorkflowEnvironment, text: str) -> None:
    client = await client_with(env, BOTH)
    async with worker_of(client):
        history = await carried(client, f"sealed-{text[:4]}", text)
    assert SECRET not in history
    found = payloads_in(json.loads(history))
    readable = [each for each in found if "encryption-key-id" not in json.dumps(each)]
    # Markers of the SDK itself (patches, cancellations) and search attributes stay as they are.
    assert [each for each in readable if b"3-502" in _data(each)] == []
    assert len(found) - len(readable) >= 8
    described = await client.get_workflow_handle(f"sealed-{text[:4]}").describe()
    assert SECRET not in json.dumps(MessageToDict(described.raw_description))


def _data(payload: dict[str, object]) -> bytes:
    return base64.b64decode(str(payload["data"]))


async def test_a_sealed_history_replays_and_one_of_before_goes_on(env: WorkflowEnvironment) -> None:
    plain, sealed = await client_with(env, None), await client_with(env, BOTH)
    async with worker_of(plain):
        handle = await plain.start_workflow(
            "Sealed",
            Said(text="begun in clear"),
            id="of-before",
            task_queue=QUEUE,
            result_type=Said,
        )
        await handle.execute_update("hear", Said(text="one"), result_type=Said)
    # The key is given to every process, and the workers start anew.
    async with worker_of(sealed):
        going = sealed.get_workflow_handle("of-before", result_type=Said)
        await going.execute_update("hear", Said(text=SECRET), result_type=Said)
        assert (await going.result()).text == "begun in clear"
        history = await going.fetch_history()
    assert SECRET not in history.to_json()
    replayer = Replayer(
        workflows=[Sealed],
        data_converter=data_converter(BOTH),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)


async def test_after_a_rotation_what_was_sealed_before_is_opened_and_what_is_new_has_the_new_key(
    env: WorkflowEnvironment,
) -> None:
    before, after = await client_with(env, OLD), await client_with(env, BOTH)
    async with worker_of(before):
        handle = await before.start_workflow(
            "Sealed", Said(text="x"), id="rotated", task_queue=QUEUE, result_type=Said
        )
        await handle.execute_update("hear", Said(text="one"), result_type=Said)
    async with worker_of(after):
        going = after.get_workflow_handle("rotated", result_type=Said)
        await going.execute_update("hear", Said(text="two"), result_type=Said)
        assert (await going.result()).text == "x"


async def test_each_payload_names_its_key_and_no_two_are_alike() -> None:
    codec, payload = SealingCodec(BOTH), Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    first, second = await codec.encode([payload, payload])
    assert first.metadata["encoding"] == ENCODING
    assert first.metadata[KEY_ID].decode() == ids_of(NEW)[0]
    assert first.data != second.data
    assert await codec.decode([first, second]) == [payload, payload]
    (old,) = await SealingCodec(OLD).encode([payload])
    assert await codec.decode([old]) == [payload]
    # What nobody has sealed is passed on.
    assert await codec.decode([payload]) == [payload]


async def test_a_changed_payload_or_one_of_an_unknown_key_is_refused() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    (sealed,) = await SealingCodec(NEW).encode([payload])
    codec = SealingCodec(NEW)
    changed = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + b"\0")
    renamed = Payload(metadata={**sealed.metadata, KEY_ID: b"another"}, data=sealed.data)
    short = Payload(metadata=sealed.metadata, data=b"x")
    for wrong in (changed, renamed, short):
        with pytest.raises(Refused, match=r"temporal\.payload_sealed"):
            await codec.decode([wrong])
    with pytest.raises(Refused, match=r"temporal\.payload_sealed"):
        await SealingCodec(OLD).decode([sealed])
