"""An act that was accepted before it had limits is read again on every replay: the carried acts stay wide."""

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

from models.messages.act_bodies import BODIES, unfit
from models.messages.acts import ACTS, Act
from models.values.actor import ENGINE
from tests.replay import guard
from tests.support.fields.forbidden import forbidden
from tests.support.fields.samples import good_body, placed
from tests.support.fields.walking import fields_of
from workflows.registry import WORKFLOWS

CONVERTER: DataConverter = pydantic_data_converter
HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))
AS_TIGHT = {"sha256", "yes_no", "one_of"}
"""Kinds of which the acts had the limits from the first day on."""
SENDER = {
    "command_id": "c#\0",
    "actor": {"id": "x" * 500, "role": "owner", "label": "\0", "place": "\x01"},
}


def wide(name: str) -> dict[str, Any]:
    """The fields of an act that have a limit now, each beyond it, as far as the carried act takes that."""
    body = good_body(BODIES[name])
    for field in fields_of(BODIES[name]):
        for value in forbidden(field):
            beyond = placed(body, field.path, value)
            if _carried(name, beyond) and field.name in _named(name, beyond):
                body = beyond
                break
    tight = {each.path[0] for each in fields_of(BODIES[name]) if each.kind in AS_TIGHT}
    return {field: value for field, value in body.items() if field not in tight}


def _act(name: str, body: dict[str, Any]) -> Act:
    return ACTS[name].model_validate({**body, "command_id": "c1", "actor": ENGINE})


def _carried(name: str, body: dict[str, Any]) -> bool:
    try:
        _act(name, body).model_dump_json()
    except ValueError:
        return False
    return True


def _named(name: str, body: dict[str, Any]) -> str:
    return " ".join(each.where for each in unfit(_act(name, body)))


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_beyond_every_limit_of_today_is_decoded_as_it_was_sent(name: str) -> None:
    sent = {**good_body(BODIES[name]), **wide(name), **SENDER}
    (payload,) = await CONVERTER.encode([sent])
    (act,) = await CONVERTER.decode([payload], [ACTS[name]])
    assert act.model_dump(mode="json", include=set(sent)) | {"actor": SENDER["actor"]} == sent
    named = {each.where.partition(".")[0] for each in unfit(act)}
    assert named >= {*wide(name), *SENDER} - {"preparation_days"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_history_with_such_acts_replays(path: Path) -> None:
    history = WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))
    names = [
        _widen(each)
        for each in history.events
        if each.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    if not names:
        return  # its workflow hears no act in the recording
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None, f"{names}: {result.replay_failure}"


def _widen(event: HistoryEvent) -> str:
    """Beyond the limits, but for ids: what a workflow looks up in its state stays what it was."""
    request = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    (payload,) = request.args.payloads
    given = json.loads(payload.data)
    ids = {
        str(each.path[0])
        for each in fields_of(BODIES[request.name])
        if (each.kind, len(each.path)) == ("id", 1)
    }
    beyond = {name: value for name, value in wide(request.name).items() if name not in ids}
    payload.data = json.dumps({**given, **beyond, **SENDER}).encode()
    return str(request.name)
