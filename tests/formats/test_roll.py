import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.roll import owner_key, read_roll
from models.values.refusal import Problem, Refused
from runtime.language.sentences import sentence
from tests.support.slow import examples

HEADING = "number,building,entrance,floor,area_m2,kind,owners,shares,developer"
ROW = "1-101,1,1,1,56.65,flat,Ann,12,no"
CHINESE = "房号,楼栋,单元,楼层,面积,用途,业主\n1-101,1,1,1,56.65,住宅,张三、李四\n"
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"


def csv(*rows: str, heading: str = HEADING) -> bytes:
    return "\n".join((heading, *rows)).encode()


def row(**cells: str) -> str:
    values = dict(zip(HEADING.split(","), ROW.split(","), strict=True)) | cells
    return ",".join(values.values())


def problems(data: bytes) -> list[Problem]:
    with pytest.raises(Refused) as refusal:
        read_roll(data, "roll.csv")
    return list(refusal.value.problems)


def the_problem(data: bytes) -> tuple[str, str]:
    (only,) = problems(data)
    return only.code, only.where


def test_a_row_becomes_a_unit_with_its_area_in_hundredths_of_a_square_metre() -> None:
    (unit,) = read_roll(csv(ROW), "roll.csv").units
    assert (unit.number, unit.area_dm2, unit.floor, unit.kind) == ("1-101", 5665, 1, "flat")
    assert (unit.shares, unit.developer, unit.owners) == (12, False, ("Ann",))


@pytest.mark.parametrize(("text", "area"), [("56", 5600), ("56.5", 5650), ("0.01", 1)])
def test_an_area_may_have_fewer_decimals(text, area) -> None:
    assert read_roll(csv(row(area_m2=text)), "roll.csv").units[0].area_dm2 == area


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_utf_8_with_or_without_bom_and_gb18030_are_read_alike(encoding) -> None:
    (unit,) = read_roll(CHINESE.encode(encoding), "roll.csv").units
    assert (unit.owners, unit.kind) == (("张三", "李四"), "flat")


def test_the_columns_may_come_in_any_order_and_language() -> None:
    mixed = "业主,area_m2,房号,building,单元,floor,用途\nAnn,50,1,1,1,-1,车位\n"
    (unit,) = read_roll(mixed.encode(), "roll.csv").units
    assert (unit.number, unit.floor, unit.kind, unit.shares) == ("1", -1, "parking", None)


def test_full_width_digits_and_rows_of_blanks_are_no_problem() -> None:
    text = CHINESE.replace("56.65", "\uff15\uff16\uff0e\uff16\uff15") + ",,,,,,\n\n"
    assert read_roll(text.encode(), "roll.csv").units[0].area_dm2 == 5665


