"""Each kind of what people write, done to clean random rolls: they mean the same, or a cell is named."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.roll import check_csv
from formats.roll.names import read_names
from models.files.roll import RollReport
from tests.support.files.rolls import (
    HEADING,
    Person,
    Unit,
    as_csv,
    meaning,
    rolls,
    same_or_refused,
    table,
    with_check,
)

OWNERS, NUMBERS, FLOOR, AREA = (
    HEADING.index(name) for name in ("业主", "证件号", "楼层", "建筑面积")
)
few = settings(max_examples=30, deadline=None)


def check(rows: list[list[str]]) -> RollReport:
    return check_csv(as_csv(rows), "roll.csv")


def said(report: RollReport) -> set[str]:
    return {each.problem.code for each in (*report.readings, *report.warnings)}


def clean(units: list[Unit], *, ids: bool = True) -> tuple[int, int, frozenset[frozenset[str]]]:
    return meaning(check(table(units, ids=ids)))


@few
@given(rolls())
def test_a_clean_roll_is_read_without_any_word(units) -> None:
    assert said(check(table(units))) == set()


@few
@given(rolls(), st.sampled_from(("楼栋", "单元")))
def test_every_empty_building_or_entrance_is_refused(units, title) -> None:
    rows = table(units)
    at = HEADING.index(title)
    for cells in rows[1:]:
        cells[at] = ""
    report = check(rows)
    assert [each.problem.code for each in report.problems] == ["roll.cell_empty"] * len(units)


SURE = ("、", "；", ";", "，", ",", "/", "／", "\n", " ", "　", "&", "和", "|", " 、 ", ", ")


@few
@given(rolls(), st.data(), st.booleans())
def test_owners_are_separated_as_people_write(units, data, ids) -> None:
    rows = table(units, ids=ids)
    for cells, unit in zip(rows[1:], units, strict=True):
        sign = data.draw(st.sampled_from(SURE))
        cells[OWNERS] = sign.join(each.name for each in unit.owners)
    assert same_or_refused(check(rows), clean(units, ids=ids))


@few
@given(rolls(), st.randoms(use_true_random=False), st.booleans())
def test_co_owners_in_any_order_are_the_same_owners(units, chance, ids) -> None:
    shuffled = [unit.owned_by(chance.sample(unit.owners, len(unit.owners))) for unit in units]
    assert same_or_refused(check(table(shuffled, ids=ids)), clean(units, ids=ids))


AROUND = (
    "{}（户主）",
    "{}(业主)",
    "业主：{}",
    "{} 先生",
    "{}女士",
    "“{}”",
    "{}(1/2)",
    "{}50%",
    "{}",
)


@few
@given(rolls(), st.data())
def test_text_around_a_name_is_left_out(units, data) -> None:
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        names = [data.draw(st.sampled_from(AROUND)).format(each.name) for each in unit.owners]
        cells[OWNERS] = "、".join(names)
    assert same_or_refused(check(rows), clean(units))


CHANGING = (
    "原{}现李四",
    "{}或李四",
    "{}已售",
    "{}（已故）",
    "{}等3人",
    "{}夫妇",
    "{}（李四代）",
    "{}13800000000",
    "{}(370702198001011234)",
)


@few
@given(rolls(), st.sampled_from(CHANGING), st.data())
def test_text_that_may_change_the_owner_is_refused(units, text, data) -> None:
    rows = table(units)
    at = data.draw(st.integers(1, len(units)))
    rows[at][OWNERS] = text.format(units[at - 1].owners[0].name)
    report = check(rows)
    assert report.roll is None
    assert (at + 1, "owners") in {(each.row, each.field) for each in report.problems}


NOBODY = (
    *(
        "同上",
        "/",
        "空置",
        "未知",
        "（空）",
        "待定",
        "无",
        "-",
        "——",
        "〃",
        "？",
        "不详",
        "N/A",
        "ditto",
        "0",
    ),
    *("张〇〇", "2人", "三户"),
    *("同 上", "【空置】", "张*", "张某", "张**", "王先生", "***", "??", "开发商", "未售", "业主"),
)


@pytest.mark.parametrize("text", ["三户", "两位", "3名", "十二人"])
def test_how_many_is_not_who(text: str) -> None:
    assert read_names(text).fault == "roll.owner_nobody"


@few
@given(rolls(), st.sampled_from(NOBODY), st.data())
def test_what_names_nobody_is_refused_with_its_cell(units, text, data) -> None:
    rows = table(units, ids=False)
    at = data.draw(st.integers(1, len(units)))
    rows[at][OWNERS] = text
    (only,) = check(rows).problems
    assert (only.row, only.field) == (at + 1, "owners")


DOTS = "·•・‧･."


@few
@given(rolls(), st.data(), st.booleans())
def test_a_name_in_several_spellings_is_one_person(units, data, ids) -> None:
    moved = {
        each.name: Person(f"买买提·{each.name}提江", each.number)
        for unit in units
        for each in unit.owners
    }
    units = [unit.owned_by(moved[each.name] for each in unit.owners) for unit in units]
    rows = table(units, ids=ids)
    for cells, unit in zip(rows[1:], units, strict=True):
        names = [each.name.replace("·", data.draw(st.sampled_from(DOTS))) for each in unit.owners]
        cells[OWNERS] = "、".join(names)
    assert same_or_refused(check(rows), clean(units, ids=ids))


def spaced(name: str) -> str:
    return " ".join(name) if len(name) < 4 else name


@few
@given(rolls(), st.booleans())
def test_blanks_within_a_name_do_not_matter(units, ids) -> None:
    rows = table(units, ids=ids)
    for cells, unit in zip(rows[1::2], units[::2], strict=True):
        cells[OWNERS] = "、".join(spaced(each.name) for each in unit.owners)
    assert same_or_refused(check(rows), clean(units, ids=ids))


def old(number: str) -> str:
    return number[:6] + number[8:17]


SPELLINGS = (
    *(str, str.lower, old),
    lambda number: f"{number[:6]} {number[6:14]} {number[14:]}",
    lambda number: f"{number[:6]}-{number[6:]}",
    lambda number: f"'{number}",
    lambda number: f"身份证:{number}",
    lambda number: "".join(chr(ord(each) + 0xFEE0) for each in number),
    lambda number: number.replace("X", "×"),
)


@few
@given(rolls(), st.data())
def test_a_number_in_several_spellings_is_one_number(units, data) -> None:
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        spelled = [data.draw(st.sampled_from(SPELLINGS))(each.number) for each in unit.owners]
        cells[NUMBERS] = data.draw(st.sampled_from("、;，/\n")).join(spelled)
    assert same_or_refused(check(rows), clean(units))


@few
@given(rolls(), st.data())
def test_one_number_under_two_names_is_refused(units, data) -> None:
    at = data.draw(st.integers(0, len(units) - 1))
    person = units[at].owners[0]
    other = Unit(3, 1, 1, 1, 5_000, "住宅", (Person("诸葛亮", person.number),))
    report = check(table([*units, other]))
    (only,) = report.problems
    assert (only.problem.code, only.row) == ("roll.number_of_two_names", len(units) + 2)
    assert person.name not in report.model_dump_json()


LOST = (
    "3.70702E+17",
    "370702198001010000",
    "3.707E17",
    "370702********1234",
    "3707021980****101X",
    "########",
)


@few
@given(rolls(), st.sampled_from(LOST), st.data())
def test_what_cannot_be_a_number_is_refused(units, text, data) -> None:
    rows = table(units)
    at = data.draw(st.integers(1, len(units)))
    rows[at] = units[at - 1].owned_by(units[at - 1].owners[:1]).cells()
    rows[at][NUMBERS] = text
    report = check(rows)
    assert report.roll is None
    assert {(each.row, each.field) for each in report.problems} == {(at + 1, "owner_ids")}


@few
@given(rolls(), st.integers(6, 16), st.integers(1, 9))
def test_a_wrong_check_digit_is_told(units, place, step) -> None:
    one = units[0].owners[0].number
    digit = (int(one[place]) + step) % 10
    typed = f"{one[:place]}{digit}{one[place + 1 :]}"
    report = check(table([Unit(3, 1, 1, 1, 5_000, "住宅", (Person("诸葛亮", typed),))]))
    assert said(report) == {"roll.check_digit"}


def test_two_numbers_of_one_name_that_differ_in_a_digit_are_told() -> None:
    right = with_check("37070219800101101")
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    units = [
        Unit(1, 1, floor, 1, 5_000, "住宅", (Person("张三", number),))
        for floor, number in ((1, right), (2, wrong))
    ]
    assert "roll.numbers_alike" in said(check(table(units)))


RESPELLED = (
    "{b}-{e}-{p}",
    "{b}—{e}—{p}",
    "{b} - {e} - {p}",
    "０{b}-{e}-{p}",
    "{b}号楼{e}单元{p}室",
    "{b}栋{e}单元{p}",
    "{b}#{e}-{p}",
)


@few
@given(rolls(), st.sampled_from(RESPELLED), st.data())
def test_a_unit_twice_under_two_spellings_is_refused(units, spelling, data) -> None:
    at = data.draw(st.integers(0, len(units) - 1))
    unit = units[at]
    cells = unit.cells()
    cells[0] = spelling.format(b=unit.building, e=unit.entrance, p=unit.place)
    (only,) = check([*table(units), cells]).problems
    assert only.problem.code in {"roll.unit_twice", "roll.unit_twice_spelled"}
    assert (only.row, only.problem.params["first"]) == (len(units) + 2, at + 2)


ROOM = "{room},{building},{entrance},1,56.65,住宅,{owner}"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("101/1/1 201/1/1 101/2/1 201/2/1 101室/2/1", "roll.unit_twice_spelled"),
        ("101/1/1 201/1/1 101/2/1 201/2/1 101/2/1", "roll.unit_twice"),
        ("1-101/1/1 1号楼101室/2/1 1号楼101室/2/1", "roll.unit_twice"),
        ("1-101/3/1 1号楼101室/1/1 01-101/1/1", "roll.unit_twice_spelled"),
    ],
)
def test_a_unit_twice_is_refused_wherever_its_number_came_first(rows: str, code: str) -> None:
    """Every unit is held against all before it, not only against the first of that number."""
    parts = [row.split("/") for row in rows.split()]
    lines = [
        ROOM.format(
            room=room, building=building, entrance=entrance, owner=f"业主{'甲乙丙丁戊'[at]}"
        )
        for at, (room, building, entrance) in enumerate(parts)
    ]
    report = check_csv(
        "\n".join(["房号,楼号,单元号,楼层,建筑面积,用途,业主", *lines]).encode(), "roll.csv"
    )
    (only,) = report.problems
    assert only.problem.code == code
    assert only.problem.where.startswith(f"roll.csv row {len(lines) + 1},")


PARTS = ("{}", "{}号楼", "{}#", "0{}", "{}栋", "{}幢")


@few
@given(rolls(), st.data())
def test_a_building_in_several_spellings_is_one_building(units, data) -> None:
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        cells[1] = data.draw(st.sampled_from(PARTS)).format(unit.building)
        cells[2] = data.draw(st.sampled_from(("{}", "{}单元", "0{}"))).format(unit.entrance)
    report = check(rows)
    assert same_or_refused(report, clean(units))
    assert report.roll is not None
    places = {(unit.building, unit.entrance) for unit in report.roll.units}
    assert len(places) == len({(unit.building, unit.entrance) for unit in units})


@few
@given(rolls(), st.data())
def test_rows_that_are_no_units_are_passed_over(units, data) -> None:
    rows = table(units)
    area = sum(unit.area for unit in units)
    total = f"{area // 100}.{area % 100:02d}"
    more: list[list[str]] = [
        ["合　计", "", "", "", total, "", "", ""],
        ["", "", "", "合计：", total, "", "", ""],
        ["总计", "", "", "", f"{total}㎡", "", f"共{len(units)}户", ""],
        list(HEADING),
        ["制表人：李四", "", "", "", "审核：王五", "", "", ""],
        ["备注：以上面积以产权证为准", "", "", "", "", "", "", ""],
        ["第 1 页 共 2 页", "", "", "", "", "", "", ""],
        ["", "", "", "", "", "", "", ""],
    ]
    foot = data.draw(st.lists(st.sampled_from(more), max_size=4))
    heads = data.draw(st.lists(st.integers(2, len(rows)), max_size=2))
    rows += foot
    for at in sorted(heads, reverse=True):
        rows.insert(at, list(HEADING))
    report = check(rows)
    assert meaning(report) == clean(units)
    assert "roll.total_differs" not in said(report)
    assert bool(said(report)) == any(any(cells) for cells in foot + [list(HEADING)] * len(heads))


@few
@given(rolls(), st.integers(1, 5_000))
def test_a_sum_that_is_not_that_of_the_units_is_told(units, more) -> None:
    area = sum(unit.area for unit in units) + more
    total = ["合计", "", "", "", f"{area // 100}.{area % 100:02d}", "", "", ""]
    assert "roll.total_differs" in said(check([*table(units), total]))


@pytest.mark.parametrize("title", ["1号楼", "二单元住户", "张三"])
def test_a_row_of_one_cell_gets_one_sentence(title) -> None:
    units = [Unit(1, 1, 1, 1, 5_000, "住宅", (Person("张三", with_check("37070219800101101")),))]
    report = check([*table(units), [title, *[""] * 7]])
    assert [each.problem.code for each in report.problems] == ["roll.row_alone"]
    assert title not in report.model_dump_json()


FLOORS = ("{}", "{}层", "{}楼", "{}F", "第{}层", "{}/9", "{}/共9层", "{}.0")


@few
@given(rolls(), st.data())
def test_floors_and_areas_are_read_as_they_are_written(units, data) -> None:
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        cells[FLOOR] = data.draw(st.sampled_from(FLOORS[:-1])).format(unit.floor)
        cells[AREA] += data.draw(st.sampled_from(("", "㎡", " m2", "平方米", "0", "00")))
    report = check(rows)
    assert same_or_refused(report, clean(units))
    assert report.roll is not None
    assert [unit.floor for unit in report.roll.units] == [unit.floor for unit in units]


@pytest.mark.parametrize("text", ["5-6", "夹层", "6/2", "顶层", "1.5", "1、2", "3楼半"])
def test_a_doubtful_floor_is_refused_and_shown(text) -> None:
    units = [Unit(1, 1, 1, 1, 5_000, "住宅", (Person("张三", with_check("37070219800101101")),))]
    rows = table(units)
    rows[1][FLOOR] = text
    (only,) = check(rows).problems
    assert (only.field, only.problem.code) == ("floor", "roll.not_an_integer")
    assert only.value in {text, "…"}


@few
@given(rolls())
def test_a_room_that_repeats_is_the_unit_with_its_building_and_entrance(units) -> None:
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        cells[0] = unit.place
    report = check(rows)
    shared = [unit.place for unit in units]
    repeats = sum(shared.count(place) > 1 for place in shared)
    if repeats * 5 >= len(units):
        assert same_or_refused(report, clean(units))
        assert "roll.read_number_room" in said(report)
    elif not repeats:
        count, area, heads = clean(units)
        assert (meaning(report)[:2], len(meaning(report)[2])) == ((count, area), len(heads))
        assert "roll.read_number_estate" in said(report)


def test_one_number_twice_among_many_is_no_sign_of_rooms() -> None:
    owner = (Person("张三", with_check("37070219800101101")),)
    units = [Unit(1 + n % 2, 1, 1 + n, 1, 5_000, "住宅", owner) for n in range(20)]
    rows = table(units)
    for at, cells in enumerate(rows[1:], start=1):
        cells[0] = str(max(at, 2))
    assert [each.problem.code for each in check(rows).problems] == ["roll.unit_twice"]


@few
@given(rolls(), st.sampled_from(["gb18030", "utf-8-sig"]))
def test_a_roll_is_read_alike_in_both_encodings(units, encoding) -> None:
    assert same_or_refused(check_csv(as_csv(table(units), encoding), "r.csv"), clean(units))


@few
@given(rolls(), st.integers(0, 2**32))
def test_all_of_it_together_means_the_same(units, seed) -> None:
    chance = random.Random(seed)
    rows = table(units)
    for cells, unit in zip(rows[1:], units, strict=True):
        owners = chance.sample(unit.owners, len(unit.owners))
        cells[OWNERS] = chance.choice(SURE).join(
            spaced(each.name) if len(owners) == 1 else each.name for each in owners
        )
        cells[NUMBERS] = "；".join(chance.choice(SPELLINGS)(each.number) for each in owners)
        cells[FLOOR] = chance.choice(FLOORS[:-1]).format(unit.floor)
    rows.insert(chance.randint(2, len(rows)), list(HEADING))
    same_or_refused(check(rows), clean(units))


@few
@given(rolls(), st.booleans())
def test_shares_between_names_separate_them(units, ids) -> None:
    rows = table(units, ids=ids)
    for cells, unit in zip(rows[1:], units, strict=True):
        cells[OWNERS] = "".join(f"{each.name}50%" for each in unit.owners)
    assert same_or_refused(check(rows), clean(units, ids=ids))


@few
@given(
    rolls(),
    st.data(),
    st.sampled_from(("房号", "楼栋", "单元")),
    st.sampled_from(("同上", "〃", "″", "ditto", "-")),
)
def test_a_mark_for_the_cell_above_is_no_label(units, data, title, mark) -> None:
    rows = table(units)
    at = data.draw(st.integers(1, len(units)))
    rows[at][HEADING.index(title)] = mark
    problems = check(rows).problems
    assert [(each.problem.code, each.row) for each in problems] == [("roll.cell_ditto", at + 1)]


@few
@given(rolls(), st.data())
def test_headings_in_another_order_are_refused(units, data) -> None:
    rows = table(units)
    other = data.draw(st.permutations(HEADING).filter(lambda each: tuple(each) != HEADING))
    rows.insert(data.draw(st.integers(2, len(rows))), list(other))
    assert "roll.row_heading_other" in {each.problem.code for each in check(rows).problems}


@few
@given(rolls(), st.data(), st.sampled_from(("1980-01-01", "1980/1/1", "1980年1月1日")))
def test_a_day_is_no_number_of_identity(units, data, day) -> None:
    rows = table(units)
    at = data.draw(st.integers(1, len(units)))
    rows[at][NUMBERS] = day
    codes = {each.problem.code for each in check(rows).problems if each.row == at + 1}
    assert codes & {"roll.cell_is_date", "roll.owner_ids_count"}
