"""The codes of refusals, as the source has them: written as literals where a `Problem` is made."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.check.project import Project, called_name

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Code(NamedTuple):
    """A code and where it is written."""

    code: str
    path: Path
    line: int


class Parameter(NamedTuple):
    """The parameter of a function that takes a code: its name and its place among the arguments."""

    name: str
    place: int


Makers = dict[str, list[Parameter]]
"""What makes a problem of a code, by the name that is called."""
PROBLEM: Makers = {
    "Problem": [Parameter("code", -1)],
    "problem": [Parameter("code", 0)],
    "refusal": [Parameter("code", 0)],
    "refuse": [Parameter("code", 0)],
}


def codes(project: Project) -> list[Code]:
    """Every code that a refusal may have, as far as it is written as a literal.

    A function that hands its own parameter on as a code (`_problem(code, …)`) makes problems like
    `Problem(code=…)` itself; one with an underscore does so in its own module only.
    """
    trees = dict(project.product_trees())
    public: Makers = defaultdict(list, {name: list(each) for name, each in PROBLEM.items()})
    private: dict[Path, Makers] = {path: defaultdict(list) for path in trees}
    grown = True
    while grown:
        grown = False
        for path, module in trees.items():
            for name, parameter in _makers(module, _known(public, private[path])):
                home = private[path] if name.startswith("_") else public
                if parameter not in home[name]:
                    home[name].append(parameter)
                    grown = True
    return [
        Code(str(constant.value), path, constant.lineno)
        for path, module in trees.items()
        for constant in _literals(module, _known(public, private[path]))
    ]


def _known(public: Makers, private: Makers) -> Makers:
    return {**public, **private}


def _makers(module: ast.Module, known: Makers) -> Iterator[tuple[str, Parameter]]:
    """The functions of a module that hand a parameter of theirs on as a code."""
    for function in ast.walk(module):
        if not isinstance(function, Function):
            continue
        names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        method = names[:1] in (["self"], ["cls"])
        for value in _given(function, known):
            if not isinstance(value, ast.Name):
                continue
            if value.id in names:
                yield function.name, Parameter(value.id, names.index(value.id) - method)
            elif value.id in (each.arg for each in function.args.kwonlyargs):
                yield function.name, Parameter(value.id, -1)


def _literals(module: ast.Module, known: Makers) -> Iterator[ast.Constant]:
    """The codes that stand in the calls of a module, both of `"a" if … else "b"`."""
    for value in _given(module, known):
        for each in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each


def _given(within: ast.AST, known: Makers) -> Iterator[ast.expr]:
    """What is given as a code in the calls within; a problem made for its sentence alone is none."""
    nodes = list(ast.walk(within))
    said = {
        id(argument)
        for node in nodes
        if isinstance(node, ast.Call) and called_name(node) == "sentence"
        for argument in node.args
    }
    for call in nodes:
        if not isinstance(call, ast.Call) or id(call) in said:
            continue
        for parameter in known.get(called_name(call), ()):
            if 0 <= parameter.place < len(call.args):
                yield call.args[parameter.place]
            yield from (each.value for each in call.keywords if each.arg == parameter.name)
