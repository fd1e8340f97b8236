"""Checks the rows of a roll: headings, every cell, and what is allowed but suspicious."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, islice

from formats import csv_table
from formats.file_text import read_text
from formats.roll.book import MAX_LABEL, Book
from formats.roll.columns import (
    COLUMNS,
    HEADING_WITHIN,
    IGNORE,
    MAX_COLUMNS,
    SECOND,
    Heading,
    find_heading,
    plain_heading,
)
from formats.roll.notes import MAX_PROBLEMS, Findings, Source
from formats.roll.reading import MAX_ROWS, Reader, Row
from models.files.roll import Finding, Roll, RollReport, UnreadableCell
from models.values.refusal import Refused, problem, refusal

NO_MAPPING: Mapping[str, str] = {}
FEWEST_OF_A_ROLL = 3
"""Columns of a roll that a sheet needs, to be read when all sheets are."""

Rows = Iterable[tuple[int, Row]]


@dataclass
class SheetBeside:
    """What a sheet has beside its values; filled while its rows come."""

    hidden: AbstractSet[int] = frozenset()
    """Rows that are not shown."""
    shown: Mapping[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    """(row, column from 0) to what the cell holds and what its number format shows instead."""


@dataclass(frozen=True)
class Page:
    """One sheet, or the only one of a text file."""

    source: Source
    rows: Rows
    beside: SheetBeside = field(default_factory=SheetBeside)


def read_roll(data: bytes, name: str) -> Roll:
    """The roll in a CSV file, UTF-8 or GB18030, with the headings of `COLUMNS`.

    Raises:
        Refused: everything that is wrong, up to 100 problems and how many more there are; `where`
            is like "roll.csv row 17, column area_m2" and the heading's row is row 1.
    """
    return accepted_roll(check_csv(data, name))


def check_csv(data: bytes, name: str, mapping: Mapping[str, str] = NO_MAPPING) -> RollReport:
    """What a CSV file holds; nothing is raised, whatever the bytes."""
    source = Source(name, hashlib.sha256(data).hexdigest())
    return check_pages([Page(source, csv_rows(data, name))], source, mapping)


def check_pages(
    pages: Iterable[Page], source: Source, mapping: Mapping[str, str] = NO_MAPPING
) -> RollReport:
    """What the sheets hold together; rows are numbered as a spreadsheet numbers them.

    `mapping` is heading to field. A refusal while the rows are read ends the report with it.
    """
    book = Book(Findings(source))
    told = _Told()
    try:
        for page in pages:
            _read_page(page, book, mapping, told)
        if not told.sheets and not book.problems.found:
            raise refusal("roll.no_sheet_of_a_roll", where=source.name)
        if not book.units and not book.problems.found:
            raise refusal("roll.no_rows", where=source.name)
        book.finish()
    except Refused as refused:
        book.problems.found += len(refused.problems)
        sheet = book.problems.source.sheet
        book.problems.kept += [Finding(problem=each, sheet=sheet) for each in refused.problems]
    return _report(book, source, told)


@dataclass
class _Told:
    """What is told of the headings of all sheets."""

    sheets: list[str] = field(default_factory=list)
    heading_row: int | None = None
    ignored: dict[str, None] = field(default_factory=dict)


def _report(book: Book, source: Source, told: _Told) -> RollReport:
    roll = None
    if not book.problems.found:
        roll = Roll(name=source.name, sha256=source.sha256, units=tuple(book.units))
    return RollReport(
        name=source.name,
        sha256=source.sha256,
        sheet=", ".join(told.sheets) or source.sheet,
        heading_row=told.heading_row,
        ignored=tuple(told.ignored),
        roll=roll,
        problems=tuple(book.problems.kept),
        problem_count=book.problems.found,
        readings=book.readings.findings(),
        reading_count=book.readings.found,
        warnings=book.warnings.findings(),
        warning_count=book.warnings.found,
    )


def accepted_roll(report: RollReport) -> Roll:
    """The roll of a report that has no problems; otherwise all of them are raised.

    Raises:
        Refused: its problems, and how many more there are.
    """
    if report.roll is not None:
        return report.roll
    problems = [finding.problem for finding in report.problems]
    more = report.problem_count - len(problems)
    if more > 0:
        problems.append(problem("roll.more_problems", where=report.name, more=more))
    raise Refused(*problems)


def csv_rows(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file.

    Raises:
        Refused: what `read_text` says of the bytes; `roll.quote_open`.
    """
    number = 0
    try:
        for number, (_, cells) in enumerate(csv_table.csv_rows(read_text(data, name)), start=1):
            yield number, cells
    except csv_table.OpenQuoteError:
        raise refusal("roll.quote_open", where=f"{name} row {number + 1}") from None


def _filled(cell: str | UnreadableCell) -> bool:
    return isinstance(cell, UnreadableCell) or bool(cell.strip())


def _heading(
    rows: Iterator[tuple[int, Row]], source: Source, mapping: Mapping[str, str]
) -> tuple[Heading, Iterator[tuple[int, Row]]]:
    first = list(islice(rows, HEADING_WITHIN))
    if not first:
        raise refusal("roll.empty", where=source.name)
    titles = [
        (number, ["" if isinstance(cell, UnreadableCell) else cell for cell in cells])
        for number, cells in first
    ]
    heading, used = find_heading(titles, mapping)
    return heading, chain(first[used:], rows)


