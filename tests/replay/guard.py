"""What makes a workflow's history: the calls that issue commands, read from its source, in order."""

import ast
import json
from pathlib import Path

from temporalio import activity, workflow

HERE = Path(__file__).resolve().parent
WORKFLOWS = HERE.parents[1] / "workflows"
PINNED = HERE / "pinned.json"
ISSUING = {
    "write",
    "write_many",
    "until",
    "publish",
    "wait_condition",
    "execute_child_workflow",
    "start_child_workflow",
    "execute_activity_method",
    "execute_activity",
    "upsert_search_attributes",
    "continue_as_new",
    "patched",
    "sleep",
    "wait_again",
    "when_due",
}
ADVICE = (
    "The order of commands in workflows/{name}.py changed ({method}). Renovations that are under way"
    ' would no longer replay. Put the change behind `workflow.patched("<date>-<reason>")` so that'
    " old histories take the old branch, then run `make record` and commit what it wrote.\n"
    "  pinned: {before}\n  now:    {now}"
)


def commands_of(source: str) -> dict[str, list[str]]:
    """Method to its command-issuing calls in source order, e.g. ``write(Ballots.close_box)``."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            calls = sorted(
                (each for each in ast.walk(node) if isinstance(each, ast.Call)),
                key=lambda call: (call.lineno, call.col_offset),
            )
            lines = [_shown(call) for call in calls if _name(call) in ISSUING]
            if lines:
                found[node.name] = lines
    return found


def drift(name: str, before: dict[str, list[str]], now: dict[str, list[str]]) -> list[str]:
    """One sentence of advice for every method whose commands changed."""
    return [
        ADVICE.format(name=name, method=method, before=before.get(method), now=now.get(method))
        for method in sorted(before.keys() | now.keys())
        if before.get(method) != now.get(method)
    ]


def fingerprints() -> dict[str, dict[str, list[str]]]:
    """Every module of `workflows/` with its methods and their commands."""
    return {
        path.stem: commands_of(path.read_text(encoding="utf-8"))
        for path in sorted(WORKFLOWS.glob("*.py"))
        if path.stem != "__init__"
    }


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


def pinned() -> dict[str, dict[str, dict[str, list[str]]]]:
    return json.loads(PINNED.read_text(encoding="utf-8"))


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _shown(call: ast.Call) -> str:
    name = _name(call)
    first = call.args[0] if call.args else None
    if name.startswith("write") and first is not None:
        return f"{name}({ast.unparse(first)})"
    if name == "patched" and first is not None:
        return f"patched({ast.unparse(first)})"
    return name
