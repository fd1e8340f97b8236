"""What a workflow must not do, read from the source: the bans of Temporal's sandbox, and a few of ours.

A module that is passed through the sandbox is loaded once per process and not once per workflow; the
sandbox's bans on clocks, chance, files and the like do not reach into it. So they are held here: the
list is the sandbox's own (`SandboxRestrictions.default`), the look is at names and not at a running
program. What a name is bound to is taken from the imports of its module.
"""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

from temporalio.worker.workflow_sandbox import SandboxRestrictions
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

BANS = SandboxRestrictions.default.invalid_module_members
RUNNING = RestrictionContext()
RUNNING.is_runtime = True
MODULES = {"threading", "socket", "subprocess", "multiprocessing", "tempfile", "sqlite3"}
"""Not even imported: what is reached through an instance of theirs has no name to look at."""
PLACE_OF_BUILTINS = "__builtins__"


def banned_in(source: str, where: str, *, own: tuple[str, ...] = ()) -> list[str]:
    """A sentence for each thing in a module that its workflow could not do again in a replay.

    `own` are packages of ours that may be named but whose members may not be called here.
    """
    tree = ast.parse(source)
    names = dict(imported(tree))
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found = []
    for node in ast.walk(tree):
        line = f"{where}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Global):
            found.append(
                f"{line}: `global {', '.join(node.names)}` shares a value between workflows"
            )
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [
                f"{line}: {module} is not for a workflow"
                for module in sorted(modules_of(node) & MODULES)
            ]
        elif isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
            path = path_of(node, names)
            if path and is_banned(path):
                found.append(
                    f"{line}: {'.'.join(path).removeprefix(f'{PLACE_OF_BUILTINS}.')} {WHY}"
                )
            elif path and path[0] in own and id(node) in called:
                found.append(
                    f"{line}: {'.'.join(path)} is called here; a workflow only names it, for a worker"
                    " to run it as an activity"
                )
    return sorted(set(found))


WHY = "gives another answer in a replay; take it as an argument, or from `temporalio.workflow`"


def modules_under(*folders: Path) -> Iterator[Path]:
    """The modules of these folders."""
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name that an import binds, with the path of what it is bound to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = tuple(alias.name.split("."))
                yield (alias.asname, whole) if alias.asname else (whole[0], whole[:1])
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, (*node.module.split("."), alias.name)


def modules_of(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The top packages that an import names."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return {alias.name.partition(".")[0] for alias in node.names}


def path_of(node: ast.expr, names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """`now` of `from datetime import datetime as d; d.now` is datetime.datetime.now; () if not known."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ()
    if node.id in names:
        return (*names[node.id], *reversed(parts))
    if hasattr(builtins, node.id) and isinstance(node.ctx, ast.Load):
        return (PLACE_OF_BUILTINS, node.id, *reversed(parts))
    return ()


def is_banned(path: tuple[str, ...]) -> bool:
    """Whether the sandbox would refuse the use of this, or warn of it."""
    return any(
        BANS.match_access(RUNNING, *each, include_use=True) for each in (path, (*path, "__call__"))
    )
