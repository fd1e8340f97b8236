"""Which Temporal commands a workflow issues, read from the source of `workflows/`, in order.

Every entry of a workflow (run, updates, signals) is followed down to what Temporal itself is asked
for: methods of the class and its parents, functions of other modules of `workflows/`, functions that
are defined inside and handed on as arguments. Names of helpers leave no trace, commands do. Branches
and loops are not told apart: all that stands in them counts, in the order of the source.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from temporalio import activity, workflow

PACKAGE = "workflows"
Modules = Mapping[str, ast.Module]
"""The modules of `workflows/` by their name: `voting` and so on."""
Named = ast.FunctionDef | ast.AsyncFunctionDef
Function = Named | ast.Lambda
TELLS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Assign, ast.Call, ast.Await)
ENTRIES = ("run", "update", "signal")
TIMERS = {"sleep", "asyncio.sleep", "asyncio.wait_for", "asyncio.timeout", "asyncio.timeout_at"}
COMMANDS = {
    f"{verb}_{what}"
    for verb in ("execute", "start")
    for what in (
        "activity",
        "activity_class",
        "activity_method",
        "local_activity",
        "local_activity_class",
        "local_activity_method",
        "child_workflow",
    )
} | {
    "wait_condition",
    "sleep",
    "continue_as_new",
    "patched",
    "deprecate_patch",
    "upsert_search_attributes",
    "upsert_memo",
    "get_external_workflow_handle",
    "get_external_workflow_handle_for",
}


def read(folder: Path) -> dict[str, ast.Module]:
    """The modules of a folder, and its packages of one module."""
    files = {path.stem: path for path in folder.glob("*.py")}
    files |= {path.parent.name: path for path in folder.glob("*/__init__.py")}
    return {
        name: ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        for name, path in sorted(files.items())
    }


@dataclass(frozen=True)
class Text:
    """An argument that is no function of `workflows/`: what it is called there."""

    module: str
    text: str


@dataclass
class Scope:
    """What names mean in a function: its arguments and the functions that are defined in it."""

    module: str
    owner: str = ""
    """The class in which the function stands; `self` is of the class `of`."""
    of: tuple[str, str] | None = None
    names: dict[str, "Closure | Text"] = field(default_factory=dict)
    outer: "Scope | None" = None

    def find(self, name: str) -> "Closure | Text | None":
        return self.names.get(name) or (self.outer.find(name) if self.outer else None)


@dataclass(frozen=True)
class Closure:
    """A function and what the names around it mean."""

    node: Function
    scope: Scope
    method: bool = False


class Reading:
    """Follows the entries of every workflow; `seen` are the functions that it came through."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.imports = {module: dict(_imports(tree)) for module, tree in modules.items()}
        self.functions = {
            (module, each.name): each
            for module, tree in modules.items()
            for each in tree.body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.seen: set[Function] = set()
        # The same classes and expressions are come to ten thousand times.
        self.line = cache(self._line)
        self.methods = cache(self._methods)
        self.text = cache(ast.unparse)
        self.telling = cache(self._telling)

    def entries(self) -> dict[str, list[str]]:
        """The commands of each entry, by `<workflow> <kind> <name>`."""
        return {
            f"{_wire_name(defined, each)} {kind} {_wire_name(decorator, method.node)}": list(
                self.inside(method, {}, ())
            )
            for module, tree in self.modules.items()
            for each in tree.body
            if isinstance(each, ast.ClassDef)
            for defined in _decorators(each, "defn")
            for methods in self.methods((module, each.name)).values()
            for method in methods
            for kind in ENTRIES
            for decorator in _decorators(method.node, kind)
        }

    def _methods(self, of: tuple[str, str]) -> Mapping[str, tuple[Closure, ...]]:
        """The methods of a class by their name: its own first, then those of its parents."""
        found: dict[str, tuple[Closure, ...]] = {}
        for module, node in self.line(of):
            for each in node.body:
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                    closure = Closure(each, Scope(module, node.name, of), method=True)
                    found[each.name] = (*found.get(each.name, ()), closure)
        return found

    def _line(self, of: tuple[str, str]) -> tuple[tuple[str, ast.ClassDef], ...]:
        """A class and its parents, as far as they stand in `workflows/`."""
        return tuple(self._parents(of))

    def _parents(self, of: tuple[str, str]) -> Iterator[tuple[str, ast.ClassDef]]:
        module, name = of
        for each in self.modules[module].body if module in self.modules else ():
            if isinstance(each, ast.ClassDef) and each.name == name:
                yield module, each
                for base in each.bases:
                    text = self.text(base.value if isinstance(base, ast.Subscript) else base)
                    yield from self.line(self.home(module, text))

    def inside(
        self, closure: Closure, given: Mapping[str, "Closure | Text"], way: tuple[Function, ...]
    ) -> Iterator[str]:
        """The commands of a function when it is called with these arguments."""
        outer = closure.scope
        scope = Scope(outer.module, outer.owner, outer.of, dict(given), outer)
        self.seen.add(closure.node)
        body = closure.node.body
        for each in body if isinstance(body, list) else [body]:
            yield from self.commands(each, scope, (*way, closure.node))

    def commands(self, node: ast.AST, scope: Scope, way: tuple[Function, ...]) -> Iterator[str]:
        """The commands of a piece of source, innermost calls first, as they are evaluated."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            scope.names[node.name] = Closure(node, scope)
            return
        if isinstance(node, ast.Lambda):
            return  # called where it is handed to
        for child in self.telling(node):
            yield from self.commands(child, scope, way)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meant = self.meant(node.value, scope)
            if isinstance(meant, Closure):
                scope.names[node.targets[0].id] = meant
        if isinstance(node, ast.Call):
            yield from self.called(node, scope, way)
        elif isinstance(node, ast.Await) and self.is_unknown(node.value, scope):
            yield f"await {self.text(node.value).partition('(')[0]}"

    def _telling(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """The parts of a piece of source in which something is called or named."""
        return tuple(
            each
            for each in ast.iter_child_nodes(node)
            if isinstance(each, TELLS) or self.telling(each)
        )

    def is_unknown(self, node: ast.expr, scope: Scope) -> bool:
        """Is this a call that leads out of `workflows/`, and not to Temporal?"""
        return (
            isinstance(node, ast.Call)
            and self.meant(node.func, scope) is None
            and not _command(node)
        )

    def called(self, call: ast.Call, scope: Scope, way: tuple[Function, ...]) -> Iterator[str]:
        """What a call issues: one command, or those of the function that it leads to."""
        name = _command(call)
        if name:
            yield self.shown(name, call, scope)
            return
        meant = self.meant(call.func, scope)
        if not isinstance(meant, Closure):
            return
        if meant.node in way:
            yield "again"
            return
        yield from self.inside(meant, self.arguments(call, meant, scope), way)

    def arguments(
        self, call: ast.Call, closure: Closure, scope: Scope
    ) -> dict[str, Closure | Text]:
        """What is handed to the parameters of a function."""
        parameters = closure.node.args
        names = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
        if closure.method and not _is_static(closure.node):
            names = names[1:]
        plain = [each for each in call.args if not isinstance(each, ast.Starred)]
        handed = [*zip(names, plain, strict=False)]
        handed += [(each.arg, each.value) for each in call.keywords if each.arg]
        return {
            name: self.meant(value, scope) or Text(scope.module, self.text(value))
            for name, value in handed
        }

    def meant(self, node: ast.expr, scope: Scope) -> Closure | Text | None:
        """What an expression means: a function of `workflows/`, an argument, or nothing known."""
        if isinstance(node, ast.Lambda):
            return Closure(node, scope)
        if isinstance(node, ast.Call) and self.text(node.func).endswith("partial") and node.args:
            return self.meant(node.args[0], scope)
        text = self.text(node)
        first, _, rest = text.partition(".")
        if not rest and scope.find(first):
            return scope.find(first)
        if first in {"self", "cls", "super()"} and scope.of is not None:
            return next(self.own(first, scope, rest), None)
        home = self.home(scope.module, text)
        found = self.functions.get(home)
        return Closure(found, Scope(home[0])) if found else None

    def home(self, module: str, text: str) -> tuple[str, str]:
        """Where in `workflows/` a name of a module is defined: module and name there."""
        first, _, rest = text.partition(".")
        source, name = self.imports[module].get(first, (f"{PACKAGE}.{module}", first))
        if rest:  # `writes.write`, by `from workflows import writes`
            source, name = f"{source}.{name}", rest
        return source.removeprefix(f"{PACKAGE}."), name

    def own(self, first: str, scope: Scope, name: str) -> Iterator[Closure]:
        """The methods of a name that `self.` or `super().` reaches, the nearest first."""
        assert scope.of is not None
        line = [node.name for _, node in self.line(scope.of)]
        start = line.index(scope.owner) + 1 if first == "super()" else 0
        named = self.methods(scope.of).get(name, ())
        yield from (each for each in named if each.scope.owner in line[start:])

    def shown(self, name: str, call: ast.Call, scope: Scope) -> str:
        """A command as it is pinned: of activities and children their names in histories."""
        if name in TIMERS:
            return "timer"
        if name == "wait_condition":
            timed = any(each.arg == "timeout" for each in call.keywords) or len(call.args) > 1
            return "condition or timer" if timed else "condition"
        if (
            "activity" in name
            or "child_workflow" in name
            or name.endswith("patch")
            or (name == "patched")
        ):
            first = call.args[0]
            meant = self.meant(first, scope)
            said = meant if isinstance(meant, Text) else Text(scope.module, self.text(first))
            return f"{name.partition('_')[2] or name} {_name_in_histories(said)}"
        return name


def command_calls(modules: Modules) -> Iterator[tuple[str, Named, ast.Call]]:
    """Every call of Temporal in `workflows/`: module, the function that it stands in, the call."""
    for module, tree in modules.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in _calls_of(function):
                    if _command(call):
                        yield module, function, call


def unreached(modules: Modules) -> list[str]:
    """The functions that issue a command and that no entry of a workflow is seen to lead to."""
    reading = Reading(modules)
    reading.entries()
    return sorted(
        {
            f"workflows/{module}.py: {function.name}"
            for module, function, _ in command_calls(modules)
            if function not in reading.seen
        }
    )


def _calls_of(function: ast.AST) -> Iterator[ast.Call]:
    """The calls of a function, without those of functions that are defined in it."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _calls_of(child)


def _command(call: ast.Call) -> str:
    """The command that a call asks Temporal for by itself; empty if none."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="workflow"), attr=name) if name in COMMANDS:
            return name
        case ast.Attribute(value=ast.Name(id="asyncio"), attr=name):
            return f"asyncio.{name}" if f"asyncio.{name}" in TIMERS else ""
    return ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """What a module imports: the name here, and where it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield each.asname or each.name, (node.module, each.name)


def _decorators(node: ast.ClassDef | Function, kind: str) -> Iterator[ast.expr]:
    """The decorators `@workflow.<kind>` of a class or a function."""
    for each in getattr(node, "decorator_list", ()):
        if ast.unparse(each.func if isinstance(each, ast.Call) else each) == f"workflow.{kind}":
            yield each


def _wire_name(decorator: ast.expr, node: ast.ClassDef | Function) -> str:
    """The name that histories hold: that of the decorator, else that of the definition."""
    given = decorator.keywords if isinstance(decorator, ast.Call) else []
    named = [each.value for each in given if each.arg == "name"]
    if named and isinstance(named[0], ast.Constant):
        return str(named[0].value)
    return getattr(node, "name", "")


def _is_static(node: Function) -> bool:
    return any(ast.unparse(each) == "staticmethod" for each in getattr(node, "decorator_list", ()))


def _name_in_histories(said: Text) -> str:
    """The registered name of an activity or a child; the text where it is none of ours."""
    try:
        meant: object = importlib.import_module(f"{PACKAGE}.{said.module}")
        for word in said.text.split("."):
            meant = getattr(meant, word)
    except (ImportError, AttributeError):
        return said.text
    if callable(meant):
        acts = activity._Definition.from_callable(meant)
        runs = workflow._Definition.from_run_fn(meant)
        named = acts.name if acts else runs.name if runs else None
        return named or said.text
    return said.text
