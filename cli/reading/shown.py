"""A thing of a case in tables for people: money in yuan, areas in m2, moments by the clocks of the place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cli.output import inside, table
from cli.shown import moment
from cli.words import aligned, listed, named, said
from runtime.language.moments import read_moment

if TYPE_CHECKING:
    from pydantic import JsonValue

    from cli.output import Line
    from cli.reading.sheets import Listing

ROOMS = {"state": "state", "stage": "stage", "level": "level", "indicator": "indicator"}
"""Fields whose words the catalogues have."""
WIDTH = 24
MOMENTS = ("_at", "_by", "_until")
"""What the names of moments end in; not all of these are some."""


def sheet_lines(sheet: Listing, found: JsonValue, zone: str) -> Iterator[Line]:
    """One table; or for each line its fields and the tables of its parts."""
    lines = found if isinstance(found, list) else [found]
    if not lines:
        yield said("line.nothing_there")
        return
    if not sheet.parts:
        yield _table(sheet.columns.split(), lines, zone)
        return
    for line in lines:
        for name in sheet.columns.split():
            yield aligned(title(name), inside(cell(name, _of(line, name), zone)), WIDTH)
        for part, columns in sheet.parts.items():
            rows = _of(line, part)
            if isinstance(rows, list) and rows:
                yield f"{title(part)}:"
                yield _table(columns.split(), rows, zone)


def _table(columns: Sequence[str], lines: Sequence[JsonValue], zone: str) -> Line:
    headings = [title(name) for name in columns]
    rows = [[cell(name, _of(line, name), zone) for name in columns] for line in lines]
    return table(headings, rows, folded=headings)


def title(name: str) -> str:
    """The heading of a field, without the unit that its name ends in."""
    last = name.rpartition(".")[2]
    return named("field", last)


def cell(name: str, value: JsonValue, zone: str) -> str:
    """A value as people write it; - for what is not there, or is not the reader's to read."""
    last = name.rpartition(".")[2]
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return said("line.yes" if value else "line.no")
    if isinstance(value, int):
        return number_shown(last, value)
    if isinstance(value, str):
        return _text(last, value, zone)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return listed(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def _text(name: str, value: str, zone: str) -> str:
    found = read_moment(value) if name.endswith(MOMENTS) else None
    if found is not None:
        return moment(found, zone)
    return named(ROOMS[name], value) if name in ROOMS else value


def number_shown(name: str, value: int) -> str:
    """A number as people read it, by the unit at the end of its name: money in yuan, areas in m2."""
    if name.endswith("_fen"):
        sign = "-" if value < 0 else ""
        return f"{sign}{abs(value) // 100:,}.{abs(value) % 100:02}"
    if name.endswith("_dm2"):
        return f"{value // 100:,}.{value % 100:02}"
    return f"{value:,}"


def _of(line: JsonValue, name: str) -> JsonValue:
    for part in name.split("."):
        line = line.get(part) if isinstance(line, dict) else None
    return line
