import io
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from models.files.roll import RollReport
from models.values.refusal import Refused
from runtime.spreadsheets.child import number_text
from runtime.spreadsheets.reading import MAX_BYTES
from runtime.spreadsheets.roll_files import check_roll_file, read_roll_file
from tests.formats.test_roll_headings import as_csv
from tests.support.files.workbooks import (
    HEADING,
    ROW,
    Cell,
    Rows,
    add_sheet,
    changed,
    compound,
    ods,
    row,
    xls,
    xlsx,
    zipped,
)

WRITERS: dict[str, Callable[[Rows], bytes]] = {"xlsx": xlsx, "ods": ods, "xls": xls}
WHOLE = {suffix: writer([HEADING, ROW]) for suffix, writer in WRITERS.items()}
SHEET1 = "xl/worksheets/sheet1.xml"


def check(data: bytes, name: str = "roll.xlsx", **options: Any) -> RollReport:
    return check_roll_file(data, name, **options)


def codes(report: RollReport) -> list[str]:
    return [finding.problem.code for finding in report.problems]


def book(*sheets: tuple[str, Rows], hidden: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in sheets:
        page = add_sheet(made, name, rows)
        if name in hidden:
            page.hide()
    made.close()
    return out.getvalue()


def with_cell(write) -> bytes:
    """A roll whose second unit is finished by `write(page, workbook)`."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    page = add_sheet(made, "名册", [HEADING, ROW, row(number="1-102")])
    write(page, made)
    made.close()
    return out.getvalue()


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_workbook_of_every_format_gives_the_roll_of_the_same_csv(suffix) -> None:
    rows: Rows = [HEADING, ROW, row(number="1-102", owners="李四、王五", area_m2=89.5)]
    read = read_roll_file(WRITERS[suffix](rows), f"roll.{suffix}")
    assert read.units == read_roll_file(as_csv(*rows), "roll.csv").units


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_problem_names_sheet_row_column_letter_field_and_value(suffix) -> None:
    report = check(WRITERS[suffix]([HEADING, ROW, row(number="2", area_m2=56.655)]), f"r.{suffix}")
    (only,) = report.problems
    assert only.problem.where == f"r.{suffix} sheet 名册 row 3, column E (area_m2)"
    assert (only.sheet, only.row, only.column, only.field, only.value) == (
        *("名册", 3, "E", "area_m2", "56.655"),
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (101.0, "101"),
        (89.5, "89.5"),
        (0.1 + 0.2, "0.3"),
        (54.019999999999996, "54.02"),
        (56.655, "56.655"),
        (1e-7, "0.0000001"),
        (-3.0, "-3"),
        (999_999_999_999_999.0, "999999999999999"),
        (1e15, None),
        (110101199001011234.0, None),
    ],
)
def test_a_number_is_read_to_the_fifteen_digits_a_spreadsheet_shows(number, text) -> None:
    assert number_text(number) == text


@given(st.integers(1, 10**8))
def test_an_area_with_two_decimals_survives_being_a_float(area) -> None:
    assert number_text(area / 100) == f"{area / 100:.2f}".rstrip("0").rstrip(".")


cells = st.fixed_dictionaries(
    {
        "area_m2": st.integers(1, 100_000).map(lambda n: n / 100),
        "floor": st.integers(-3, 40),
        "shares": st.integers(1, 1_000),
        "owners": st.lists(st.sampled_from("张王李赵刘陈"), min_size=1, unique=True).map("、".join),
        "kind": st.sampled_from(["住宅", "商铺", "车位", "其他"]),
        "developer": st.sampled_from(["是", "否", ""]),
    }
)


@settings(max_examples=12, deadline=None)
@given(st.lists(cells, min_size=1, max_size=8))
def test_the_same_rows_give_the_same_roll_in_every_format(found) -> None:
    rows = [HEADING, *(row(number=f"1-{n}", **each) for n, each in enumerate(found))]
    wanted = check(as_csv(*rows), "roll.csv")
    for suffix, writer in WRITERS.items():
        read = check(writer(rows), f"roll.{suffix}")
        assert read.roll is not None
        assert wanted.roll is not None
        assert read.roll.units == wanted.roll.units
        assert read.warning_count == wanted.warning_count


BAD = [
    ({"area_m2": 0}, "roll.area_not_positive"),
    ({"area_m2": -56.65}, "roll.area_not_positive"),
    ({"area_m2": "56,65"}, "roll.area_comma"),
    ({"area_m2": "1,056.65"}, "roll.area_comma"),
    ({"area_m2": 56.655}, "roll.area_decimals"),
    ({"area_m2": "NaN"}, "roll.area_not_a_number"),
    ({"area_m2": None}, "roll.area_missing"),
    ({"area_m2": 1_000_000.01}, "roll.area_too_large"),
    ({"owners": None}, "roll.owner_missing"),
    ({"owners": "张三;"}, "roll.owner_missing"),
    ({"owners": "张三;张三"}, "roll.owner_twice"),
    ({"owners": "A" * 101}, "roll.too_long"),
    ({"owners": ";".join(f"o{n}" for n in range(51))}, "roll.too_many_owners"),
    ({"number": None}, "roll.cell_empty"),
    ({"number": "1" * 33}, "roll.too_long"),
    ({"number": "1\n2"}, "roll.unprintable"),
    ({"number": "1-100"}, "roll.unit_twice"),
    ({"number": "１-１００"}, "roll.unit_twice"),
    ({"floor": "3rd"}, "roll.not_an_integer"),
    ({"floor": 1.5}, "roll.not_an_integer"),
    ({"floor": 301}, "roll.out_of_range"),
    ({"shares": 1.5}, "roll.not_an_integer"),
    ({"shares": 0}, "roll.out_of_range"),
    ({"kind": "castle"}, "roll.not_one_of"),
    ({"developer": "maybe"}, "roll.not_one_of"),
    ({"number": 110101199001011234}, "roll.digits_lost"),
    ({"number": "=1+1"}, "roll.formula_text"),
    ({"shares": "#REF!"}, "roll.cell_error"),
]


@pytest.mark.parametrize(("bad", "code"), BAD)
def test_the_bad_rolls_are_refused_as_workbooks_too(bad, code) -> None:
    rows = [HEADING, row(number="1-100"), row(number="1-101") if bad else ROW, row(**bad)]
    if "number" not in bad:
        rows[2] = row(number="1-102")
    report = check(xlsx(rows))
    assert codes(report) == [code]
    assert report.roll is None
    (only,) = report.problems
    assert (only.sheet, only.row, only.field) == ("名册", 4, next(iter(bad)))
    assert "张三" not in report.model_dump_json()


def test_a_roll_of_no_rows_an_empty_sheet_and_missing_columns_are_refused() -> None:
    assert codes(check(xlsx([HEADING]))) == ["roll.no_rows"]
    assert codes(check(xlsx([]))) == ["spreadsheet.no_sheet"]
    assert codes(check(xlsx([HEADING[:3], ROW[:3]])))[0] == "roll.column_missing"


def test_a_formula_with_a_result_is_read_and_said() -> None:
    data = with_cell(lambda page, _: page.write_formula("E3", "=30+26.65", None, 56.65))
    report = check(data)
    assert report.roll is not None
    assert report.roll.units[1].area_dm2 == 5665
    (warning,) = [each for each in report.warnings if each.problem.code == "roll.formulas_taken"]
    assert warning.problem.params == {"count": 1, "first": "E3"}


@pytest.mark.parametrize("value", [0, ""])
def test_a_formula_without_a_result_is_refused(value) -> None:
    data = with_cell(lambda page, _: page.write_formula("H3", "=1+1", None, value))
    report = check(data)
    assert codes(report) == ["roll.formula_without_value"]
    assert (report.problems[0].row, report.problems[0].column) == (3, "H")


def test_a_formula_without_any_value_element_is_refused() -> None:
    data = with_cell(lambda page, _: page.write_formula("H3", "=1+1", None, 777))
    bare = changed(data, SHEET1, "<v>777</v>", "")
    assert codes(check(bare)) == ["roll.formula_without_value"]


def test_an_error_cell_in_an_optional_column_is_not_taken_for_empty() -> None:
    data = with_cell(lambda page, _: page.write_formula("H3", "=A1/0", None, "#DIV/0!"))
    (only,) = check(data).problems
    assert (only.problem.code, only.value) == ("roll.cell_error", "#DIV/0!")
    data = xls([HEADING, ROW, row(number="2")], errors=[(2, 7)])
    assert codes(check(data, "roll.xls")) == ["roll.cell_error"]
    cell = (
        '<table:table-cell office:value-type="string" calcext:value-type="error">'
        "<text:p>#REF!</text:p></table:table-cell>"
    )
    data = ods([HEADING, ROW, row(number="2")], cells={(2, 7): cell})
    assert codes(check(data, "roll.ods")) == ["roll.cell_error"]


def test_a_formula_without_a_result_in_an_ods_is_refused() -> None:
    cell = '<table:table-cell table:formula="of:=1+1"/>'
    data = ods([HEADING, ROW, row(number="2")], cells={(2, 7): cell})
    assert codes(check(data, "roll.ods")) == ["roll.formula_without_value"]


def test_a_unit_that_became_a_date_is_refused() -> None:
    def write(page, made) -> None:
        day = made.add_format({"num_format": "m-d"})
        page.write_datetime("A3", datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None), day)

    (only,) = check(with_cell(write)).problems
    assert (only.problem.code, only.value) == ("roll.cell_is_date", "2026-03-02")


def test_a_title_merged_above_the_headings_is_skipped() -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    page = add_sheet(made, "名册", [(), HEADING, ROW])
    page.merge_range("A1:I1", "某小区业主名册")
    made.close()
    report = check(out.getvalue())
    assert report.roll is not None
    assert report.heading_row == 2


def test_headings_merged_over_two_rows_are_read_together() -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    add: list[Cell] = ["", "", "", "", "建筑面积", "套内面积", "", ""]
    cells: list[Cell] = ["1", "1", "1", 1, 56.65, 50, "住宅", "张三"]
    page = add_sheet(
        made, "名册", [["房号", "楼栋", "单元", "楼层", "", "", "用途", "业主"], add, cells]
    )
    page.merge_range("E1:F1", "面积")
    for column in "ABCDGH":
        title = {"A": "房号", "B": "楼栋", "C": "单元", "D": "楼层", "G": "用途", "H": "业主"}
        page.merge_range(f"{column}1:{column}2", title[column])
    made.close()
    report = check(out.getvalue())
    assert report.roll is not None, codes(report)
    assert report.roll.units[0].area_dm2 == 5665


def test_a_heading_merged_over_two_columns_of_values_is_refused() -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    page = add_sheet(made, "名册", [[*HEADING, ""], [*ROW, "x"]])
    page.merge_range("I1:J1", "开发商")
    made.close()
    report = check(out.getvalue())
    assert codes(report) == ["roll.column_untitled"]
    assert report.problems[0].column == "J"


def test_a_cell_merged_with_the_one_above_is_refused_where_it_stands() -> None:
    data = with_cell(lambda page, _: page.merge_range("B2:B3", "1"))
    (only,) = check(data).problems
    assert (only.problem.code, only.row, only.column) == ("roll.cell_merged", 3, "B")


def test_a_thousand_columns_are_refused() -> None:
    wide = [*HEADING, *(f"列{n}" for n in range(991))]
    assert codes(check(xlsx([wide, [*ROW, *["x"] * 991]]))) == ["spreadsheet.outside"]
    assert codes(check(ods([wide]), "roll.ods")) == ["spreadsheet.outside"]
    assert codes(check(xls([wide]), "roll.xls")) == ["spreadsheet.outside"]


@pytest.mark.parametrize("cell", ["XFD2", "A1048576", "XFD1048576"])
def test_one_cell_far_outside_is_refused_before_a_table_that_large_is_made(cell) -> None:
    data = with_cell(lambda page, _: page.write_string(cell, "x"))
    (only,) = check(data).problems
    assert only.problem.code == "spreadsheet.outside"
    assert only.problem.params["cell"] == cell


def test_a_few_cells_that_span_a_huge_table_are_refused() -> None:
    far = '<row r="900000"><c r="CU900000" t="str"><v>x</v></c></row></sheetData>'
    data = changed(xlsx([HEADING, ROW]), SHEET1, "</sheetData>", far)
    assert codes(check(data)) == ["spreadsheet.too_large"]
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="99"/>'
    far = f'<table:table-row table:number-rows-repeated="900000">{cell}</table:table-row>'
    data = changed(ods([HEADING, ROW]), "content.xml", "</table:table>", f"{far}</table:table>")
    assert codes(check(data, "roll.ods")) == ["spreadsheet.too_large"]


def test_an_error_in_a_cell_without_a_reference_is_refused() -> None:
    row_ = '<row r="3"><c t="e"><v>#REF!</v></c></row></sheetData>'
    data = changed(xlsx([HEADING, ROW]), SHEET1, "</sheetData>", row_)
    assert codes(check(data)) == ["spreadsheet.damaged"]


def test_formats_without_values_far_outside_do_not_matter() -> None:
    def write(page, made) -> None:
        page.write_blank("XFD1048576", None, made.add_format({"bold": True}))

    assert check(with_cell(write)).roll is not None


def test_the_only_filled_visible_sheet_is_taken() -> None:
    data = book(
        ("Sheet1", []), ("旧", [HEADING, row(number="9")]), ("名册", [HEADING, ROW]), hidden=("旧",)
    )
    report = check(data)
    assert (report.sheet, report.roll is not None) == ("名册", True)


def test_between_two_filled_sheets_somebody_has_to_choose() -> None:
    data = book(("a", [HEADING, ROW]), ("b", [HEADING, row(number="9")]))
    (only,) = check(data).problems
    assert (only.problem.code, only.problem.params["sheets"]) == (
        "spreadsheet.choose_sheet",
        "a, b",
    )
    chosen = check(data, sheet="b").roll
    assert chosen is not None
    assert chosen.units[0].number == "9"
    assert codes(check(data, sheet="c")) == ["spreadsheet.sheet_unknown"]
    assert codes(check(as_csv(HEADING, ROW), "r.csv", sheet="a")) == ["spreadsheet.sheet_unknown"]


def bomb(megabytes: int) -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", SHEET1: b"0" * (megabytes << 20)})


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to() -> None:
    data = bomb(64)
    assert len(data) < 100_000
    assert codes(check(data)) == ["spreadsheet.bomb"]


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    data = bomb(64)
    size = struct.pack("<I", 64 << 20)
    assert data.count(size) == 2
    assert codes(check(data.replace(size, struct.pack("<I", 1000)))) == ["spreadsheet.bomb"]
    small = xlsx([HEADING, ROW])
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        stated = struct.pack("<I", archive.getinfo(SHEET1).file_size)
    assert codes(check(small.replace(stated, struct.pack("<I", 10)))) == ["spreadsheet.damaged"]


def test_parts_that_share_their_bytes_are_refused() -> None:
    data = xlsx([HEADING, ROW])
    start = data.rindex(b"PK\x05\x06")
    directory = struct.unpack_from("<I", data, start + 16)[0]
    entries = data[directory:start]
    first = entries[: entries.index(b"PK\x01\x02", 4)]
    copies = b"".join(
        first.replace(b"[Content_Types].xml", b"[Content_%05d].xml" % n) for n in range(900)
    )
    tail = bytearray(data[start:])
    struct.pack_into("<HHII", tail, 8, 900, 900, len(copies), directory)
    assert codes(check(data[:directory] + copies + bytes(tail))) == ["spreadsheet.bomb"]


def test_an_archive_inside_or_too_many_parts_are_refused() -> None:
    assert codes(check(zipped({"xl/embeddings/a.xlsx": "x"}))) == ["spreadsheet.nested"]
    parts = {f"p{n}": "" for n in range(1_001)}
    assert codes(check(zipped(parts))) == ["spreadsheet.too_many_parts"]


def test_xml_entities_are_refused() -> None:
    laugh = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>'
    data = changed(
        xlsx([HEADING, ROW]), SHEET1, "<worksheet", laugh.replace("<worksheet>", "<worksheet")
    )
    assert codes(check(data)) == ["spreadsheet.entities"]


@pytest.mark.parametrize("name", ["roll.xlsx", "roll.xls"])
def test_a_workbook_with_a_password_is_refused_as_such(name) -> None:
    data = compound({"EncryptionInfo": b"x" * 5000, "EncryptedPackage": b"y" * 5000})
    assert codes(check(data, name)) == ["spreadsheet.encrypted"]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (xlsx([HEADING, ROW]), "roll.xls", "spreadsheet.wrong_suffix"),
        (xlsx([HEADING, ROW]), "roll.csv", "spreadsheet.wrong_suffix"),
        (xls([HEADING, ROW]), "roll.xlsx", "spreadsheet.wrong_suffix"),
        (ods([HEADING, ROW]), "roll.xlsx", "spreadsheet.wrong_suffix"),
        (as_csv(HEADING, ROW), "roll.xlsx", "spreadsheet.wrong_suffix"),
        (b"", "roll.xlsx", "spreadsheet.wrong_suffix"),
        (b"%PDF", "roll.pdf", "spreadsheet.not_read"),
        (xlsx([HEADING, ROW]), "roll.xlsm", "spreadsheet.not_read"),
        (zipped({"a.txt": "x"}), "roll.xlsx", "spreadsheet.damaged"),
        (compound({"Other": b"x"}), "roll.xls", "spreadsheet.not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "roll.xls", "spreadsheet.damaged"),
        (WHOLE["xls"][:-512], "roll.xls", "spreadsheet.damaged"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(data, name, code) -> None:
    assert codes(check(data, name)) == [code]


def test_a_workbook_that_is_too_large_to_look_at_is_refused() -> None:
    assert codes(check(b"PK\x03\x04" + bytes(MAX_BYTES))) == ["spreadsheet.file_too_large"]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(WRITERS)), st.data())
def test_a_damaged_workbook_is_a_roll_or_a_refusal_and_never_a_crash(suffix, data) -> None:
    whole = bytearray(WHOLE[suffix])
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(8, len(whole)))
    report = check(bytes(whole[:cut]), f"roll.{suffix}")
    assert (report.roll is None) == bool(report.problems)


def test_a_roll_with_problems_is_refused_as_a_whole() -> None:
    with pytest.raises(Refused) as refusal:
        read_roll_file(
            xlsx([HEADING, *(row(number=str(n), area_m2=0) for n in range(150))]), "r.xlsx"
        )
    assert refusal.value.problems[-1].params == {"more": 50}
