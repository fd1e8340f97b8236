"""A roll's file as its sender knows it: the cells around every problem, by the letters and numbers of the sheet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from formats.roll.reading import Row
from models.files.roll import Finding, RollReport
from runtime.spreadsheets.roll_files import Rows, check_roll_file

MOST_ROWS, MOST_COLUMNS, MOST_LETTERS = 40, 26, 60


class SheetCell(NamedTuple):
    """One cell as it stands in the file, and what is wrong with it."""

    text: str
    findings: tuple[Finding, ...]


class SheetLine(NamedTuple):
    """One row of the sheet."""

    number: int
    cells: tuple[SheetCell, ...]
    beside: tuple[Finding, ...]
    """What is wrong with the row and with no cell of it."""


class SheetGrid(NamedTuple):
    """The heading row and the rows with problems, as many as a page takes."""

    columns: tuple[str, ...]
    heading: SheetLine | None
    lines: tuple[SheetLine, ...]
    elsewhere: tuple[Finding, ...]
    """Problems of the file that are in no row."""


class RollLook(NamedTuple):
    """What reading a file found, and its grid."""

    report: RollReport
    grid: SheetGrid


def look(content: bytes, name: str, sheet: str | None) -> RollLook:
    """Read a roll and keep its rows as they stand, to show the wrong ones."""
    kept: dict[int, Row] = {}

    def keeping(rows: Rows, _total: int) -> Rows:
        return _kept(rows, kept)

    report = check_roll_file(content, name, sheet=sheet, progress=keeping)
    return RollLook(report, _grid(report, kept))


def _kept(rows: Rows, kept: dict[int, Row]) -> Iterator[tuple[int, Row]]:
    for number, row in rows:
        kept.setdefault(number, row)
        yield number, row


def _grid(report: RollReport, kept: Mapping[int, Row]) -> SheetGrid:
    by_row: dict[int, list[Finding]] = {}
    for each in report.problems:
        by_row.setdefault(each.row or 0, []).append(each)
    elsewhere = tuple(by_row.pop(0, ()))
    wrong = sorted(by_row)[:MOST_ROWS]
    heading = report.heading_row
    widest = max((len(kept.get(row, ())) for row in (*wrong, heading or 0)), default=0)
    columns = tuple(letter(number) for number in range(min(widest, MOST_COLUMNS)))
    head = None
    if heading is not None and heading not in by_row:
        head = _line(heading, kept.get(heading, ()), columns, ())
    lines = (_line(row, kept.get(row, ()), columns, by_row[row]) for row in wrong)
    return SheetGrid(columns, head, tuple(lines), elsewhere)


def _line(
    number: int, row: Row, columns: tuple[str, ...], findings: Iterable[Finding]
) -> SheetLine:
    found = tuple(findings)
    cells = tuple(
        SheetCell(_text(row, place), tuple(each for each in found if each.column == column))
        for place, column in enumerate(columns)
    )
    return SheetLine(number, cells, tuple(each for each in found if each.column not in columns))


def _text(row: Row, place: int) -> str:
    if place >= len(row):
        return ""
    cell = row[place]
    text = cell if isinstance(cell, str) else cell.value
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def letter(place: int) -> str:
    """The letters that a spreadsheet gives a column, counted from 0."""
    return chr(ord("A") + place) if place < 26 else f"{letter(place // 26 - 1)}{letter(place % 26)}"  # noqa: PLR2004 - the alphabet
