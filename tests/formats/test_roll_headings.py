import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.roll import check_csv, differences, owner_key, read_roll, stored_owner_key, summary
from formats.roll.columns import COLUMNS, REQUIRED, letter, plain_heading
from models.files.roll import RollReport
from models.values.refusal import Refused
from tests.support.files.workbooks import HEADING, row

NAMES = ("number", "building", "entrance", "floor", "area_m2", "kind", "owners")
VALUES = {
    "number": "1-101",
    "building": "1",
    "entrance": "2",
    "floor": "1",
    "area_m2": "56.65",
    "kind": "flat",
    "owners": "Ann",
}


def as_csv(*rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def check(*rows: object, **mapping: str) -> RollReport:
    return check_csv(
        as_csv(*rows), "roll.csv", {heading: name for name, heading in mapping.items()}
    )


def codes(report: RollReport) -> list[str]:
    return [finding.problem.code for finding in report.problems]


@pytest.mark.parametrize("name", REQUIRED)
def test_every_heading_of_a_column_is_read_as_that_column(name) -> None:
    for title in COLUMNS[name]:
        heading = [title if each == name else each for each in NAMES]
        report = check(heading, [VALUES[each] for each in NAMES])
        assert report.roll is not None, (title, codes(report))


def test_no_heading_belongs_to_two_columns() -> None:
    plain = [plain_heading(title) for titles in COLUMNS.values() for title in set(titles)]
    columns = {plain_heading(t): name for name, titles in COLUMNS.items() for t in titles}
    assert len(set(plain)) == len(columns)
    for name, titles in COLUMNS.items():
        assert all(columns[plain_heading(title)] == name for title in titles)


@pytest.mark.parametrize(
    "title",
    ["建筑面积(㎡)", "建筑面积（平方米）", "建筑面积 m²", "* 建筑 面积", "Area (sqm)", "面积："],
)
def test_a_unit_of_area_a_mark_or_a_blank_does_not_matter(title) -> None:
    heading = [title if each == "area_m2" else each for each in NAMES]
    assert check(heading, [VALUES[each] for each in NAMES]).roll is not None


def test_an_area_in_another_unit_is_not_taken_for_square_metres() -> None:
    heading = ["面积(亩)" if each == "area_m2" else each for each in NAMES]
    assert "roll.column_unknown" in codes(check(heading, list(VALUES.values())))


def test_titles_above_the_headings_are_skipped_and_rows_keep_their_numbers() -> None:
    report = check(["某小区业主名册"], ["2026年3月", "制表：居委会"], HEADING, row(area_m2="0"))
    assert report.heading_row == 3
    assert report.problems[0].problem.where == "roll.csv row 4, column area_m2"
    assert (report.problems[0].row, report.problems[0].column) == (4, "E")


def test_headings_in_two_rows_are_read_together() -> None:
    upper = ["房屋信息", "", "", "", "", "", "产权人", ""]
    lower = ["房号", "楼栋", "单元", "楼层", "建筑面积", "用途", "姓名", "证件号"]
    report = check(upper, lower, ["1", "1", "1", "1", "50", "住宅", "张三", "11"])
    assert report.roll is not None
    split = ["房号", "楼栋", "单元", "楼层", "面积", "", "用途", "业主"]
    parts = ["", "", "", "", "建筑面积", "套内面积", "", ""]
    report = check(split, parts, ["1", "1", "1", "1", "50", "40", "住宅", "张三"])
    assert (report.heading_row, report.ignored) == (2, ("套内面积",))
    assert report.roll is not None
    assert report.roll.units[0].area_dm2 == 5_000


def test_a_column_without_a_heading_may_be_empty_but_hold_nothing() -> None:
    assert check([*HEADING, ""], [*row(), ""]).roll is not None
    report = check([*HEADING, ""], [*row(), "x"], [*row(number="2"), "y"])
    assert codes(report) == ["roll.column_untitled"]
    assert report.problems[0].column == "J"


def test_a_thousand_columns_are_refused() -> None:
    wide = [*HEADING, *(f"c{n}" for n in range(991))]
    assert codes(check(wide, [""] * 1000)) == ["roll.too_many_columns"]


def test_contacts_and_remarks_are_skipped_and_named() -> None:
    report = check([*HEADING, "联系电话", "备注"], [*row(), "13800000000", "住院"])
    assert report.ignored == ("联系电话", "备注")


def test_a_mapping_goes_before_what_is_known() -> None:
    heading = ["计费面积" if each == "面积" else each for each in HEADING]
    assert codes(check(heading, row()))[0] == "roll.column_unknown"
    assert check(heading, row(), area_m2="计费面积").roll is not None
    report = check([*HEADING, "计费面积"], [*row(), "77.7"], area_m2="计费面积")
    assert report.roll is not None
    assert report.roll.units[0].area_dm2 == 7_770


def test_a_mapping_to_a_heading_that_is_not_there_is_refused() -> None:
    assert codes(check(HEADING, row(), area_m2="没有")) == ["roll.mapped_missing"]


def test_a_room_is_numbered_with_its_building_and_entrance() -> None:
    heading = ["室号" if each == "房号" else each for each in HEADING]
    report = check(heading, row(number="101"), row(number="101", building="2"))
    assert report.roll is not None
    assert [unit.number for unit in report.roll.units] == ["1-1-101", "2-1-101"]


def test_an_address_is_the_number_only_where_there_is_no_other() -> None:
    heading = ["房屋坐落" if each == "房号" else each for each in HEADING]
    assert check(heading, row(number="某路1号2幢")).roll is not None
    assert check([*HEADING, "房屋坐落"], [*row(), "某路"]).ignored == ("房屋坐落",)


@pytest.mark.parametrize("first", ["合计", "总计：", "Total"])
def test_a_row_of_sums_is_passed_over_and_named_once(first) -> None:
    report = check(HEADING, row(), [first, "", "", "", "56.65", "", "", "", ""])
    assert report.roll is not None
    assert [unit.area_dm2 for unit in report.roll.units] == [5665]
    assert [each.problem.code for each in report.readings] == ["roll.row_total"]
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [("=A1", "roll.formula_text"), (" =1", "roll.formula_text"), ("#REF!", "roll.cell_error")],
)
def test_a_formula_or_an_error_as_text_is_refused_in_any_column(text, code) -> None:
    for name in (*NAMES, "shares", "developer"):
        assert code in codes(check(HEADING, row(number="1"), row(**{name: text}))), name


