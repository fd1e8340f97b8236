"""A statement as a workbook: banks give each month a sheet with a head of its own."""

import io
from datetime import date

import pytest
import xlsxwriter

from models.values.refusal import Refused
from runtime.spreadsheets.statement_files import read_statement_file

HEAD: list[object] = ["交易日期", "对方户名", "摘要", "贷方发生额", "借方发生额", "交易流水号"]
MARCH: list[list[object]] = [
    ["账号: 1607 **** 2233"],
    HEAD,
    [date(2026, 3, 1), "张三", "1-101 首期", 12_345.6, "", "A1"],
    ["2026-03-02", "工商银行", "手续费", "", 5, "A2"],
]
APRIL: list[list[object]] = [
    HEAD,
    ["20260401", "李四", "1-102 首期", "300.00", "", "A3"],
    [date(2026, 4, 2), "王五", "1-103", 0.1, "", "A4"],
    ["合计", "", "", 300.1, "", ""],
]


def book(*sheets: list[list[object]]) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for number, rows in enumerate(sheets, start=3):
        page = made.add_worksheet(f"{number}月")
        for at, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write_datetime(at, place, cell, day)
                elif cell != "":
                    page.write(at, place, cell)
    made.close()
    return out.getvalue()


def test_every_sheet_of_a_workbook_is_read_under_its_own_head() -> None:
    found = read_statement_file(book(MARCH, [], APRIL), "流水.xlsx")
    assert [(each.booked_on, each.amount_fen, each.reference) for each in found] == [
        (date(2026, 3, 1), 1_234_560, "A1"),
        (date(2026, 3, 2), -500, "A2"),
        (date(2026, 4, 1), 30_000, "A3"),
        (date(2026, 4, 2), 10, "A4"),
    ]
    assert (found[2].place, found[2].memo) == ("流水.xlsx sheet 5月 row 2", "1-102 首期")


@pytest.mark.parametrize(
    ("april", "code", "where"),
    [
        ([["说明"], ["本账户为专户"]], "statement.no_head", "流水.xlsx sheet 4月"),
        ([HEAD, ["2026-04-31", "", "", 1, "", ""]], "statement.day_wrong", "4月 row 2, column 交易日期"),
        ([HEAD, [date(2026, 4, 1), "", "", 1, "", "A1"]], "statement.reference_twice", "4月 row 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_a_later_sheet_is_said_with_its_name(
    april: list[list[object]], code: str, where: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_statement_file(book(MARCH, april), "流水.xlsx")
    (found,) = refused.value.problems
    assert found.code == code
    assert where in found.where
