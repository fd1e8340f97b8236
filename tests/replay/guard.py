"""What histories hold: the commands of each entry of a workflow in order, and registered names."""

import json
from difflib import unified_diff
from pathlib import Path

from temporalio import activity, workflow

from tests.replay import commands

HERE = Path(__file__).resolve().parent
WORKFLOWS = HERE.parents[1] / "workflows"
PINNED = HERE / "pinned.json"
ADVICE = (
    "{entry}: the commands that it issues changed. Renovations that are under way would no longer"
    ' replay. Put the change behind `workflow.patched("<date>-<reason>")` so that old histories take'
    " the old branch, then run `make record` and commit what it wrote. If every recorded history"
    " still replays, because calls only moved, `python -m tests.replay.record --pin-only` will do."
    "\n{difference}"
)
UNSEEN = (
    "{function} issues a command, and no entry of a workflow is seen to lead to it. Call it by its"
    " name (self.x, a function of workflows/, or a function that is handed on as an argument), so"
    " that the guard can follow; delete it if nothing calls it."
)
Commands = dict[str, list[str]]
"""The commands of each entry of a workflow, in order: `VotingWorkflow run run`, …"""


def fingerprints() -> Commands:
    """The commands of every entry of the workflows as they are."""
    return commands_of(commands.read(WORKFLOWS))


def commands_of(modules: commands.Modules) -> Commands:
    """The same of other sources; entries that issue none are left out."""
    entries = commands.Reading(modules).entries()
    return {entry: issued for entry, issued in entries.items() if issued}


def drift(before: Commands, now: Commands) -> list[str]:
    """One sentence of advice for every entry whose commands changed, with the difference."""
    return [
        ADVICE.format(entry=entry, difference=_difference(before.get(entry), now.get(entry)))
        for entry in sorted(before.keys() | now.keys())
        if before.get(entry) != now.get(entry)
    ]


def _difference(before: list[str] | None, now: list[str] | None) -> str:
    lines = unified_diff(before or [], now or [], "pinned", "now", lineterm="", n=2)
    return "\n".join(f"  {line}" for line in lines)


def registered_names(workflows: list[type], activities: list[object]) -> dict[str, list[str]]:
    """The names that histories hold: workflows with updates, signals and queries, and activities."""
    names: dict[str, list[str]] = {}
    for each in workflows:
        definition = workflow._Definition.must_from_class(each)
        names[str(definition.name)] = sorted(
            [f"update {name}" for name in definition.updates]
            + [f"signal {name}" for name in definition.signals]
            + [f"query {name}" for name in definition.queries]
        )
    names["activities"] = sorted(
        str(activity._Definition.must_from_callable(each).name)  # type: ignore[arg-type]
        for each in activities
    )
    return names


def pinned() -> dict[str, dict[str, list[str]]]:
    """Both as they were when they were pinned."""
    return json.loads(PINNED.read_text(encoding="utf-8"))