def test_a_refused_cell_does_not_hide_the_others_of_its_row() -> None:
    report = check(HEADING, row(number="=A1", area_m2="0", floor="x"))
    assert codes(report) == [
        "roll.formula_text",
        "roll.not_an_integer",
        "roll.area_not_positive",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("欠费", "arrears"), ("利益冲突", "conflict"), ("查封", "frozen"), ("", None), ("否", None)],
)
def test_an_exclusion_has_a_reason_that_is_a_code(text, reason) -> None:
    report = check([*HEADING, "不参与表决原因"], [*row(), text])
    assert report.roll is not None
    assert report.roll.units[0].excluded_reason == reason


@pytest.mark.parametrize("text", ["是", "张三欠钱"])
def test_an_exclusion_without_a_known_reason_is_refused_and_not_repeated(text) -> None:
    report = check([*HEADING, "冻结"], [*row(), text])
    assert codes(report) == ["roll.not_one_of"]
    assert text not in report.model_dump_json()


def test_what_is_sold_and_not_handed_over_is_the_developers() -> None:
    report = check([*HEADING, "未交付"], [*row(), "是"])
    assert report.roll is not None
    assert report.roll.units[0].developer


def test_co_owners_in_a_column_of_their_own_are_owners() -> None:
    heading = [*HEADING, "共有人"]
    one = check(heading, [*row(), "李四、王五"]).roll
    other = check(HEADING, row(owners="王五;李四;张三")).roll
    assert one is not None
    assert other is not None
    assert one.units[0].owner_key == other.units[0].owner_key


