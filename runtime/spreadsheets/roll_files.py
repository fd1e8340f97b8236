"""A roll's file, whatever its format: CSV by the rules, workbooks through the guarded reader."""

import hashlib
from collections.abc import Callable, Iterable, Mapping

from formats.roll.checking import accepted_roll, check_rows, csv_rows
from formats.roll.reading import Row, Source
from models.files.roll import Finding, Roll, RollReport
from models.values.refusal import Refused, problem, refusal
from runtime.spreadsheets.reading import Sheet, detect_format, open_sheet

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

    `mapping` is heading to field of `formats.roll.COLUMNS`, or to "ignore".
    """
    source = Source(name, hashlib.sha256(data).hexdigest())
    wanted = mapping or {}
    try:
        kind = detect_format(data, name)
        if kind is None:
            _refuse_sheet(name, sheet)
            return check_rows(progress(csv_rows(data, name), data.count(b"\n")), source, wanted)
        with open_sheet(data, name, kind, sheet) as found:
            source = Source(name, source.sha256, found.name)
            report = check_rows(progress(found.rows, found.height), source, wanted)
            return _with_formulas(report, found)
    except Refused as refusal:
        findings = tuple(Finding(problem=problem) for problem in refusal.problems)
        return RollReport(
            name=name, sha256=source.sha256, problems=findings, problem_count=len(findings)
        )


def _refuse_sheet(name: str, sheet: str | None) -> None:
    if sheet is not None:
        raise refusal("spreadsheet.sheet_unknown", where=name, sheet=sheet, sheets="-")


def _with_formulas(report: RollReport, sheet: Sheet) -> RollReport:
    """The report with a warning where values were computed by the program that saved the file."""
    if not sheet.formulas:
        return report
    where = f"{report.name} sheet {sheet.name}"
    taken = problem(
        "roll.formulas_taken", where=where, count=sheet.formulas, first=sheet.first_formula
    )
    return report.model_copy(
        update={
            "warnings": (Finding(problem=taken, sheet=sheet.name), *report.warnings),
            "warning_count": report.warning_count + 1,
        }
    )
