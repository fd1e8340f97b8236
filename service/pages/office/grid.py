"""A roll's file as its sender knows it: the cells around every problem, by the letters and numbers of the sheet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from formats.roll.columns import HEADING_WITHIN, MAX_COLUMNS, find_heading, letter
from formats.roll.reading import Row
from models.files.roll import Finding, RollReport
from runtime.spreadsheets.roll_files import Rows, check_roll_file

MOST_ROWS, MOST_COLUMNS, MOST_LETTERS = 40, 26, 60
SAMPLES = 3


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


class SheetColumn(NamedTuple):
    """A column of the sheet: its heading, the field that it is read as, and where there is none, what stands in it."""

    letter: str
    title: str
    samples: tuple[str, ...]
    field: str
    """Of `formats.roll.COLUMNS`, `IGNORE`, or "" where its heading is not understood."""


class RollLook(NamedTuple):
    """What reading a file found, its grid, and how its columns were read."""

    report: RollReport
    grid: SheetGrid
    columns: tuple[SheetColumn, ...]


def look(content: bytes, name: str, sheet: str | None, mapping: Mapping[str, str]) -> RollLook:
    """Read a roll and keep its rows as they stand, to show the wrong ones.

    `mapping` is heading to field, and goes before what is known of headings.
    """
    kept: dict[int, Row] = {}

    def keeping(rows: Rows, _total: int) -> Rows:
        return _kept(rows, kept)

    report = check_roll_file(content, name, sheet=sheet, mapping=mapping, progress=keeping)
    return RollLook(report, _grid(report, kept), tuple(_columns(kept, mapping)))


def _columns(kept: Mapping[int, Row], mapping: Mapping[str, str]) -> Iterator[SheetColumn]:
    """The columns below the headings; none where there is no row."""
    filled = [
        (number, [_text(row, place) for place in range(len(row))])
        for number, row in sorted(kept.items())
        if any(_text(row, place).strip() for place in range(len(row)))
    ]
    if not filled:
        return
    heading, _ = find_heading(filled[:HEADING_WITHIN], mapping)
    below = [cells for number, cells in filled if number > heading.row][:SAMPLES]
    for place, title in enumerate(heading.titles[:MAX_COLUMNS]):
        if title.strip():
            field = heading.fields[place]
            # What is understood need not be repeated: names stand in it.
            samples = () if field else tuple(row[place] for row in below if place < len(row))
            yield SheetColumn(letter(place), title.strip(), samples, field)


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
