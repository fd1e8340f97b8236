"""The timetable promises what is kept: each of its values has a use, or says which procedure it waits for."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.check.callers import MARK
from tools.check.project import Project, tree

TIMETABLE = "models/values/timetable.py"
BOUNDS = "rules/time/timetables.py"
"""The legal limits of the values: a list, and no use."""


def periods_are_kept(project: Project) -> Iterator[str]:
    """A value that the product uses has no mark; one that waits has one, and is no legal check."""
    path = project.root / TIMETABLE
    if not path.exists():
        return
    used, bounded = _used(project), _strings(project, BOUNDS)
    waiting = _waiting(path)
    for name, line, procedure in _values(project):
        place = f"{TIMETABLE}:{line}: {name}"
        if procedure and name in used:
            yield f"{place} is used by the product now. Delete the comment `# waits for …` above it."
        elif not procedure and name not in used:
            yield (
                f"{place} is kept by nothing. Keep it with a wait or a check; write `# waits for"
                " <procedure>` in the line above it if that procedure is not built yet."
            )
        if bool(procedure) != (name in waiting):
            yield (
                f"{place} waits for a procedure or does not: say it in the line above it and in"
                " WAITING, or in neither."
            )
        if procedure and name in bounded:
            yield f"{place} waits for {procedure}: take it out of LEGAL_BOUNDS in {BOUNDS}."


def _values(project: Project) -> Iterator[tuple[str, int, str]]:
    """Name, line and procedure ("" where it waits for none) of each value of the timetable."""
    path = project.root / TIMETABLE
    lines = project.text(path).splitlines()
    for node in ast.walk(tree(path)):
        if not (isinstance(node, ast.ClassDef) and node.name == "Timetable"):
            continue
        for each in node.body:
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                yield each.target.id, each.lineno, _procedure(lines, each.lineno)


def _waiting(path: Path) -> set[str]:
    """What `WAITING` lists: whoever names one of them in a file is told."""
    for node in tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(each, ast.Name) and each.id == "WAITING" for each in targets):
            strings = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
            return {each for each in strings if isinstance(each, str)}
    return set()


def _procedure(lines: list[str], line: int) -> str:
    mark = MARK.fullmatch(lines[line - 2].strip())
    return mark["procedure"] if mark else ""


def _used(project: Project) -> set[str]:
    """The names that shipped code reads or names, outside of functions that wait themselves."""
    found: set[str] = set()
    for path, module in project.product_trees():
        if project.name(path) in (TIMETABLE, BOUNDS):
            continue
        lines = project.text(path).splitlines()
        waiting: list[ast.AST] = [module]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.FunctionDef) and _procedure(lines, _first_line(node)):
                continue
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _strings(project: Project, name: str) -> set[str]:
    path = project.root / name
    nodes = ast.walk(tree(path)) if path.exists() else ()
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
