"""Sentences and statuses: both catalogues agree, every refusal has a sentence and a status."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from tools.check.codes import codes
from tools.check.project import Project, tree

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TEXT = re.compile(r"['\"]((?:page|office)\.[a-z_]+)['\"]")
"""A text in a template; one that ends in an underscore is the beginning of several."""
STATUSES = "STATUS_OF_CODE"
"""The table of `service/http`: the HTTP status of every code."""


def catalogues_agree(project: Project) -> Iterator[str]:
    """Both languages have the same messages with the same figures in them."""
    for folder in _locale_folders(project):
        english, chinese = _catalogue(folder / "en"), _catalogue(folder / "zh_CN")
        where = project.name(folder)
        for code in sorted(english.keys() ^ chinese.keys()):
            missing = "zh_CN" if code in english else "en"
            yield f"{where}/{missing}: no sentence for {code}"
        for code in sorted(english.keys() & chinese.keys()):
            if set(PLACEHOLDER.findall(english[code])) != set(PLACEHOLDER.findall(chinese[code])):
                yield f"{where}: {code} has other figures in en than in zh_CN"


def codes_stand_once(project: Project) -> Iterator[str]:
    """Every message stands once in its catalogue: of two, a reader of the file sees one and a person the other."""
    for folder in _locale_folders(project):
        for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            first: dict[str, int] = {}
            for number, line in enumerate(project.text(path).splitlines(), 1):
                if not line.startswith('msgid "') or line == 'msgid ""':
                    continue
                if line in first:
                    code = line.removeprefix('msgid "').removesuffix('"')
                    yield f"{project.name(path)}:{number}: {code} stands in line {first[line]} already"
                first.setdefault(line, number)


def codes_have_sentences(project: Project) -> Iterator[str]:
    """Every code a Problem is made with, as a literal, has a sentence."""
    folders = _locale_folders(project)
    if not folders:
        return
    known = {code for folder in folders for code in _catalogue(folder / "en")}
    for each in codes(project):
        if each.code not in known:
            yield f"{project.name(each.path)}:{each.line}: no sentence for {each.code}"


def templates_have_texts(project: Project) -> Iterator[str]:
    """Every text that a template of the pages names, as a literal, is in the catalogues."""
    known = {code for folder in _locale_folders(project) for code in _catalogue(folder / "en")}
    for path in sorted(project.root.glob("service/pages/templates/**/*.html")):
        for number, written in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for code in TEXT.findall(written):
                whole = code in known
                if not (whole or (code.endswith("_") and any(k.startswith(code) for k in known))):
                    yield f"{project.name(path)}:{number}: no text for {code}"


def codes_have_statuses(project: Project) -> Iterator[str]:
    """Every code that may leave over HTTP has its status in the table, 422 too.

    The command line says its own refusals itself, they have none.
    """
    known = _with_status(project)
    missing = {
        each.code: f"{project.name(each.path)}:{each.line}"
        for each in reversed(codes(project))
        if each.code not in known and project.root / "cli" not in each.path.parents
    }
    for code, place in sorted(missing.items()):
        yield (
            f"{place}: {code} has no HTTP status. Add it to {STATUSES} in service/http: 404 what is"
            " not there, 403 who may not, 409 what came too late or twice, 422 where a rule says no."
        )


def _with_status(project: Project) -> set[str]:
    """The codes of the table: all strings of its assignment, and of the names that stand in it."""
    assigned: dict[str, list[ast.expr]] = {}
    for path in sorted((project.root / "service" / "http").glob("*.py")):
        for node in tree(path).body:
            for name, value in _assignment(node):
                assigned.setdefault(name, []).append(value)
    found: set[str] = set()
    waiting, seen = [STATUSES], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for value in assigned.get(name, ()):
            for part in ast.walk(value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.update(part.value.split())
                elif isinstance(part, ast.Name):
                    waiting.append(part.id)
    return found


def _assignment(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield name, value


def _locale_folders(project: Project) -> list[Path]:
    """The folders that hold message catalogues, one per room at most."""
    return sorted(path for path in project.root.glob("*/*/locales") if path.is_dir())


def _catalogue(folder: Path) -> dict[str, str]:
    """Message id to sentence; only what is translated counts."""
    path = folder / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file)
    return {_all(each.id, 1): _all(each.string) for each in messages if each.id and each.string}


def _all(text: str | Iterable[str], most: int | None = None) -> str:
    """A text, or the forms of one that is written for one and for more."""
    return text if isinstance(text, str) else "\n".join(tuple(text)[:most])
