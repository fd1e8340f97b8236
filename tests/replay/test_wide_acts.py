"""An act that was accepted before it had limits is read again on every replay: the carried acts stay wide.

`acts_before_limits.json` was made on 2026-11-27 with the acts as they were then: for each act four, with
everything in their fields that the doors refuse since and the acts themselves never did. It stays as it is.
"""

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
from models.messages.acts import ACTS
from tests.replay import guard
from tests.support.fields.walking import fields_of
from workflows.registry import WORKFLOWS

CONVERTER: DataConverter = pydantic_data_converter
HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))
BEFORE: dict[str, list[dict[str, Any]]] = json.loads(
    (guard.HERE / "acts_before_limits.json").read_text(encoding="utf-8")
)
AS_TIGHT = {"sha256", "yes_no", "one_of"}
"""Kinds of which the acts had the limits from the first day on; so has `preparation_days`."""


def limited(name: str) -> set[str]:
    """The fields of an act of then that have a limit which the carried act has not."""
    fields = {str(each.path[0]) for each in fields_of(BODIES[name]) if each.kind not in AS_TIGHT}
    known = {field for sent in BEFORE[name] for field in sent}
    return (fields & known) - {"preparation_days"}


@pytest.mark.parametrize("name", BEFORE)
async def test_an_act_beyond_every_limit_of_today_is_decoded_as_it_was_sent(name: str) -> None:
    named: set[str] = set()
    for sent in BEFORE[name]:
        (payload,) = await CONVERTER.encode([sent])
        (act,) = await CONVERTER.decode([payload], [ACTS[name]])
        assert act.model_dump(mode="json", exclude_unset=True) == sent
        named |= {each.where.partition(".")[0] for each in unfit(act)}
    assert named >= limited(name) | {"command_id", "actor"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
@pytest.mark.parametrize("which", range(4))
async def test_a_history_with_such_acts_replays(path: Path, which: int) -> None:
    history = WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))
    names = [_widen(each, which) for each in history.events if _is_act(each)]
    if not names:
        return  # its workflow hears no act in the recording
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None, f"{names}: {result.replay_failure}"


def _is_act(event: HistoryEvent) -> bool:
    """An act of then; one that came later has had its limits from its first day."""
    accepted = event.workflow_execution_update_accepted_event_attributes
    return accepted.accepted_request.input.name in BEFORE


def _widen(event: HistoryEvent, which: int) -> str:
    """Beyond the limits, but for ids: what a workflow looks up in its state stays what it was."""
    request = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    (payload,) = request.args.payloads
    name, given = str(request.name), json.loads(payload.data)
    ids = {
        each.path[0] for each in fields_of(BODIES[name]) if (each.kind, len(each.path)) == ("id", 1)
    }
    changed = limited(name) - ids | {"command_id", "actor"}
    beyond = {field: BEFORE[name][which][field] for field in changed}
    payload.data = json.dumps({**given, **beyond}).encode()
    return name
