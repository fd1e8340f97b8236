import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.paper_sheet import PrintedMotion, lines_of_sheet
from models.values.refusal import Refused
from rules.ballots.paper import Line

CELLS = st.sampled_from(("yes", "no", "abstain", "invalid", ""))
UNITS = st.integers(101, 120).map(lambda number: f"1-{number}")


def codes(text: str) -> list[str]:
    with pytest.raises(Refused) as error:
        lines_of_sheet(text.encode(), "sheet.csv")
    return [problem.code for problem in error.value.problems]


def test_words_of_a_chinese_typist_are_read_and_a_bom_is_no_heading() -> None:
    sheet = "\ufeff房号,works,costs\n1-101,同意,反对\n1-102,弃权,无效\n\n1-103,,\n"
    assert lines_of_sheet(sheet.encode(), "s") == (
        Line("1-101", {"works": "yes", "costs": "no"}),
        Line("1-102", {"works": "abstain", "costs": "invalid"}),
        Line("1-103", None),
    )


def test_a_choice_from_a_menu_is_written_as_json() -> None:
    sheet = 'unit,a,b\n1,"[""lift"", ""lamps""]","{""lift"": 2}"\n'
    (line,) = lines_of_sheet(sheet.encode(), "s")
    assert line.choices == {"a": ("lift", "lamps"), "b": {"lift": 2}}


def test_the_question_about_a_whole_menu_is_a_column_like_every_other() -> None:
    sheet = 'unit,extras.whole,extras\n1,同意,"[""lift""]"\n'
    (line,) = lines_of_sheet(sheet.encode(), "s")
    assert line.choices == {"extras.whole": "yes", "extras": ("lift",)}


@pytest.mark.parametrize(
    "text", ["", "works\n", "unit\n1\n", "unit,a,a\n", "unit,a,\n", "unit,a\n"]
)
def test_a_sheet_without_its_headings_or_rows_is_refused(text: str) -> None:
    assert codes(text) == ["paper.sheet_headings"]


def test_every_bad_row_is_named() -> None:
    sheet = (
        'unit,a\n1,yes,no\n2,"[1]"\n3,[broken\n4,yes\n5,"{""a"": true}"\n6,"{""a"": 1, ""a"": 2}"\n'
    )
    assert codes(sheet) == ["paper.sheet_cell"] * 5


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Refused) as error:
        lines_of_sheet(b"unit,a\n\xff,yes\n", "s")
    assert error.value.problems[0].code == "paper.sheet_unreadable"


PRINTED = (
    PrintedMotion("roof", "修缮屋面（含防水）", {}),
    PrintedMotion("scheme", "选用方案", {"方案甲": "a", "方案乙": "b"}),
    PrintedMotion("extras", "增加项目", {"电梯": "lift", "路灯": "lamps"}, several=True),
)


def test_columns_and_answers_take_the_titles_that_are_printed_on_the_paper() -> None:
    sheet = (
        "房号,修缮屋面 (含防水),选用方案,extras\n"
        "1-101,同意,方案乙,电梯、路灯\n1-102,反对,a,弃权\n1-103,弃权,弃权,路灯\n"
    )
    assert lines_of_sheet(sheet.encode(), "s", PRINTED) == (
        Line("1-101", {"roof": "yes", "scheme": "b", "extras": ("lift", "lamps")}),
        Line("1-102", {"roof": "no", "scheme": "a", "extras": "abstain"}),
        Line("1-103", {"roof": "abstain", "scheme": "abstain", "extras": ("lamps",)}),
    )


def test_a_heading_that_is_no_motion_is_named_with_those_there_are() -> None:
    with pytest.raises(Refused) as error:
        lines_of_sheet("房号,屋顶\n1,同意\n".encode(), "s.csv", PRINTED)
    (problem,) = error.value.problems
    assert (problem.code, problem.where) == ("paper.sheet_motion", "s.csv row 1")
    assert problem.params["heading"] == "屋顶"
    assert "选用方案 (scheme)" in str(problem.params["known"])


@given(st.dictionaries(UNITS, st.tuples(CELLS, CELLS), min_size=1))
def test_what_is_typed_comes_out(typed: dict[str, tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("unit", "works", "costs"))
    for unit, cells in typed.items():
        writer.writerow((unit, *cells))
    lines = lines_of_sheet(text.getvalue().encode(), "s")
    expected = {
        unit: {name: cell for name, cell in zip(("works", "costs"), cells, strict=True) if cell}
        or None
        for unit, cells in typed.items()
    }
    assert {line.unit_number: line.choices for line in lines} == expected
