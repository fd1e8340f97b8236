"""The shape of the project: sizes of functions, modules and packages, stages, names of classes."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.check.project import STAGES, Project, tree

ROOMS = (
    "rules",
    "models/values",
    "models/tables",
    "workflows",
    "activities",
    "service/routes",
)
MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 400
MAX_MODULES_OF_A_PACKAGE = 15
TABLE_AND_VALUE = ("models/tables/", "models/values/")
"""A row of the database and the value that the rules know may have one name: one thing, two forms."""
STANDS_ALONE = "proof/verifier/"
"""A program of its own, copied into every bundle for other people's machines: it imports nothing of ours."""


def sizes_of_functions_and_modules(project: Project) -> Iterator[str]:
    """Functions fit on a screen, modules in a head."""
    for path, module in project.product_trees():
        name = project.name(path)
        lines = len(project.text(path).splitlines())
        if lines > MAX_MODULE_LINES:
            yield f"{name}: {lines} lines, at most {MAX_MODULE_LINES}"
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield (
                        f"{name}:{node.lineno}: {node.name} has {length} lines, "
                        f"at most {MAX_FUNCTION_LINES}"
                    )


def sizes_of_packages(project: Project) -> Iterator[str]:
    """No folder holds more modules than a newcomer can look through; migrations are a list in time."""
    migrations = project.root / "models" / "migrations"
    modules = Counter(
        path.parent
        for path in project.files(".py")
        if path.name != "__init__.py" and migrations not in path.parents
    )
    for folder, number in sorted(modules.items()):
        if number > MAX_MODULES_OF_A_PACKAGE:
            yield (
                f"{project.name(folder)}/: {number} modules in one flat folder, at most "
                f"{MAX_MODULES_OF_A_PACKAGE}. Move those that serve one idea into a package inside it"
                " that is named after the idea (not utils, common or helpers)."
            )


def stages_in_every_room(project: Project) -> Iterator[str]:
    """The five stages have the same name in every room of the project."""
    for stage in STAGES:
        for room in ROOMS:
            folder = project.root / room
            if not (folder / f"{stage}.py").exists() and not (folder / stage).is_dir():
                yield f"{room}/{stage}.py is missing: every stage has a module in every room"
        if not any((project.root / "tests").rglob(f"test_{stage}*.py")):
            yield f"tests/*/test_{stage}*.py is missing: every stage has tests"


def names_of_classes(project: Project) -> Iterator[str]:
    """One name, one thing: no class name stands twice, but for a table and its value.

    `proof/verifier` is not asked: it is a program of its own that runs where nothing of ours is
    installed, so it may call a ballot what we call a ballot.
    """
    places: dict[str, list[str]] = defaultdict(list)
    for path in project.product_modules():
        if not project.name(path).startswith(STANDS_ALONE):
            for name, line in _classes(path):
                places[name].append(f"{project.name(path)}:{line}")
    for name, found in sorted(places.items()):
        if len(found) > 1 and not _is_table_and_value(found):
            yield (
                f"{found[1]}: a class {name} stands in {found[0]} already. Rename the one whose name"
                " says less of what it is (docs/glossary.md has the terms), or import the other"
                " one; only a table and its value (models/tables, models/values) share a name."
                if len(found) == 2  # noqa: PLR2004
                else f"{', '.join(found)}: {len(found)} classes {name}. Rename all but one, each after"
                " what it is; only a table and its value (models/tables, models/values) share a name."
            )


def _classes(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno


def _is_table_and_value(found: list[str]) -> bool:
    """Is one of the two a table, the other a value?"""
    rooms = tuple(room for room in TABLE_AND_VALUE for place in found if place.startswith(room))
    return len(found) == len(TABLE_AND_VALUE) and rooms == TABLE_AND_VALUE