def _read_page(page: Page, book: Book, mapping: Mapping[str, str], told: _Told) -> None:
    source = page.source
    book.problems.source = source
    filled = (each for each in page.rows if any(map(_filled, each[1])))
    heading, rest = _heading(filled, source, mapping)
    if source.several and heading.known < FEWEST_OF_A_ROLL:
        book.readings.tell("roll.sheet_passed", source, sheet=source.sheet or "")
        return
    if source.sheet is not None:
        told.sheets.append(source.sheet)
    else:
        told.sheets.append("")
    told.heading_row = told.heading_row or heading.row
    skipped = zip(heading.titles, heading.fields, strict=False)
    told.ignored |= dict.fromkeys(_shortened(title) for title, name in skipped if name == IGNORE)
    building = _building_of(heading, source)
    before = book.problems.found
    _check_heading(heading, mapping, book.problems, building=building)
    if book.problems.found > before:
        return
    book.sheets.append((len(book.units), source, heading))
    _tell_columns(heading, book, source, building)
    reader = Reader(source, heading, book, building=building)
    _read_rows(reader, rest)
    _tell_beside(page.beside, book, heading, source)


def _building_of(heading: Heading, source: Source) -> str | None:
    """The building that the sheet's name tells, where no column does."""
    if "building" in heading.fields or source.sheet is None:
        return None
    return source.sheet.strip() if _BUILDING.fullmatch(source.sheet.strip()) else None


_BUILDING = re.compile(
    r"([0-9]{1,3}|[A-Za-z]|[一二三四五六七八九十]{1,3}|[东西南北])\s*(#|号?楼|号|栋|幢|座)?|"
    r"(building|block|tower|bldg)\.?\s*[0-9A-Za-z]{1,3}",
    re.IGNORECASE,
)


def _tell_columns(heading: Heading, book: Book, source: Source, building: str | None) -> None:
    """What was decided about columns, our reading first."""
    if building is not None:
        book.readings.tell("roll.read_building_of_sheet", source, building=building)
    for title, name in heading.passed:
        taken = heading.title(name)
        book.readings.tell("roll.read_other_column", source, title=title, taken=taken)
    second = {plain_heading(title) for titles in SECOND.values() for title in titles}
    for title, name in zip(heading.titles, heading.fields, strict=True):
        if name not in {"", IGNORE} and plain_heading(title) in second:
            book.readings.tell(
                "roll.read_second_column", source, title=_shortened(title), column=name
            )
    if "room" in heading.fields and "number" not in heading.fields:
        titles = {name: heading.title(name) for name in ("room", "building", "entrance")}
        book.readings.tell("roll.read_room", source, **titles)


def _read_rows(reader: Reader, rows: Iterator[tuple[int, Row]]) -> None:
    for number, cells in rows:
        if number > MAX_ROWS:
            reader.problems.add("roll.too_many_rows", number, most=MAX_ROWS)
            break
        reader.read(number, cells)


def _tell_beside(beside: SheetBeside, book: Book, heading: Heading, source: Source) -> None:
    """Units in hidden rows, and cells whose number format shows something else."""
    if beside.hidden:
        for row in book.rows[book.sheets[-1][0] :]:
            if row in beside.hidden:
                book.warnings.add("roll.hidden_rows", source, row)
    told: dict[int, tuple[int, str, str, int]] = {}
    for (row, place), (held, shown) in beside.shown.items():
        if (
            row > heading.row
            and place < len(heading.fields)
            and _differs(heading, place, held, shown)
        ):
            first = told.get(place, (row, held, shown, 0))
            told[place] = (*first[:3], first[3] + 1)
    for place, (row, held, shown, count) in told.items():
        title = heading.titles[place].strip()
        book.warnings.tell(
            "roll.shown_otherwise", source, row, column=title, value=held, shown=shown, count=count
        )


_NUMBERS = frozenset(("floor", "area_m2", "shares"))


def _differs(heading: Heading, place: int, held: str, shown: str) -> bool:
    """Whether what is shown is something else for this column: 0101 is no other floor than 101."""
    name = heading.fields[place]
    if name in {"", IGNORE}:
        return False
    if name not in _NUMBERS:
        return shown != held
    number = re.sub(r"[^0-9.%-]", "", shown)
    try:
        return float(number) != float(held)
    except ValueError:
        return True


def _check_heading(
    heading: Heading, mapping: Mapping[str, str], problems: Findings, *, building: str | None
) -> None:
    """Unknown, double and missing columns, all of them."""
    row, width = heading.row, len(heading.titles)
    if width > MAX_COLUMNS:
        problems.add("roll.too_many_columns", row, have=width, most=MAX_COLUMNS)
        return
    for at, (title, name) in enumerate(zip(heading.titles, heading.fields, strict=True)):
        if not name and title.strip():
            params = {"title": _shortened(title), "expected": _titles()}
            problems.add("roll.column_unknown", row, at, None, **params)
    for at in sorted(heading.double):
        problems.add("roll.column_twice", row, at, None, column=heading.fields[at])
    for name in heading.missing:
        if name == "building" and building is not None:
            continue
        titles = " / ".join((COLUMNS[name][0], *COLUMNS[name][-4:]))
        problems.add("roll.column_missing", row, None, None, column=name, titles=titles)
    there = {plain_heading(title) for title in heading.titles}
    for title in mapping:
        if plain_heading(title) not in there:
            problems.add("roll.mapped_missing", row, title=_shortened(title))


def _shortened(text: str) -> str:
    clean = "".join(letter for letter in text if letter.isprintable()).strip()
    return clean if len(clean) <= MAX_LABEL else f"{clean[:MAX_LABEL]}…"


def _titles() -> str:
    return ", ".join("/".join((titles[0], titles[-1])) for titles in COLUMNS.values())


__all__ = [
    "MAX_PROBLEMS",
    "Page",
    "SheetBeside",
    "accepted_roll",
    "check_csv",
    "check_pages",
    "csv_rows",
    "read_roll",
]
