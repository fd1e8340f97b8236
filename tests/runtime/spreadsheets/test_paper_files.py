"""A sheet of paper ballots as a workbook says what the same sheet says as CSV."""

import io

import pytest
import xlsxwriter

from formats.paper_sheet import PrintedMotion
from models.values.refusal import Refused
from rules.ballots.paper import Line
from runtime.spreadsheets.paper_files import read_paper_sheet

PRINTED = (PrintedMotion("works", "是否实施改造", {}), PrintedMotion("costs", "费用分摊", {}))
ROWS = (("房号", "是否实施改造", "费用分摊"), ("1-101", "同意", "反对"), ("1-102", "弃权", ""))
LINES = (
    Line("1-101", {"works": "yes", "costs": "no"}),
    Line("1-102", {"works": "abstain"}),
)


def workbook(rows: tuple[tuple[str, ...], ...]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("录入")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def test_a_workbook_and_csv_are_read_alike() -> None:
    text = "\n".join(",".join(row) for row in ROWS).encode()
    assert read_paper_sheet(text, "s.csv", PRINTED) == LINES
    assert read_paper_sheet(workbook(ROWS), "s.xlsx", PRINTED) == LINES


def test_a_file_that_is_named_like_another_kind_is_refused() -> None:
    with pytest.raises(Refused) as error:
        read_paper_sheet(workbook(ROWS), "s.csv", PRINTED)
    assert [each.code for each in error.value.problems] == ["spreadsheet.wrong_suffix"]