def test_namesakes_without_identity_numbers_are_a_warning() -> None:
    report = check(HEADING, row(), row(number="1-102"), row(number="1-103", owners="李四"))
    (warning,) = report.warnings
    assert warning.problem.code == "roll.possible_namesakes"
    assert warning.problem.params == {"count": 2, "units": "1-101, 1-102", "rows": "2, 3"}
    assert "张三" not in warning.model_dump_json()


def test_one_owner_with_and_without_an_identity_number_is_a_warning() -> None:
    heading = [*HEADING, "证件号"]
    report = check(heading, [*row(), "11"], [*row(number="2"), ""])
    assert [each.problem.code for each in report.warnings] == ["roll.possibly_one_owner"]
    report = check(heading, [*row(), "11"], [*row(number="2"), "22"])
    assert report.warnings == ()


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [letter(n) for n in (0, 25, 26, 51, 52, 701, 702)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA")
    ]


def test_a_stored_key_needs_the_secret() -> None:
    plain = owner_key(("张三",))
    assert stored_owner_key(plain, b"a") != stored_owner_key(plain, b"b")
    assert stored_owner_key(plain, b"a") == stored_owner_key(owner_key(("张 三",)), b"a")
    assert plain not in stored_owner_key(plain, b"a")


def units(*rows: object):
    return read_roll(as_csv(HEADING, *rows), "roll.csv").units


def test_the_figures_of_a_roll() -> None:
    figures = summary(
        units(
            row(),
            row(number="2", owners="张三"),
            row(number="3", owners="某公司", developer="是", kind="车位"),
            row(number="4", owners="另一公司", developer="是"),
        )
    )
    assert (figures.units, figures.heads, figures.area_dm2) == (4, 2, 4 * 5665)
    assert (figures.developer_units, figures.kinds["parking"].units) == (2, 1)


def test_the_digest_of_a_roll_does_not_depend_on_order_or_names_but_on_heads() -> None:
    one = units(row(), row(number="2"))
    assert summary(one).roll_sha256 == summary(one[::-1]).roll_sha256
    renamed = units(row(owners="李四"), row(number="2", owners="李四"))
    assert summary(one).roll_sha256 == summary(renamed).roll_sha256
    apart = units(row(), row(number="2", owners="李四"))
    assert summary(one).roll_sha256 != summary(apart).roll_sha256


def test_a_difference_names_units_and_fields_and_never_an_owner() -> None:
    old = units(row(), row(number="2"), row(number="3"), row(number="4", owners="王五"))
    new = units(row(area_m2="60"), row(number="2"), row(number="4", owners="李四"), row(number="5"))
    found = differences(old, new)
    assert (found.added, found.removed) == (("5",), ("3",))
    assert {each.number: each.fields for each in found.changed} == {
        "1-101": {"area_dm2": ("5665", "6000")},
        "4": {"owners": ("", "changed")},
    }
    assert found.regrouped == ("1-101", "2")
    assert "李四" not in found.model_dump_json()


numbers = st.lists(st.integers(1, 30), unique=True, max_size=10)


@given(numbers, numbers)
def test_added_and_removed_are_what_one_roll_has_and_the_other_has_not(one, other) -> None:
    def roll(found):
        base = units(row())[0]
        return [base.model_copy(update={"number": str(n)}) for n in found]

    there = differences(roll(one), roll(other))
    back = differences(roll(other), roll(one))
    assert (there.added, there.removed) == (back.removed, back.added)
    assert differences(roll(one), roll(one[::-1])).same


def test_a_problem_of_the_file_itself_is_in_the_report() -> None:
    assert codes(check_csv(b"\0", "roll.csv")) == ["file.nul_byte"]
    with pytest.raises(Refused):
        read_roll(b"\0", "roll.csv")
