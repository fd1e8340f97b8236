"""What crossed Temporal before is read by today's models: an activity may be under way while we deploy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter

from activities.registry import CLASSES
from models.messages.command import Command
from tests.replay import guard

HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))
CONVERTER: DataConverter = pydantic_data_converter


def argument_types() -> dict[str, list[type]]:
    """Activity name to the types of its arguments, as the worker hands them to the SDK."""
    found: dict[str, list[type]] = {}
    for kind in CLASSES:
        for method in vars(kind).values():
            definition = getattr(method, "__temporal_activity_definition", None)
            if definition is not None:
                found[definition.name] = list(definition.arg_types)
    return found


OF_NO_CASE = {"Restoring.restored", "Suspecting.page", "Reconciling.mend", "Anchoring.anchor"}


def scheduled(path: Path) -> Iterator[HistoryEvent]:
    history = WorkflowHistory.from_json("recorded", path.read_text(encoding="utf-8"))
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            yield event


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_every_recorded_input_of_an_activity_is_read_by_todays_models(path: Path) -> None:
    types = argument_types()
    seen = 0
    for event in scheduled(path):
        task = event.activity_task_scheduled_event_attributes
        wanted = types[task.activity_type.name]
        given: list[Any] = await CONVERTER.decode(task.input.payloads, wanted)
        assert len(given) == len(wanted), task.activity_type.name
        if not given or not isinstance(given[0], Command):
            # What only reads, looks for cases to mend, or anchors all of them.
            assert task.activity_type.name in OF_NO_CASE, task.activity_type.name
            seen += 1
            continue
        assert given[0].renovation_id
        assert given[0].command_id
        seen += 1
    assert seen
