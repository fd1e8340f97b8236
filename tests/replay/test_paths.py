"""Whatever a workflow may do is in a recorded history: a change of it that would stall a case is seen by replay."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.replay import guard
from tests.replay.paths import WAYS

HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))
OF_ANOTHER_STAGE = {
    (
        "RenovationWorkflow",
        "approve_relief",
    ): "the same handler, while shares are collected beside it",
    ("WarrantyWorkflow", "approve_relief"): "the same handler, in the warranty",
}
"""Updates that no history has: what else holds them."""
ONLY_WHEN_BROKEN = frozenset({"Healing.cured", "Healing.give_up", "Healing.note"})
"""Steps of a workflow that broke: `tests/workflows/breaks` breaks each and goes on from what it leaves."""


@cache
def events_of(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8"))["events"])


def type_of(path: Path) -> str:
    return path.name.split(".")[0]


def updates() -> set[tuple[str, str]]:
    """Type of the workflow and name of each update that was accepted in a recorded history."""
    accepted = "workflowExecutionUpdateAcceptedEventAttributes"
    return {
        (type_of(path), event[accepted]["acceptedRequest"]["input"]["name"])
        for path in HISTORIES
        for event in events_of(path)
        if accepted in event
    }


def activities() -> set[str]:
    """Name of each activity that is in a recorded history."""
    scheduled = "activityTaskScheduledEventAttributes"
    return {
        event[scheduled]["activityType"]["name"]
        for path in HISTORIES
        for event in events_of(path)
        if scheduled in event
    }


def test_every_update_of_a_workflow_is_in_a_recorded_history() -> None:
    names = guard.pinned()["names"]
    known = {
        (kind, each.removeprefix("update "))
        for kind, those in names.items()
        for each in those
        if each.startswith("update ")
    }
    missing = known - updates() - OF_ANOTHER_STAGE.keys()
    assert not missing, (
        f"a way of tests/replay/paths.py should take {sorted(missing)}: `make record`"
    )
    assert not updates() & OF_ANOTHER_STAGE.keys(), "it is recorded, and needs no reason"


def test_every_step_of_the_engine_is_in_a_recorded_history() -> None:
    missing = set(guard.pinned()["names"]["activities"]) - activities() - ONLY_WHEN_BROKEN
    assert not missing, (
        f"a way of tests/replay/paths.py should take {sorted(missing)}: `make record`"
    )


def test_every_way_has_its_histories() -> None:
    """A way whose workflows nobody recorded holds nothing."""
    there = {
        (type_of(path), path.stem.split("-", 3)[-1].rstrip("-0123456789")) for path in HISTORIES
    }
    wanted = {(kind, way.name) for way in WAYS for kind in way.kept}
    assert wanted <= there, sorted(wanted - there)
