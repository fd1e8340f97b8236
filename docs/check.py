"""What `make check` checks beside formatter, linter, types and imports: documents and code agree.

Run it from anywhere: `python docs/check.py`. It prints every drift and exits 1 if there is one.
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("rules", "models", "workflows", "activities", "service", "runtime", "cli")
STAGES = ("voting", "cost_sharing", "bidding", "inspection", "feedback")
MODULES = (
    "rules",
    "models/values",
    "models/tables",
    "workflows",
    "activities",
    "service/routes",
)
MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 400
SKIPPED_FOLDERS = {"__pycache__", "build", "dist", "data", "node_modules"}
TEXT = (".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".po", ".csv", ".sh", ".mako")
TEXT += (".ini", ".cfg", ".example", ".html", ".css", ".js", "Makefile", "Dockerfile", "run")
PRIVATE_PATH = re.compile(r"(?<![\w.:/}-])/(?:home|root|Users|work|workspace|mnt)/\w")
REGISTRY = re.compile("|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.")))
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def main() -> int:
    """Run every check; the number of drifts becomes the exit code."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        commands_in_readme,
        links_in_documents,
        places_of_this_machine,
        sizes_of_functions_and_modules,
        stages_in_every_room,
        catalogues_agree,
        codes_have_sentences,
    )
    problems = [problem for check in checks for problem in check()]
    for problem in problems:
        print(problem)
    print(f"docs/check.py: {len(checks)} checks, {len(problems)} problems")
    return 1 if problems else 0


def commands_in_readme() -> Iterator[str]:
    """Every `make x` and `gongjian x` of the README is a target or a command."""
    readme = ROOT / "README.md"
    if not readme.exists():
        return
    targets = set(
        re.findall(
            r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    text = readme.read_text(encoding="utf-8")
    # In backticks, or at the start of a line of a code block (with or without a prompt).
    named = re.findall(r"(?:`|^\s*(?:\$ )?)(make|gongjian) ([a-z][a-z-]*)", text, re.MULTILINE)
    commands = command_names() if any(tool == "gongjian" for tool, _ in named) else set()
    for tool, name in sorted(set(named)):
        if name not in (targets if tool == "make" else commands):
            yield f"README.md: `{tool} {name}` does not exist"


def command_names() -> set[str]:
    """The commands of `gongjian`, as typer has them."""
    sys.path.insert(0, str(ROOT))
    import typer.main  # noqa: PLC0415 - only when the README names commands

    from cli.main import app  # noqa: PLC0415

    command = typer.main.get_command(app)
    return set(getattr(command, "commands", {}))


def links_in_documents() -> Iterator[str]:
    """Every relative link of a document leads to a file."""
    for path in files(".md"):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (path.parent / target.split("#")[0]).exists():
                yield f"{path.relative_to(ROOT)}: link to {target}, which does not exist"


def places_of_this_machine() -> Iterator[str]:
    """No file names somebody's home, this workspace or a package registry."""
    for path in files(*TEXT):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            if PRIVATE_PATH.search(line) or REGISTRY.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: names a private path or a registry"


def sizes_of_functions_and_modules() -> Iterator[str]:
    """Functions fit on a screen, modules in a head."""
    for path in product_modules():
        name = path.relative_to(ROOT)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_MODULE_LINES:
            yield f"{name}: {lines} lines, at most {MAX_MODULE_LINES}"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield (
                        f"{name}:{node.lineno}: {node.name} has {length} lines, "
                        f"at most {MAX_FUNCTION_LINES}"
                    )


def stages_in_every_room() -> Iterator[str]:
    """The five stages have the same name in every room of the house."""
    for stage in STAGES:
        for room in MODULES:
            if not (ROOT / room / f"{stage}.py").exists() and not (ROOT / room / stage).is_dir():
                yield f"{room}/{stage}.py is missing: every stage has a module in every room"
        if not any((ROOT / "tests").rglob(f"test_{stage}*.py")):
            yield f"tests/*/test_{stage}*.py is missing: every stage has tests"


def catalogues_agree() -> Iterator[str]:
    """Both languages have the same messages with the same figures in them."""
    for folder in locale_folders():
        english, chinese = catalogue(folder / "en"), catalogue(folder / "zh_CN")
        where = folder.relative_to(ROOT)
        for code in sorted(english.keys() ^ chinese.keys()):
            missing = "zh_CN" if code in english else "en"
            yield f"{where}/{missing}: no sentence for {code}"
        for code in sorted(english.keys() & chinese.keys()):
            if set(PLACEHOLDER.findall(english[code])) != set(PLACEHOLDER.findall(chinese[code])):
                yield f"{where}: {code} has other figures in en than in zh_CN"


def codes_have_sentences() -> Iterator[str]:
    """Every code a Problem is made with, as a literal, has a sentence."""
    folders = locale_folders()
    if not folders:
        return
    known = {code for folder in folders for code in catalogue(folder / "en")}
    for path in product_modules():
        for node in ast.walk(tree(path)):
            code = problem_code(node)
            if code is not None and code.value not in known:
                place = f"{path.relative_to(ROOT)}:{code.lineno}"
                yield f"{place}: no sentence for {code.value}"


def problem_code(node: ast.AST) -> ast.Constant | None:
    """The literal code of `Problem(code="…")`, `problem("…")`, `refusal("…")`, `refuse("…")`, else None."""
    if not isinstance(node, ast.Call):
        return None
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if (
        name in {"refuse", "problem", "refusal"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ):
        return node.args[0]
    if name != "Problem":
        return None
    for keyword in node.keywords:
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
            return keyword.value
    return None


def locale_folders() -> list[Path]:
    """The folders that hold message catalogues, one per room at most."""
    return sorted(path for path in ROOT.glob("*/*/locales") if path.is_dir())


def catalogue(folder: Path) -> dict[str, str]:
    """Message id to sentence; only what is translated counts."""
    path = folder / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file)
    return {str(each.id): str(each.string) for each in messages if each.id and each.string}


def product_modules() -> Iterator[Path]:
    """The modules that are shipped; migrations are history and stay as they were."""
    migrations = ROOT / "models" / "migrations"
    for path in files(".py"):
        room = path.relative_to(ROOT).parts[0]
        if (room in PRODUCT or room == "worker.py") and migrations not in path.parents:
            yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def files(*endings: str) -> Iterator[Path]:
    """The files of the house whose names end so, without what tools made."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED_FOLDERS
            and not name.endswith(".egg-info")
            and (not name.startswith(".") or name in {".ci", ".github"})
        )
        for name in sorted(names):
            if name.endswith(endings):
                yield Path(folder) / name


if __name__ == "__main__":
    sys.exit(main())
