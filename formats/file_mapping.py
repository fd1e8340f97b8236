"""From the text of a YAML or JSON file to plain mappings, lists and words, with their line numbers.

Every scalar stays the word that was written: a unit "0101" is not octal, an office "no" is not
false, and 0.25 does not pass through a float. The model behind the file gives words their types.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from formats.file_text import read_text
from models.values.refusal import Problem, Refused, problem, refusal

Plain = str | None | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class FileMapping:
    """The top mapping of a file, the line of every part of it, and the keys that came twice."""

    name: str
    content: dict[str, Plain]
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def where(self, path: Path) -> str:
        """The place of a part in words, like "estate.yaml line 12, scheme.items[0].cost_fen"."""
        line = next(
            (self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines),
            0,
        )
        shown = f"{self.name} line {line}" if line else self.name
        return f"{shown}, {in_words(path)}" if path else shown


def in_words(path: Path) -> str:
    """A path as people write it: names with dots, positions from 0 in brackets."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def read_mapping(data: bytes, name: str) -> FileMapping:
    """Read a file of at most 2 MB; JSON if it is called so, otherwise YAML.

    Raises:
        Refused: `file.too_large`, `file.broken` with line and column, `file.not_a_mapping`,
            `file.too_deep`, `file.alias`, or what is wrong with the encoding.
    """
    if len(data) > MAX_BYTES:
        raise refusal("file.too_large", where=name, have=len(data), most=MAX_BYTES)
    text = read_text(data, name)
    return _from_json(text, name) if name.lower().endswith(".json") else _from_yaml(text, name)


def _from_yaml(text: str, name: str) -> FileMapping:
    try:
        _refuse_what_expands(text, name)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Refused(_broken(name, line, column)) from None
    except yaml.YAMLError as error:
        # A character that YAML does not allow; the reader knows only its position.
        position = int(getattr(error, "position", 0))
        line = text.count("\n", 0, position) + 1
        column = position - (text.rfind("\n", 0, position) + 1) + 1
        raise Refused(_broken(name, line, column)) from None
    if not isinstance(node, yaml.MappingNode):
        raise refusal("file.not_a_mapping", where=name)
    walk = _Walk(name)
    content = walk.mapping(node, ())
    return FileMapping(name, content, walk.lines, tuple(walk.problems))


def _refuse_what_expands(text: str, name: str) -> None:
    """No aliases, which can multiply a small file without end, and no deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise refusal("file.alias", where=f"{name} line {line}")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise Refused(_too_deep(f"{name} line {line}"))


@dataclass
class _Walk:
    """Turns nodes into plain data, noting lines and double keys."""

    name: str
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Plain]:
        """A mapping; the first of two equal keys is kept, since the file is refused anyway."""
        found: dict[str, Plain] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            word = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if word in found:
                where = f"{self.name} line {line}, {in_words((*path, word))}"
                first = self.lines[(*path, word)]
                self.problems.append(problem("file.key_twice", where=where, key=word, first=first))
                continue
            self.lines[(*path, word)] = line
            found[word] = self.plain(value, (*path, word))
        return found

    def plain(self, node: yaml.Node, path: Path) -> Plain:
        """Whatever the node is, as plain data."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(each, (*path, number)) for number, each in enumerate(node.value)]
        return None if node.tag == NULL else str(node.value)


def _from_json(text: str, name: str) -> FileMapping:
    problems: list[Problem] = []

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        content: dict[str, object] = {}
        for key, value in found:
            if key in content:
                problems.append(
                    problem("file.key_twice", where=f"{name}, {key}", key=key, first="?")
                )
            content.setdefault(key, value)
        return content

    try:
        content = json.loads(
            text, object_pairs_hook=pairs, parse_float=str, parse_int=str, parse_constant=str
        )
        plain = _plain(content, 0, name)
    except json.JSONDecodeError as error:
        raise Refused(_broken(name, error.lineno, error.colno)) from None
    except RecursionError:
        raise Refused(_too_deep(name)) from None
    if not isinstance(plain, dict):
        raise refusal("file.not_a_mapping", where=name)
    return FileMapping(name, plain, {}, tuple(problems))


def _plain(value: object, depth: int, name: str) -> Plain:
    if depth > MAX_DEPTH:
        raise Refused(_too_deep(name))
    if isinstance(value, dict):
        return {str(key): _plain(each, depth + 1, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1, name) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def words(value: Plain, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every word of the file, keys included, with its path."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*path, key), key
            yield from words(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from words(each, (*path, number))
    elif value is not None:
        yield path, value


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def unreadable(word: str) -> bool:
    """Characters that no screen shows and no database stores: controls, halves of pairs."""
    return _CONTROL.search(word) is not None


def _broken(name: str, line: int, column: int) -> Problem:
    return problem(
        "file.broken", where=f"{name} line {line}, column {column}", line=line, column=column
    )


def _too_deep(where: str) -> Problem:
    return problem("file.too_deep", where=where, most=MAX_DEPTH)
