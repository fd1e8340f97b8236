"""Law has a caller: no public function of `rules/` that the product never calls, but marked ones.

The command line is a caller, tests and benchmarks are none. Read from the source: a function is
called where its name is used, through imports and re-exports, by something that is called itself.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.check.project import Project

WHOLE = "*"
"""A module that is used as a value: all that is in it."""
MARK = re.compile(r"# waits for (?P<procedure>\w.*)")


class Thing(NamedTuple):
    """What stands at the top of a module: a function, a class, a name that is assigned."""

    module: str
    name: str


class Module:
    """One module: what its names mean, and what each of its things uses."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name = name
        self.path = path
        self.imports: dict[str, tuple[str, str]] = {}
        self.uses: dict[str, list[ast.AST]] = {}
        self.functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.run_at_import: list[ast.AST] = []
        for node in ast.walk(tree):
            self._imported(node)
        for statement in tree.body:
            self._defined(statement)

    def _imported(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                self.imports[each.asname or each.name] = (node.module, each.name)
        if isinstance(node, ast.Import):
            for each in node.names:
                first = each.name.partition(".")[0]
                self.imports[each.asname or first] = (each.name if each.asname else first, "")

    def _defined(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.functions[name] = statement
                self.uses.setdefault(name, []).append(statement)
            case ast.ClassDef(name=name):
                self.uses.setdefault(name, []).append(statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.uses.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.uses.setdefault(name, []).append(value)
            case ast.Import() | ast.ImportFrom() | ast.AnnAssign():
                pass
            case _:
                self.run_at_import.append(statement)


def law_has_a_caller(project: Project) -> Iterator[str]:
    """Each public function of `rules/` is used by the product, or says what it waits for."""
    modules = {
        each.name: each
        for path, tree in project.product_trees()
        for each in [Module(_dotted(project, path), path, tree)]
    }
    law = {name: each for name, each in modules.items() if name.partition(".")[0] == "rules"}
    called = _reached(modules, _used_outside(modules, law))
    marked = {thing for thing in _public(law) if _procedure(project, law[thing.module], thing)}
    allowed = _reached(modules, set(marked)) | called
    for thing in sorted(_public(law)):
        module = law[thing.module]
        place = f"{project.name(module.path)}:{module.functions[thing.name].lineno}"
        if thing in marked and thing in called:
            yield (
                f"{place}: {thing.name} is called by the product now. Delete the comment"
                " `# waits for …` above it."
            )
        elif thing not in allowed:
            yield (
                f"{place}: only tests call {thing.name}. Call it where the procedure needs it; write"
                " `# waits for <procedure>` in the line above it if that procedure is not built"
                " yet; delete it if nothing will need it."
            )


def _public(law: dict[str, Module]) -> set[Thing]:
    return {
        Thing(module.name, name)
        for module in law.values()
        for name in module.functions
        if not name.startswith("_")
    }


def _procedure(project: Project, module: Module, thing: Thing) -> str:
    """What the function waits for, by the comment above it; empty without one."""
    function = module.functions[thing.name]
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    above = project.text(module.path).splitlines()[max(first - 2, 0)]
    mark = MARK.fullmatch(above.strip())
    return mark["procedure"] if mark else ""


def _used_outside(modules: dict[str, Module], law: dict[str, Module]) -> set[Thing]:
    """What of the law is used by the rest of the product, or by the mere import of the law."""
    found: set[Thing] = set()
    for module in modules.values():
        nodes = list(module.run_at_import)
        if module.name not in law:
            nodes += [node for uses in module.uses.values() for node in uses]
        for node in nodes:
            found.update(_things(modules, module, node))
    return found


def _reached(modules: dict[str, Module], start: set[Thing]) -> set[Thing]:
    """The things, and all that they use."""
    reached, waiting = set(start), list(start)
    while waiting:
        thing = waiting.pop()
        module = modules[thing.module]
        names = module.uses if thing.name == WHOLE else (thing.name,)
        used = {Thing(module.name, name) for name in names} | {
            each
            for name in names
            for node in module.uses.get(name, ())
            for each in _things(modules, module, node)
            if each != Thing(module.name, name)
        }
        waiting.extend(used - reached)
        reached |= used
    return reached


def _things(modules: dict[str, Module], module: Module, node: ast.AST) -> Iterator[Thing]:
    """What the names within a node mean, as things of the product."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        words = _words(each)
        if words:
            thing = _meant(modules, module, words)
            if thing is not None:
                yield thing
        else:
            waiting.extend(ast.iter_child_nodes(each))


def _words(node: ast.AST) -> list[str]:
    """`a.b.c` as its words; empty for what is no name."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *reversed(words)] if isinstance(node, ast.Name) else []


def _meant(modules: dict[str, Module], module: Module, words: list[str]) -> Thing | None:
    """The thing that `a.b.c` means in a module; None for what is not of the product."""
    first, *rest = words
    if first in module.imports:
        source, name = module.imports[first]
        return _looked_up(modules, source, [name, *rest] if name else rest)
    return Thing(module.name, first) if first in module.uses else None


def _looked_up(modules: dict[str, Module], source: str, words: list[str]) -> Thing | None:
    """The thing behind a module and the words after it: handed on by imports, or of a submodule."""
    module = modules.get(source)
    if not words:
        return Thing(source, WHOLE) if module is not None else None
    if module is not None and words[0] in {*module.uses, *module.imports} - (
        # `from rules.law import cn` in `rules/law/__init__.py` means the module beside it.
        {words[0]} if module.imports.get(words[0]) == (source, words[0]) else set()
    ):
        return _meant(modules, module, words)
    below = f"{source}.{words[0]}"
    known = below in modules or any(name.startswith(f"{below}.") for name in modules)
    return _looked_up(modules, below, words[1:]) if known else None


def _dotted(project: Project, path: Path) -> str:
    parts = list(path.relative_to(project.root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
