"""A roll's file, whatever its format: CSV by the rules, workbooks through the guarded reader."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from formats.roll.checking import Page, SheetBeside, accepted_roll, check_pages, csv_rows
from formats.roll.notes import Source
from formats.roll.reading import Row
from models.files.roll import Finding, Roll, RollReport
from models.values.refusal import Refused, problem, refusal
from runtime.spreadsheets.reading import ALL, Sheet, detect_format, open_sheets

Rows = Iterable[tuple[int, Row]]
Progress = Callable[[Rows, int], Rows]
"""Shows how far the reading is, by handing the rows on; about so many will come."""


def read_roll_file(data: bytes, name: str) -> Roll:
    """The roll in a CSV file or the only filled sheet of a workbook.

    Raises:
        Refused: every problem of it.
    """
    return accepted_roll(check_roll_file(data, name))


def check_roll_file(
    data: bytes,
    name: str,
    *,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Progress = lambda rows, _: rows,
) -> RollReport:
    """What a file holds: the roll, or every problem; warnings beside. Raises nothing.

    `mapping` is heading to field of `formats.roll.COLUMNS`, or to "ignore"; `sheet` may be "all".
    """
    source = Source(name, hashlib.sha256(data).hexdigest())
    wanted = mapping or {}
    try:
        kind = detect_format(data, name)
        if kind is None:
            _refuse_sheet(name, sheet)
            rows = progress(csv_rows(data, name), data.count(b"\n"))
            return check_pages([Page(source, rows)], source, wanted)
        read: list[Sheet] = []
        with open_sheets(data, name, kind, sheet) as sheets:
            pages = _pages(sheets, read, source, progress, several=sheet == ALL)
            return _with_formulas(check_pages(pages, source, wanted), read)
    except Refused as refusal:
        findings = tuple(Finding(problem=problem) for problem in refusal.problems)
        return RollReport(
            name=name, sha256=source.sha256, problems=findings, problem_count=len(findings)
        )


def _pages(
    sheets: Iterable[Sheet], read: list[Sheet], source: Source, progress: Progress, *, several: bool
) -> Iterator[Page]:
    """Each sheet as a page to check; `read` keeps them."""
    for each in sheets:
        read.append(each)
        here = Source(source.name, source.sha256, each.name, several)
        rows = progress(each.rows, each.height)
        yield Page(here, rows, SheetBeside(each.hidden, each.shown))


def _refuse_sheet(name: str, sheet: str | None) -> None:
    if sheet not in {None, ALL}:
        raise refusal("spreadsheet.sheet_unknown", where=name, sheet=sheet or "", sheets="-")


def _with_formulas(report: RollReport, sheets: Iterable[Sheet]) -> RollReport:
    """The report with a warning where values were computed by the program that saved the file."""
    taken = tuple(
        Finding(
            problem=problem(
                "roll.formulas_taken",
                where=f"{report.name} sheet {sheet.name}",
                count=sheet.formulas,
                first=sheet.first_formula,
            ),
            sheet=sheet.name,
        )
        for sheet in sheets
        if sheet.formulas
    )
    return report.model_copy(
        update={
            "warnings": (*taken, *report.warnings),
            "warning_count": report.warning_count + len(taken),
        }
    )
