"""Reads a YAML or JSON file into plain mappings, lists and words, with their line numbers.

Every scalar stays the word that was written: a unit "0101" is not octal, an office "no" is not
false, and 0.25 does not pass through a float. The model behind the file gives words their types.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from formats.file_text import read_text
from models.fields import UNREADABLE
from models.values.refusal import Problem, Refused, problem, refusal

Plain = str | None | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""The plain words that YAML 1.2 reads as null (core schema, 10.3.2)."""


@dataclass(frozen=True)
class FileMapping:
    """The top mapping of a file, the line of every part of it, and the keys that came twice."""

    name: str
    content: dict[str, Plain]
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def where(self, path: Path) -> str:
        """The place of a part for a message, like "estate.yaml line 12, scheme.items[0].cost_fen"."""
        line = next(
            (self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines),
            0,
        )
        shown = f"{self.name} line {line}" if line else self.name
        return ", ".join(part for part in (shown, in_words(path)) if part)


def in_words(path: Path) -> str:
    """A path as people write it: names with dots, positions from 0 in brackets."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def read_mapping(data: bytes, name: str) -> FileMapping:
    """Read a YAML file, or a JSON file if its name ends in .json; at most `MAX_BYTES` bytes.

    Raises:
        Refused: `file.too_large`, `file.broken` with line and column, `file.not_a_mapping`,
            `file.too_deep`, `file.alias`, or what is wrong with the encoding.
    """
    if len(data) > MAX_BYTES:
        raise refusal("file.too_large", where=name, have=len(data), most=MAX_BYTES)
    text = read_text(data, name)
    return _from_json(text, name) if name.lower().endswith(".json") else _from_yaml(text, name)


def _from_yaml(text: str, name: str) -> FileMapping:
    reader = _YamlReader(name, text)
    try:
        content = reader.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Refused(_broken(name, mark.line + 1, mark.column + 1)) from None
    except ReaderError as error:
        # A character that YAML does not allow; ruamel knows only its position in the text.
        before = text[: int(error.position)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise Refused(_broken(name, line, column)) from None
    except (ValueError, OverflowError):
        # Escapes and tags that ruamel takes for valid until it builds a character of them.
        raise Refused(_broken(name, reader.line, 1)) from None
    if not isinstance(content, dict):
        raise refusal("file.not_a_mapping", where=name)
    return FileMapping(name, content, reader.lines, tuple(reader.problems))


class _YamlReader:
    """Builds plain data from ruamel's events, so that nothing is built before it is allowed.

    Depth and aliases are refused at the event that begins them: aliases can multiply a small file
    without end.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.events = iter(YAML(typ="safe", pure=True).parse(text))
        self.line = 1
        """Of the event that was read last."""
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def document(self) -> Plain:
        """The only document of the file; None for a file without one."""
        content: Plain = None
        documents = 0
        while not isinstance(event := self._next(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Refused(_broken(self.name, self.line, 1))
                content = self._value(self._next(), ())
        return content

    def _next(self) -> Event:
        event: Event = next(self.events)
        self.line = event.start_mark.line + 1
        return event

    def _value(self, event: Event, path: Path) -> Plain:
        """The value that begins with this event; None for a word that YAML 1.2 reads as null."""
        self.lines.setdefault(path, self.line)
        if isinstance(event, AliasEvent):
            raise refusal("file.alias", where=f"{self.name} line {self.line}")
        if isinstance(event, ScalarEvent):
            return None if event.implicit[0] and event.value in NULLS else str(event.value)
        if len(path) >= MAX_DEPTH:
            raise Refused(_too_deep(f"{self.name} line {self.line}"))
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        items: list[Plain] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Plain]:
        """A mapping; the first of two equal keys is kept, since the file is refused anyway."""
        found: dict[str, Plain] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            line = self.line
            key = str(event.value) if isinstance(event, ScalarEvent) else "?"
            at = (*path, key)
            if not isinstance(event, ScalarEvent):
                self._value(event, at)
            first = self.lines.setdefault(at, line)
            value = self._value(self._next(), at)
            if key in found:
                where = f"{self.name} line {line}, {in_words(at)}"
                self.problems.append(problem("file.key_twice", where=where, key=key, first=first))
            found.setdefault(key, value)
        return found


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


def unreadable(word: str) -> bool:
    """Whether a word has characters that no screen shows and no database stores."""
    return UNREADABLE.search(word) is not None


def _broken(name: str, line: int, column: int) -> Problem:
    return problem(
        "file.broken", where=f"{name} line {line}, column {column}", line=line, column=column
    )


def _too_deep(where: str) -> Problem:
    return problem("file.too_deep", where=where, most=MAX_DEPTH)
