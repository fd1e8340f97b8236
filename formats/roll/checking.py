"""Checks the rows of a roll: headings, every cell, and what is allowed but suspicious."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from formats.file_text import read_text
from formats.roll.columns import (
    COLUMNS,
    HEADING_WITHIN,
    IGNORE,
    MAX_COLUMNS,
    Heading,
    find_heading,
    plain_heading,
)
from formats.roll.owners import owner_key
from formats.roll.reading import (
    MAX_LABEL,
    MAX_PROBLEMS,
    MAX_ROWS,
    Findings,
    Reader,
    Row,
    Source,
)
from models.files.roll import Finding, Roll, RollReport, UnreadableCell
from models.values.refusal import Refused, problem, refusal

MAX_UNITS_NAMED = 5
NO_MAPPING: Mapping[str, str] = {}

Rows = Iterable[tuple[int, Row]]


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
    return check_rows(csv_rows(data, name), source, mapping)


def check_rows(rows: Rows, source: Source, mapping: Mapping[str, str] = NO_MAPPING) -> RollReport:
    """What the rows of one sheet hold; `rows` are numbered as a spreadsheet numbers them.

    `mapping` is heading to field. A refusal while the rows are read ends the report with it.
    """
    problems = Findings(source)
    report = RollReport(name=source.name, sha256=source.sha256, sheet=source.sheet)
    try:
        filled = (each for each in rows if any(map(_filled, each[1])))
        heading, rest = _heading(filled, source, mapping)
        report = report.model_copy(update=_told(heading))
        _check_heading(heading, mapping, problems)
        if not problems.found:
            reader = _read(heading, rest, problems)
            if not problems.found:
                roll = Roll(name=source.name, sha256=source.sha256, units=tuple(reader.units))
                warnings = _namesakes(reader)
                report = report.model_copy(
                    update={
                        "roll": roll,
                        "warnings": tuple(warnings.kept),
                        "warning_count": warnings.found,
                    }
                )
    except Refused as refusal:
        problems.found += len(refusal.problems)
        problems.kept += [Finding(problem=each, sheet=source.sheet) for each in refusal.problems]
    return report.model_copy(
        update={"problems": tuple(problems.kept), "problem_count": problems.found}
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
        rows = csv.reader(io.StringIO(read_text(data, name), newline=""))
        for number, cells in enumerate(rows, start=1):
            yield number, cells
    except csv.Error:
        # The only thing csv refuses here is a cell of more than 128 KiB: an unclosed quote.
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


def _told(heading: Heading) -> dict[str, object]:
    skipped = [
        _shortened(title)
        for title, name in zip(heading.titles, heading.fields, strict=False)
        if name == IGNORE
    ]
    return {"heading_row": heading.row, "ignored": tuple(skipped)}


def _check_heading(heading: Heading, mapping: Mapping[str, str], problems: Findings) -> None:
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
        titles = " / ".join((COLUMNS[name][0], *COLUMNS[name][-4:]))
        problems.add("roll.column_missing", row, None, None, column=name, titles=titles)
    there = {plain_heading(title) for title in heading.titles}
    for title in mapping:
        if plain_heading(title) not in there:
            problems.add("roll.mapped_missing", row, title=_shortened(title))


def _read(heading: Heading, rows: Iterator[tuple[int, Row]], problems: Findings) -> Reader:
    reader = Reader(problems.source, heading, problems)
    for number, cells in rows:
        if number > MAX_ROWS:
            problems.add("roll.too_many_rows", number, most=MAX_ROWS)
            break
        reader.read(number, cells)
    if not reader.units and not problems.found:
        raise refusal("roll.no_rows", where=problems.source.name)
    return reader


def _namesakes(reader: Reader) -> Findings:
    """Units that became one head, or two, only because a number of identity is missing."""
    same: dict[str, list[int]] = defaultdict(list)
    mixed = any(reader.identified) and not all(reader.identified)
    for at, unit in enumerate(reader.units):
        if not unit.developer and (mixed or not reader.identified[at]):
            plain = owner_key(unit.owners) if reader.identified[at] else unit.owner_key
            same[plain].append(at)
    found = Findings(reader.source)
    for places in same.values():
        known = {reader.identified[at] for at in places}
        if len(places) > 1 and 0 in known:
            code = "roll.possible_namesakes" if known == {0} else "roll.possibly_one_owner"
            named = [reader.units[at].number for at in places[:MAX_UNITS_NAMED]]
            more = ", …" if len(places) > MAX_UNITS_NAMED else ""
            row = reader.rows[places[0]]
            found.add(code, row, units=", ".join(named) + more, count=len(places))
    return found


def _shortened(text: str) -> str:
    clean = "".join(letter for letter in text if letter.isprintable()).strip()
    return clean if len(clean) <= MAX_LABEL else f"{clean[:MAX_LABEL]}…"


def _titles() -> str:
    return ", ".join("/".join((titles[0], titles[-1])) for titles in COLUMNS.values())


__all__ = ["MAX_PROBLEMS", "accepted_roll", "check_csv", "check_rows", "csv_rows", "read_roll"]
