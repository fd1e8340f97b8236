"""The guard sees commands, not names: tried on today's workflows, changed one by one."""

import ast
import copy
from collections.abc import Iterator

import pytest

from tests.replay import commands, guard
from tests.support.slow import some_are_slow

QUICK = 4
"""So many of the commands are tried in the quick suite, all of them in the slow one."""

TODAY = commands.read(guard.WORKFLOWS)
PINNED = guard.commands_of(TODAY)
SMALL = """
from temporalio import workflow

class Waiting:
    async def _rest(self, step):
        {timer}
        return await step()

    async def twice(self, step):
        await self._rest(step)

@workflow.defn(name="Small")
class SmallWorkflow(Waiting):
    @workflow.run
    async def run(self):
        async def look():
            await workflow.execute_activity("look", 1)
        {first}
        {second}

    @workflow.update(name="stop")
    async def stop_it(self, act):
        await Other.unknown(act)
"""
TIMER = "await workflow.sleep(3)"
LOOK = "await self.twice(look)"
PATCH = "workflow.patched('2026-12-x')"


def small(timer: str = TIMER, first: str = LOOK, second: str = PATCH) -> guard.Commands:
    text = SMALL.format(timer=timer, first=first, second=second)
    return guard.commands_of({"small": ast.parse(text)})


def command_calls() -> list[tuple[str, int, str]]:
    """Each place of today's workflows where Temporal is asked for something."""
    return [
        (module, number, f"{module}.py:{function.name}:{ast.unparse(call.func)}")
        for number, (module, function, call) in enumerate(commands.command_calls(TODAY))
    ]


def private_functions() -> Iterator[str]:
    for tree in TODAY.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("_"):
                yield node.name


class Without(ast.NodeTransformer):
    """Takes one call out of the source."""

    def __init__(self, call: ast.Call) -> None:
        self.call = call

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(None) if node is self.call else self.generic_visit(node)


class Renamed(ast.NodeTransformer):
    """Gives a helper another name, where it is defined and where it is called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = "_anew" if node.name == self.name else node.name
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = "_anew" if node.attr == self.name else node.attr
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = "_anew" if node.id == self.name else node.id
        return node


def test_a_workflow_is_followed_into_helpers_parents_and_what_is_handed_on() -> None:
    assert small() == {
        "Small run run": ["timer", "activity 'look'", "patched '2026-12-x'"],
        "Small update stop": ["await Other.unknown"],
    }


def test_a_timer_that_is_deleted_in_a_renamed_helper_is_noticed_and_told_what_to_do() -> None:
    without = SMALL.replace("_rest", "_wait_a_little").format(timer="", first=LOOK, second=PATCH)
    (advice,) = guard.drift(small(), guard.commands_of({"small": ast.parse(without)}))
    assert advice.startswith("Small run run: the commands that it issues changed.")
    assert "workflow.patched" in advice
    assert "make record" in advice
    assert "  -timer" in advice


def test_two_commands_that_are_swapped_are_noticed() -> None:
    assert guard.drift(small(), small(first=PATCH, second=LOOK))


def test_a_wait_that_loses_its_timeout_is_noticed() -> None:
    waits = "await workflow.wait_condition(step, {})"
    assert guard.drift(small(waits.format("timeout=3")), small(waits.format("")))


def test_a_function_that_no_entry_leads_to_is_told() -> None:
    text = SMALL.format(timer=TIMER, first="await getattr(self, 'twice')(look)", second=PATCH)
    assert commands.unreached({"small": ast.parse(text)}) == [
        "workflows/small.py: _rest",
        "workflows/small.py: look",
    ]


@pytest.mark.parametrize(
    ("module", "number"),
    [
        pytest.param(*call[:2], id=call[2], marks=pytest.mark.slow if place >= QUICK else ())
        for place, call in enumerate(command_calls())
    ],
)
def test_each_command_of_today_that_is_deleted_is_noticed(module: str, number: int) -> None:
    changed = copy.deepcopy(TODAY)
    *_, call = list(commands.command_calls(changed))[number]
    Without(call).visit(changed[module])
    assert guard.drift(PINNED, guard.commands_of(changed))


PRIVATE = sorted(set(private_functions()))


@pytest.mark.parametrize("name", PRIVATE[:3] + some_are_slow(*PRIVATE[3:]))
def test_a_helper_of_today_may_be_renamed(name: str) -> None:
    changed = copy.deepcopy(TODAY)
    for module in changed.values():
        Renamed(name).visit(module)
    assert not guard.drift(PINNED, guard.commands_of(changed))
