from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from activities.registry import build_activities
from runtime.database import Database
from tests.replay import commands, guard
from tests.support.box import BOX_KEYS
from workflows.registry import WORKFLOWS

HISTORIES = sorted((guard.HERE / "histories").glob("*.json"))


async def test_histories_of_every_workflow_type_are_recorded() -> None:
    types = {path.name.split(".")[0] for path in HISTORIES}
    assert types == {each.__name__ for each in WORKFLOWS}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_recorded_histories_replay_on_todays_code(path: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter)
    history = WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None, (
        f"{path.name} does not replay: {result.replay_failure}\nRenovations under way would stall."
        " Put the change behind workflow.patched(...), or undo it; `make record` only adds histories."
    )


def test_the_commands_of_every_entry_are_the_pinned_ones() -> None:
    changed = guard.drift(guard.pinned()["commands"], guard.fingerprints())
    assert not changed, "\n".join(changed)


def test_the_guard_sees_every_function_that_issues_a_command() -> None:
    unseen = commands.unreached(commands.read(guard.WORKFLOWS))
    assert not unseen, "\n".join(guard.UNSEEN.format(function=each) for each in unseen)


def test_registered_names_are_the_pinned_ones() -> None:
    activities = build_activities(
        Database("postgresql+asyncpg://nobody@127.0.0.1:1/none"), BOX_KEYS
    )
    assert guard.registered_names(WORKFLOWS, list(activities)) == guard.pinned()["names"], (
        "A workflow, update, signal, query or activity was renamed, added or removed. Running"
        " histories hold the old name: keep it (explicit name=) and add the new one beside it;"
        " then run `make record` and commit tests/replay/pinned.json."
    )
