"""The exceptional paths of the rule book (section 8, E1 to E50): which are carried, where, by which test.

`python -m tools.check.procedure` writes docs/procedure.md; the check compares it. A path is carried when
product code names it (`E36` in a docstring or comment) and a test says so in the line above it
(`# carries E36`). All others say here what they wait for.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.check.project import Project, tree

DOCUMENT = "docs/procedure.md"
ROOMS = ("workflows", "activities", "service", "rules")
"""Where a path is carried, the room that says most of it first."""
CARRIES = re.compile(r"# carries (?P<paths>E\d+(?:, E\d+)*)")
NAMED = re.compile(r"\bE(\d{1,2})\b")
MOST_PLACES = 3


class Detour(NamedTuple):
    """One path: its number, what happens, and the procedure it waits for ("" where it is carried)."""

    number: int
    what: str
    waits_for: str = ""


PATHS: tuple[Detour, ...] = (
    Detour(1, "a vote fails"),
    Detour(2, "too few take part"),
    Detour(3, "heads pass and area fails, or the other way round"),
    Detour(4, "a ballot is contested or forged"),
    Detour(5, "an objection to the published result"),
    Detour(6, "a court or an authority annuls"),
    Detour(7, "the roll changes; one owner holds much"),
    Detour(8, "no assembly and no committee", "property management committees (V-CN-12)"),
    Detour(9, "somebody's own part is touched"),
    Detour(10, "a vote is withdrawn"),
    Detour(11, "consent to enter the plan, no to the scheme", "entry into the renovation plan"),
    Detour(12, "the money does not reach"),
    Detour(13, "somebody does not pay"),
    Detour(14, "somebody cannot pay"),
    Detour(15, "a subsidy comes late, is cut or called back"),
    Detour(16, "the price drops; somebody has overpaid"),
    Detour(17, "the account is frozen"),
    Detour(18, "a flat is sold on the way"),
    Detour(19, "somebody joins late"),
    Detour(20, "fewer than three bids"),
    Detour(21, "fewer than three valid bids"),
    Detour(22, "every bid is rejected"),
    Detour(23, "an objection in tender matters"),
    Detour(24, "the first candidate is gone"),
    Detour(25, "signs of collusion"),
    Detour(26, "an abnormally low bid"),
    Detour(27, "nobody signs the contract"),
    Detour(28, "a change of the documents comes too late"),
    Detour(
        29, "the state's portal is down at the opening", "the link to the state's bidding portal"
    ),
    Detour(30, "an inspection is failed"),
    Detour(31, "works are covered without an inspection"),
    Detour(32, "a hidden defect is found", "options for defects that are found"),
    Detour(33, "a large variation"),
    Detour(34, "residents obstruct the works", "mediation and orders against obstruction"),
    Detour(35, "a justified objection on the way", "redesign during the works"),
    Detour(36, "the contractor is in default"),
    Detour(37, "the owners end the contract"),
    Detour(38, "an accident", "accidents"),
    Detour(39, "works that cannot wait", "emergency works"),
    Detour(40, "weather, holidays, the heating season", "delays that are excused"),
    Detour(41, "workers are not paid"),
    Detour(42, "the renovation is cancelled"),
    Detour(43, "the lift is not registered", "the registration of lifts"),
    Detour(44, "a complaint within the warranty", "the warranty"),
    Detour(45, "a complaint after the warranty", "the warranty"),
    Detour(46, "a dispute about the retention"),
    Detour(47, "the audit lowers the price"),
    Detour(48, "residents are not satisfied"),
    Detour(49, "nobody manages the estate afterwards", "the assembly after the works"),
    Detour(50, "complaints that repeat or abuse", "merging and limiting complaints"),
)
HEAD = """\
# The procedure, and where it leaves the straight way

The straight way is voting, cost sharing, bidding, inspection, feedback ([architecture](architecture.md)). Every wait for
an official act has a due moment in the timetable; whoever does not come is reminded, then the levels above hear of it
(`workflows/waiting.py`, `rules/time/lateness.py`); the test of it is `tests/workflows/waiting/test_silence.py`.

This table is made from the code by `python -m tools.check.procedure` and compared by `make check`: where a path is carried, and by
which test. A path may be carried in part; what it still lacks is said in the code. {carried} of {all} are carried.

| path | what happens | where | test |
|---|---|---|---|
"""


def procedure_is_told(project: Project) -> Iterator[str]:
    """Each path is carried or waits, not both; the document says which."""
    if not (project.root / "docs").exists():
        return
    named, tested = _named(project), _tested(project)
    for path in PATHS:
        code, tests = named.get(path.number, []), tested.get(path.number, [])
        if path.waits_for and tests:
            yield f"{tests[0]}: E{path.number} is carried now. Take its `waits_for` out of PATHS."
        if not path.waits_for and not (code and tests):
            missing = (
                "no test carries it (`# carries E…` above one)" if code else "no code names it"
            )
            yield f"E{path.number} ({path.what}): {missing}. Or say in PATHS what it waits for."
    document = project.root / DOCUMENT
    if not document.exists() or project.text(document) != written(project):
        yield f"{DOCUMENT} is not what the code says. Run `python -m tools.check.procedure`."


def written(project: Project) -> str:
    """The document as the code has it."""
    named, tested = _named(project), _tested(project)
    rows = [_row(path, named, tested) for path in PATHS]
    carried = sum(not path.waits_for for path in PATHS)
    return HEAD.format(carried=carried, all=len(PATHS)) + "".join(rows)


def _row(path: Detour, named: dict[int, list[str]], tested: dict[int, list[str]]) -> str:
    if path.waits_for:
        return f"| E{path.number} | {path.what} | waits for {path.waits_for} | |\n"
    where = ", ".join(f"`{each}`" for each in named.get(path.number, [])[:MOST_PLACES])
    tests = "<br>".join(f"`{each}`" for each in tested.get(path.number, [])[:MOST_PLACES])
    return f"| E{path.number} | {path.what} | {where} | {tests} |\n"


def _named(project: Project) -> dict[int, list[str]]:
    """Number of a path to the modules that name it, by room."""
    found: dict[int, list[str]] = {}
    for room in ROOMS:
        for path in project.product_modules():
            if path.relative_to(project.root).parts[0] != room:
                continue
            for number in {int(each) for each in NAMED.findall(project.text(path))}:
                found.setdefault(number, []).append(project.name(path))
    return found


def _tested(project: Project) -> dict[int, list[str]]:
    """Number of a path to the tests that carry it, as `file::test`."""
    found: dict[int, list[str]] = {}
    for path in project.files(".py"):
        if path.relative_to(project.root).parts[0] != "tests":
            continue
        text = project.text(path)
        if "# carries E" not in text:
            continue
        for number, test in _marks(path, text.splitlines()):
            found.setdefault(number, []).append(f"{project.name(path)}::{test}")
    return found


def _marks(path: Path, lines: list[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        mark = CARRIES.fullmatch(lines[first - 2].strip()) if first > 1 else None
        if mark is not None and node.name.startswith("test_"):
            for each in mark["paths"].split(", "):
                yield int(each.removeprefix("E")), node.name


def main() -> None:
    """Write the document."""
    project = Project(Path(__file__).resolve().parents[2])
    (project.root / DOCUMENT).write_text(written(project), encoding="utf-8")


if __name__ == "__main__":
    main()