def test_the_example_of_the_documentation_is_a_roll() -> None:
    roll = read_roll((EXAMPLES / "roll.csv").read_bytes(), "roll.csv")
    assert len(roll.units) == 18


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"area_m2": "0"}, "roll.area_not_positive", "area_m2"),
        ({"area_m2": "0.00"}, "roll.area_not_positive", "area_m2"),
        ({"area_m2": "-56.65"}, "roll.area_not_positive", "area_m2"),
        ({"area_m2": '"56,65"'}, "roll.area_comma", "area_m2"),
        ({"area_m2": '"1,056.65"'}, "roll.area_comma", "area_m2"),
        ({"area_m2": "56.655"}, "roll.area_decimals", "area_m2"),
        ({"area_m2": "5e3"}, "roll.area_not_a_number", "area_m2"),
        ({"area_m2": "NaN"}, "roll.area_not_a_number", "area_m2"),
        ({"area_m2": ""}, "roll.area_missing", "area_m2"),
        ({"area_m2": "1000000.01"}, "roll.area_too_large", "area_m2"),
        ({"area_m2": "9" * 500}, "roll.area_not_a_number", "area_m2"),
        ({"owners": ""}, "roll.owner_missing", "owners"),
        ({"owners": "Ann;"}, "roll.owner_missing", "owners"),
        ({"owners": "Ann;;Bob"}, "roll.owner_missing", "owners"),
        ({"owners": "Ann;Ann"}, "roll.owner_twice", "owners"),
        ({"owners": "A" * 101}, "roll.too_long", "owners"),
        ({"owners": ";".join(f"o{n}" for n in range(51))}, "roll.too_many_owners", "owners"),
        ({"number": ""}, "roll.cell_empty", "number"),
        ({"number": "1" * 33}, "roll.too_long", "number"),
        ({"number": '"1\n2"'}, "roll.unprintable", "number"),
        ({"floor": "3rd"}, "roll.not_an_integer", "floor"),
        ({"floor": "301"}, "roll.out_of_range", "floor"),
        ({"shares": "1.5"}, "roll.not_an_integer", "shares"),
        ({"shares": "0"}, "roll.out_of_range", "shares"),
        ({"shares": "9" * 12}, "roll.out_of_range", "shares"),
        ({"kind": "castle"}, "roll.not_one_of", "kind"),
        ({"developer": "maybe"}, "roll.not_one_of", "developer"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(cells, code, column) -> None:
    data = csv(row(number="1-100"), row(**cells))
    assert the_problem(data) == (code, f"roll.csv row 3, column {column}")


def test_a_unit_that_comes_twice_names_the_first_row() -> None:
    (only,) = problems(csv(ROW, row(number="1-102"), ROW))
    assert (only.code, only.where) == ("roll.unit_twice", "roll.csv row 4, column number")
    assert only.params == {"unit": "1-101", "first": 2, "title": "number"}


def test_a_unit_written_in_full_width_is_the_same_unit() -> None:
    wide = "\uff11\uff0d\uff11\uff10\uff11"
    assert the_problem(csv(ROW, row(number=wide)))[0] == "roll.unit_twice"


@pytest.mark.parametrize("bad", [ROW + ",more", "1-101,1,1"])
def test_a_ragged_row_is_refused(bad) -> None:
    assert the_problem(csv(row(number="2"), bad)) == ("roll.ragged_row", "roll.csv row 3")


def test_a_quotation_mark_that_is_never_closed_swallows_no_unit() -> None:
    text = csv(ROW, '"1-102' + ROW.removeprefix("1-101"), row(number="1-103"))
    assert the_problem(text) == ("roll.quote_open", "roll.csv row 3")


@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u3164"])
def test_a_mark_within_a_name_that_is_not_seen_is_no_sign_between_two(mark: str) -> None:
    found = the_problem(csv(row(owners=f"\u5f20{mark}\u4e09")))
    assert found == ("roll.unprintable", "roll.csv row 2, column owners")


def test_missing_unknown_and_double_columns_are_all_named() -> None:
    found = problems(b"number,building,building,colour,area_m2,kind,owners\n")
    assert [(p.code, p.params.get("column") or p.params.get("title")) for p in found] == [
        ("roll.column_unknown", "colour"),
        ("roll.column_twice", "building"),
        ("roll.column_missing", "entrance"),
        ("roll.column_missing", "floor"),
    ]


def test_the_same_column_in_two_languages_is_double() -> None:
    assert "roll.column_twice" in {p.code for p in problems(f"{HEADING},面积\n".encode())}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data) -> None:
    assert the_problem(data) == ("roll.empty", "roll.csv")


def test_a_roll_of_0_rows_is_refused() -> None:
    assert the_problem(csv()) == ("roll.no_rows", "roll.csv")


def test_a_nul_byte_is_named_by_line_and_byte() -> None:
    assert the_problem(csv(ROW, "1-\0")) == ("file.nul_byte", "roll.csv line 3, byte 3")


def test_utf_16_is_refused_by_name() -> None:
    assert the_problem(CHINESE.encode("utf-16"))[0] == "file.utf_16"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_file_that_turns_from_utf_8_to_gb18030_names_the_line_and_byte(bom) -> None:
    more = "1-102,1,1,1,50,住宅,王五\n".encode("gb18030")
    where = "roll.csv line 3, byte 16"
    assert the_problem(bom + CHINESE.encode() + more) == ("file.mixed_encodings", where)


def test_a_gb18030_file_with_one_utf_8_line_is_refused_although_it_would_decode() -> None:
    data = CHINESE.encode("gb18030") + "1-102,1,1,1,50,住宅,王五\n".encode()
    data.decode("gb18030")
    assert the_problem(data)[0] == "file.mixed_encodings"


def test_bytes_of_no_encoding_are_named() -> None:
    assert the_problem(csv(ROW) + b"\n1-\xff") == ("file.not_text", "roll.csv line 3, byte 3")


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.text("联通住宅张王李赵刘陈杨黄周吴一二三四五六七八九十", min_size=1), min_size=1)
)
def test_everyday_chinese_in_gb18030_is_never_taken_for_a_mixture(names) -> None:
    rows = "".join(f"{n},1,1,1,50,住宅,{name}\n" for n, name in enumerate(names))
    text = CHINESE.splitlines()[0] + "\n" + rows
    roll = read_roll(text.encode("gb18030"), "roll.csv")
    assert [unit.owners for unit in roll.units] == [(name,) for name in names]


