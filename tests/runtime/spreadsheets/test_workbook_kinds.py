"""What a workbook has beside values: hidden rows, number formats, empty parts, several sheets."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings

from formats.roll import check_csv
from models.files.roll import Finding, RollReport
from runtime.language.sentences import sentence
from runtime.spreadsheets.roll_files import check_roll_file
from runtime.spreadsheets.shapes import looks_the_same, shown_number, telling
from tests.support.files.rolls import as_csv, meaning, rolls, table
from tests.support.files.workbooks import HEADING, ROW, Rows, changed, ods, row, xls, xlsx

ROWS: Rows = [HEADING, ROW, *(row(number=f"1-{n}", owners=f"业主{n}") for n in range(102, 107))]


def check(data: bytes, name: str = "r.xlsx", **options: Any) -> RollReport:
    return check_roll_file(data, name, **options)


def found(report: RollReport, code: str) -> Finding:
    (only,) = [each for each in (*report.warnings, *report.readings) if each.problem.code == code]
    return only


def made(write: Any, rows: Any = ROWS) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("名册")
    for at, cells in enumerate(rows):
        page.write_row(at, 0, cells)
    write(page, book)
    book.close()
    return out.getvalue()


def filtered(page: Any, _: Any) -> None:
    page.autofilter("A1:I7")
    for at in (2, 3, 5):
        page.set_row(at, None, None, {"hidden": True})


def hidden_in_ods() -> bytes:
    data = ods(ROWS)
    for text in ("1-102", "1-103", "1-105"):
        cell = f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}<'
        data = changed(
            data, "content.xml", cell, cell.replace("row>", 'row table:visibility="filter">', 1)
        )
    return data


HIDDEN = {
    "r.xlsx": made(filtered),
    "r.ods": hidden_in_ods(),
    "r.xls": xls(ROWS, hidden=(2, 3, 5)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_rows_are_read_and_their_number_is_told(name: str) -> None:
    report = check(HIDDEN[name], name)
    assert meaning(report)[0] == 6
    warning = found(report, "roll.hidden_rows").problem
    assert warning.params == {"count": 3, "rows": "3, 4, 6"}
    assert sentence(warning).startswith(f"{name}: 3 hidden rows were read")


def test_rows_of_no_height_are_hidden_too() -> None:
    report = check(made(lambda page, _: page.set_row(4, 0)))
    assert found(report, "roll.hidden_rows").problem.params["rows"] == "5"


def zero_padded(page: Any, book: Any) -> None:
    style = book.add_format({"num_format": "0000"})
    page.write_number(1, 0, 101, style)
    page.write_number(2, 0, 102, style)


def as_shown_in_ods() -> bytes:
    cell = '<table:table-cell office:value-type="float" office:value="{}"><text:p>{}</text:p></table:table-cell>'
    cells = {
        (1, 0): cell.format(101, "0101"),
        (2, 0): cell.format(102, "0102"),
        (2, 4): cell.format(56.65, "56,65"),
    }
    return ods(ROWS, cells=cells)


NUMBERED = [HEADING, row(number=101), row(number=102), *ROWS[3:]]
FORMATS = {
    "r.xlsx": made(zero_padded),
    "r.ods": as_shown_in_ods(),
    "r.xls": xls(NUMBERED, code="0000"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_number_that_is_shown_as_another_is_told_with_both(name: str) -> None:
    report = check(FORMATS[name], name)
    assert report.roll is not None
    assert report.roll.units[0].number == "101"
    labels = [
        each.problem
        for each in report.warnings
        if each.problem.code == "roll.shown_otherwise" and each.problem.params["column"] == "房号"
    ]
    (warning,) = labels
    assert (warning.params["value"], warning.params["shown"]) == ("101", "0101")
    assert warning.params["count"] == 2
    assert "101" in sentence(warning)
    assert "0101" in sentence(warning)


def many_whole_numbers(page: Any, book: Any) -> None:
    whole = book.add_format({"num_format": "0"})
    for at in range(1, 4_001):
        values = (f"1-{at}", "1", at % 9, 56, "住宅", f"业主{at}")
        for place, value in zip((0, 1, 3, 4, 5, 6), values, strict=True):
            page.write(at, place, value, whole)
        page.write_number(at, 2, 1, whole)
    page.write_number(4_000, 3, 101, book.add_format({"num_format": "0000"}))
    page.write_number(3_999, 4, 56.65, whole)


def many_shown_numbers() -> bytes:
    rows: Rows = [HEADING, *(row(number=f"1-{at}", owners=f"业主{at}") for at in range(1, 4_001))]
    shown = '<table:table-cell office:value-type="float" office:value="56.65"><text:p>57</text:p></table:table-cell>'
    return ods(rows, cells={(3_999, 4): shown})


@pytest.mark.parametrize(
    ("name", "data"),
    [("r.xlsx", made(many_whole_numbers, [HEADING])), ("r.ods", many_shown_numbers())],
)
def test_numbers_that_are_shown_as_they_are_do_not_use_up_the_looking(
    name: str, data: bytes
) -> None:
    told = [
        each for each in check(data, name).warnings if each.problem.code == "roll.shown_otherwise"
    ]
    assert ("56.65", "57") in {
        (each.problem.params["value"], each.problem.params["shown"]) for each in told
    }
    assert {each.row for each in told} == {4_000}


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (101, "0000", "0101"),
        (1101, "0-000", "1-101"),
        (12345, '00"栋"000', "12栋345"),
        (5, '"A"0', "A5"),
        (101, '0"室"', "101室"),
        (56.65, "0", "57"),
        (0.5, "0%", "50%"),
        (3, "0_);[Red]\\(0\\)", "3"),
        (7, "#", "7"),
        (-3, "0", "-3"),
        (0, "#", ""),
    ],
)
def test_a_number_format_is_worked_out(value: float, code: str, shown: str) -> None:
    assert telling(code)
    assert shown_number(value, code) == shown


@pytest.mark.parametrize("code", ["General", "@", "0.00", "#,##0.00", "yyyy-mm-dd", "h:mm"])
def test_a_format_that_changes_nothing_is_not_looked_at(code: str) -> None:
    assert not telling(code)


@pytest.mark.parametrize(
    ("shown", "held", "same"),
    [
        ("1,056.65", "1056.65", True),
        ("56,65", "56.65", True),
        ("3", "3", True),
        ("0101", "101", False),
        ("57", "56.65", False),
        ("1-101", "1101", False),
    ],
)
def test_what_is_shown_is_compared_as_a_number(shown: str, held: str, same: bool) -> None:
    assert looks_the_same(shown, held) is same


def test_an_area_that_is_shown_rounded_is_told() -> None:
    def write(page: Any, book: Any) -> None:
        page.write_number(1, 4, 56.65, book.add_format({"num_format": "0"}))
        page.write_number(2, 4, 56.65, book.add_format({"num_format": "#,##0.00"}))
        page.write_number(3, 3, 1, book.add_format({"num_format": "0000"}))

    warning = found(check(made(write)), "roll.shown_otherwise").problem
    assert (warning.params["value"], warning.params["shown"], warning.params["count"]) == (
        "56.65",
        "57",
        1,
    )


def test_a_part_of_no_length_that_is_deflated_opens() -> None:
    data = xlsx(ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (parts | {"xl/empty.xml": b""}).items():
            archive.writestr(name, body)
    packed = out.getvalue()
    method = struct.unpack_from("<H", packed, packed.index(b"xl/empty.xml") - 22)[0]
    assert method == zipfile.ZIP_DEFLATED
    assert zlib.decompress(b"\x03\x00", -15) == b""
    assert meaning(check(packed))[0] == 6


def sheets(*pages: tuple[str, Any], hidden: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in pages:
        page = book.add_worksheet(name)
        for at, cells in enumerate(rows):
            page.write_row(at, 0, cells)
        if name in hidden:
            page.hide()
    book.close()
    return out.getvalue()


@settings(max_examples=8, deadline=None)
@given(rolls())
def test_a_sheet_a_building_is_the_whole_roll_with_all_of_them(units: Any) -> None:
    buildings = sorted({unit.building for unit in units})
    pages = [
        (f"{number}号楼", table([unit for unit in units if unit.building == number]))
        for number in buildings
    ]
    data = sheets(("说明", [["本名册由业委会编制"]]), *pages, ("旧", ROWS), hidden=("旧",))
    report = check(data, sheet="all")
    assert meaning(report) == meaning(check_csv(as_csv(table(units)), "r.csv"))
    assert found(report, "roll.sheet_passed").problem.params["sheet"] == "说明"
    (choose,) = check(data).problems
    assert choose.problem.code == "spreadsheet.choose_sheet"
    assert "--sheet all" in sentence(choose.problem)


def test_rows_of_several_sheets_are_named_with_their_sheet() -> None:
    data = sheets(
        ("一", ROWS), ("二", [HEADING, row(number="2-101"), row(number="1-103", area_m2=0)])
    )
    (area,) = check(data, sheet="all").problems
    assert area.problem.where == "r.xlsx sheet 二 row 3, column E (area_m2)"
    assert sentence(area.problem, "zh_CN").startswith("r.xlsx 工作表“二” 第 3 行 E (area_m2) 列")
    data = sheets(("一", ROWS), ("二", [HEADING, row(number="1-103")]))
    (twice,) = check(data, sheet="all").problems
    assert twice.problem.params["first"] == "一!4"


def test_the_name_of_the_sheet_is_the_building_where_no_column_is() -> None:
    heading = [title for title in HEADING if title != "楼栋"]
    cells = [cell for title, cell in zip(HEADING, row(number=101), strict=True) if title != "楼栋"]
    data = sheets(("1号楼", [heading, cells]), ("2号楼", [heading, cells]))
    report = check(data, sheet="all")
    assert report.roll is not None
    assert [(unit.building, unit.number) for unit in report.roll.units] == [
        ("1号楼", "1号楼-1-101"),
        ("2号楼", "2号楼-1-101"),
    ]
    told = {each.problem.code for each in report.readings}
    assert told >= {"roll.read_building_of_sheet", "roll.read_number_room"}
    (missing,) = check(sheets(("名册", [heading, cells]))).problems
    assert missing.problem.params["column"] == "building"


def test_all_sheets_of_a_text_file_is_the_file() -> None:
    assert check(as_csv([HEADING, ROW]), "r.csv", sheet="all").roll is not None


def test_a_workbook_without_any_roll_is_refused() -> None:
    (only,) = check(sheets(("a", [["x"]]), ("b", [["y"]])), sheet="all").problems
    assert only.problem.code == "roll.no_sheet_of_a_roll"