def test_every_problem_comes_at_once() -> None:
    found = problems(csv(row(area_m2="0", floor="x", owners=""), row(number="2", kind="castle")))
    assert [p.where for p in found] == [
        "roll.csv row 2, column owners",
        "roll.csv row 2, column floor",
        "roll.csv row 2, column area_m2",
        "roll.csv row 3, column kind",
    ]


def test_beyond_100_problems_only_their_number_is_told() -> None:
    found = problems(csv(*(row(number=str(n), area_m2="0") for n in range(250))))
    assert len(found) == 101
    assert (found[-1].code, found[-1].params) == ("roll.more_problems", {"more": 150})


def test_a_problem_never_repeats_a_name() -> None:
    shifted = csv("张三,张三,张三,张三,张三,张三,张三,张三,张三")
    assert "张三" not in "".join(sentence(p, "zh_CN") for p in problems(shifted))


def test_a_roll_does_not_show_its_owners_when_it_is_printed() -> None:
    roll = read_roll(CHINESE.encode(), "roll.csv")
    assert "张三" not in repr(roll) + repr(roll.units[0])


def test_an_owner_key_is_of_the_exact_set() -> None:
    assert owner_key(("Ann", "Bob")) == owner_key(("Bob", "Ann"))
    assert len({owner_key(("Ann",)), owner_key(("Ann", "Bob")), owner_key(("Bob",))}) == 3


def test_an_owner_key_does_not_depend_on_blanks_width_or_case() -> None:
    assert owner_key(("张 三",)) == owner_key(("张三",)) == owner_key(("张　三 ",))
    assert owner_key(("ANN  Lee",)) == owner_key(("Ann Lee",))


def test_identity_numbers_tell_namesakes_apart() -> None:
    heading = "房号,楼栋,单元,楼层,面积,用途,业主,证件号\n"
    rows = "1,1,1,1,50,住宅,张三,11x\n2,1,1,1,50,住宅,张三,22\n3,1,1,1,50,住宅,张三,11X\n"
    one, two, three = read_roll((heading + rows).encode(), "roll.csv").units
    assert one.owner_key == three.owner_key != two.owner_key


def test_identity_numbers_come_one_for_each_owner() -> None:
    data = "房号,楼栋,单元,楼层,面积,用途,业主,证件号\n1,1,1,1,50,住宅,张三;李四,11\n".encode()
    assert the_problem(data) == ("roll.owner_ids_count", "roll.csv row 2, column owner_ids")


@pytest.mark.slow
def test_two_hundred_thousand_rows_are_read() -> None:
    data = csv(*(row(number=f"{n // 100}-{n}", owners=f"o{n}") for n in range(200_000)))
    assert len(read_roll(data, "roll.csv").units) == 200_000


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=300))
def test_whatever_the_bytes_it_is_a_roll_or_a_refusal(data) -> None:
    answer: object = None
    try:
        answer = read_roll(HEADING.encode() + b"\n" + data, "roll.csv").units
    except Refused as refused:
        answer = refused.problems
    assert answer


@pytest.mark.parametrize(
    "module",
    [
        "formats/roll/cells",
        "formats/roll/checking",
        "formats/roll/reading",
        "formats/roll/replacement",
        "formats/file_text",
        "formats/file_mapping",
        "formats/renovation_file/reading",
        "formats/renovation_file/checks",
        "runtime/spreadsheets/reading",
        "runtime/spreadsheets/child",
        "runtime/spreadsheets/archive",
        "runtime/spreadsheets/ods",
        "runtime/spreadsheets/xls",
        "runtime/spreadsheets/roll_files",
        "service/estates/rolls",
        "cli/roll/commands",
    ],
)
def test_every_code_has_a_sentence_in_both_languages(module: str) -> None:
    source = (ROOT / f"{module}.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"((?:roll|file|opening|spreadsheet)\.[a-z_0-9]+)"', source))
    for code in codes:
        problem = Problem(code=code)
        assert sentence(problem, "en") != code
        assert sentence(problem, "zh_CN") not in {code, sentence(problem, "en")}
